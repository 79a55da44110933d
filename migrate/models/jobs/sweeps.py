"""HyperDriveConfig as a sweep: the trial, the search space, and how it is searched."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import cast

from amlbridge.migrate.analysis.dicts import items_of
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.names import identifier, unique
from amlbridge.migrate.models.jobs.arguments import PLAIN, Arguments, Port, literal
from amlbridge.migrate.rewriter import Rewriter

#: v1 sampling -> (name of the algorithm, its v2 class).
SAMPLINGS = {
    "RandomParameterSampling": ("random", "RandomSamplingAlgorithm"),
    "GridParameterSampling": ("grid", "GridSamplingAlgorithm"),
    "BayesianParameterSampling": ("bayesian", "BayesianSamplingAlgorithm"),
}
#: Their configuration, by its names of today and of earlier.
CONFIGURATIONS = ("HyperDriveConfig", "HyperDriveRunConfig")
_POSITIONS = {
    "hyperparameter_sampling": 0,
    "primary_metric_name": 1,
    "primary_metric_goal": 2,
    "max_total_runs": 3,
    "max_concurrent_runs": 4,
    "max_duration_minutes": 5,
    "policy": 6,
    "estimator": 7,
    "run_config": 8,
}
_NOT_THERE = {
    "pipeline": "SDK v2 sweeps over a command, not over a pipeline: tune the step's command",
}


@dataclass(frozen=True)
class Tuned:
    """A hyperparameter: the option of the script, the input of the trial, its v2 type, and its distribution."""

    option: str
    name: str
    type: str
    distribution: ast.expr


@dataclass
class Sweep:
    """A HyperDriveConfig. ``keywords``: those of the method ``sweep`` of a command, as code."""

    use: Use
    trial: ast.expr
    space: list[Tuned]
    sampling: Use
    keywords: list[str] = field(default_factory=list)
    reviews: list[str] = field(default_factory=list)
    #: Whether the trial is made elsewhere: it knows nothing of the hyperparameters yet.
    given: bool = False

    def declaration(self, to: Rewriter) -> str:
        """Statements that give a trial which is made elsewhere the options and inputs of the hyperparameters."""
        trial, make = to.source(self.trial), to.need("azure.ai.ml", "Input")
        line = "".join(f" {item.option} ${{{{inputs.{item.name}}}}}" for item in self.space)
        ports = ", ".join(f'{item.name}={make}(type="{item.type}")' for item in self.space)
        return f"{trial}.command += {literal(line)}\n{trial}.component.inputs.update({ports})"

    def choices(self, to: Rewriter) -> list[str]:
        """The keywords that give a trial its distributions."""
        if spread(self.sampling, to):
            source = argument(self.use, "hyperparameter_sampling")
            assert source is not None
            return [f"**{to.source(source)}"]
        return [f"{item.name}={to.source(item.distribution)}" for item in self.space]


def argument(use: Use, name: str) -> ast.expr | None:
    """What a HyperDriveConfig is given, None for None as well."""
    return use.passed(name, position=_POSITIONS.get(name))


def read_sweep(use: Use, to: Rewriter) -> Sweep:
    """Reads a call of HyperDriveConfig. Raises ValueError for what SDK v2 cannot do."""
    for name, reason in _NOT_THERE.items():
        if argument(use, name) is not None:
            raise ValueError(reason)
    trial = argument(use, "run_config") or argument(use, "estimator")
    sampling = sampling_of(use, to)
    if trial is None or sampling is None:
        raise ValueError("the script to tune or the sampling of its parameters cannot be told")
    sweep = Sweep(use, trial, space_of(sampling, to), sampling)
    if trial_of(use, to) is None:
        if not isinstance(trial, (ast.Name, ast.Attribute)):
            raise ValueError("the configuration of the script to tune is made elsewhere")
        sweep.given = True
        sweep.reviews.append(f"{to.source(trial)} has to be a command of SDK v2; it gets the options that are tuned")
    for old, new in (("primary_metric_name", "primary_metric"), ("primary_metric_goal", "goal")):
        value = argument(use, old)
        if value is None:
            raise ValueError(f"{old} is needed")
        sweep.keywords.append(f"{new}={to.source(value)}")
    sweep.keywords.append(f"sampling_algorithm={_algorithm(sampling, sweep, to)}")
    policy = argument(use, "policy")
    if policy is not None and to.evaluator.type_of(policy) != "NoTerminationPolicy":
        sweep.keywords.append(f"early_termination_policy={to.source(policy)}")
    for old, new in (("max_total_runs", "max_total_trials"), ("max_concurrent_runs", "max_concurrent_trials")):
        value = argument(use, old)
        if value is not None:
            sweep.keywords.append(f"{new}={to.source(value)}")
    minutes = argument(use, "max_duration_minutes")
    if minutes is not None:
        sweep.keywords.append(f"timeout={seconds(minutes, to)}")
    made = trial_of(use, to)
    limit = made.passed("max_run_duration_seconds") if made is not None else None
    if limit is not None:
        sweep.keywords.append(f"trial_timeout={to.source(limit)}")  # the command's own goes for a job alone
    if argument(use, "resume_from") is not None:
        sweep.reviews.append("SDK v2 cannot resume an earlier sweep: it starts anew")
    if argument(use, "resume_child_runs") is not None:
        sweep.reviews.append("SDK v2 cannot resume single trials of earlier sweeps: it starts anew, without them")
    return sweep


def seconds(minutes: ast.expr, to: Rewriter) -> str:
    """Minutes as seconds."""
    if isinstance(minutes, ast.Constant) and isinstance(minutes.value, (int, float)):
        return str(int(minutes.value * 60))
    return (
        f"60 * {to.source(minutes)}"
        if isinstance(minutes, (ast.Name, ast.Attribute))
        else (f"60 * ({to.source(minutes)})")
    )


def sampling_of(use: Use, to: Rewriter) -> Use | None:
    """The call that made the sampling of a HyperDriveConfig."""
    given = argument(use, "hyperparameter_sampling")
    found = to.maker(given)
    return found if found is not None and found.symbol in SAMPLINGS else None


def trial_of(use: Use, to: Rewriter) -> Use | None:
    """The call that made the script run, or estimator, that a HyperDriveConfig tunes."""
    given = argument(use, "run_config") or argument(use, "estimator")
    return to.maker(given)


def configurations(to: Rewriter) -> list[Use]:
    """The HyperDriveConfigs of the module."""
    if "sweeps" not in to.memory:
        to.memory["sweeps"] = [use for use in to.uses if use.symbol in CONFIGURATIONS and use.call is not None]
    return cast("list[Use]", to.memory["sweeps"])


def spread(sampling: Use, to: Rewriter) -> bool:
    """Whether a sampling becomes a dict of distributions, because it is made in another function than the sweep."""
    scopes = to.evaluator.scopes
    mine = [use for use in configurations(to) if sampling_of(use, to) is sampling]
    return any(scopes.of(use.node) is not scopes.of(sampling.node) for use in mine)


def space_of(sampling: Use, to: Rewriter) -> list[Tuned]:
    """The search space of a sampling. Raises ValueError where it is put together at run time."""
    given = sampling.argument("parameter_space", position=0)
    items = items_of(given, to.evaluator) if given is not None else None
    if items is None:
        raise ValueError("the search space is put together at run time")
    found: list[Tuned] = []
    taken: set[str] = set()
    for key, item in items:
        text = to.evaluator.text(key)
        if text is None:
            raise ValueError("the search space is put together at run time")
        option = text if text.startswith("-") else f"--{text}"
        name = unique(identifier(text.lstrip("-"), "value"), taken)
        found.append(Tuned(option, name, _type(item, to), item))
    return found


def option_of_name(to: Rewriter) -> str:
    """Code of the option that a script gets the hyperparameter ``name`` with: names of inputs are identifiers."""
    spaces = [tuned for use in configurations(to) for tuned in _known_space(use, to)]
    other = {tuned.name: tuned.option for tuned in spaces if tuned.option != f"--{tuned.name}"}
    plain = 'f"--{name}"'
    if not other:
        return plain
    named = ", ".join(f"{literal(name)}: {literal(option)}" for name, option in other.items())
    return f"{{{named}}}.get(name, {plain})"


def _known_space(use: Use, to: Rewriter) -> list[Tuned]:
    sampling = sampling_of(use, to)
    try:
        return space_of(sampling, to) if sampling is not None else []
    except ValueError:  # it stays SDK v1, and so does its run
        return []


def _type(distribution: ast.expr, to: Rewriter) -> str:
    inner = to.evaluator.behind(distribution)
    use = to.use_of(inner)
    if use is None or use.call is None:
        return "string"
    if use.symbol == "randint":
        return "integer"
    if use.symbol != "choice":
        return "number"
    return _type_of_options(options(use, to))


def options(use: Use, to: Rewriter) -> ast.expr | list[ast.expr]:
    """The options of ``choice``: an expression of a list or range, or the options one by one."""
    assert use.call is not None
    if len(use.call.args) != 1:
        return use.call.args
    only = use.call.args[0]
    if isinstance(only, ast.Starred):
        return only.value
    inner = to.evaluator.behind(only)
    return [only] if isinstance(inner, (ast.Constant, ast.UnaryOp)) else only


def _type_of_options(found: ast.expr | list[ast.expr]) -> str:
    if isinstance(found, ast.Call) and isinstance(found.func, ast.Name) and found.func.id == "range":
        return "integer"
    elements = found.elts if isinstance(found, (ast.List, ast.Tuple)) else found if isinstance(found, list) else []
    try:
        values = [ast.literal_eval(element) for element in elements]
    except (ValueError, TypeError, SyntaxError):
        return "string"
    if values and all(type(value) is int for value in values):
        return "integer"
    return "number" if values and all(type(value) in (int, float) for value in values) else "string"


def _algorithm(sampling: Use, sweep: Sweep, to: Rewriter) -> str:
    name, wanted = SAMPLINGS[sampling.symbol]
    given = sampling.passed("properties", position=1)
    if given is None:
        return f'"{name}"'
    inner = to.evaluator.behind(given)
    known: list[str] = []
    for key, item in zip(inner.keys, inner.values, strict=True) if isinstance(inner, ast.Dict) else ():
        text = to.evaluator.text(key)
        if name == "random" and text in ("seed", "rule"):
            known.append(f"{text}={to.source(item)}")
    if not known:
        sweep.reviews.append("the properties of the sampling have no counterpart")
        return f'"{name}"'
    return f"{to.need('azure.ai.ml.sweep', wanted)}({', '.join(known)})"


def spaces_of(trial: Use, to: Rewriter) -> list[list[Tuned]]:
    """The search spaces of the sweeps over a trial. Raises ValueError where one cannot be read."""
    mine = (use for use in configurations(to) if trial_of(use, to) is trial and not to.is_kept(use))
    samplings = (sampling_of(use, to) for use in mine)
    return [space_of(sampling, to) for sampling in samplings if sampling is not None]


def names_in(space: list[Tuned]) -> frozenset[str]:
    """The names of the parameters of a search space."""
    return frozenset(item.name for item in space)


def is_alone(trial: Use, to: Rewriter) -> bool:
    """Whether a trial is submitted by itself as well: without the options that its searches add."""
    for use in to.uses:
        submits = use.call is not None and use.symbols[-1] == "Experiment.submit"
        given = use.argument("config", position=0) if submits else None
        value = to.evaluator.value(given) if given is not None else None
        if isinstance(value, Instance) and value.origin is trial.node and not value.path:
            return True
    return False


def made_again(trial: Use, to: Rewriter) -> bool:
    """Whether the command of a trial is written for a search alone."""
    return ("tuned", trial.node) in to.memory


def tune(trial: Use, arguments: Arguments, to: Rewriter) -> None:
    """Adds the hyperparameters to the command of a trial, which v1 did when it ran: options and inputs. The command of
    a trial that also runs alone keeps what it has; a search that adds to that has a command of its own.
    Raises ValueError where a search space cannot be read."""
    spaces = spaces_of(trial, to)
    wanted = to.memory.get(("tuned", trial.node))
    alone = bool(spaces) and wanted is None and is_alone(trial, to)
    wanted = wanted or (names_in(spaces[0]) if spaces else None)
    spaces = [space for space in spaces if names_in(space) == wanted]
    found: list[tuple[Tuned, Port]] = []
    for item in spaces[0] if spaces else ():
        port = next((port for port in arguments.inputs if port.name == item.name), None)
        if port is None:
            make = to.need("azure.ai.ml", "Input")
            kind = _common_type({other.type for space in spaces for other in space if other.name == item.name})
            value = _fixed_value(item.option, kind, arguments) if alone else ""
            port = Port(item.name, value or f'{make}(type="{kind}")', value)
        found.append((item, port))
    if alone and not all(port.value for _item, port in found):
        to.memory["alone", trial.node] = True
        return
    for item, port in found:
        if port not in arguments.inputs:
            arguments.inputs.append(port)
        _replace_fixed(item.option, arguments)
        arguments.text(item.option)
        arguments.reference(port)


def _fixed_value(option: str, kind: str, arguments: Arguments) -> str:
    """The value of an option in the arguments of a trial, as code; "" where it has none, or not one word."""
    index = next((index for index, part in enumerate(arguments.parts) if part == ("text", option)), None)
    part, text = arguments.parts[index + 1] if index is not None and index + 1 < len(arguments.parts) else ("", "")
    if part != "text" or not PLAIN.match(text) or _OPTION.match(text):
        return ""
    if kind not in ("integer", "number"):
        return literal(text)
    return text if re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?" if kind == "number" else "-?[0-9]+", text) else ""


#: What comes next in a command line, and not as the value of an option.
_OPTION = re.compile(r"-{1,2}[A-Za-z]")


def _replace_fixed(option: str, arguments: Arguments) -> None:
    """Takes out the fixed value of an option that the search gives values: SDK v1 put them in its place."""
    found = [index for index, part in enumerate(arguments.parts) if part == ("text", option)]
    for index in reversed(found):
        following = arguments.parts[index + 1 : index + 2]
        if following and following[0][0] == "text" and not _OPTION.match(following[0][1]):
            del arguments.parts[index : index + 2]


def _common_type(types: set[str]) -> str:
    """The type of an input that several searches give values of these types."""
    if len(types) == 1:
        return next(iter(types))
    if types == {"integer", "number"}:
        return "number"
    raise ValueError("its searches have values of different types: give each of them a configuration of its own")
