"""Dataset definitions: the dataset engine's YAML, read, written, compared and composed.

A definition is ``{paths: [{pattern | file | folder: uri}], transformations: [...]}`` (or ``query_source`` in place of
``paths``). The client sends it as ``meta.RsDataflow`` of a JSON whose legacy ``blocks`` are then empty, and wants it
back from the data service as ``legacyDataflow`` (protocol notes, section 3).
"""

from __future__ import annotations

import copy
import functools
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from amlbridge.v1 import dprep_blocks
from amlbridge.wire.errors import bad_request

if TYPE_CHECKING:
    # It brings the database, which `read_rows.py` has no use for.
    from amlbridge.engine.records.workspaces import Workspace

#: ``azureml://subscriptions/S/resourcegroups/R/workspaces/W/datastores/D/paths/P`` and ``azureml://datastores/D/paths/P``.
_URI = re.compile(
    r"azureml://(?:subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
    r"/(?:providers/Microsoft\.MachineLearningServices/)?workspaces/(?P<workspace>[^/]+)/)?"
    r"datastores/(?P<datastore>[^/]+)(?:/paths/(?P<path>.*))?/?",
    re.IGNORECASE | re.DOTALL,
)
#: How an entry of ``paths`` names its source.
SOURCES = ("pattern", "file", "folder")


@dataclass(frozen=True)
class Source:
    """One entry of ``paths``. ``how``: pattern, file or folder. ``datastore`` is None for a URL that is not on a
    datastore; ``path`` is the unquoted path on the datastore, or that whole URL. ``scope``: the subscription, resource
    group and workspace of a long URI."""

    how: str
    uri: str
    datastore: str | None
    path: str
    scope: tuple[str, str, str] | None = None


