"""A DataTransferStep: its source is an input, its destination becomes its output.

Protocol facts (azureml-pipeline-core 1.62 ``_DataTransferStepBase``): both places are inputs, named by the metadata
parameters SourceInputName and DestinationInputName; the output OutputName stands for the destination, and later steps
read from it; CopyOptions is JSON with ``source_reference_type`` and ``destination_reference_type``; ComputeName is a
Data Factory.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping

from amlbridge.engine.plan import DataReference, Node, Output
from amlbridge.engine.transfer.task import OPTION, Transfer
from amlbridge.v1.graph_reading import malformed
from amlbridge.wire.errors import bad_request

_STORE = "azureml://datastores/"
_TYPES = (None, "file", "directory")


def complete(node: Node, names: Mapping[str, str], setting: Callable[[str], str | None], spot: str) -> Node:
    """The node with its copy as an option and its destination as its output; ``names`` maps the client's names of
    inputs to those of the Plan. Raises a 400 ServiceError."""
    source, destination = setting("SourceInputName") or "", setting("DestinationInputName") or ""
    output = setting("OutputName") or ""
    source, destination = names.get(source, source), names.get(destination, destination)
    if source not in node.inputs or destination not in node.inputs or output not in node.outputs:
        raise malformed(spot, "names no source, destination and output among its ports")
    place = node.inputs[destination].source
    if not isinstance(place, DataReference) or not place.uri.startswith(_STORE):
        raise bad_request(
            f"{spot}: the destination must be a path on a datastore, as DataReference(datastore, path_on_datastore=…)",
            "InvalidTransfer",
        )
    store, _, path = place.uri.removeprefix(_STORE).partition("/paths/")
    options = _options(setting("CopyOptions"), spot)
    found = Transfer(source, output, options.get("source_reference_type"), options.get("destination_reference_type"))
    if found.source_type not in _TYPES or found.destination_type not in _TYPES:
        raise malformed(f"{spot} CopyOptions", "has a type that is neither 'file' nor 'directory'")
    return dataclasses.replace(
        node,
        inputs={source: dataclasses.replace(node.inputs[source], mode="mount")},
        outputs={output: Output(store, path, type="any")},
        resources=dataclasses.replace(node.resources, compute=setting("ComputeName") or node.resources.compute),
        options={OPTION: found.to_json()},
    )


def _options(text: str | None, spot: str) -> dict[str, str]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise malformed(f"{spot} CopyOptions", "is no JSON object")
    return found
