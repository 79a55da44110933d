"""Any change of what a step's result follows from changes its key; nothing else does."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import given

from amlbridge.engine import plan as p
from amlbridge.engine.reuse_key import differences, ingredients, key
from tests.engine import plans

INPUTS = {"data": {"content": "c1", "files": {"a": "1"}}}
BASE = p.Node(
    "id",
    "train",
    command=p.Command(
        (p.Argument((p.Value("--rate="), p.ParameterRef("rate"))), p.Argument((p.InputRef("data"),))), script="t.py"
    ),
    code="c" * 64,
    inputs={"data": p.Input(p.NodePort("n", "out")), "level": p.Input(p.Value(3))},
    outputs={"out": p.Output("store", "x/{run-id}")},
    environment=p.Environment("e", conda={"dependencies": ["python=3.8", {"pip": ["pandas==1.3"]}]}),
    variables={"A": "1"},
    parameter_variables={"B": p.ParameterRef("rate")},
)

CHANGES: list[dict[str, Any]] = [
    {"kind": "parallel"},
    {"code": "d" * 64},
    {"command": p.Command(BASE.command.arguments, script="u.py")},
    {"command": p.Command(BASE.command.arguments[:1], script="t.py")},
    {"command": p.Command(tuple(reversed(BASE.command.arguments)), script="t.py")},
    {"command": p.Command((BASE.command.arguments[0], p.Argument((p.OutputRef("data"),))), script="t.py")},
    {"command": p.Command((BASE.command.arguments[0], p.Argument((p.Value("<input data>"),))), script="t.py")},
    {"inputs": {**BASE.inputs, "level": p.Input(p.Value(4))}},
    {"inputs": {**BASE.inputs, "level": p.Input(p.Value("3"))}},
    {"inputs": {**BASE.inputs, "data": p.Input(p.NodePort("n", "out"), mode="download")}},
    {"inputs": {**BASE.inputs, "data": p.Input(p.NodePort("n", "out"), transformations=[{"take": 1}])}},
    {"outputs": {"other": p.Output("store", "x/{run-id}")}},
    {"outputs": {"out": p.Output("store", "fixed")}},
    {"outputs": {"out": p.Output("store", "x/{run-id}", registration=p.Registration("name"))}},
    {"environment": p.Environment("e", conda={"dependencies": ["python=3.8", {"pip": ["pandas==2.0"]}]})},
    {"environment": p.Environment("e", image="ubuntu")},
    {"environment": p.Environment("curated")},
    {"variables": {"A": "2"}},
    {"variables": {}},
    {"parameter_variables": {}},
    {"resources": p.Resources(nodes=2)},
    {"distribution": p.Distribution("mpi", 2)},
    {"options": {"docker": {"shmSize": "1g"}}},
    {"options": {"docker": None}},
]


def of(node: p.Node, rate: float = 0.1, inputs: Any = INPUTS, interpreter: str = "py") -> str:
    return key(ingredients(node, {"rate": rate, "other": 1}, inputs, interpreter))


def test_each_change_gives_another_key_and_is_told() -> None:
    base = ingredients(BASE, {"rate": 0.1}, INPUTS, "py")
    changed = [dataclasses.replace(BASE, **change) for change in CHANGES]
    keys = [of(BASE), *(of(node) for node in changed)]
    keys += [of(BASE, 0.2), of(BASE, interpreter="new"), of(BASE, inputs={"data": {"content": "c2"}})]
    assert len(set(keys)) == len(keys)
    for node in changed:
        assert differences(ingredients(node, {"rate": 0.1}, INPUTS, "py"), base)


def test_what_is_not_part_of_it() -> None:
    other: dict[str, Any] = {"id": "another", "name": "renamed", "retries": 3, "timeout": 5.0, "deterministic": False}
    other |= {"resources": p.Resources("gpu", instance_type="big"), "options": {"force": True}, "after": ("n",)}
    other |= {"environment": dataclasses.replace(BASE.environment, name="other", version="Autosave_2020")}
    assert of(dataclasses.replace(BASE, **other)) == of(BASE)
    # Names of files are kept only to tell a difference.
    assert of(BASE, inputs={"data": {"content": "c1"}}) == of(BASE)


def test_long_texts_are_compared_whole_and_told_short() -> None:
    def node(last: str) -> p.Node:
        return dataclasses.replace(BASE, variables={"A": "x" * 5000 + last})

    assert of(node("1")) != of(node("2"))
    told = differences(*(ingredients(node(last), {"rate": 1}, INPUTS, "py") for last in "12"))
    assert len(told) == 1
    assert len(told[0]) < 300


@given(plans.nodes("a"), plans.nodes("b"))
def test_equal_nodes_have_equal_keys_and_different_ones_differences(first: p.Node, second: p.Node) -> None:
    def found(node: p.Node) -> dict[str, Any]:
        inputs = {name: {"content": "c"} for name, item in node.inputs.items() if not isinstance(item.source, p.Value)}
        return ingredients(node, {}, inputs, "py")

    one, two = found(first), found(second)
    assert key(one) == key(dict(reversed(one.items())))
    assert not differences(one, found(first))
    assert (key(one) == key(two)) == (not differences(one, two))
