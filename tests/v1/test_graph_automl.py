"""An AutoMLStep becomes a node of kind automl: its search, its tables, its compute; nothing of its source directory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from amlbridge.engine.plan import Command, Environment, Input, Node, NodePort
from amlbridge.v1 import graph_automl
from amlbridge.wire.errors import ServiceError
from tests.v1.test_automl_settings import USUAL, read


def lower(parameters: dict[str, str], **inputs: Input) -> Node:
    node = Node(
        "n",
        "train",
        kind="automl",
        command=Command(),
        code="c" * 64,
        inputs=inputs,
        environment=Environment(conda={"dependencies": ["old"]}),
        options={"step_type": "AutoMLStep", "backend": "automlcloud", "settings": {"path": "/home/me"}},
    )
    return graph_automl.lower(node, parameters.get, parameters)


def config(**changes: Any) -> dict[str, str]:
    settings = {**USUAL, "supported_models": ["in", "any", "order"], **changes}
    body = {"run_type": "automl", "aml_settings_json_string": json.dumps(settings), "target": '{\\"escaped\\"}'}
    return {"AutoMLConfig": json.dumps(body), "target": "cpu"}


TABLE = Input(NodePort("prepare", "out"), mode="direct", transformations={"blocks": []})


def test_the_node_of_a_step() -> None:
    node = lower(config(), training_data=TABLE, other=TABLE)
    assert node.options == {"step_type": "AutoMLStep", "backend": "automlcloud", "automl": read().to_json()}
    assert (node.resources.compute, node.code, node.environment) == ("cpu", None, Environment())
    made = node.inputs["training_data"]
    assert (made.type, made.mode, made.transformations) == ("mltable", "mount", {"blocks": []})
    assert node.inputs["other"] == TABLE


def test_what_the_client_makes_up_does_not_count_for_reuse() -> None:
    one = lower(config(supported_models=["b", "a"], path="/one", name="placeholder"), training_data=TABLE)
    assert one == lower(config(), training_data=TABLE)


def test_an_old_client_sends_each_setting_alone() -> None:
    parameters = {**{name: str(value) for name, value in USUAL.items()}, "target": "cpu"}
    assert lower(parameters, training_data=TABLE) == lower(config(), training_data=TABLE)


def test_a_step_without_data_and_one_with_a_wrong_setting_are_named() -> None:
    with pytest.raises(ServiceError, match="step 'train' has no training data"):
        lower(config())
    with pytest.raises(ServiceError, match=r"step 'train': .*n_cross_validations is 1"):
        lower(config(n_cross_validations=1), training_data=TABLE)
