"""Scores and constants of AutoML's own packages, which scripts take from ``azureml.automl``.

``scoring.score_regression(y_test=, y_pred=, metrics=)`` becomes a dict of the scores that scikit-learn has, under the
names that AutoML gives them, and so does ``score_classification``. Constants become the texts that they stand for.
"""

from __future__ import annotations

import ast
import json

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.runs import states
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.above import above

rule = Rule(
    "automl-scores",
    __doc__,
    cases=[
        Case(
            """\
from azureml.automl.core.shared import constants
from azureml.automl.runtime.shared.score import scoring


def scores(actual, forecast):
    return scoring.score_regression(
        y_test=actual, y_pred=forecast, metrics=list(constants.Metric.SCALAR_REGRESSION_SET)
    )


def times(settings):
    return settings[constants.TimeSeries.TIME_COLUMN_NAME]
""",
            """\
from sklearn.metrics import (
    explained_variance_score,
    mean_absolute_error,
    mean_squared_error,
    median_absolute_error,
    r2_score,
)


def scores(actual, forecast):
    return {
        "explained_variance": explained_variance_score(actual, forecast),
        "mean_absolute_error": mean_absolute_error(actual, forecast),
        "median_absolute_error": median_absolute_error(actual, forecast),
        "r2_score": r2_score(actual, forecast),
        "root_mean_squared_error": mean_squared_error(actual, forecast) ** 0.5,
    }


def times(settings):
    return settings["time_column_name"]
""",
        ),
        Case(
            """\
from azureml.train.automl.utilities import get_primary_metrics

for metric in get_primary_metrics("classification"):
    print(metric)
""",
            """\

for metric in [
    "AUC_weighted",
    "accuracy",
    "average_precision_score_weighted",
    "norm_macro_recall",
    "precision_score_weighted",
]:
    print(metric)
""",
            "Metrics that a search may optimize",
        ),
    ],
)

#: Score of AutoML -> the function of scikit-learn, and what is done with its result.
_REGRESSION = {
    "explained_variance": ("explained_variance_score", ""),
    "mean_absolute_error": ("mean_absolute_error", ""),
    "median_absolute_error": ("median_absolute_error", ""),
    "r2_score": ("r2_score", ""),
    "root_mean_squared_error": ("mean_squared_error", " ** 0.5"),
}
_SETS = ("Metric.SCALAR_REGRESSION_SET", "REGRESSION_SCALAR_SET")
_OF_CLASSES = ("Metric.SCALAR_CLASSIFICATION_SET", "CLASSIFICATION_SCALAR_SET")
_LEFT_OUT = (
    "scikit-learn has no normalized errors, and others are named differently: add those that you need; AutoML called "
    "each r2_score below -1 -1"
)
#: Constant -> the text that it stands for. Source: the public reference of azureml-train-automl-client.
CONSTANTS = {
    "CONDA_ENV_FILE_PATH": "outputs/conda_env_v_1_0_0.yml",
    "MODEL_PATH": "outputs/model.pkl",
    "MODEL_PATH_ONNX": "outputs/model.onnx",
    "MODEL_RESOURCE_PATH_ONNX": "outputs/model_onnx.json",
    "PROPERTY_KEY_OF_MODEL_PATH": "model_output_path",
    "RunState.CANCEL_RUN": "canceled",
    "RunState.COMPLETE_RUN": "completed",
    "RunState.FAIL_RUN": "failed",
    "RunState.PREPARE_RUN": "preparing",
    "RunState.START_RUN": "running",
    "TimeSeriesInternal.DUMMY_TARGET_COLUMN": "_automl_target_col",
    "TimeSeries.DROP_COLUMN_NAMES": "drop_column_names",
    "TimeSeries.GRAIN_COLUMN_NAMES": "grain_column_names",
    "TimeSeries.MAX_HORIZON": "max_horizon",
    "TimeSeries.TARGET_LAGS": "target_lags",
    "TimeSeries.TARGET_ROLLING_WINDOW_SIZE": "target_rolling_window_size",
    "TimeSeries.TIME_COLUMN_NAME": "time_column_name",
    "TimeSeries.TIME_SERIES_ID_COLUMN_NAMES": "time_series_id_column_names",
    "Metric.Accuracy": "accuracy",
    "Metric.AUCWeighted": "AUC_weighted",
    "Metric.NormMeanAbsError": "normalized_mean_absolute_error",
    "Metric.NormRMSE": "normalized_root_mean_squared_error",
    "Metric.R2Score": "r2_score",
    "Metric.Spearman": "spearman_correlation",
}
CONSTANTS |= {
    f"Metric.{short}{kind}": f"{score}_score_{kind.lower()}"
    for short, score in (("F1", "f1"), ("Precision", "precision"), ("Recall", "recall"))
    for kind in ("Macro", "Micro", "Weighted")
}


