"""The Plan's own methods."""

from __future__ import annotations

import pytest

from amlbridge.engine.plan import Input, Node, NodePort, Plan, Value


def test_dependencies_are_data_first_and_each_once() -> None:
    inputs = {"a": Input(NodePort("x", "o")), "b": Input(Value(1)), "c": Input(NodePort("x", "p"))}
    node = Node("n", "n", inputs=inputs, after=("y", "x"))
    assert list(node.dependencies()) == ["x", "y"]


def test_node_by_id() -> None:
    plan = Plan((Node("a", "first"), Node("b", "second")))
    assert plan.node("b").name == "second"
    with pytest.raises(KeyError):
        plan.node("c")
