"""What a logged value is: checks on the way in, one table of one type per column on the way out.

Values of one name may come from several calls, processes and batches, with columns that differ from call to call. The
types of a column are joined: whole numbers and doubles make a double; other mixtures are kept as they came and called
string, so that nothing that a user logged is dropped.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.metrics import MetricValue
from amlbridge.wire.context import typed
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.run_changes import time_of

SCALAR, LIST, TABLE = "azureml.v1.scalar", "azureml.v1.list", "azureml.v1.table"
ARTIFACT_COLUMN = "Artifact"
#: Column types by what the clients call them.
_TYPES = {
    "int": "int",
    "long": "int",
    "double": "double",
    "float": "double",
    "string": "string",
    "bool": "bool",
    "boolean": "bool",
    "none": "none",
    "null": "none",
    "artifact": ARTIFACT_COLUMN,
}
_LONGEST_NAME = 255
#: Numbers that JSON cannot write, as .NET writes them; ``float()`` reads them.
_NOT_FINITE = {"NaN", "Infinity", "-Infinity"}


def shape(kind: str | None) -> str:
    """Metrics of one name must agree in this: single values, tables, or references to artifacts."""
    if kind in (None, SCALAR, LIST):
        return "values"
    return "table" if kind == TABLE else str(kind)


def parse_metric(item: Mapping[str, Any], now: float) -> tuple[list[MetricValue], list[tuple[Any, ServiceError]]]:
    """The values of a MetricV2Dto: the good ones, and each bad one with its error.

    Raises a 400 :class:`~amlbridge.wire.errors.ServiceError` when the metric itself is wrong.
    """
    name = check_name(typed(item, "name", str))
    columns = check_columns(typed(item, "columns", dict))
    kind = typed(typed(item, "properties", dict, {}), "uxMetricType", str, None)
    good: list[MetricValue] = []
    bad: list[tuple[Any, ServiceError]] = []
    for value in typed(item, "value", list):
        try:
            good.append(_value(name, columns, kind, value, now))
        except ServiceError as error:
            bad.append((value, error))
    return good, bad


def check_name(name: str) -> str:
    """The name of a metric. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError`."""
    if not name.strip() or len(name) > _LONGEST_NAME or "\0" in name:
        raise bad_request(f"the name of a metric must have 1 to {_LONGEST_NAME} characters, not {name[:80]!r}")
    return name


def check_columns(columns: Mapping[str, Any]) -> dict[str, str]:
    """Columns with their types as we call them. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError`."""
    if not columns:
        raise bad_request("a metric needs at least one column")
    for column, kind in columns.items():
        if not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise bad_request(f"column {column!r} has the type {kind!r}; there are {', '.join(sorted(set(_TYPES)))}")
    return {column: _TYPES[kind.lower()] for column, kind in columns.items()}


def _value(name: str, columns: dict[str, str], kind: str | None, value: Any, now: float) -> MetricValue:
    if not isinstance(value, dict):
        raise bad_request("a metric value must be an object")
    data = typed(value, "data", dict)
    unknown = data.keys() - columns.keys()
    if unknown or not data:
        raise bad_request(f"the data must have columns among {sorted(columns)}, not {sorted(data)}")
    step = typed(value, "step", int, None)
    if step is not None and not -(2**63) <= step < 2**63:
        raise bad_request(f"the step {step} has more than 64 bits")
    created = time_of(value, "createdUtc")
    return MetricValue(
        name=name,
        metric_id=typed(value, "metricId", str, None) or str(uuid.uuid4()),
        created=now if created is None else created,
        columns={column: columns[column] for column in data},
        data={column: scalar(column, columns[column], cell) for column, cell in data.items()},
        kind=kind,
        step=step,
    )


def scalar(column: str, kind: str, cell: Any) -> Any:
    """A cell as it is recorded: numbers that JSON cannot write as text. Raises a 400 for anything but a scalar."""
    if isinstance(cell, float) and not math.isfinite(cell):
        return "NaN" if math.isnan(cell) else "Infinity" if cell > 0 else "-Infinity"
    if cell is not None and not isinstance(cell, str | int | float):
        raise bad_request(f"column {column!r} holds {type(cell).__name__}: log numbers, text, true, false or null")
    if kind == ARTIFACT_COLUMN and not isinstance(cell, str):
        raise bad_request(f"column {column!r} must hold the address of an artifact")
    return cell


def number(value: Any) -> Any:
    """A recorded cell as Python sees it: the texts for NaN and the infinities become floats."""
    return float(value) if isinstance(value, str) and value in _NOT_FINITE else value


def columns_of(values: Iterable[MetricValue]) -> dict[str, str]:
    """The columns of all values in the order in which they first came, each with its joined type."""
    joined: dict[str, str] = {}
    for value in values:
        for column, declared in value.columns.items():
            actual = _actual(declared, value.data.get(column))
            joined[column] = _join(joined[column], actual) if column in joined else actual
    return joined


def _actual(declared: str, cell: Any) -> str:
    """The client declares a column by its first value only: ``[1, 2.5]`` comes as int."""
    if cell is None:
        return "none" if declared != ARTIFACT_COLUMN else declared
    if declared == ARTIFACT_COLUMN:
        return declared
    if isinstance(cell, bool):
        return "bool"
    if isinstance(cell, str):
        return "double" if cell in _NOT_FINITE and declared in ("double", "int") else "string"
    return "double" if isinstance(cell, float) or declared == "double" else "int"


def _join(one: str, other: str) -> str:
    if one == other or other == "none":
        return one
    if one == "none":
        return other
    return "double" if {one, other} == {"int", "double"} else "string"


def value_dto(value: MetricValue, columns: Mapping[str, str]) -> dict[str, Any]:
    """A MetricV2Value with a cell in every column: the client raises where one is missing."""
    # float(None) raises in the client, so a hole in a column of doubles is NaN.
    holes = {column: "NaN" if kind == "double" else None for column, kind in columns.items()}
    cells = {column: cell for column, cell in value.data.items() if cell is not None}
    return {
        "metricId": value.metric_id,
        "createdUtc": iso(value.created),
        "step": value.step,
        "data": {**holes, **cells},
    }
