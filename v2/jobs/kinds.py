"""Kinds of nodes: which part of a node says what, and why some cannot run here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amlbridge.engine.plan import Json, Node, NodeKind
from amlbridge.engine.sweep.settings import OPTION
from amlbridge.v2.jobs import parallel, sweeps
from amlbridge.v2.jobs.reading import Section, invalid
from amlbridge.wire.errors import ServiceError, bad_request

_KINDS: dict[str, NodeKind] = {
    "command": "command",
    "sweep": "sweep",
    "parallel": "parallel",
    "automl": "automl",
}
#: What Azure has and this machine has not, and the way out.
_REMOTE = {
    "spark": "a Spark pool: run the script with a local Spark in a command component",
    "import": "Azure Data Factory: copy the data into a datastore and read it from there",
    "data_transfer": "Azure Data Factory: copy the data with a command component",
    "if_else": "control flow, which amlbridge does not have: decide in the script that builds the pipeline",
    "do_while": "control flow, which amlbridge does not have: loop inside a command component",
    "parallel_for": "control flow, which amlbridge does not have: add the nodes in a Python loop",
    "finetuning": "the fine-tuning service: run your own training script in a command component",
    "synapse": "a Synapse Spark pool: run the script with a local Spark in a command component",
}
#: Fields of a node that every kind has; the rest of a sweep, parallel or AutoML node says how it works.
# fmt: off
_COMMON = frozenset(
    (
        "name", "type", "display_name", "tags", "properties", "description", "computeId", "inputs", "outputs",
        "_source", "componentId", "component_id", "comment", "environment_variables", "resources", "distribution",
        "identity", "services", "queue_settings", "trial", "task", "settings",
    )
)
# fmt: on


@dataclass(frozen=True)
class Parts:
    """What a node runs: its command line (None: it has none), the references to code and environment, and where its
    limits stand."""

    command: str | None
    code: str | None
    environment: str | None
    limits: tuple[Section, ...]
    retries: int = 0


def kind_of(node: Section) -> NodeKind:
    """The kind of a node. Raises a 400 with the reason for one that cannot run on this machine."""
    name = (node.text("type") or "command").lower()
    if name not in _KINDS:
        raise refusal(node.spot, name)
    return _KINDS[name]


def refusal(spot: str, name: str) -> ServiceError:
    """The 400 for a type of job or node that cannot run here."""
    reason = _REMOTE.get(name.lower())
    if reason is None:
        return invalid(spot, f"there is no type {name!r} of jobs", "JobTypeNotSupported")
    return invalid(spot, f"the type {name!r} cannot run on this machine: it needs {reason}", "JobTypeNotSupported")


def not_yet(node: Node, spot: str) -> ServiceError:
    """The 400 for a node that is understood and whose engine is not in this release."""
    return bad_request(
        f"{spot or 'jobType'}: {node.kind} jobs and nodes cannot run yet: amlbridge does not have them in this "
        "release. Use a command that does the same",
        "StepNotSupported",
    )


def check_component(node: Section, spec: Section, kind: NodeKind) -> None:
    """Raises a 400 when a node names a component of another type."""
    actual = (spec.text("type") or "command").lower().removesuffix("component")
    wanted = "command" if kind == "sweep" else kind
    if actual != wanted:
        raise invalid(node.at("componentId"), f"is a component of type {actual!r}; the node is of type {kind!r}")


def parts(node: Section, spec: Section, kind: NodeKind) -> Parts:
    """What a node with a component runs."""
    limits = (node.section("limits"), spec.section("limits"))
    if kind != "parallel":
        code, environment = spec.text("code", "codeId"), spec.text("environment", "environmentId")
        # The limits of a sweep are those of all its trials.
        own = limits if kind == "command" else ()
        return Parts(spec.required("command"), code, environment, own)
    task = parallel.task_of(node, spec)
    return Parts(parallel.command_line(task), task.text("code"), task.text("environment"), ())


def options(node: Section, kind: NodeKind) -> Mapping[str, Json]:
    """What only this kind of node has, as JSON; {} for a command, and for a parallel one, whose settings are read
    elsewhere. Raises a 400 for a sweep that cannot be."""
    return {OPTION: sweeps.read(node).json()} if kind == "sweep" else {}