@rule.converts("score_regression")
def score_regression(use: Use, to: Rewriter) -> Outcome:
    """A dict of scores."""
    actual, forecast = use.argument("y_test", position=0), use.argument("y_pred", position=1)
    metrics = use.argument("metrics", position=2)
    if actual is None or forecast is None or metrics is None:
        return Leave("compute the scores with sklearn.metrics: what is scored cannot be told")
    names = ", ".join(_named(use, node, name, to) for node, name in ((actual, "actual"), (forecast, "predicted")))
    scores = [
        f'"{score}": {to.need("sklearn.metrics", function)}({names}){then}'
        for score, (function, then) in _REGRESSION.items()
    ]
    found = f"{{{', '.join(scores)}}}"
    if not _is_of_all(metrics, to):
        found = f"{{name: score for name, score in {found}.items() if name in {to.source(metrics)}}}"
    return Replace(found, _LEFT_OUT)


#: Kinds of averages -> the functions of scikit-learn whose scores AutoML has for each, of classes and of probabilities.
_AVERAGES = '("macro", "micro", "weighted")'
_BY_CLASS = {"f1_score": "f1_score", "precision_score": "precision_score", "recall_score": "recall_score"}
_BY_PROBABILITY = {"AUC": "roc_auc_score", "average_precision_score": "average_precision_score"}
#: Score of AutoML -> the function of scikit-learn.
_CLASSIFICATION = {
    "accuracy": "accuracy_score",
    "balanced_accuracy": "balanced_accuracy_score",
    "matthews_correlation": "matthews_corrcoef",
}
_CLASSES = "the classes with the highest probabilities are taken for the predicted ones"


@rule.converts("score_classification")
def score_classification(use: Use, to: Rewriter) -> Outcome:
    """A dict of scores of probabilities."""
    names = ("y_test", "y_pred_probs", "metrics", "class_labels", "train_labels")
    given = {name: use.argument(name, position=at) for at, name in enumerate(names)}
    metrics, labels = given["metrics"], given["train_labels"]
    actual, probabilities = given["y_test"], given["y_pred_probs"]
    if metrics is None or labels is None or actual is None or probabilities is None or len(use.arguments()) > 5:
        return Leave("compute the scores with sklearn.metrics: what is scored cannot be told")
    numpy = to.need_module("numpy")
    y, p = (_named(use, node, name, to) for node, name in ((actual, "actual"), (probabilities, "probabilities")))
    classes, hits, best = to.fresh("classes"), to.fresh("hits"), to.fresh("predicted_classes")
    above(use, to, f"{classes} = {numpy}.asarray({to.source(labels)})")
    above(use, to, f"{best} = {classes}[{numpy}.argmax({p}, axis=1)]")
    above(use, to, f"{hits} = {numpy}.reshape({y}, (-1, 1)) == {classes}")
    scores = [
        f'"{score}": {to.need("sklearn.metrics", function)}({y}, {best})' for score, function in _CLASSIFICATION.items()
    ]
    scores.append(f'"log_loss": {to.need("sklearn.metrics", "log_loss")}({y}, {p}, labels={classes})')
    for pair, table in ((f"{y}, {best}", _BY_CLASS), (f"{hits}, {p}", _BY_PROBABILITY)):
        scores += [
            f'**{{f"{score}_{{average}}": {to.need("sklearn.metrics", function)}({pair}, average=average)'
            f" for average in {_AVERAGES}}}"
            for score, function in table.items()
        ]
    found = f"{{{', '.join(scores)}}}"
    if not _is_of_all(metrics, to):
        found = f"{{name: score for name, score in {found}.items() if name in {to.source(metrics)}}}"
    return Replace(found, f"{_CLASSES}; {_LEFT_OUT}")


