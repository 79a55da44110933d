"""Names of metrics."""

from __future__ import annotations

import pytest

from amlbridge.engine.automl.metrics import names
from amlbridge.engine.errors import EngineError


def test_the_spelling_of_v2_is_understood() -> None:
    assert names.primary("classification", "auc_weighted") == "AUC_weighted"
    assert names.primary("classification", "NormMacroRecall") == "norm_macro_recall"
    assert names.primary("regression", None) == "normalized_root_mean_squared_error"


def test_a_metric_of_another_task_is_told() -> None:
    with pytest.raises(EngineError, match="'r2_score' does not fit classification; it is one of regression"):
        names.primary("classification", "r2_score")
    with pytest.raises(EngineError, match="choose one of normalized_root_mean_squared_error"):
        names.primary("forecasting", "accuracy")


def test_which_way_is_better() -> None:
    worse = {name for name in (*names.CLASSIFICATION, *names.REGRESSION) if not names.is_maximized(name)}
    assert worse == {"log_loss", *(name for name in names.REGRESSION if name.endswith("_error"))}
