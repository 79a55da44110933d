"""The parameters of a v1 pipeline: what the graph's interface declares, and what a submission assigns."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

from amlbridge.engine.plan import DataParameter, DataReference, Parameter, ParameterType, Scalar
from amlbridge.v1.graph_reading import Fields, malformed, scalar_text
from amlbridge.wire.errors import bad_request

#: The saved dataset behind a reference by registered id or name, and version (None: the latest). Raises a
#: :class:`ServiceError` when there is none.
FindDataset: TypeAlias = Callable[[str | None, str | None, str | None], str]

#: The service's enumeration, by number and by name; Python's bool is an int to the client, so a boolean arrives as 0.
_TYPES: dict[str, ParameterType] = {
    "0": "integer",
    "int": "integer",
    "1": "number",
    "double": "number",
    "float": "number",
    "2": "boolean",
    "bool": "boolean",
    "3": "string",
    "string": "string",
    "4": "string",
    "unidentified": "string",
}
_BOOLEANS = {"true": True, "false": False}
_ARTICLES = {"integer": "a whole number", "number": "a number", "boolean": "True or False", "string": "a string"}


def declared(interface: Fields) -> tuple[Parameter, ...]:
    """The scalar parameters of a GraphInterface with their defaults."""
    found: dict[str, Parameter] = {}
    for item in interface.objects("Parameters"):
        name = item.required("Name")
        if name in found:
            raise malformed(item.at("Name"), f"{name!r} is declared twice")
        label = item.label("Type")
        kind = _TYPES.get((label or "3").lower())
        if kind is None:
            raise malformed(item.at("Type"), f"is {label!r}, which is no parameter type")
        default = item.content.get("DefaultValue")
        if default is None:
            found[name] = Parameter(name, kind, None, required=True)
            continue
        text = scalar_text(default, item.at("DefaultValue"))
        if kind == "integer" and text in ("True", "False"):
            kind = "boolean"
        found[name] = Parameter(name, kind, typed(name, kind, text))
    return tuple(found.values())


def typed(name: str, kind: ParameterType, text: str) -> Scalar:
    """The text of an assignment as the parameter's type. Raises a 400 :class:`ServiceError` that names both."""
    value: Scalar = text
    try:
        if kind == "boolean":
            value = _BOOLEANS[text.strip().lower()]
        elif kind == "integer":
            value = int(text)
        elif kind == "number":
            value = float(text)
            if not math.isfinite(value):
                raise ValueError(text)
    except (ValueError, KeyError) as error:
        problem = f"the pipeline parameter {name!r} must be {_ARTICLES[kind]}, not {text[:80]!r}"
        raise bad_request(problem, "InvalidParameter") from error
    return value


def assigned(creation: Fields, parameters: tuple[Parameter, ...]) -> dict[str, Scalar]:
    """``ParameterAssignments`` by type. Raises a 400 :class:`ServiceError` for an unknown name or a wrong type."""
    known = {item.name: item for item in parameters}
    values: dict[str, Scalar] = {}
    for name, text in creation.scalars("ParameterAssignments").items():
        if name not in known:
            raise bad_request(
                f"the pipeline has no parameter {name!r}; it has: {', '.join(sorted(known)) or 'none'}",
                "InvalidParameter",
            )
        values[name] = typed(name, known[name].type, text)
    return values


def declared_data(interface: Fields, find: FindDataset) -> tuple[DataParameter, ...]:
    """The data parameters (data paths and datasets) of a GraphInterface with their defaults."""
    found: dict[str, DataParameter] = {}
    for item in interface.objects("DataPathParameters"):
        found[item.required("Name")] = DataParameter(
            item.required("Name"), default=_optional(item, lambda value: path_reference(value))
        )
    for item in interface.objects("DataPathParameterList"):
        found[item.required("Name")] = DataParameter(
            item.required("Name"), default=_optional(item, lambda value: dataset_reference(value, find))
        )
    return tuple(found.values())


def _optional(item: Fields, read: Callable[[Fields], DataReference]) -> DataReference | None:
    value = item.object("DefaultValue")
    return read(value) if value.content else None


def assigned_data(
    creation: Fields, parameters: tuple[DataParameter, ...], find: FindDataset
) -> dict[str, DataReference]:
    """``DataPathAssignments`` and ``DataSetDefinitionValueAssignments``. Raises a 400 :class:`ServiceError`."""
    known = {item.name for item in parameters}
    values: dict[str, DataReference] = {}
    for field in ("DataPathAssignments", "DataSetDefinitionValueAssignments"):
        table = creation.object(field)
        for name in table.content:
            if name not in known:
                names = ", ".join(sorted(known)) or "none"
                raise bad_request(f"the pipeline has no data parameter {name!r}; it has: {names}", "InvalidParameter")
            item = table.object(name)
            is_path = field == "DataPathAssignments" or "DataStoreName" in item.content
            values[name] = path_reference(item) if is_path else dataset_reference(item, find)
    return values


def path_reference(item: Fields) -> DataReference:
    """``{DataStoreName, RelativePath}`` as a reference."""
    if item.object("SqlDataPath").content:
        raise malformed(item.at("SqlDataPath"), "is a query on a SQL database, which amlbridge cannot read: use files")
    return DataReference(datastore_uri(item.required("DataStoreName"), item.text("RelativePath") or ""))


def datastore_uri(store: str, path: str) -> str:
    """The URI of a path on a datastore; slashes and dots that mean nothing are left out."""
    segments = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    return f"azureml://datastores/{store}/paths/{'/'.join(segments)}"


def dataset_reference(value: Fields, find: FindDataset) -> DataReference:
    """A DataSetDefinitionValue as a reference to a saved dataset or a path."""
    saved = value.object("SavedDataSetReference")
    if saved.content:
        return saved_dataset(saved.required("Id"))
    registered = value.object("DataSetReference")
    if registered.content:
        version = registered.label("Version")
        if not registered.text("Id") and not registered.text("Name"):
            raise malformed(registered.spot, "names no dataset: it needs an Id or a Name")
        latest = version is None or version.lower() == "latest"
        found = find(registered.text("Id"), registered.text("Name"), None if latest else version)
        return saved_dataset(found)
    literal = value.object("LiteralValue")
    if literal.content:
        return path_reference(literal)
    raise malformed(value.spot, "names no dataset")


def saved_dataset(dataset_id: str) -> DataReference:
    """The reference to a saved dataset (the v1 client's immutable dataset definition)."""
    return DataReference(f"azureml://saved_datasets/{dataset_id}")


def with_values(parameters: tuple[Parameter, ...], values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The value of every parameter that has one: what is assigned, or the default."""
    defaults = {item.name: item.default for item in parameters if not item.required}
    return {**defaults, **values}
