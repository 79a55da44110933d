"""The algorithms that AutoML tries, by Azure's names, behind one small interface."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amlbridge.engine.automl import builders

Params = Mapping[str, Any]
#: Classifier or not, parameters, threads, seed -> an unfitted estimator of scikit-learn's kind.
Build = Callable[[bool, Params, int, int], Any]


@dataclass(frozen=True)
class Number:
    """A parameter between two numbers, both included; ``log``: its order of magnitude counts."""

    low: float
    high: float
    log: bool = True
    whole: bool = False


@dataclass(frozen=True)
class Algorithm:
    """``portfolio``: what is tried first, in this order, a preprocessor and parameters each. ``space``: what is
    searched from there. ``most_rows``: with more training rows it takes too long. ``weighted``, ``takes_sparse``:
    whether it takes weights of rows, and sparse features."""

    name: str
    step: str
    build: Build
    portfolio: tuple[tuple[str | None, Params], ...]
    space: Mapping[str, Number] = field(default_factory=dict)
    most_rows: int | None = None
    weighted: bool = True
    takes_sparse: bool = True


_TREES = {"max_features": Number(0.1, 1.0), "min_samples_leaf": Number(1, 32, whole=True)}
_BOOSTED = {
    "n_estimators": Number(50, 1500, whole=True),
    "learning_rate": Number(0.01, 0.3),
    "reg_lambda": Number(1e-3, 100),
    "subsample": Number(0.5, 1.0, log=False),
    "colsample_bytree": Number(0.3, 1.0, log=False),
}
_LIGHTGBM = Algorithm(
    "LightGBM",
    "LightGBM{}",
    builders.lightgbm,
    (
        ("MaxAbsScaler", {}),
        ("MaxAbsScaler", {"n_estimators": 300, "learning_rate": 0.03, "num_leaves": 15, "colsample_bytree": 0.7}),
        (
            "MaxAbsScaler",
            {
                "n_estimators": 500,
                "learning_rate": 0.05,
                "num_leaves": 63,
                "min_child_samples": 5,
                "subsample": 0.8,
                "colsample_bytree": 0.6,
            },
        ),
        (None, {"n_estimators": 300, "learning_rate": 0.05, "num_leaves": 31, "extra_trees": True}),
        (None, {"n_estimators": 200, "learning_rate": 0.05, "num_leaves": 7, "min_child_samples": 30}),
    ),
    {**_BOOSTED, "num_leaves": Number(4, 256, whole=True), "min_child_samples": Number(2, 128, whole=True)},
)
_XGBOOST = Algorithm(
    "XGBoost{}",
    "XGBoost{}",
    builders.xgboost,
    (
        ("MaxAbsScaler", {}),
        ("StandardScalerWrapper", {"n_estimators": 400, "learning_rate": 0.03, "max_depth": 4, "subsample": 0.8}),
        (
            "MaxAbsScaler",
            {
                "n_estimators": 300,
                "learning_rate": 0.05,
                "max_depth": 8,
                "subsample": 0.8,
                "colsample_bytree": 0.6,
                "min_child_weight": 3,
            },
        ),
        (None, {"n_estimators": 600, "learning_rate": 0.03, "max_depth": 2}),
    ),
    {**_BOOSTED, "max_depth": Number(2, 12, whole=True), "min_child_weight": Number(0.1, 64)},
)
_EXTRA_TREES = Algorithm(
    "ExtremeRandomTrees",
    "ExtraTrees{}",
    builders.extra_trees,
    (
        ("MaxAbsScaler", {"n_estimators": 200}),
        ("StandardScalerWrapper", {"n_estimators": 200, "max_features": 0.5}),
        (None, {"n_estimators": 300, "max_features": 0.9, "min_samples_leaf": 2}),
    ),
    _TREES,
)
_FOREST = Algorithm(
    "RandomForest",
    "RandomForest{}",
    builders.random_forest,
    (
        ("MaxAbsScaler", {"n_estimators": 200}),
        ("RobustScaler", {"n_estimators": 200, "max_features": 0.5, "min_samples_leaf": 2}),
    ),
    _TREES,
)
_BOOSTING = Algorithm(
    "GradientBoosting",
    "GradientBoosting{}",
    builders.gradient_boosting,
    (
        ("MaxAbsScaler", {}),
        ("StandardScalerWrapper", {"max_iter": 300, "learning_rate": 0.05, "max_leaf_nodes": 15}),
    ),
    {
        "max_iter": Number(50, 600, whole=True),
        "learning_rate": Number(0.01, 0.3),
        "max_leaf_nodes": Number(4, 128, whole=True),
        "min_samples_leaf": Number(2, 64, whole=True),
        "l2_regularization": Number(1e-4, 10),
    },
    takes_sparse=False,
)
_KNN = Algorithm(
    "KNN",
    "KNeighbors{}",
    builders.nearest_neighbors,
    (
        ("StandardScalerWrapper", {"n_neighbors": 15, "weights": "distance"}),
        ("MinMaxScaler", {"n_neighbors": 5, "p": 1}),
    ),
    {"n_neighbors": Number(1, 60, whole=True)},
    most_rows=50_000,
    weighted=False,
)
_TREE = Algorithm(
    "DecisionTree",
    "DecisionTree{}",
    builders.decision_tree,
    (("MaxAbsScaler", {"min_samples_leaf": 8}),),
    _TREES,
)
_SGD = Algorithm(
    "SGD",
    "SGD{}",
    builders.gradient_descent,
    (("StandardScalerWrapper", {"alpha": 1e-3}), ("RobustScaler", {"alpha": 1e-2, "penalty": "elasticnet"})),
    {"alpha": Number(1e-6, 1)},
)

_CLASSIFICATION = (
    _LIGHTGBM,
    _XGBOOST,
    Algorithm(
        "LogisticRegression",
        "LogisticRegression",
        builders.logistic_regression,
        (
            ("StandardScalerWrapper", {"C": 1.0}),
            ("MaxAbsScaler", {"C": 10.0}),
            ("RobustScaler", {"C": 0.05}),
        ),
        {"C": Number(1e-3, 1e3)},
    ),
    _EXTRA_TREES,
    _FOREST,
    Algorithm(
        "SVM",
        "SupportVectorMachine",
        builders.support_vectors,
        (("StandardScalerWrapper", {"C": 1.0}), ("MinMaxScaler", {"C": 10.0})),
        {"C": Number(1e-2, 1e3)},
        most_rows=8_000,
    ),
    _BOOSTING,
    _KNN,
    _SGD,
    Algorithm(
        "LinearSVM",
        "LinearSVM",
        builders.linear_support_vectors,
        (("StandardScalerWrapper", {"C": 0.1}),),
        {"C": Number(1e-4, 100)},
        most_rows=100_000,
    ),
    _TREE,
    Algorithm("BernoulliNaiveBayes", "BernoulliNB", builders.bernoulli, (("StandardScalerWrapper", {}),)),
    Algorithm("MultinomialNaiveBayes", "MultinomialNB", builders.multinomial, (("MinMaxScaler", {}),)),
)
_REGRESSION = (
    _LIGHTGBM,
    _XGBOOST,
    Algorithm(
        "ElasticNet",
        "ElasticNet",
        builders.elastic_net,
        (
            ("StandardScalerWrapper", {"alpha": 0.001, "l1_ratio": 0.5}),
            ("MinMaxScaler", {"alpha": 0.0001, "l1_ratio": 0.9}),
        ),
        {"alpha": Number(1e-6, 10), "l1_ratio": Number(0.01, 1.0, log=False)},
    ),
    _EXTRA_TREES,
    _FOREST,
    _BOOSTING,
    Algorithm(
        "LassoLars",
        "LassoLars",
        builders.lasso_lars,
        (("StandardScalerWrapper", {"alpha": 0.001}),),
        {"alpha": Number(1e-6, 10)},
        weighted=False,
    ),
    _KNN,
    _SGD,
    _TREE,
)
#: What Azure has and we have not, with the reason.
UNAVAILABLE = {
    "AveragedPerceptronClassifier": "it needs nimbusml, which has ended",
    "FastLinearRegressor": "it needs nimbusml, which has ended",
    "OnlineGradientDescentRegressor": "it needs nimbusml, which has ended",
    "TensorFlowDNN": "Azure has removed it",
    "TensorFlowLinearClassifier": "Azure has removed it",
    "TensorFlowLinearRegressor": "Azure has removed it",
    "TabnetClassifier": "it needs PyTorch",
    "TabnetRegressor": "it needs PyTorch",
    "TCNForecaster": "it needs PyTorch",
    "Prophet": "its package is not installed",
    "Arimax": "its ARIMA takes no regressors here; AutoArima is there",
}


def named(algorithm: Algorithm, task: str) -> str:
    """The name of an algorithm in a task, as Azure writes it in ``run_algorithm``."""
    return algorithm.name.format("Classifier" if task == "classification" else "Regressor")


def step_name(algorithm: Algorithm, task: str) -> str:
    """The name of its step in a fitted pipeline."""
    return algorithm.step.format("Classifier" if task == "classification" else "Regressor")


#: Forecasts of each series from its own past alone, in the order in which they are tried among the others.
_SERIES = ("ExponentialSmoothing", "SeasonalNaive", "AutoArima", "Naive", "Average", "SeasonalAverage")


def _no_features(classifier: bool, params: Params, threads: int, seed: int) -> Any:
    return None


def of_task(task: str) -> dict[str, Algorithm]:
    """All algorithms for a task, in the order in which they are tried."""
    found = _CLASSIFICATION if task == "classification" else _REGRESSION
    known = {named(item, task): item for item in found}
    if task != "forecasting":
        return known
    series = {name: Algorithm(name, name, _no_features, ((None, {}),), weighted=False) for name in _SERIES}
    turns = itertools.zip_longest(series.items(), known.items())
    return dict(item for turn in turns for item in turn if item is not None)
