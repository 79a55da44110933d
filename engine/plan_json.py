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
    """The canonical text: sorted keys, no spaces, UTF-8 kept."""
    return json.dumps(to_json(plan), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(text: str) -> p.Plan:
    """Reads :func:`dumps` back. Raises :class:`PlanError` when the text is not a Plan of this schema."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PlanError(f"not a Plan: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != p.SCHEMA_VERSION:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise PlanError(f"not a Plan of schema {p.SCHEMA_VERSION} (found {found!r})")
    plan = _decode(document.get("plan"))
    if not isinstance(plan, p.Plan):
        raise PlanError("the document holds no Plan")
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
        return {str(key): _encode(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_encode(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise PlanError(f"a Plan cannot hold a {type(value).__name__}: {value!r}")


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
        return {key: _decode(item) for key, item in value.items()}
    cls = _CLASSES.get(value["$"])
    if cls is None:
        raise PlanError(f"a Plan has no {value['$']!r}")
    content = {key: item if key in _OPAQUE else _decode(item) for key, item in value.items() if key != "$"}
    try:
        return cls(**content)
    except TypeError as error:
        raise PlanError(f"{value['$']}: {error}") from error


def normal_form(plan: p.Plan) -> p.Plan:
    """The same Plan without names that a client invents.

    Node ids become ``n0, n1, …`` in an order that depends on content alone: a node is known by its own content and by
    what it depends on, so two graphs of the same meaning get the same ids whatever their clients called the nodes.
    """
    digests = _node_digests(plan)
    ordered = sorted(plan.nodes, key=lambda node: digests[node.id])
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


def _node_digests(plan: p.Plan) -> dict[str, str]:
    """A digest for each node of its content, of all it depends on, and of all that depends on it."""
    order = topological_order(plan)
    upstream: dict[str, str] = {}
    for node in order:
        names = {"": "", **upstream, node.id: ""}
        upstream[node.id] = _digest(_encode(_renamed(node, names)))
    # Twins with the same past may have different futures: tell them apart by who uses them, and how.
    users: dict[str, list[str]] = {node.id: [] for node in plan.nodes}
    for name, port in plan.outputs.items():
        users[port.node].append(f"output {name} {port.port}")
    both: dict[str, str] = {}
    for node in reversed(order):
        both[node.id] = _digest([upstream[node.id], sorted(users[node.id])])
        for key, item in node.inputs.items():
            if isinstance(item.source, p.NodePort):
                users[item.source.node].append(f"{both[node.id]} {key} {item.source.port}")
        for other in node.after:
            users[other].append(f"{both[node.id]} after")
    return both


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def topological_order(plan: p.Plan) -> list[p.Node]:
    """Nodes, each after all it depends on. Raises :class:`PlanError` on a cycle, a doubled id or an unknown node."""
    nodes = {node.id: node for node in plan.nodes}
    if len(nodes) != len(plan.nodes):
        raise PlanError("two nodes have the same id")
    waiting = {node.id: set(node.dependencies()) for node in plan.nodes}
    for node_id, needed in waiting.items():
        for other in needed - nodes.keys():
            raise PlanError(f"node {nodes[node_id].name!r} depends on {other!r}, which is not in the graph")
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