@functools.lru_cache(64)
def _parsed(text: str) -> Any:
    """What a YAML says. Each list of datasets reads all definitions again, 15 ms each."""
    # Here, not above: the import takes 0.3 s, a third of what the service's start may take.
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def load(text: str) -> dict[str, Any]:
    """A definition from its YAML. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError`."""
    from ruamel.yaml.error import YAMLError

    try:
        content = copy.deepcopy(_parsed(text))
    except (YAMLError, ValueError, RecursionError) as error:
        raise bad_request(f"the dataflow is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise bad_request("the dataflow must be a YAML mapping with `paths` and `transformations`")
    if not isinstance(content.get("paths", []), list) or not ("paths" in content or "query_source" in content):
        raise bad_request("the dataflow must have a list `paths` (or a `query_source`)")
    if not isinstance(content.get("transformations") or [], list):
        raise bad_request("the `transformations` of a dataflow must be a list")
    return content


def dump(content: Mapping[str, Any]) -> str:
    """A definition as YAML. It starts with ``---``: a text that starts with a brace is the old JSON to the client."""
    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.explicit_start = True
    # Line ends of other alphabets would be read back as blanks.
    writer.allow_unicode = False
    writer.width = 1_000_000
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.StringIO()
    writer.dump(json.loads(json.dumps(content)), stream)
    return stream.getvalue()


def of_json(text: str) -> str:
    """The YAML in the JSON that a client stores, as it is; translated from the legacy blocks when there is none.

    Raises a 400 :class:`~amlbridge.wire.errors.ServiceError`.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"the dataflow is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise bad_request("the dataflow must be a JSON object with `blocks` and `meta`")
    meta = content.get("meta")
    flow = meta.get("RsDataflow") if isinstance(meta, dict) else None
    if isinstance(flow, str) and flow.strip():
        return flow
    return dump(dprep_blocks.to_dataflow(blocks_of(content)))


def to_json(yaml_text: str) -> str:
    """The JSON that a client reads, around a definition."""
    return json.dumps({"blocks": [], "meta": {"RsDataflow": yaml_text}})


def blocks_of(content: Any) -> list[dict[str, Any]]:
    """The legacy blocks of a JSON text or object (``{"blocks": [...]}``), or of a list of such in order; none for None
    or an empty text. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError`."""
    if isinstance(content, str) and content.strip():
        try:
            content = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise bad_request(f"the transformations of the dataset are not JSON: {error}") from error
    if not content:
        return []
    if isinstance(content, list):
        return [block for part in content for block in blocks_of(part)]
    blocks = content.get("blocks") if isinstance(content, dict) else None
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise bad_request("the transformations of a dataset must be an object with a list `blocks`")
    return blocks


def normal_form(yaml_text: str) -> str:
    """A text that is equal for equal definitions. The client writes the columns of one type conversion in the order of
    a hash map, a different one in each process; conversions of single columns are put in order here."""
    content = load(yaml_text)
    flow = {key: value for key, value in content.items() if key not in ("type", "metadata", "transformations")}
    flow["transformations"] = [_ordered(item) for item in content.get("transformations") or []]
    return json.dumps(flow, sort_keys=True, default=str)


def _ordered(transformation: Any) -> Any:
    if not isinstance(transformation, dict) or not isinstance(transformation.get("convert_column_types"), list):
        return transformation
    items = transformation["convert_column_types"]
    names = [item.get("columns") if isinstance(item, dict) else None for item in items]
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        return transformation
    return {"convert_column_types": sorted(items, key=lambda item: str(item["columns"]))}


def sources(content: Mapping[str, Any]) -> list[Source]:
    """What a definition reads. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError` for one that reads a database
    or names its source in a way we do not know."""
    if "query_source" in content:
        raise bad_request(
            "the dataset reads a SQL query, which needs a database outside of this machine: export the rows to files "
            "and make the dataset from those",
            "NotSupported",
        )
    found = []
    for entry in content["paths"]:
        how = next((key for key in SOURCES if isinstance(entry, dict) and key in entry), None)
        if how is None:
            raise bad_request(f"a source of the dataset is neither pattern, file nor folder: {entry!r}")
        found.append(_source(how, entry[how]))
    return found


def _source(how: str, value: Any) -> Source:
    if isinstance(value, dict):
        arguments = value.get("arguments") or {}
        name, path = arguments.get("datastoreName"), str(value.get("resource_id") or value.get("resourceidentifier"))
        if not name:
            raise bad_request(f"a source of the dataset names no datastore: {value!r}")
        return Source(how, path, name, path.removeprefix(f"{name}/"))
    if not isinstance(value, str):
        raise bad_request(f"a source of the dataset is no text: {value!r}")
    match = _URI.fullmatch(value)
    if match is None:
        return Source(how, value, None, value)
    subscription, group, workspace = match["subscription"], match["group"], match["workspace"]
    scope = (subscription, group, workspace) if subscription else None
    path = (match["path"] or "").partition("?")[0]
    return Source(how, value, unquote(match["datastore"]), unquote(path), scope)


def uri(workspace: Workspace, datastore: str, path: str) -> str:
    """The long URI of a path, as the v1 client writes it. ``*`` stays: it is the wildcard of a pattern."""
    return (
        f"azureml://subscriptions/{workspace.subscription_id}/resourcegroups/{workspace.resource_group}"
        f"/workspaces/{workspace.name}/datastores/{datastore}/paths/{quote(path.lstrip('/'), safe='/*')}"
    )


def compose(
    producer: Sequence[Mapping[str, Any]],
    consumer: Sequence[Mapping[str, Any]],
    location: str,
    *,
    is_file: bool = False,
) -> str:
    """The definition of a step's output: every file below ``location`` (a URI from :func:`uri`; with ``is_file`` that
    one file), then the blocks that its producer registered, then those with which a consumer reads it."""
    source = {"file": location} if is_file else {"pattern": f"{location.rstrip('/')}/**"}
    transformations = dprep_blocks.to_transformations([*producer, *consumer])
    return dump({"type": "mltable", "paths": [source], "transformations": transformations})


def is_tabular(content: Mapping[str, Any]) -> bool:
    """Whether a definition reads rows from its files."""
    readers = dprep_blocks.READERS
    found = content.get("transformations") or []
    return "query_source" in content or any(isinstance(item, dict) and readers & set(item) for item in found)
