"""Which metrics there are for a task, and which of them can be searched for.

Names and the list of primary metrics: Azure's public page "Evaluate automated machine learning experiment results".
"""

from __future__ import annotations

from amlbridge.engine.errors import EngineError

_AVERAGED = ("AUC", "average_precision_score", "f1_score", "precision_score", "recall_score")
CLASSIFICATION: tuple[str, ...] = (
    *(f"{name}_{average}" for name in _AVERAGED for average in ("macro", "micro", "weighted", "binary")),
    "accuracy",
    "balanced_accuracy",
    "log_loss",
    "matthews_correlation",
    "norm_macro_recall",
    "weighted_accuracy",
)
REGRESSION: tuple[str, ...] = (
    "explained_variance",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "median_absolute_error",
    "normalized_mean_absolute_error",
    "normalized_median_absolute_error",
    "normalized_root_mean_squared_error",
    "normalized_root_mean_squared_log_error",
    "r2_score",
    "root_mean_squared_error",
    "root_mean_squared_log_error",
    "spearman_correlation",
)
PRIMARY: dict[str, tuple[str, ...]] = {
    "classification": (
        "AUC_weighted",
        "accuracy",
        "average_precision_score_weighted",
        "norm_macro_recall",
        "precision_score_weighted",
    ),
    "regression": (
        "normalized_root_mean_squared_error",
        "normalized_mean_absolute_error",
        "r2_score",
        "spearman_correlation",
    ),
}
PRIMARY["forecasting"] = PRIMARY["regression"]
DEFAULTS = {
    "classification": "accuracy",
    "regression": "normalized_root_mean_squared_error",
    "forecasting": "normalized_root_mean_squared_error",
}
_SMALLER_IS_BETTER = frozenset({"log_loss", *(name for name in REGRESSION if "error" in name)})


def of_task(task: str) -> tuple[str, ...]:
    """All scalar metrics of a task."""
    return CLASSIFICATION if task == "classification" else REGRESSION


def is_maximized(name: str) -> bool:
    """Whether more is better."""
    return name not in _SMALLER_IS_BETTER


def primary(task: str, name: str | None) -> str:
    """The metric to search for, in its own spelling; ``name`` may be in any case (v2 writes ``auc_weighted``).

    More are taken than Azure's own choice: every scalar metric can be searched for. Raises :class:`EngineError`.
    """
    if name is None:
        return DEFAULTS[task]
    spelled = {_plain(known): known for known in of_task(task)}
    found = spelled.get(_plain(name))
    if found is None:
        others = "; it is one of regression" if task == "classification" and name in REGRESSION else ""
        others = "; it is one of classification" if task != "classification" and name in CLASSIFICATION else others
        raise EngineError(
            f"the primary metric {name!r} does not fit {task}{others}: choose one of {', '.join(PRIMARY[task])}"
        )
    return found


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