@rule.converts(*_OF_CLASSES)
def names_of_classes(use: Use, to: Rewriter) -> Outcome:
    """The names of these scores."""
    del use, to
    averaged = [
        f"{score}_{kind}" for score in (*_BY_CLASS, *_BY_PROBABILITY) for kind in ("macro", "micro", "weighted")
    ]
    names = [*_CLASSIFICATION, "log_loss", *averaged]
    return Replace(f"{{{', '.join(map(json.dumps, names))}}}", _LEFT_OUT)


def _named(use: Use, node: ast.expr, name: str, to: Rewriter) -> str:
    """The name of a value that is used several times."""
    if isinstance(node, ast.Name):
        return to.source(node)
    name = to.fresh(name)
    above(use, to, f"{name} = {to.source(node)}")
    return name


def _is_of_all(node: ast.expr, to: Rewriter) -> bool:
    """Whether it is the set of all scores of regressions that are numbers, or a list of it."""
    if isinstance(node, ast.Name):
        bindings = to.evaluator.scopes.lookup(node.id, node)
        return bool(bindings) and all(b.value is not None and _is_of_all(b.value, to) for b in bindings)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "set", "sorted"):
        return len(node.args) == 1 and _is_of_all(node.args[0], to)
    use = to.use_of(node)
    return use is not None and use.symbol in (*_SETS, *_OF_CLASSES)


@rule.converts(*_SETS)
def score_names(use: Use, to: Rewriter) -> Outcome:
    """The names of these scores."""
    del use, to
    return Replace(f"{{{', '.join(f'{name!r}' for name in _REGRESSION)}}}".replace("'", '"'), _LEFT_OUT)


@rule.converts(*CONSTANTS)
def constant(use: Use, to: Rewriter) -> Outcome:
    """The text itself; the state of a trial is one of MLflow."""
    text = CONSTANTS[use.symbol]
    if use.symbol.startswith("RunState.") and _is_of_trial(use, to):
        text = states.OF_MLFLOW.get(text, text)
    return Replace(f'"{text}"')


def _is_of_trial(use: Use, to: Rewriter) -> bool:
    """Whether a state is compared with that of a trial of AutoML."""
    read = (other for other in to.uses if other.symbol in ("AutoMLChildRun.get_status", "AutoMLChildRun.status"))
    around = to.evaluator.scopes.parents.get(use.node)
    return isinstance(around, ast.Compare) and any(states.compared(other.node, to) is around for other in read)


@rule.converts("GrainType")
def series(use: Use, to: Rewriter) -> Outcome:
    """What a series of a forecast is called, in an annotation."""
    del use
    union, pair, several = (to.need("typing", name) for name in ("Union", "Tuple", "List"))
    return Replace(f"{union}[{pair}[str], str, {several}[str]]")


#: Constant that is none of texts -> its code. Models in the format ONNX run below this version of Python.
_CODE = {"OnnxConvertConstants.OnnxIncompatiblePythonVersion": "(3, 11)"}


@rule.converts(*_CODE)
def value(use: Use, to: Rewriter) -> Outcome:
    """The value itself."""
    del to
    return Replace(_CODE[use.symbol])


#: Task -> its primary metrics, as both SDKs call them. Source: ``get_primary_metrics`` of azureml-train-automl-client.
_OF_NUMBERS = (
    *("r2_score", "spearman_correlation"),
    *("normalized_mean_absolute_error", "normalized_root_mean_squared_error"),
)
_PRIMARY = {
    "classification": (
        *("AUC_weighted", "accuracy", "average_precision_score_weighted", "norm_macro_recall"),
        "precision_score_weighted",
    ),
    "regression": _OF_NUMBERS,
    "forecasting": _OF_NUMBERS,
}


@rule.converts("get_primary_metrics")
def primary_metrics(use: Use, to: Rewriter) -> Outcome:
    """The metrics that a search may optimize."""
    task = to.evaluator.text(use.argument("task", position=0)) if use.call is not None else None
    if task not in _PRIMARY:
        return Leave("write the metrics of the task as a list: AUC_weighted, r2_score and so on")
    return Replace(f"[{', '.join(json.dumps(metric) for metric in _PRIMARY[task])}]")
