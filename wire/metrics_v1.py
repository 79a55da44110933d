"""Metrics as the first metrics service had them: what the v1 client uses when AZUREML_METRICS_V2 is set to nothing.

They are recorded as today's metrics (a row of a table, a value of a list each by itself), so that both ways of logging
and of reading show the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select

from amlbridge.engine.clock import iso
from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.schema import metric as table
from amlbridge.engine.records.schema import run as run_table
from amlbridge.wire import paging
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request
from amlbridge.wire.experiments import experiment_by_id, experiment_by_name
from amlbridge.wire.history import run_of
from amlbridge.wire.metric_values import (
    ARTIFACT_COLUMN,
    SCALAR,
    check_columns,
    check_name,
    columns_of,
    scalar,
    value_dto,
)
from amlbridge.wire.metrics import check_shape
from amlbridge.wire.odata import Kind
from amlbridge.wire.routing import REST, Handler, Reply, Routes
from amlbridge.wire.run_changes import time_of
from amlbridge.wire.run_dto import data_container
from amlbridge.wire.run_filter import Field, SqlFilter, order_by

routes = Routes("metrics", "/history/v1.0/WS")

_FIELDS = {
    "runid": Field(Kind.TEXT, table.c.run_id),
    "metricid": Field(Kind.TEXT, table.c.metric_id),
    "name": Field(Kind.TEXT, table.c.name),
    "metrictype": Field(Kind.TEXT, table.c.kind),
    "createdutc": Field(Kind.TIME, table.c.created),
}


def _on_both(method: str, tail: str, others: str | None = None) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for base in ("/experiments/{experiment}", "/experimentids/{experiment_id}"):
            routes.operation(method, base + tail, others=others)(handler)
        return handler

    return register


@_on_both("POST", "/runs/{run}/metrics", others=REST)
def post_metric(call: Call) -> Reply:
    """Records one metric of the first metrics service."""
    _record(call, [call.object])
    return None


@_on_both("POST", "/runs/{run}/batch/metrics")
def post_metrics(call: Call) -> Reply:
    """Records several metrics of the first metrics service, all or none."""
    items = call.field("values", list)
    if not all(isinstance(item, dict) for item in items):
        raise bad_request("values must be an array of objects")
    _record(call, items)
    return None


def _record(call: Call, items: list[dict[str, Any]]) -> None:
    run = run_of(call)
    shapes: dict[str, str] = {}
    with call.records.database.write():
        values = [value for item in items for value in _values(item, call.service.clock())]
        for value in values:
            check_shape(call, run, value, shapes)
        call.records.metrics.add(call.workspace.id, run.id, values)


def _values(item: Mapping[str, Any], now: float) -> list[MetricValue]:
    """The rows of a MetricDto. Its cells name one column each; a table lists them column by column."""
    name = check_name(typed(item, "name", str))
    kind = typed(item, "metricType", str, SCALAR)
    metric_id = typed(item, "metricId", str, None) or str(uuid.uuid4())
    created = time_of(item, "createdUtc")
    place = typed(item, "dataLocation", str, "")
    if place:
        types, rows = {name: ARTIFACT_COLUMN}, [{name: place}]
    else:
        types = _types(typed(item, "schema", dict, {}))
        rows = _rows(typed(item, "cells", list))
    for row in rows:
        if row.keys() - types.keys():
            raise bad_request(f"the cells of {name!r} have columns that its schema does not name")
    return [
        MetricValue(
            name=name,
            metric_id=metric_id if index == 0 else f"{metric_id}#{index}",
            created=now if created is None else created,
            columns={column: types[column] for column in row},
            data={column: scalar(column, types[column], cell) for column, cell in row.items()},
            kind=kind,
        )
        for index, row in enumerate(rows)
    ]


def _types(schema: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for item in typed(schema, "properties", list, []):
        if not isinstance(item, dict):
            raise bad_request("schema.properties must be an array of objects")
        found[typed(item, "propertyId", str)] = typed(item, "type", str)
    return check_columns(found)


def _rows(cells: list[Any]) -> list[dict[str, Any]]:
    columns: dict[str, list[Any]] = {}
    for cell in cells:
        if not isinstance(cell, dict):
            raise bad_request("cells must be an array of objects")
        for column, value in cell.items():
            columns.setdefault(column, []).append(value)
    longest = max((len(values) for values in columns.values()), default=0)
    return [
        {column: values[index] for column, values in columns.items() if index < len(values)} for index in range(longest)
    ]


@_on_both("POST", "/metrics:query")
def query_metrics(call: Call) -> Reply:
    """Metrics of an experiment's runs by filter (RunId, Name, MetricType, CreatedUtc), in pages.

    Values are never merged here (``mergeStrategyType``): the client merges what belongs together.
    """
    dialect = call.records.database.engine.dialect.name
    conditions = SqlFilter(dialect, _FIELDS).conditions(call.field("filter", str, None))
    order = order_by(call.field("orderby", str, None), fields=_FIELDS)
    size = paging.page_size(call.object.get("top"))
    offset = (paging.state(call.field("continuationToken", str, None), offset=int) or {"offset": 0})["offset"]
    workspace = call.workspace.id
    in_experiment = select(run_table.c.id).where(run_table.c.workspace_id == workspace, _experiment(call))
    query = (
        select(table)
        .where(table.c.workspace_id == workspace, table.c.run_id.in_(in_experiment), *conditions)
        .order_by(*order, table.c.created, table.c.seq)
        .limit(size + 1)
        .offset(offset)
    )
    with call.records.database.read() as connection:
        rows = [dict(row._mapping) for row in connection.execute(query)]
    return {
        "value": _dtos(call, rows[:size]),
        "continuationToken": paging.token({"offset": offset + size}) if len(rows) > size else None,
        "nextLink": None,
    }


def _experiment(call: Call) -> Any:
    if "experiment_id" in call.params:
        found = experiment_by_id(call.service, call.workspace, call.params["experiment_id"])
    else:
        found = experiment_by_name(call.service, call.workspace, call.params["experiment"], "All")
    return run_table.c.experiment_id == found.id


_VALUE_COLUMNS = ("name", "metric_id", "created", "columns", "data", "kind", "step")


def _dtos(call: Call, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """RunMetricDtos. The types of a column are those of all values of that name: the client drops what differs."""
    types: dict[tuple[str, str], dict[str, str]] = {}
    runs: dict[str, Run] = {}
    answer = []
    for row in rows:
        key = (row["run_id"], row["name"])
        if key not in types:
            types[key] = columns_of(call.records.metrics.values(call.workspace.id, *key))
            runs.setdefault(row["run_id"], call.records.runs.get(call.workspace.id, row["run_id"]))
        value = MetricValue(**{name: row[name] for name in _VALUE_COLUMNS})
        answer.append(_dto(runs[row["run_id"]], value, types[key]))
    return answer


def _dto(run: Run, value: MetricValue, columns: Mapping[str, str]) -> dict[str, Any]:
    data = value_dto(value, columns)["data"]
    artifact = next((data[name] for name, kind in columns.items() if kind == ARTIFACT_COLUMN), None)
    properties = [{"propertyId": name, "name": value.name, "type": kind} for name, kind in columns.items()]
    cells = [{name: None if artifact is not None else data[name]} for name in columns]
    return {
        "runId": run.id,
        "metricId": value.metric_id,
        "dataContainerId": data_container(run),
        "metricType": value.kind,
        "createdUtc": iso(value.created),
        "name": value.name,
        "description": "",
        "label": None,
        "numCells": len(cells),
        "dataLocation": artifact,
        "cells": cells,
        "schema": {"numProperties": len(properties), "properties": properties},
    }
