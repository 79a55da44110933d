"""What an AutoML node shall do, without anything of an SDK in it: v1 and v2 are both lowered to this.

A node carries it as JSON in ``Node.options["automl"]``. Names of algorithms, featurizers and metrics are those of
Azure's public documentation of SDK v1 (``LightGBM``, ``ModeImputer``, ``AUC_weighted``), because v2 knows the same.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from amlbridge.engine.automl.settings_json import read
from amlbridge.engine.errors import EngineError

Task = Literal["classification", "regression", "forecasting"]
TASKS: tuple[str, ...] = get_args(Task)
FeaturizationMode = Literal["auto", "off", "custom"]
#: ``auto`` pads short series when none is long enough and drops them otherwise.
ShortSeries = Literal["auto", "pad", "drop", "none"]
#: What keys of :attr:`Forecasting.aggregation` mean: how rows of one time are joined to a coarser frequency.
Aggregation = Literal["sum", "max", "min", "mean"]

#: The options key of a node.
OPTION = "automl"


@dataclass(frozen=True)
class Featurization:
    """How columns become features. ``transformer_params``: featurizer -> [(columns, its parameters)].

    ``column_purposes``: column -> Numeric, Categorical, CategoricalHash, DateTime, Text, Ignore or Hashes (an id).
    """

    mode: FeaturizationMode = "auto"
    blocked_transformers: tuple[str, ...] = ()
    column_purposes: Mapping[str, str] = field(default_factory=dict)
    transformer_params: Mapping[str, tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...]] = field(
        default_factory=dict
    )
    drop_columns: tuple[str, ...] = ()
    dataset_language: str | None = None


@dataclass(frozen=True)
class Ensemble:
    """``iterations``: how often the voting ensemble picks a model (a model may be picked again). ``meta_learner``:
    ``LogisticRegression``, ``LogisticRegressionCV``, ``LightGBMClassifier``, ``ElasticNet``, ``ElasticNetCV``,
    ``LightGBMRegressor`` or ``LinearRegression``; None: the first of the task. ``meta_learner_params``: its keyword
    arguments."""

    iterations: int = 15
    meta_learner: str | None = None
    meta_learner_params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Forecasting:
    """``horizon`` and ``lags`` in periods of ``frequency`` (a pandas offset; None: found in the data). ``horizon``
    "auto" is one period. ``seasonality`` "auto" is found in the data; 1: none."""

    time_column: str
    horizon: int | Literal["auto"] = 1
    time_series_ids: tuple[str, ...] = ()
    frequency: str | None = None
    target_lags: tuple[int, ...] | Literal["auto"] = ()
    rolling_window: int | Literal["auto"] | None = None
    seasonality: int | Literal["auto"] = "auto"
    short_series_handling: ShortSeries = "auto"
    country_or_region: str | None = None
    #: Columns of the training data whose values are not known for the horizon: they are not used directly.
    unknown_in_future: tuple[str, ...] = ()
    feature_lags: Literal["auto"] | None = None
    aggregation: Aggregation | None = None
    cv_step_size: int | Literal["auto"] = "auto"
    use_stl: Literal["season", "season_trend"] | None = None


@dataclass(frozen=True)
class AutoMLSettings:
    """Everything that a surface can ask of the engine. Durations are minutes; None: no limit, or the engine's choice.

    ``primary_metric`` None is the task's default. ``n_cross_validations`` "auto" (or None, without validation data and
    ``validation_size``) leaves the choice of the validation to the number of rows, as in Azure. ``cv_split_columns``:
    columns of 0 (validation) and 1 (training), a fold each. ``test_predictions_only``: the predictions for
    the test rows come without the rows themselves. ``allowed_models`` None: all.
    """

    task: Task
    target_column: str
    primary_metric: str | None = None
    weight_column: str | None = None
    features: tuple[str, ...] | None = None
    drop_columns: tuple[str, ...] = ()
    n_cross_validations: int | Literal["auto"] | None = None
    cv_split_columns: tuple[str, ...] = ()
    validation_size: float | None = None
    test_size: float | None = None
    test_predictions_only: bool = False
    max_trials: int | None = None
    max_concurrent_trials: int = 1
    timeout_minutes: float | None = None
    trial_timeout_minutes: float | None = None
    exit_score: float | None = None
    enable_early_termination: bool = True
    max_cores_per_trial: int | None = None
    seed: int = 42
    featurization: Featurization = Featurization()
    allowed_models: tuple[str, ...] | None = None
    blocked_models: tuple[str, ...] = ()
    enable_voting_ensemble: bool = True
    enable_stack_ensemble: bool = True
    ensemble: Ensemble = Ensemble()
    forecasting: Forecasting | None = None
    model_explainability: bool = False
    #: What the surface took from the user but does not honour, a sentence each: told in the run.
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem is not None:
            raise EngineError(problem)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, with every field."""
        content: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return content

    @classmethod
    def from_json(cls, content: Any) -> AutoMLSettings:
        """The inverse of :meth:`to_json`; fields that are not there have their defaults. Raises
        :class:`~amlbridge.engine.errors.EngineError`, which names the field that is wrong."""
        found: AutoMLSettings = read(cls, content, "automl")
        return found


def _problem(settings: AutoMLSettings) -> str | None:
    """What contradicts itself, in words for the user."""
    if not settings.target_column:
        return "AutoML needs a target column: name the column that shall be predicted"
    if settings.task == "forecasting" and settings.forecasting is None:
        return "forecasting needs a time column: give the forecasting settings"
    counts = {
        "n_cross_validations": (settings.n_cross_validations, 2),
        "max_trials": (settings.max_trials, 1),
        "max_concurrent_trials": (settings.max_concurrent_trials, 1),
        "ensemble.iterations": (settings.ensemble.iterations, 1),
    }
    for name, (value, least) in counts.items():
        if isinstance(value, int) and value < least:
            return f"{name} is {value}: it must be at least {least}"
    for name in ("timeout_minutes", "trial_timeout_minutes"):
        value = getattr(settings, name)
        if value is not None and not value > 0:
            return f"{name} is {value}: it must be more than 0"
    for name in ("validation_size", "test_size"):
        value = getattr(settings, name)
        if value is not None and not (0 < value < 1 or (name == "test_size" and value == 0)):
            return f"{name} is {value}: it must be a share of the rows, more than 0 and less than 1"
    horizon = settings.forecasting.horizon if settings.forecasting else 1
    if horizon != "auto" and horizon < 1:
        return f"forecasting.horizon is {horizon}: it must be at least 1 period"
    return None
