"""One step of a Plan against its partner: every part that decides what runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from amlbridge.compare import kinds, own_folders, ports, written_tables
from amlbridge.compare.environments import is_default_python, is_of_automl, packages
from amlbridge.compare.parameter_names import spoken
from amlbridge.compare.ports import Ports
from amlbridge.compare.result import Check, different, not_compared
from amlbridge.engine.plan import (
    DataParameterRef,
    DataReference,
    Input,
    InputRef,
    Node,
    NodePort,
    Output,
    OutputRef,
    ParameterRef,
    Piece,
    Plan,
    Source,
    Value,
)

_STORE = "azureml://datastores/"
#: What only SDK v1 says of a step, and its kind says as well.
_NAMES_OF_KINDS = frozenset({"step_type", "backend"})


@dataclass(frozen=True)
class Sides:
    """Two Plans and the pairs of their steps; ``ports`` by the id of the left step. ``before``: node id -> the ids of
    all steps that have to end first, for each side. ``tables``: outputs that a step describes in a file MLTable -> its
    text, for each side."""

    left: Plan
    right: Plan
    nodes: Mapping[str, str]
    ports: Mapping[str, Ports]
    before: tuple[Mapping[str, frozenset[str]], Mapping[str, frozenset[str]]]
    tables: tuple[Mapping[NodePort, str], Mapping[NodePort, str]] = field(default_factory=lambda: ({}, {}))

    def name(self, side: int, node: str) -> str:
        """The name of a step, for the report."""
        return (self.left, self.right)[side].node(node).name


def compare(left: Node, right: Node, sides: Sides) -> Iterator[Check]:
    """The checks of one pair of steps."""
    yield from _plain(left, right, sides)
    yield from _command(left, right, sides)
    yield from _inputs(left, right, sides)
    yield from _outputs(left, right, sides)
    yield from _variables(left, right, sides)
    yield from _order(left, right, sides)
    yield from _environment(left, right)


# -- single values -----------------------------------------------------------------------------------------------------

#: Environment variables that the client of SDK v2 adds to runs on the own machine.
_OF_CLIENT = {"AZUREML_COMPUTE_USE_COMMON_RUNTIME"}
_VALUES: tuple[tuple[str, Callable[[Node, Plan], Any]], ...] = (
    ("kind", lambda node, _: node.kind),
    ("script", lambda node, _: node.command.script),
    ("compute", lambda node, plan: _compute(node.resources.compute or plan.settings.default_compute or "")),
    ("nodes", lambda node, _: node.resources.nodes),
    ("distribution", lambda node, _: _distribution(node)),
    ("reuse allowed", lambda node, _: node.deterministic),
    ("retries", lambda node, _: node.retries),
    ("timeout", lambda node, _: kinds.timeout(node)),
)


def _plain(left: Node, right: Node, sides: Sides) -> Iterator[Check]:
    for subject, value in _VALUES:
        yield _equal(subject, value(left, sides.left), value(right, sides.right))
    if own_folders.OPTION in left.options or own_folders.OPTION in right.options:
        yield from own_folders.compare_outputs(left, right, sides.ports[left.id].outputs)
    for name in sorted({*left.options, *right.options} - _NAMES_OF_KINDS - {own_folders.OPTION}):
        ours, theirs = (kinds.setting(name, node.options.get(name)) for node in (left, right))
        if name == "automl" and isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            yield from _search(ours, theirs)
        elif ours != theirs:
            yield _equal(f"setting {name}", ours, theirs)


def _search(left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[Check]:
    """The settings of AutoML, one by one. How many cores a trial may take is another default of each SDK, and changes
    no result."""
    left, right = kinds.search(left), kinds.search(right)
    for name in sorted({*left, *right}):
        values = left.get(name), right.get(name)
        if values in (kinds.CORES, kinds.CORES[::-1]) and name == "max_cores_per_trial":
            facts = {"left out": f"{values[0] or 'all'} and {values[1] or 'all'}: each is its SDK's own default"}
            yield Check("graph", f"setting automl {name}", facts=facts)
        else:
            yield _equal(f"setting automl {name}", *values)


def _compute(name: str) -> str:
    """A run on the own machine is on the compute "local", which the client of SDK v1 does not say."""
    return "" if name.lower() == "local" else name.lower()


def _distribution(node: Node) -> str:
    found = node.distribution
    return f"{found.kind}, {found.processes_per_node} processes on each node" if found else "none"


def _equal(subject: str, left: Any, right: Any) -> Check:
    if left == right:
        return Check("graph", subject)
    return different("graph", subject, "not the same", left, right)


# -- the command -------------------------------------------------------------------------------------------------------


def _command(left: Node, right: Node, sides: Sides) -> Iterator[Check]:
    ours, theirs = _options(left, sides, 0, right), _options(right, sides, 1, left)
    if left.command.shell != right.command.shell:
        lines = [" ".join(part for words in side.values() for part in words) for side in (ours, theirs)]
        yield different("graph", "command", "one is a script, the other a line for the shell", *lines)
        return
    for option in {**ours, **theirs}:
        one, other = ours.get(option), theirs.get(option)
        if one is None or other is None:
            side = "left" if one is None else "right"
            shown = ["(missing)" if words is None else " ".join((option, *words)) for words in (one, other)]
            yield different("graph", f"argument {option}", f"missing on the {side}", *shown)
        elif one != other:
            yield different("graph", f"argument {option}", "not the same", " ".join(one), " ".join(other))
        else:
            yield Check("graph", f"argument {option}")


def _options(node: Node, sides: Sides, side: int, partner: Node) -> dict[str, tuple[str, ...]]:
    """The command as options with their values; what comes before the first option, or stands for itself, by its place.
    The order of options carries no meaning, that of the values of one option does."""
    found: dict[str, tuple[str, ...]] = {}
    option, count = "", 0
    for argument in ports.arguments(node):
        word = "".join(_word(piece, node, sides, side, partner) for piece in argument.pieces)
        # An option may come by an input that holds its text.
        literal = all(
            isinstance(piece, Value) or (isinstance(piece, InputRef) and ports.literal(node, piece.name))
            for piece in argument.pieces
        )
        if literal and word.startswith("-") and not _is_number(word):
            name, _, value = word.partition("=")
            option = name
            while option in found:
                option += " (again)"
            found[option] = (value,) if value else ()
        elif option:
            found[option] = (*found[option], word)
        else:
            found[f"number {count + 1}"] = (word,)
            count += 1
    return kinds.with_hyperparameters(node, kinds.without_driver(node, found))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _word(piece: Piece, node: Node, sides: Sides, side: int, partner: Node) -> str:
    """A piece as it is called on the left, whatever its side calls it."""
    if isinstance(piece, Value):
        return _text(piece.value)
    if isinstance(piece, ParameterRef):
        return f"<parameter {spoken(piece.name)}>"
    if isinstance(piece, OutputRef):
        return f"<output {_on_left(piece.name, 'outputs', node, sides, side, partner)}>"
    if piece.name in node.inputs:
        source = node.inputs[piece.name].source
        if isinstance(source, Value):
            return _text(source.value)
        if isinstance(source, ParameterRef):
            return f"<parameter {spoken(source.name)}>"
    return f"<input {_on_left(piece.name, 'inputs', node, sides, side, partner)}>"


def _on_left(name: str, kind: str, node: Node, sides: Sides, side: int, partner: Node) -> str:
    if side == 0:
        return name
    pairs: Mapping[str, str] = getattr(sides.ports[partner.id], kind)
    return next((one for one, other in pairs.items() if other == name), name)


def _text(value: Any) -> str:
    """Numbers that were written in two ways are one number."""
    text = "" if value is None else str(value)
    return str(float(value)) if isinstance(value, float) and not isinstance(value, bool) else text


# -- inputs and outputs ------------------------------------------------------------------------------------------------


def _inputs(left: Node, right: Node, sides: Sides) -> Iterator[Check]:
    pairs = sides.ports[left.id].inputs
    used = [{piece.name for item in ports.arguments(node) for piece in item.pieces if isinstance(piece, InputRef)}
            for node in (left, right)]  # fmt: skip
    for one, item in left.inputs.items():
        if one in pairs:
            yield from _input(one, item, right.inputs[pairs[one]], sides, rewritten=left.code != right.code)
            yield from own_folders.compare_input(one, pairs[one], left, right)
        elif not _is_told(item, one in used[0]) and not _only_orders(left, one, right, sides, 0):
            yield different(
                "graph", f"input {one}", "missing on the right", _source(item.source, sides, 0), "(missing)"
            )
    for other, item in right.inputs.items():
        if (
            other not in pairs.values()
            and not _is_told(item, other in used[1])
            and not _only_orders(right, other, left, sides, 1)
        ):
            yield different(
                "graph", f"input {other}", "missing on the left", "(missing)", _source(item.source, sides, 1)
            )


def _is_told(item: Input, in_command: bool) -> bool:
    """Whether the command tells all about a literal input. One that it does not use is not seen by the script."""
    return isinstance(item.source, Value) or (isinstance(item.source, ParameterRef) and in_command)


def _only_orders(node: Node, name: str, partner: Node, sides: Sides, side: int) -> bool:
    """Whether an input does no more than to let a step wait, as ``run_after`` of the other side does: the command does
    not name it, and the partner says that it runs after the same step. SDK v2 has no other way of saying it."""
    source = node.inputs[name].source
    if node.kind != "command" or not isinstance(source, NodePort) or name in ports.named(node, InputRef):
        return False
    pairs = sides.nodes if side == 0 else {other: one for one, other in sides.nodes.items()}
    return pairs.get(source.node) in partner.after


def _only_awaited(node: Node, name: str, sides: Sides, side: int) -> bool:
    """Whether an output is there only for steps to wait for: its command does not name it, and it is read by none that
    names what it reads."""
    plan = (sides.left, sides.right)[side]
    if (
        node.kind != "command"
        or name in ports.named(node, OutputRef)
        or NodePort(node.id, name) in plan.outputs.values()
    ):
        return False
    readers = [
        (other, key)
        for other in plan.nodes
        for key, item in other.inputs.items()
        if item.source == NodePort(node.id, name)
    ]
    return bool(readers) and all(key not in ports.named(other, InputRef) for other, key in readers)


def _input(name: str, left: Input, right: Input, sides: Sides, *, rewritten: bool) -> Iterator[Check]:
    """``rewritten``: the code differs. Only then may data come as a path that came as a dataset's id, or the other way
    round: what the code makes of them is compared by its results."""
    subject = f"input {name}"
    ours, theirs = _source(left.source, sides, 0), _source(right.source, sides, 1)
    if _same_source(left.source, right.source, sides):
        yield Check("graph", subject)
    elif _is_data(left.source) and _is_data(right.source) and not _same_kind(ours, theirs):
        yield not_compared("graph", subject, f"the data are named in two ways: {ours} and {theirs}")
    else:
        yield different("graph", subject, "it comes from elsewhere", ours, theirs)
    if rewritten and (left.mode == "direct") != (right.mode == "direct"):
        facts = {"left out": f"{left.mode} and {right.mode}: the code was changed to read the data in another way"}
        yield Check("graph", f"mode of {subject}", facts=facts)
    else:
        yield _equal(f"mode of {subject}", left.mode, right.mode)


def _same_source(left: Source, right: Source, sides: Sides) -> bool:
    if isinstance(left, NodePort) and isinstance(right, NodePort):
        if sides.nodes.get(left.node) != right.node:
            return False
        return sides.ports[left.node].outputs.get(left.port) == right.port
    return _resolved(left, sides, 0) == _resolved(right, sides, 1)


def _resolved(source: Source, sides: Sides, side: int) -> object:
    """Data by their address, parameters by their name."""
    if isinstance(source, DataParameterRef):
        plan = (sides.left, sides.right)[side]
        default = next((item.default for item in plan.data_parameters if item.name == source.name), None)
        return replace(source, name=spoken(source.name)) if default is None else _address(default)
    if isinstance(source, ParameterRef):
        return replace(source, name=spoken(source.name))
    return _address(source) if isinstance(source, DataReference) else source


def _address(reference: DataReference) -> str:
    return reference.uri.rstrip("/")


def _is_data(source: Source) -> bool:
    return isinstance(source, (DataReference, DataParameterRef))


def _same_kind(ours: str, theirs: str) -> bool:
    """Whether two addresses can be told apart by their text: both are paths on datastores."""
    return ours.startswith(_STORE) and theirs.startswith(_STORE)


def _source(source: Source, sides: Sides, side: int) -> str:
    if isinstance(source, NodePort):
        return f"output {source.port} of {sides.name(side, source.node)}"
    if isinstance(source, Value):
        return _text(source.value)
    resolved = _resolved(source, sides, side)
    if isinstance(resolved, str):
        return resolved
    return f"parameter {spoken(source.name)}" if isinstance(source, (ParameterRef, DataParameterRef)) else str(resolved)


def _outputs(left: Node, right: Node, sides: Sides) -> Iterator[Check]:
    pairs = sides.ports[left.id].outputs
    for one, item in left.outputs.items():
        if one in pairs:
            yield from _output(one, item, right.outputs[pairs[one]])
            both = NodePort(left.id, one), NodePort(right.id, pairs[one])
            yield from written_tables.compare(one, both, (sides.left, sides.right), sides.tables)
        elif not _only_awaited(left, one, sides, 0):
            yield different("graph", f"output {one}", "missing on the right", one, "(missing)")
    for other in right.outputs:
        if other not in pairs.values() and not _only_awaited(right, other, sides, 1):
            yield different("graph", f"output {other}", "missing on the left", "(missing)", other)


def _output(name: str, left: Output, right: Output) -> Iterator[Check]:
    subject = f"output {name}"
    yield _equal(f"mode of {subject}", left.mode, right.mode)
    yield _equal(f"datastore of {subject}", left.datastore, right.datastore)
    if left.type != right.type and "any" not in (left.type, right.type):
        yield _equal(f"type of {subject}", left.type, right.type)
    fixed = [None if "{" in item.path else item.path.strip("/") for item in (left, right)]
    if any(fixed):
        yield _equal(f"path of {subject}", *(path or "one for each run" for path in fixed))
    registered = [item.registration.name if item.registration else None for item in (left, right)]
    if any(registered):
        yield _equal(f"registration of {subject}", *registered)


# -- the rest ----------------------------------------------------------------------------------------------------------


def _variables(left: Node, right: Node, sides: Sides) -> Iterator[Check]:
    ours, theirs = (
        {**dict(node.variables), **{name: _word(piece, node, sides, side, partner) for name, piece in
                                    node.parameter_variables.items() if not name.startswith("AML_PARAMETER_")}}
        for side, (node, partner) in enumerate(((left, right), (right, left)))
    )  # fmt: skip
    for name in sorted({*ours, *theirs} - _OF_CLIENT):
        yield _equal(f"environment variable {name}", ours.get(name, "(not set)"), theirs.get(name, "(not set)"))


def _order(left: Node, right: Node, sides: Sides) -> Iterator[Check]:
    """Order-only dependencies: what data flow says anyway may be left out."""
    back = {other: one for one, other in sides.nodes.items()}
    for node in left.after:
        subject = f"runs after {sides.name(0, node)}"
        partner = sides.nodes.get(node)
        if partner is None or partner in sides.before[1][right.id]:
            yield Check("graph", subject)
        else:
            yield different("graph", subject, "nothing says so on the right", "after it", "at any time")
    for node in right.after:
        partner = back.get(node)
        if partner is not None and partner not in sides.before[0][left.id]:
            subject = f"runs after {sides.name(1, node)}"
            yield different("graph", subject, "nothing says so on the left", "at any time", "after it")


def _environment(left: Node, right: Node) -> Iterator[Check]:
    """The packages, but for Azure's own, which a migration replaces."""
    ours, theirs = packages(left.environment), packages(right.environment)
    if ours is None or theirs is None:
        return
    added = is_of_automl(left.environment) != is_of_automl(right.environment)
    for name in sorted({*ours, *theirs}):
        found = ours.get(name, ""), theirs.get(name, "")
        if added and ours.get(name) != theirs.get(name):
            facts = {
                "left out": f"{found[0]} and {found[1]}: AutoMLConfig wrote its packages into the run configuration"
            }
            yield Check("graph", f"package {name}", facts=facts)
            continue
        if any(is_default_python(name, version) for version in found):
            facts = {"left out": f"{found[0]} and {found[1]}: one is the client's own default"}
            yield Check("graph", f"package {name}", facts=facts)
        elif ours.get(name) != theirs.get(name):
            yield _equal(f"package {name}", ours.get(name, "(not there)"), theirs.get(name, "(not there)"))
    yield Check("graph", "packages", facts={"left out": "azure*, azureml*, mlflow: a migration replaces them"})
