"""Graphs as the v1 client posts them: one that it really posted, and random ones."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from amlbridge.v1 import graph
from amlbridge.v1.graph import Lowered

_CAPTURED = json.loads((Path(__file__).parent / "captured_graph.json").read_text())


def captured() -> dict[str, Any]:
    """``{creation, modules, sources}``, captured from azureml-pipeline-core 1.62: four steps with every kind of input,
    output, argument and parameter."""
    found: dict[str, Any] = copy.deepcopy(_CAPTURED)
    return found


def lower(document: dict[str, Any]) -> Lowered:
    """Lowers with a find_dataset that knows any dataset."""
    return graph.lower(
        document["creation"],
        document["modules"].get,
        document["sources"].get,
        lambda dataset_id, name, version: f"saved-{name or dataset_id}-{version}",
    )


def module(name: str, inputs: list[str], **fields: Any) -> dict[str, Any]:
    """A module with these inputs and the output ``out``."""
    order = [{"Name": f"_run_after_input_{index}", "SkipProcessing": True} for index in range(3)]
    interface = {
        "Inputs": [{"Name": item, "DataStoreMode": "mount"} for item in inputs] + order,
        "Outputs": [
            {"Name": "out", "DataStoreName": "store", "DataTypeId": "AnyFile", "DataStoreMode": "mount"},
            {"Name": "_run_after_output", "SkipProcessing": True},
        ],
        "Parameters": [{"Name": "Script", "IsOptional": True}],
        "Arguments": [{"ValueType": "Input", "Value": item} for item in inputs],
    }
    return {
        "Name": name,
        "ModuleExecutionType": "escloud",
        "StepType": "PythonScriptStep",
        "StorageId": "snapshot",
        "IsDeterministic": True,
        "StructuredInterface": interface,
        **fields,
    }


def literal(name: str, value: str) -> dict[str, Any]:
    """An assignment of a plain value."""
    return {"Name": name, "ValueType": "0", "Value": value}


def node(node_id: str, module_id: str, **fields: Any) -> dict[str, Any]:
    """A module node that runs ``run.py`` on the compute ``cpu``."""
    parameters = [literal("Script", "run.py"), literal("Target", "cpu"), *fields.pop("ModuleParameters", [])]
    return {"Id": node_id, "ModuleId": module_id, "ModuleParameters": parameters, **fields}


def edge(source: str, port: str, target: str, input_name: str) -> dict[str, Any]:
    """An edge between two ports."""
    return {
        "SourceOutputPort": {"NodeId": source, "PortName": port},
        "DestinationInputPort": {"NodeId": target, "PortName": input_name},
    }


def one_step(**fields: Any) -> dict[str, Any]:
    """A document with one step."""
    creation = {"CreationInfo": {}, "Graph": {"ModuleNodes": [node("a", "m", **fields)]}, "GraphInterface": {}}
    return {"creation": creation, "modules": {"m": module("step", [])}, "sources": {}}


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, set[str]]]:
    """A random graph without circles, and what each of its nodes depends on."""
    count = draw(st.integers(1, 7))
    ids = [f"node{index}" for index in range(count)]
    document: dict[str, Any] = {"modules": {}, "sources": {"d": _source()}}
    nodes, edges, expected = [], [], {}
    for index, node_id in enumerate(ids):
        earlier = st.sampled_from(ids[:index]) if index else st.nothing()
        data = draw(st.lists(earlier, max_size=3)) if index else []
        order = draw(st.lists(earlier, max_size=2, unique=True)) if index else []
        reads = draw(st.booleans())
        inputs = [f"in{position}" for position in range(len(data))] + (["external"] if reads else [])
        name = draw(st.sampled_from(["prepare", "train", "score"]))
        document["modules"][f"module-{node_id}"] = module(name, inputs)
        nodes.append(node(node_id, f"module-{node_id}"))
        edges += [edge(other, "out", node_id, f"in{position}") for position, other in enumerate(data)]
        edges += [
            edge(other, "_run_after_output", node_id, f"_run_after_input_{position}")
            for position, other in enumerate(order)
        ]
        if reads:
            edges.append(edge("dataset", "data", node_id, "external"))
        expected[node_id] = {*data, *order}
    body = {"ModuleNodes": nodes, "DatasetNodes": [{"Id": "dataset", "DatasetId": "d"}], "Edges": edges}
    document["creation"] = {"CreationInfo": {}, "Graph": body, "GraphInterface": {}}
    return document, expected


def _source() -> dict[str, Any]:
    place = {"AmlDataStoreName": "store", "RelativePath": "folder/file.csv"}
    return {"Name": "d", "DataLocation": {"DataReference": {"Type": "1", "AzureBlobReference": place}}}
