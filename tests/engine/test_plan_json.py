"""The canonical form of a Plan: read back whole, and equal for equal meaning."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine import plan as p
from amlbridge.engine import plan_json
from amlbridge.engine.errors import PlanError
from tests.engine.plans import plans


def renamed(plan: p.Plan, names: dict[str, str], order: list[int]) -> p.Plan:
    """The same graph as another client would have sent it."""

    def source(item: p.Input) -> p.Input:
        if not isinstance(item.source, p.NodePort):
            return item
        return dataclasses.replace(item, source=p.NodePort(names[item.source.node], item.source.port))

    nodes = [
        dataclasses.replace(
            node,
            id=names[node.id],
            inputs={key: source(item) for key, item in reversed(list(node.inputs.items()))},
            after=tuple(names[other] for other in node.after),
        )
        for node in plan.nodes
    ]
    outputs = {name: p.NodePort(names[port.node], port.port) for name, port in plan.outputs.items()}
    return dataclasses.replace(plan, nodes=tuple(nodes[index] for index in order), outputs=outputs)


@given(plans(), st.data())
def test_round_trip_normal_form_and_order(plan: p.Plan, data: st.DataObject) -> None:
    """Four properties of the same plans: to make them takes most of the time."""
    round_trip(plan)
    a_changed_node_changes_the_fingerprint(plan, data)
    normal_form_is_stable_and_keeps_the_meaning(plan)
    topological_order_puts_dependencies_first(plan)


def round_trip(plan: p.Plan) -> None:
    text = plan_json.dumps(plan)
    assert plan_json.loads(text) == plan
    assert plan_json.dumps(plan_json.loads(text)) == text


@given(st.data(), st.one_of(plans(), plans(plain=True)))
def test_names_and_order_of_nodes_mean_nothing(data: st.DataObject, plan: p.Plan) -> None:
    ids = [node.id for node in plan.nodes]
    fresh = data.draw(st.permutations([f"x{index}" for index in range(len(ids))]))
    order = data.draw(st.permutations(range(len(ids))))
    other = renamed(plan, dict(zip(ids, fresh, strict=True)), list(order))
    assert plan_json.fingerprint(other) == plan_json.fingerprint(plan)
    assert plan_json.normal_form(other) == plan_json.normal_form(plan)


def normal_form_is_stable_and_keeps_the_meaning(plan: p.Plan) -> None:
    normal = plan_json.normal_form(plan)
    assert plan_json.normal_form(normal) == normal
    assert sorted(node.name for node in normal.nodes) == sorted(node.name for node in plan.nodes)
    links = sum(len(list(node.dependencies())) for node in plan.nodes)
    assert sum(len(list(node.dependencies())) for node in normal.nodes) == links


def a_changed_node_changes_the_fingerprint(plan: p.Plan, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(plan.nodes) - 1))
    nodes = list(plan.nodes)
    nodes[index] = dataclasses.replace(nodes[index], variables={**nodes[index].variables, "A_NEW_ONE": "1"})
    changed = dataclasses.replace(plan, nodes=tuple(nodes))
    assert plan_json.fingerprint(changed) != plan_json.fingerprint(plan)


def chain(*ids: str) -> list[p.Node]:
    """Equal nodes one after the other."""
    found: list[p.Node] = []
    for node_id in ids:
        inputs = {"x": p.Input(p.NodePort(found[-1].id, "out"))} if found else {}
        found.append(p.Node(node_id, "step", inputs=inputs, outputs={"out": p.Output("s", "p")}))
    return found


def test_identical_chains_in_any_order_are_one_plan() -> None:
    a, b = chain("a1", "a2", "a3"), chain("b1", "b2", "b3")
    straight = p.Plan((*a, *b))
    mixed = p.Plan((a[0], b[0], b[1], a[1], a[2], b[2]))
    assert plan_json.fingerprint(straight) == plan_json.fingerprint(mixed)
    crossed = p.Plan((*a[:2], dataclasses.replace(a[2], inputs={"x": p.Input(p.NodePort("b2", "out"))}), *b))
    assert plan_json.fingerprint(crossed) != plan_json.fingerprint(straight)


def test_wide_plans_of_equal_nodes_are_quick() -> None:
    nodes = [node for index in range(30) for node in chain(*(f"{index}-{step}" for step in range(10)))]
    assert len(plan_json.fingerprint(p.Plan(tuple(nodes)))) == 64


def test_user_keys_that_look_like_classes_survive() -> None:
    node = p.Node("n", "n", variables={"$": "Node", "$x": "1", "$$y": "2"}, options={"o": {"$": "Plan"}})
    plan = p.Plan((node,))
    assert plan_json.loads(plan_json.dumps(plan)) == plan


def test_fields_at_their_default_are_left_out() -> None:
    text = plan_json.dumps(p.Plan((p.Node("n", "n"),)))
    assert json.loads(text)["plan"] == {"$": "Plan", "nodes": [{"$": "Node", "id": "n", "name": "n"}]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "null",
        '{"schema":99,"plan":{}}',
        '{"schema":1}',
        '{"schema":1,"plan":{"$":"Node","id":"a","name":"b"}}',
        '{"schema":1,"plan":{"$":["Plan"]}}',
        '{"schema":1,"plan":{"$":"Plan"}}',
        '{"schema":1,"plan":{"$":"Plan","nodes":"abc"}}',
        '{"schema":1,"plan":{"$":"Plan","nodes":[],"wings":2}}',
        '{"schema":1,"plan":{"$":"Plan","nodes":[{"$":"Node","id":1,"name":"x"}]}}',
        '{"schema":1,"plan":{"$":"Plan","nodes":[{"$":"Node","id":"1","name":"x","kind":"rocket"}]}}',
        '{"schema":1,"plan":{"$":"Plan","nodes":[{"$":"Node","id":"1","name":"x","retries":true}]}}',
        '{"schema":1,"plan":{"$":"Plan","nodes":[{"$":"Node","id":"1","name":"x","inputs":{"a":{"$":"Plan","nodes":[]}}}]}}',
        '{"schema":1,"plan":' + '{"a":' * 100_000,
    ],
)
def test_what_is_no_plan_is_an_error(text: str) -> None:
    with pytest.raises(PlanError):
        plan_json.loads(text)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), object(), "\ud800"])
def test_what_json_cannot_hold_is_an_error(value: object) -> None:
    plan = p.Plan((p.Node("n", "n", options={"x": value}),))
    with pytest.raises(PlanError):
        plan_json.dumps(plan)


def test_malformed_graphs_are_named() -> None:
    a, b, c = chain("a", "b", "c")
    loop = dataclasses.replace(a, after=("c",))
    with pytest.raises(PlanError, match="in a circle: step, step, step"):
        plan_json.topological_order(p.Plan((loop, b, c)))
    with pytest.raises(PlanError, match="depends on 'a', which is not in the graph"):
        plan_json.topological_order(p.Plan((b, c)))
    with pytest.raises(PlanError, match="same id"):
        plan_json.topological_order(p.Plan((a, a)))
    with pytest.raises(PlanError, match="output 'missing', which 'step' does not have"):
        other = dataclasses.replace(b, inputs={"x": p.Input(p.NodePort("a", "missing"))})
        plan_json.topological_order(p.Plan((a, other)))
    with pytest.raises(PlanError, match="pipeline output 'o' comes from 'z'"):
        plan_json.fingerprint(p.Plan((a,), outputs={"o": p.NodePort("z", "out")}))


def topological_order_puts_dependencies_first(plan: p.Plan) -> None:
    order = [node.id for node in plan_json.topological_order(plan)]
    assert sorted(order) == sorted(node.id for node in plan.nodes)
    for node in plan.nodes:
        for other in node.dependencies():
            assert order.index(other) < order.index(node.id)
