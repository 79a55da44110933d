"""Makes unfitted estimators. Their libraries are imported when they are first needed: each takes a second.

All functions have the parameters of :data:`amlbridge.engine.automl.algorithms.Build`: whether a classifier is wanted,
parameters, threads, seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Params = Mapping[str, Any]


def lightgbm(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """LightGBM; results do not depend on how many threads there are."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    kind = LGBMClassifier if classifier else LGBMRegressor
    sampled = {"subsample_freq": 1} if params.get("subsample", 1.0) < 1 else {}
    fixed = {"deterministic": True, "force_row_wise": True, "verbosity": -1}
    return kind(n_jobs=threads, random_state=seed, **fixed, **sampled, **params)


def xgboost(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """XGBoost on histograms."""
    from xgboost import XGBClassifier, XGBRegressor

    kind = XGBClassifier if classifier else XGBRegressor
    return kind(n_jobs=threads, random_state=seed, tree_method="hist", verbosity=0, **params)


def random_forest(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """A random forest."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if classifier else RandomForestRegressor
    return kind(n_jobs=threads, random_state=seed, **params)


def extra_trees(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """Extremely randomized trees."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    kind = ExtraTreesClassifier if classifier else ExtraTreesRegressor
    return kind(n_jobs=threads, random_state=seed, **params)


def gradient_boosting(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """scikit-learn's gradient boosting on histograms."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if classifier else HistGradientBoostingRegressor
    return kind(random_state=seed, early_stopping=False, **params)


def nearest_neighbors(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """The nearest neighbours."""
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    return (KNeighborsClassifier if classifier else KNeighborsRegressor)(n_jobs=threads, **params)


def decision_tree(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """One tree."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    return (DecisionTreeClassifier if classifier else DecisionTreeRegressor)(random_state=seed, **params)


def gradient_descent(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """A linear model by stochastic gradient descent."""
    from sklearn.linear_model import SGDClassifier, SGDRegressor

    if not classifier:
        return SGDRegressor(random_state=seed, **params)
    return SGDClassifier(loss="log_loss", random_state=seed, n_jobs=threads, **params)


def logistic_regression(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """Logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=300, random_state=seed, **params)


def support_vectors(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """Support vectors with a radial kernel, calibrated."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    machine = SVC(random_state=seed, cache_size=500, **params)
    return CalibratedClassifierCV(machine, ensemble=False, cv=3)


def linear_support_vectors(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """Linear support vectors, calibrated."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import LinearSVC

    return CalibratedClassifierCV(LinearSVC(random_state=seed, dual="auto", **params), ensemble=False, cv=3)


def bernoulli(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """Naive Bayes on whether a feature is above its mean."""
    from sklearn.naive_bayes import BernoulliNB

    return BernoulliNB(**params)


def multinomial(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """Naive Bayes on features of 0 to 1."""
    from sklearn.naive_bayes import MultinomialNB

    return MultinomialNB(**params)


def elastic_net(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """Linear regression with both penalties."""
    from sklearn.linear_model import ElasticNet

    return ElasticNet(random_state=seed, **params)


def lasso_lars(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    """Lasso by least angles."""
    from sklearn.linear_model import LassoLars

    return LassoLars(random_state=seed, **params)


def preprocessor(name: str | None, sparse: bool) -> Any | None:
    """A scaler by Azure's name; None for none. Sparse features are not centred, which would fill them."""
    from sklearn import preprocessing

    if name is None:
        return None
    if name == "StandardScalerWrapper":
        return preprocessing.StandardScaler(with_mean=not sparse)
    if name == "RobustScaler":
        return preprocessing.RobustScaler(with_centering=not sparse)
    if name == "MinMaxScaler":
        return preprocessing.MaxAbsScaler() if sparse else preprocessing.MinMaxScaler(clip=True)
    return preprocessing.MaxAbsScaler()
