"""What a sweep shall do, the same for both SDKs: ``Node.options["sweep"]`` is its JSON form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import Json, Node
from amlbridge.engine.sweep import distributions
from amlbridge.engine.sweep.distributions import CHOICE, Distribution

#: The entry of ``Node.options``.
OPTION = "sweep"
Sampler: TypeAlias = Literal["random", "grid", "bayesian"]
Goal: TypeAlias = Literal["maximize", "minimize"]
PolicyName: TypeAlias = Literal["bandit", "median_stopping", "truncation_selection"]
#: The bounds of the services (``CreateExperimentDto`` of azureml-train-restclients-hyperdrive).
MOST_TRIALS = 1000
#: What a Bayesian sampler takes (docs: "Tune hyperparameters for your model", Bayesian sampling).
_BAYESIAN = frozenset((CHOICE, "uniform", "quniform"))


@dataclass(frozen=True)
class Policy:
    """When a trial is stopped early. The policy is applied at every multiple of ``evaluation_interval`` reports of the
    metric that is at least ``delay_evaluation``."""

    name: PolicyName
    evaluation_interval: int = 1
    delay_evaluation: int = 0
    slack_factor: float | None = None
    slack_amount: float | None = None
    truncation_percentage: int | None = None
    #: Whether the trials that have ended are not ranked (truncation selection).
    exclude_finished: bool = False


@dataclass(frozen=True)
class SweepSettings:
    """A sweep. Times in seconds.

    ``append``: each value becomes an argument ``--name value`` of the trial's script (v1); otherwise it is an input of
    the trial, to which its command refers (v2). ``nested``: the sweep is a run of its own below the step's, whose id
    begins so (v1's HyperDriveStep). ``history``: parameters and results of earlier sweeps, for the Bayesian sampler.
    """

    space: Mapping[str, Distribution]
    metric: str
    goal: Goal = "maximize"
    sampler: Sampler = "random"
    seed: int | None = None
    rule: Literal["random", "sobol"] = "random"
    log_base: float = math.e
    policy: Policy | None = None
    max_total: int = MOST_TRIALS
    max_concurrent: int = MOST_TRIALS
    max_duration: float | None = None
    trial_timeout: float | None = None
    append: bool = False
    nested: str | None = None
    history: tuple[tuple[Mapping[str, Json], float], ...] = field(default=())

    def json(self) -> dict[str, Json]:
        """The JSON form; :func:`of` reads it. The space is a list, because its order counts."""
        plain = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("space", "policy", "history") and getattr(self, name) != _defaults().get(name)
        }
        found: dict[str, Json] = {**plain, "space": [[name, item.json()] for name, item in self.space.items()]}
        if self.policy is not None:
            found["policy"] = {name: value for name, value in vars(self.policy).items() if value is not None}
        if self.history:
            found["history"] = [[dict(parameters), value] for parameters, value in self.history]
        return found

    def better(self, one: float, other: float) -> bool:
        """Whether ``one`` is the better value of the metric."""
        return one > other if self.goal == "maximize" else one < other

    def size(self) -> int | None:
        """How many different trials there are; None when they are without number."""
        sizes = [item.size(self.log_base) for item in self.space.values()]
        known = [size for size in sizes if size is not None]
        return math.prod(known) if len(known) == len(sizes) else None


def _defaults() -> dict[str, Any]:
    return {name: item.default for name, item in SweepSettings.__dataclass_fields__.items()}


def of(node: Node) -> SweepSettings:
    """The settings of a node. Raises :class:`PlanError`."""
    content = dict(node.options.get(OPTION) or {})
    space = {name: distributions.parse(item, f"search space {name!r}") for name, item in content.pop("space", [])}
    policy = content.pop("policy", None)
    history = tuple((dict(parameters), float(value)) for parameters, value in content.pop("history", []))
    try:
        return SweepSettings(
            space=space, policy=Policy(**policy) if policy is not None else None, history=history, **content
        )
    except TypeError as error:
        raise PlanError(f"the settings of the sweep {node.name!r} cannot be read: {error}") from error


def check(settings: SweepSettings) -> None:
    """Raises :class:`PlanError` that names the field for settings that no sweep can have."""
    if not settings.space:
        raise PlanError("the search space is empty: give at least one hyperparameter a distribution")
    if not settings.metric.strip():
        raise PlanError("primary_metric is empty: name the metric that the trials log")
    if not 1 <= settings.max_total <= MOST_TRIALS:
        raise PlanError(f"the total number of trials must be 1 to {MOST_TRIALS}, not {settings.max_total}")
    if settings.max_concurrent < 1:
        raise PlanError(f"the number of concurrent trials must be at least 1, not {settings.max_concurrent}")
    if settings.max_concurrent > settings.max_total:
        raise PlanError(
            f"the number of concurrent trials ({settings.max_concurrent}) is above their total number "
            f"({settings.max_total})"
        )
    for label, value in (("sweep", settings.max_duration), ("trial", settings.trial_timeout)):
        if value is not None and value <= 0:
            raise PlanError(f"the longest duration of the {label} must be positive, not {value:g} s")
    if settings.log_base <= 0 or settings.log_base == 1:
        raise PlanError(f"logbase must be a positive number other than 1, or 'e', not {settings.log_base!r}")
    _check_sampler(settings)
    if settings.policy is not None:
        _check_policy(settings, settings.policy)


def _check_sampler(settings: SweepSettings) -> None:
    for name, item in settings.space.items():
        kinds = {item.name, *(inner.name for inner in item.inside())}
        if settings.sampler == "grid" and kinds != {CHOICE}:
            raise PlanError(f"search space {name!r}: grid sampling takes only choice, not {_first(kinds - {CHOICE})}")
        if settings.sampler == "bayesian" and (kinds - _BAYESIAN or item.nested):
            what = "nested distributions" if item.nested else _first(kinds - _BAYESIAN)
            raise PlanError(f"search space {name!r}: Bayesian sampling takes choice, uniform and quniform, not {what}")
        if settings.rule == "sobol" and item.nested:
            raise PlanError(f"search space {name!r}: the rule sobol cannot draw from nested distributions: use random")


def _first(names: set[str]) -> str:
    return min(names)


def _check_policy(settings: SweepSettings, policy: Policy) -> None:
    if settings.sampler == "bayesian":
        raise PlanError("Bayesian sampling goes with no early termination policy: leave the policy out")
    if policy.evaluation_interval < 1:
        raise PlanError(f"evaluation_interval must be at least 1, not {policy.evaluation_interval}")
    if policy.delay_evaluation < 0:
        raise PlanError(f"delay_evaluation must not be negative, and is {policy.delay_evaluation}")
    if policy.name == "bandit":
        given = [item for item in (policy.slack_factor, policy.slack_amount) if item is not None]
        if len(given) != 1:
            raise PlanError("a bandit policy needs either slack_factor or slack_amount")
        if given[0] < 0:
            raise PlanError(f"the slack of a bandit policy must not be negative, and is {given[0]!r}")
    elif policy.name == "truncation_selection" and not 1 <= (policy.truncation_percentage or 0) <= 99:
        raise PlanError(f"truncation_percentage must be 1 to 99, not {policy.truncation_percentage}")
