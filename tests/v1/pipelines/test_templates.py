"""A published graph is lowered again only when its Plan changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server.assembly import build_service
from amlbridge.server.home import Home
from amlbridge.v1 import dataset_records
from amlbridge.v1.pipelines import graphs, modules, templates
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError
from tests.v1.graphs import literal, module, node


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = build_service(Home(tmp_path / "home"))
    yield made
    made.records.close()


@pytest.fixture
def workspace(service: Service) -> Workspace:
    return service.records.workspaces.ensure("s", "g", "w")


def _publish(service: Service, workspace: Workspace) -> Resource:
    """One command on as many nodes as the parameter ``nodes`` says, which prints ``text``."""
    settings = [literal("Command", "echo"), {"Name": "NodeCount", "ValueType": "1", "Value": "nodes"}]
    reference: dict[str, Any] = {"DataSetReference": {"Name": "table"}}
    interface = {
        "Parameters": [
            {"Name": "nodes", "DefaultValue": "1", "Type": "0"},
            {"Name": "text", "DefaultValue": "a", "Type": "3"},
        ],
        "DataPathParameterList": [{"Name": "data", "DefaultValue": reference}],
    }
    resources = service.records.resources
    resources.put(workspace.id, modules.KIND, "m", module("step", [], StorageId=None))
    graph = {"ModuleNodes": [node("a", "m", ModuleParameters=settings)]}
    graph_id = graphs.store(service, workspace, {"Graph": graph, "GraphInterface": interface})
    return resources.put(workspace.id, "published_pipeline", "p", {"GraphId": graph_id})


def _register(service: Service, workspace: Workspace, path: str) -> None:
    yaml = f"type: mltable\npaths:\n- file: azureml://datastores/workspaceblobstore/paths/{path}\n"
    dataset_records.register(service, workspace, "table", dataset_records.of_yaml("file", yaml))


def test_only_what_the_plan_holds_makes_another_one(service: Service, workspace: Workspace) -> None:
    _register(service, workspace, "one")
    pipeline = _publish(service, workspace)
    first = templates.of(service, workspace, pipeline, {}, False)
    assert first.lowered.settled == {"nodes"}
    assert templates.of(service, workspace, pipeline, {"text": "other"}, False) is first
    assert templates.of(service, workspace, pipeline, {"nodes": 1}, False) is first
    two = templates.of(service, workspace, pipeline, {"nodes": 2, "text": "b"}, False)
    assert two.lowered.plan.nodes[0].resources.nodes == 2
    assert templates.of(service, workspace, pipeline, {"nodes": 2}, False) is two
    proceeding = templates.of(service, workspace, pipeline, {}, True)
    assert proceeding.lowered.plan.settings.continue_on_failure
    assert templates.of(service, workspace, pipeline, {}, False) is first
    for count in range(20):
        templates.of(service, workspace, pipeline, {"nodes": count + 3}, False)
    assert templates.of(service, workspace, pipeline, {"nodes": 2}, False).lowered.plan == two.lowered.plan


def test_a_new_version_of_a_data_set_counts_at_once(service: Service, workspace: Workspace) -> None:
    _register(service, workspace, "one")
    pipeline = _publish(service, workspace)
    first = templates.of(service, workspace, pipeline, {}, False)
    _register(service, workspace, "two")
    second = templates.of(service, workspace, pipeline, {}, False)
    assert second.lowered.plan.data_parameters != first.lowered.plan.data_parameters
    assert templates.of(service, workspace, pipeline, {}, False) is second


def test_a_data_set_that_has_gone_is_named(service: Service, workspace: Workspace) -> None:
    pipeline = _publish(service, workspace)
    with pytest.raises(ServiceError, match='registered with name "table"') as raised:
        templates.of(service, workspace, pipeline, {}, False)
    assert raised.value.status == 400
