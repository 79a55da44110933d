"""The canonical JSON form of a Plan, its normal form and its fingerprint.

Dataclasses become objects with a ``$`` key that names the class; keys are sorted; fields at their default are left out,
so a newer field does not change the fingerprint of a Plan that does not use it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from amlbridge.engine import plan as p
from amlbridge.engine import plan_types
from amlbridge.engine.errors import PlanError

_CLASSES: dict[str, type] = {
    cls.__name__: cls
    for cls in vars(p).values()
    if isinstance(cls, type) and dataclasses.is_dataclass(cls) and cls.__module__ == p.__name__
}
#: Fields that hold JSON of the user's: copied as they are, never read as dataclasses.
_OPAQUE = {"transformations", "conda", "options", "training"}


def to_json(plan: p.Plan) -> dict[str, Any]:
    """The Plan as JSON values with its schema version."""
    return {"schema": p.SCHEMA_VERSION, "plan": _encode(plan)}


def dumps(plan: p.Plan) -> str:
    """The canonical text: sorted keys, no spaces, UTF-8 kept. Raises :class:`PlanError` for a Plan that holds what JSON
    cannot: infinite numbers, half of a surrogate pair, an object of a foreign class."""
    try:
        text = json.dumps(to_json(plan), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise PlanError(f"the Plan has no JSON form: {error}") from error
    return text


def loads(text: str) -> p.Plan:
    """Reads :func:`dumps` back. Raises :class:`PlanError` when the text is not a Plan of this schema."""
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("schema") != p.SCHEMA_VERSION:
            found = document.get("schema") if isinstance(document, dict) else type(document).__name__
            raise PlanError(f"not a Plan of schema {p.SCHEMA_VERSION} (found {found!r})")
        plan = _decode(document.get("plan"))
    except (ValueError, RecursionError) as error:
        raise PlanError(f"not a Plan: {error}") from error
    if not isinstance(plan, p.Plan):
        raise PlanError("the document holds no Plan")
    plan_types.check(plan)
    return plan


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        encoded: dict[str, Any] = {"$": type(value).__name__}
        for item in dataclasses.fields(value):
            content = getattr(value, item.name)
            if not _is_default(item, content):
                encoded[item.name] = content if item.name in _OPAQUE else _encode(content)
        return encoded
    if isinstance(value, Mapping):
        return {_escaped(str(key)): _encode(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_encode(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise PlanError(f"a Plan cannot hold a {type(value).__name__}: {value!r}")


def _escaped(key: str) -> str:
    """A user's key in a mapping; one that starts with ``$`` must not look like the name of a class."""
    return f"${key}" if key.startswith("$") else key


def _unescaped(key: str) -> str:
    return key[1:] if key.startswith("$$") else key


def _is_default(item: dataclasses.Field[Any], content: Any) -> bool:
    default: Any
    if item.default is not dataclasses.MISSING:
        default = item.default
    elif item.default_factory is not dataclasses.MISSING:
        default = item.default_factory()
    else:
        return False
    return type(content) is type(default) and bool(content == default)


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "$" not in value:
        return {_unescaped(key): _decode(item) for key, item in value.items()}
    label = value["$"]
    cls = _CLASSES.get(label) if isinstance(label, str) else None
    if cls is None:
        raise PlanError(f"a Plan has no {label!r}")
    content = {key: item if key in _OPAQUE else _decode(item) for key, item in value.items() if key != "$"}
    try:
        return cls(**content)
    except TypeError as error:
        raise PlanError(f"{value['$']}: {error}") from error


def normal_form(plan: p.Plan) -> p.Plan:
    """The same Plan without names that a client invents.

    Node ids become ``n0, n1, …`` in an order that depends on content alone: a node is known by its own content and by
    its place in the graph, so two graphs of the same meaning get the same ids whatever their clients called the nodes
    and in whatever order they listed them. Raises :class:`PlanError` for a Plan that is no graph without circles.
    """
    order = topological_order(plan)
    colours = _colours(plan, order)
    ordered = sorted(plan.nodes, key=lambda node: colours[node.id])
    names = {node.id: f"n{index}" for index, node in enumerate(ordered)}
    return dataclasses.replace(
        plan,
        description=None,
        nodes=tuple(_renamed(node, names) for node in ordered),
        parameters=tuple(sorted(plan.parameters, key=lambda item: item.name)),
        data_parameters=tuple(sorted(plan.data_parameters, key=lambda item: item.name)),
        outputs={name: p.NodePort(names[port.node], port.port) for name, port in plan.outputs.items()},
    )


def fingerprint(plan: p.Plan) -> str:
    """SHA-256 (hex) of the normal form."""
    return hashlib.sha256(dumps(normal_form(plan)).encode()).hexdigest()


def _renamed(node: p.Node, names: Mapping[str, str]) -> p.Node:
    def source(item: p.Input) -> p.Input:
        if isinstance(item.source, p.NodePort):
            return dataclasses.replace(item, source=p.NodePort(names[item.source.node], item.source.port))
        return item

    environment = node.environment
    if environment.name is None:
        environment = dataclasses.replace(environment, version=None)
    return dataclasses.replace(
        node,
        id=names[node.id],
        environment=environment,
        inputs={key: source(item) for key, item in node.inputs.items()},
        after=tuple(sorted({names[other] for other in node.after})),
    )


