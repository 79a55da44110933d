"""The inputs and outputs of a v1 step."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.plan import (
    DataParameterRef,
    DataReference,
    Input,
    Json,
    Mode,
    NodePort,
    Output,
    Registration,
    Source,
)
from amlbridge.v1.graph_reading import Fields, checked_json, malformed

#: Ports that only order two steps (``run_after``, StepSequence); the client numbers the inputs.
ORDER_OUTPUT, ORDER_INPUT = "_run_after_output", "_run_after_input_"
DATASET_PATH = "dataset/{run-id}/{output-name}"
PIPELINE_DATA_PATH = "azureml/{run-id}/{output-name}"
_INVENTED = re.compile(r"\w+_[0-9a-f]{8}")
_MODES: dict[str, Mode] = {
    "mount": "mount",
    "1": "mount",
    "none": "mount",
    "0": "mount",
    "download": "download",
    "2": "download",
    "upload": "upload",
    "3": "upload",
    "direct": "direct",
}
_REFUSED_MODES = {
    "hdfs": "as_hdfs() needs a Spark cluster: use as_mount() or as_download()",
    "link": "a linked output needs Azure's own storage: write the files with OutputFileDatasetConfig",
}


def orders_only(port: str) -> bool:
    """Whether a port carries no data."""
    return port == ORDER_OUTPUT or port.startswith(ORDER_INPUT)


def mode(value: str | None, spot: str, default: Mode = "mount") -> Mode:
    """The mode of a port. Raises a 400 :class:`ServiceError` for one that cannot be had here."""
    if not value:
        return default
    name = value.lower()
    if name in _REFUSED_MODES:
        raise malformed(spot, f"is {value!r}: {_REFUSED_MODES[name]}")
    if name not in _MODES:
        raise malformed(spot, f"is {value!r}, which is no way of giving data to a step")
    return _MODES[name]


def stable_names(sources: Mapping[str, tuple[Source, list[Json]] | None]) -> dict[str, str]:
    """What each input is called in the Plan. The client makes up a name for a data path (``{datastore}_{8 random hex
    digits}``, another one each time): it becomes the name of the path's parameter, or a hash of the path."""
    names = {}
    for name, bound in sources.items():
        names[name] = name
        source = bound[0] if bound else None
        if _INVENTED.fullmatch(name) and isinstance(source, DataParameterRef | DataReference):
            label = source.name if isinstance(source, DataParameterRef) else _digest(source.uri)
            if label not in sources and label not in names.values():
                names[name] = label
    return names


def _digest(uri: str) -> str:
    return f"data_{hashlib.sha256(uri.encode()).hexdigest()[:8]}"


def by_name(items: list[Fields]) -> dict[str, Fields]:
    """Objects by their Name. Raises a 400 :class:`ServiceError` when two have the same."""
    found: dict[str, Fields] = {}
    for item in items:
        name = item.required("Name")
        if name in found:
            raise malformed(item.at("Name"), f"{name!r} is there twice")
        found[name] = item
    return found


def data_ports(interface: Fields, field: str) -> dict[str, Fields]:
    """The Inputs or Outputs of a StructuredInterface that carry data."""
    ports = by_name(list(interface.objects(field)))
    return {name: item for name, item in ports.items() if not item.flag("SkipProcessing") and not orders_only(name)}


def blocks(item: Fields) -> list[Json]:
    """The AdditionalTransformations of a port: legacy data preparation blocks, without the ids that the client invents
    for them and without those that are switched off."""
    content = item.parsed("AdditionalTransformations")
    if not content:
        return []
    found = []
    for block in Fields(content, item.at("AdditionalTransformations")).objects("blocks"):
        if block.flag("isEnabled", True):
            kept = {"type": block.required("type"), "arguments": block.object("arguments").content}
            found.append(checked_json(kept, block.spot))
    return found


def input_of(port: Fields, setting: Fields | None, source: Source, produced: list[Json]) -> Input:
    """An input. ``setting`` is the node's own; ``produced``: the blocks that the producing step's output has
    (v1's ``as_dataset().parse_…``, ``read_delimited_files``), which come before the input's.

    An output that the script reads through its SDK (direct) always has blocks, if only an empty list.
    """
    own = setting or Fields({}, port.spot)
    label, spot = own.label("DataStoreMode"), own.at("DataStoreMode")
    if not label:
        label, spot = port.label("DataStoreMode"), port.at("DataStoreMode")
    how = mode(label, spot)
    found = [*produced, *blocks(own)]
    as_dataset = bool(found) or (how == "direct" and isinstance(source, NodePort))
    return Input(
        source,
        mode=how,
        path_on_compute=own.text("PathOnCompute") or port.text("PathOnCompute") or None,
        overwrite=port.flag("Overwrite"),
        transformations={"blocks": found} if as_dataset else None,
    )


def output_of(port: Fields, setting: Fields | None) -> Output:
    """An output with its place: the destination that the user chose, or the service's default."""
    own = setting or Fields({}, port.spot)
    store = own.text("DataStoreName") or port.text("DataStoreName")
    if not store:
        raise malformed(port.at("DataStoreName"), "is missing: an output needs a datastore")
    is_dataset = own.content.get("DatasetOutputOptions") is not None
    path = own.object("DatasetOutputOptions").text("PathOnDatastore")
    training = {
        name: value
        for name, value in (
            ("type", port.object("TrainingOutput").label("TrainingOutputType")),
            ("iteration", port.object("TrainingOutput").number("Iteration")),
            ("metric", port.object("TrainingOutput").text("Metric")),
            ("model_file", port.object("TrainingOutput").text("ModelFile")),
        )
        if value is not None
    }
    label = own.label("DataStoreMode") or port.label("DataStoreMode")
    is_folder = is_dataset or port.text("DataTypeId") == "AnyDirectory"
    return Output(
        store,
        _clean(path) if path else DATASET_PATH if is_dataset else PIPELINE_DATA_PATH,
        type="uri_folder" if is_folder else "any",
        mode=mode(label, own.at("DataStoreMode")),
        overwrite=own.flag("Overwrite", port.flag("Overwrite")),
        registration=_registration(own.object("DatasetRegistration")),
        training=training or None,
    )


def produced_blocks(setting: Fields | None) -> list[Json]:
    """What is read from an output before its consumer adds its own."""
    return blocks(setting.object("DatasetRegistration")) if setting else []


def output_details(settings: Mapping[str, Fields], ports: Mapping[str, Fields]) -> dict[str, Json]:
    """What outputs say that :class:`Output` has no field for: the folder that an upload takes its files from, and which
    of them."""
    found: dict[str, Json] = {}
    for name, port in ports.items():
        own = settings.get(name) or Fields({}, port.spot)
        entry: dict[str, Any] = {}
        folder = own.text("PathOnCompute") or port.text("PathOnCompute")
        if folder:
            entry["path_on_compute"] = folder
        patterns = own.object("DatasetOutputOptions").object("SourceGlobs").texts("GlobPatterns")
        if patterns:
            entry["source_globs"] = patterns
        if entry:
            found[name] = entry
    return found


def _registration(item: Fields) -> Registration | None:
    name = item.text("Name")
    if not name:
        return None
    found = blocks(item)
    return Registration(
        name,
        description=item.text("Description"),
        tags=item.scalars("Tags"),
        transformations={"blocks": found} if found else None,
    )


def _clean(path: str) -> str:
    return "/".join(part for part in path.replace("\\", "/").split("/") if part not in ("", "."))
