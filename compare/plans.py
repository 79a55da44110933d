"""Plan against Plan: the same steps, edges, arguments, parameters and settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from amlbridge.compare import matching, ports, steps
from amlbridge.compare.matching import Matching
from amlbridge.compare.parameter_names import spoken
from amlbridge.compare.plain import Plain, plain
from amlbridge.compare.result import Check, Report, StepResult, different
from amlbridge.compare.rules import Rules
from amlbridge.compare.steps import Sides
from amlbridge.engine import plan_json
from amlbridge.engine.plan import Node, Plan, Scalar


def compare_plans(left: Plan, right: Plan, rules: Rules, names: tuple[str, str] = ("left", "right")) -> Report:
    """Every difference between two Plans, at the step where it is. Raises
    :class:`~amlbridge.engine.errors.PlanError` for a Plan that is no graph without circles."""
    return compare_plain(plain(left), plain(right), rules, names)


def compare_plain(ours: Plain, theirs: Plain, rules: Rules, names: tuple[str, str]) -> Report:
    """:func:`compare_plans` of Plans as they are meant."""
    left, right = ours.plan, theirs.plan
    sides, found = pair(ours, theirs)
    results = [_step(ours, theirs, one, other, sides) for one, other in found.pairs.items()]
    results += [_alone(left.node(node).name, "", "right") for node in found.left]
    results += [_alone("", right.node(node).name, "left") for node in found.right]
    return Report(*names, tuple(results), tuple(_pipeline(left, right, sides)), rules.words())


def pair(ours: Plain, theirs: Plain) -> tuple[Sides, Matching]:
    """Which step and which port is which."""
    left, right = ours.plan, theirs.plan
    orders = plan_json.topological_order(left), plan_json.topological_order(right)
    found = matching.match(left, right)
    joined = {one: ports.match(left.node(one), right.node(other), found.pairs) for one, other in found.pairs.items()}
    before = tuple(_ancestors(order) for order in orders)
    return Sides(left, right, found.pairs, joined, (before[0], before[1]), (ours.tables, theirs.tables)), found


def _ancestors(order: list[Node]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for node in order:
        direct = frozenset(node.dependencies())
        found[node.id] = direct.union(*(found[other] for other in direct))
    return found


def _step(left: Plain, right: Plain, one: str, other: str, sides: Sides) -> StepResult:
    ours, theirs = left.plan.node(one), right.plan.node(other)
    code = "the same" if ours.code == theirs.code else "other files (what they do is compared by their results)"
    facts = {"code": code}
    for name, side, node in (("left", left, one), ("right", right, other)):
        if any(port.node == node for port in side.moved):
            facts["one step"] = f"on the {name} a step of its own writes the outputs"
    return StepResult(ours.name, theirs.name, tuple(steps.compare(ours, theirs, sides)), facts)


def _alone(left: str, right: str, missing: str) -> StepResult:
    name = left or right
    check = different("graph", "step", f"no step like it on the {missing}", left or "(missing)", right or "(missing)")
    return StepResult(left, right, (check,), {"step": name})


def _pipeline(left: Plan, right: Plan, sides: Sides) -> Iterator[Check]:
    yield from _parameters(left, right)
    for name in sorted({*left.outputs, *right.outputs}):
        ours, theirs = left.outputs.get(name), right.outputs.get(name)
        if ours is not None and theirs is not None:
            port = sides.ports[ours.node].outputs.get(ours.port) if ours.node in sides.ports else None
            same = sides.nodes.get(ours.node) == theirs.node and port == theirs.port
        else:
            same = False
        shown = [
            "(missing)" if item is None else f"output {item.port} of {sides.name(side, item.node)}"
            for side, item in enumerate((ours, theirs))
        ]
        yield _equal(f"pipeline output {name}", same, *shown)
    for field in ("continue_on_failure", "force_rerun", "timeout"):
        ours_, theirs_ = getattr(left.settings, field), getattr(right.settings, field)
        yield _equal(field.replace("_", " "), ours_ == theirs_, ours_, theirs_)


def _parameters(left: Plan, right: Plan) -> Iterator[Check]:
    ours, theirs = ({spoken(item.name): item for item in plan.parameters} for plan in (left, right))
    for name in sorted({*ours, *theirs}):
        one, other = ours.get(name), theirs.get(name)
        subject = f"parameter {name}"
        if one is None or other is None:
            side = "left" if one is None else "right"
            yield different("graph", subject, f"missing on the {side}", *(_shown(item) for item in (one, other)))
            continue
        same = one.required == other.required and _same_value(one.default, other.default)
        yield _equal(f"default of {subject}", same, _shown(one), _shown(other))
    data: list[Mapping[str, object]] = [
        {spoken(item.name): item.default for item in plan.data_parameters} for plan in (left, right)
    ]
    for name in sorted(data[0].keys() - data[1].keys()):
        yield different("graph", f"data parameter {name}", "missing on the right", data[0][name], "(missing)")


def _shown(parameter: object) -> str:
    if parameter is None:
        return "(missing)"
    required, default = getattr(parameter, "required", False), getattr(parameter, "default", None)
    return "required" if required else f"{default!r}"


def _same_value(left: Scalar, right: Scalar) -> bool:
    """Equal, or the same number: SDK v1 hands all values on as texts."""
    if left == right and isinstance(left, bool) == isinstance(right, bool):
        return True
    if left is None or right is None:
        return False
    try:
        return float(str(left)) == float(str(right))
    except ValueError:
        return str(left).lower() == str(right).lower()


def _equal(subject: str, same: bool, left: object, right: object) -> Check:
    return Check("graph", subject) if same else different("graph", subject, "not the same", left, right)