class _Links:
    """Who depends on whom: for each node its sources (input, node, port) and what comes before, its users and what they
    call it."""

    def __init__(self, plan: p.Plan) -> None:
        self.sources: dict[str, list[tuple[str, str, str]]] = {node.id: [] for node in plan.nodes}
        self.users: dict[str, list[tuple[str, str, str]]] = {node.id: [] for node in plan.nodes}
        for node in plan.nodes:
            for key, item in node.inputs.items():
                if isinstance(item.source, p.NodePort):
                    self._link(node.id, item.source.node, f"input {key}", item.source.port)
            for other in set(node.after):
                self._link(node.id, other, "after", "")

    def _link(self, user: str, source: str, label: str, port: str) -> None:
        self.sources[user].append((label, source, port))
        self.users[source].append((label, user, port))

    def place(self, node: str) -> tuple[frozenset[tuple[str, str, str]], ...]:
        """Two nodes of equal content and equal place can be swapped without a difference."""
        return frozenset(self.sources[node]), frozenset(self.users[node])


def _colours(plan: p.Plan, order: list[p.Node]) -> dict[str, str]:
    """A digest for each node that tells it from every other one with which it could not be swapped.

    Nodes that are equal in themselves are told apart by their neighbours, theirs by their neighbours, and so on. Where
    equal parts remain (two identical chains), one node is marked and the difference spreads: any of them will do, since
    they are mirror images of each other.
    """
    links = _Links(plan)
    blank = {node.id: "" for node in plan.nodes}
    named: dict[str, list[str]] = {node.id: [] for node in plan.nodes}
    for name, port in plan.outputs.items():
        named[port.node].append(f"{name} {port.port}")
    start = {node.id: _digest([_encode(_renamed(node, blank)), sorted(named[node.id])]) for node in plan.nodes}
    colours = _refined(start, order, links)
    while (twin := _undecided(colours, plan, links)) is not None:
        colours[twin] = _digest(["marked", colours[twin]])
        colours = _refined(colours, order, links)
    return colours


def _refined(colours: dict[str, str], order: list[p.Node], links: _Links) -> dict[str, str]:
    """The colours with those of all ancestors and descendants taken in, until no more nodes are told apart."""
    while True:
        down: dict[str, str] = {}
        for node in order:
            down[node.id] = _spread(colours[node.id], links.sources[node.id], down)
        up: dict[str, str] = {}
        for node in reversed(order):
            up[node.id] = _spread(down[node.id], links.users[node.id], up)
        if len(set(up.values())) == len(set(colours.values())):
            return up
        colours = up


def _spread(own: str, links: list[tuple[str, str, str]], colours: Mapping[str, str]) -> str:
    return _digest([own, sorted([label, colours[other], port] for label, other, port in links)]) if links else own


def _undecided(colours: Mapping[str, str], plan: p.Plan, links: _Links) -> str | None:
    """A node of the first colour whose nodes cannot simply be swapped for each other, None when all is told apart."""
    classes: dict[str, list[str]] = {}
    for node in plan.nodes:
        classes.setdefault(colours[node.id], []).append(node.id)
    for colour in sorted(classes):
        members = classes[colour]
        if len(members) > 1 and len({links.place(member) for member in members}) > 1:
            return members[0]
    return None


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def topological_order(plan: p.Plan) -> list[p.Node]:
    """Nodes, each after all it depends on. Raises :class:`PlanError` for circles, doubled ids, unknown ports."""
    nodes = {node.id: node for node in plan.nodes}
    if len(nodes) != len(plan.nodes):
        raise PlanError("two nodes have the same id")
    waiting = {node.id: set(node.dependencies()) for node in plan.nodes}
    for node_id, needed in waiting.items():
        for other in sorted(needed - nodes.keys()):
            raise PlanError(f"node {nodes[node_id].name!r} depends on {other!r}, which is not in the graph")
    _check_ports(plan, nodes)
    users: dict[str, list[str]] = {node_id: [] for node_id in nodes}
    for node_id, needed in waiting.items():
        for other in needed:
            users[other].append(node_id)
    ready = [node_id for node_id, needed in waiting.items() if not needed]
    order: list[p.Node] = []
    for node_id in ready:
        order.append(nodes[node_id])
        for user in users[node_id]:
            waiting[user].discard(node_id)
            if not waiting[user]:
                ready.append(user)
    if len(order) != len(nodes):
        stuck = sorted(nodes[node_id].name for node_id, needed in waiting.items() if needed)
        raise PlanError(f"the steps depend on each other in a circle: {', '.join(stuck)}")
    return order


def _check_ports(plan: p.Plan, nodes: Mapping[str, p.Node]) -> None:
    """Raises :class:`PlanError` for a port that its node does not have."""
    used = [
        (item.source, f"node {node.name!r} input {name!r}")
        for node in plan.nodes
        for name, item in node.inputs.items()
        if isinstance(item.source, p.NodePort)
    ]
    used += [(port, f"the pipeline output {name!r}") for name, port in plan.outputs.items()]
    for port, user in used:
        if port.node not in nodes:
            raise PlanError(f"{user} comes from {port.node!r}, which is not in the graph")
        if port.port not in nodes[port.node].outputs:
            raise PlanError(
                f"{user} comes from the output {port.port!r}, which {nodes[port.node].name!r} does not have"
            )
