"""Assets for lowering jobs without a workspace."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from amlbridge.engine.plan import DataReference, DataType, Environment
from amlbridge.v2.jobs.reading import invalid


class FakeAssets:
    """Components by id; every environment, code and path is there, but for what is called ``missing``."""

    def __init__(self, **components: Mapping[str, Any]) -> None:
        self.components = components

    def component(self, reference: str, spot: str) -> tuple[str, Mapping[str, Any]]:
        if reference not in self.components:
            raise invalid(spot, f"Could not find component {reference}", "ComponentNotFound")
        return reference, {"name": reference, **self.components[reference]}

    def environment(self, reference: str, spot: str) -> Environment:
        if "missing" in reference:
            raise invalid(spot, f"Could not find environment {reference}", "EnvironmentNotFound")
        return Environment(reference, "1")

    def code(self, reference: str, spot: str) -> str:
        if "missing" in reference:
            raise invalid(spot, f"the code {reference} is not there", "CodeNotFound")
        return "c" * 64

    def files(self, digest: str) -> Collection[str]:
        return ("train.py",)

    def data(self, uri: str, wanted: DataType, spot: str) -> DataReference:
        if "missing" in uri:
            raise invalid(spot, f"Could not find data asset {uri}", "DataNotFound")
        return DataReference(uri, "uri_file" if uri.endswith("file:1") else wanted)

    def default_datastore(self) -> str:
        return "workspaceblobstore"

    def datastore(self, reference: str, spot: str) -> str:
        return reference.rpartition("/")[2]

    def output(self, uri: str, spot: str) -> tuple[str, str]:
        store, _, path = uri.removeprefix("azureml://datastores/").partition("/paths/")
        return store, path


def command(
    line: str = "python train.py", inputs: Mapping[str, Any] | None = None, outputs: Any = None, **more: Any
) -> dict[str, Any]:
    """The specification of a command component; an output is a folder, an input a string unless it says otherwise."""
    declared = {name: item if isinstance(item, dict) else {"type": item} for name, item in (inputs or {}).items()}
    made = outputs if isinstance(outputs, dict) else dict.fromkeys(outputs or (), "uri_folder")
    return {
        "type": "command",
        "command": line,
        "code": "azureml:code",
        "environment": "azureml:env:1",
        "inputs": declared,
        "outputs": {name: item if isinstance(item, dict) else {"type": item} for name, item in made.items()},
        **more,
    }


def node(
    component: str, *, outputs: Mapping[str, Any] | None = None, kind: str = "command", **inputs: Any
) -> dict[str, Any]:
    """A node: inputs are literals or references, given as texts, or objects as they are."""
    return {
        "type": kind,
        "componentId": component,
        "inputs": {
            name: item if isinstance(item, dict) else {"job_input_type": "literal", "value": item}
            for name, item in inputs.items()
        },
        "outputs": {
            name: item if isinstance(item, dict) else {"type": "literal", "value": item}
            for name, item in (outputs or {}).items()
        },
    }


def pipeline(jobs: Mapping[str, Any], inputs: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The properties of a pipeline job."""
    given = {
        name: item if isinstance(item, dict) else {"jobInputType": "literal", "value": item}
        for name, item in (inputs or {}).items()
    }
    return {"jobType": "Pipeline", "computeId": "serverless", "jobs": dict(jobs), "inputs": given, **more}
