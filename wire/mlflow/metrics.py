"""Metrics of runs: what MLflow logs is what ``Run.log`` of SDK v1 logs, a value in a column of the metric's own name.

Read back are single numbers, from either side. Tables, images and texts, which only SDK v1 logs, are no metrics to
MLflow; they stay where v1 finds them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.records.schema import metric as table
from amlbridge.wire.context import Call
from amlbridge.wire.metric_values import SCALAR, check_name, number, scalar, shape
from amlbridge.wire.mlflow.api import (
    Arguments,
    MlflowRoutes,
    arguments,
    integer,
    milliseconds,
    page,
    page_of,
    text,
    texts,
)
from amlbridge.wire.mlflow.errors import invalid
from amlbridge.wire.mlflow.run_entity import run_of
from amlbridge.wire.routing import REST, Reply

routes = MlflowRoutes("mlflow runs")

#: As protobuf writes numbers that JSON cannot.
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")
#: Milliseconds to the end of the year 9999, behind which no calendar goes.
_LATEST = 253_402_300_799_999
_LARGEST_HISTORY = 25_000
_SOME = 500


def metric_value(given: Arguments) -> MetricValue:
    """A Metric message as a value to record. Its id follows from its content: a request that a client repeats, because
    it missed the answer, adds nothing. MLflow's own store joins equal values, too."""
    key, value = check_name(text(given, "key")), _number(given)
    timestamp, step = integer(given, "timestamp"), integer(given, "step", 0)
    if not 0 <= timestamp <= _LATEST:
        raise invalid(f"Got invalid timestamp {timestamp} for metric {key!r}: it must be milliseconds since 1970")
    cell = scalar(key, "double", value)
    content = json.dumps([key, cell, timestamp, step])
    return MetricValue(
        name=key,
        metric_id=f"mlflow-{hashlib.sha256(content.encode()).hexdigest()[:32]}",
        created=timestamp / 1000,
        columns={key: "double"},
        data={key: cell},
        kind=SCALAR,
        step=step,
    )


def time(seconds: float) -> float:
    """A time that a calendar has. Raises INVALID_PARAMETER_VALUE."""
    if not 0 <= seconds <= _LATEST / 1000:
        raise invalid(f"{seconds} is no time: it must be given in milliseconds since 1970")
    return seconds


def _number(given: Arguments) -> float:
    value = given.get("value")
    if isinstance(value, str) and value in _NOT_FINITE:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"Got invalid value {value!r} for metric {given.get('key')!r}: it must be a number")
    try:
        return float(value)
    except OverflowError:
        raise invalid(f"Got invalid value for metric {given.get('key')!r}: it is larger than any double") from None


def _cell(kind: str | None, columns: Mapping[str, str], data: Mapping[str, Any]) -> float | str | None:
    """The number of a row as JSON; None for what is no single number."""
    if shape(kind) != "values" or len(data) != 1:
        return None
    column, cell = next(iter(data.items()))
    if isinstance(cell, str):
        return cell if cell in _NOT_FINITE and columns.get(column) in ("int", "double") else None
    return None if cell is None else float(cell)


def as_float(metric: Mapping[str, Any]) -> float:
    """The value of a Metric message."""
    return float(number(metric["value"]))


def _message(name: str, value: float | str, created: float, step: int | None) -> dict[str, Any]:
    return {"key": name, "value": value, "timestamp": milliseconds(created), "step": step or 0}


def latest(call: Call, run_ids: Iterable[str], names: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """The latest value of each metric (of these names), by run and name: that of the highest step, logged last."""
    ids = list(run_ids)
    found: dict[str, dict[str, Any]] = {run_id: {} for run_id in ids}
    for start in range(0, len(ids), _SOME):
        conditions = [table.c.workspace_id == call.workspace.id, table.c.run_id.in_(ids[start : start + _SOME])]
        if names is not None:
            conditions.append(table.c.name.in_(names))
        rank = func.row_number().over(
            partition_by=(table.c.run_id, table.c.name),
            order_by=(func.coalesce(table.c.step, 0).desc(), table.c.created.desc(), table.c.seq.desc()),
        )
        columns = [table.c[name] for name in ("run_id", "name", "created", "step", "kind", "columns", "data")]
        ranked = select(*columns, rank.label("rank")).where(*conditions).subquery()
        with call.records.database.read() as connection:
            rows = connection.execute(select(ranked).where(ranked.c.rank == 1).order_by(ranked.c.name)).all()
        for row in rows:
            value = _cell(row.kind, row.columns, row.data)
            if value is not None:
                found[row.run_id][row.name] = _message(row.name, value, row.created, row.step)
    return found


def history(call: Call, run_id: str, name: str) -> list[dict[str, Any]]:
    """Every value of a metric in the order in which they were logged."""
    found = []
    for item in call.records.metrics.values(call.workspace.id, run_id, name):
        value = _cell(item.kind, item.columns, item.data)
        if value is not None:
            found.append(_message(name, value, item.created, item.step))
    return found


@routes.get("/metrics/get-history")
def get_metric_history(call: Call) -> Reply:
    """Every value of a metric of a run with step and time, in pages if the client asks for them."""
    given = arguments(call)
    run = run_of(call, text(given, "run_id", None) or text(given, "run_uuid"))
    values = history(call, run.id, text(given, "metric_key"))
    if integer(given, "max_results", None) is None and text(given, "page_token", None) is None:
        return {"metrics": values}
    size, offset = page_of(given, _LARGEST_HISTORY, _LARGEST_HISTORY)
    return page("metrics", values[offset : offset + size + 1], size, offset)


@routes.operation("GET", "/metrics/get-history-bulk-interval", others=REST)
def get_metric_history_bulk_interval(call: Call) -> Reply:
    """Values of one metric of several runs between two steps; of many, some spread evenly, the last among them."""
    given = arguments(call)
    runs, name = texts(given, "run_ids"), text(given, "metric_key")
    first, last = integer(given, "start_step", None), integer(given, "end_step", None)
    most = integer(given, "max_results", 320)
    if not runs or not 1 <= most <= _LARGEST_HISTORY:
        raise invalid(f"GetMetricHistoryBulkInterval needs run_ids, and max_results from 1 to {_LARGEST_HISTORY}")
    found = []
    for run_id in runs:
        values = [
            item
            for item in history(call, run_of(call, run_id).id, name)
            if (first is None or item["step"] >= first) and (last is None or item["step"] <= last)
        ]
        every = math.ceil(len(values) / most) or 1
        found += [{**item, "run_id": run_id} for item in values[::-1][::every][::-1]]
    return {"metrics": found}
