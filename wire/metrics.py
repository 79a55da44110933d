"""Metrics of runs (metric v2.0): logging them and reading them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from starlette.responses import JSONResponse

from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.schema import metric as table
from amlbridge.wire import paging
from amlbridge.wire.context import Call
from amlbridge.wire.errors import ServiceError, bad_request, not_found
from amlbridge.wire.history import run_of
from amlbridge.wire.metric_values import columns_of, parse_metric, shape, value_dto
from amlbridge.wire.routing import REST, Reply, Routes
from amlbridge.wire.run_changes import time_of
from amlbridge.wire.run_dto import data_container

routes = Routes("metrics", "/metric/v2.0/WS")

#: How many values one page of `full` holds; the client asks on by the continuation token.
PAGE = 10_000
#: How many values `sample` picks at most.
_SAMPLE = 200


@routes.post("/runs/{run}/batch")
def post_run_metrics(call: Call) -> Reply:
    """Records logged values; a value whose id the run has is a retry and is skipped, a bad one is reported.

    Without ``reportErrors`` one bad value refuses the whole batch.
    """
    run = run_of(call)
    items = call.field("values", list)
    report = call.field("reportErrors", bool, False)
    if not all(isinstance(item, dict) for item in items):
        raise bad_request("values must be an array of objects")
    good: list[MetricValue] = []
    errors: list[dict[str, Any]] = []
    shapes: dict[str, str] = {}
    with call.records.database.write():
        for item in items:
            values, failed = _checked(call, run, item, shapes)
            good += values
            errors += failed
        if errors and not report:
            messages = [error["errorResponse"]["error"]["message"] for error in errors]
            raise bad_request(f"{len(errors)} metrics are wrong, nothing was recorded: {'; '.join(messages[:5])}")
        call.records.metrics.add(call.workspace.id, run.id, good)
    return JSONResponse({"errors": errors}, status_code=207 if errors else 200)


def _checked(
    call: Call, run: Run, item: dict[str, Any], shapes: dict[str, str]
) -> tuple[list[MetricValue], list[dict[str, Any]]]:
    """The good values of a metric, and a PostRunMetricsError for each bad one."""
    try:
        values, failed = parse_metric(item, call.service.clock())
        if values:
            check_shape(call, run, values[0], shapes)
    except ServiceError as error:
        return [], [_failure(item, item.get("value"), error)]
    return values, [_failure(item, [value], error) for value, error in failed]


def _failure(item: Mapping[str, Any], values: Any, error: ServiceError) -> dict[str, Any]:
    # A client that cannot read its own bad value back would fail on the report.
    readable = [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
    name = item.get("name")
    metric = {"name": name if isinstance(name, str) else str(name), "columns": {}, "value": []}
    ids = [{"metricId": str(value.get("metricId")), "data": {}} for value in readable]
    return {"metric": {**metric, "value": ids}, "errorResponse": {"error": error.body()["error"]}}


def check_shape(call: Call, run: Run, value: MetricValue, shapes: dict[str, str]) -> None:
    """Refuses to mix single values, tables and artifacts under one name. Raises a 400; fills ``shapes`` by name."""
    if value.name not in shapes:
        query = select(table.c.kind).where(
            table.c.workspace_id == call.workspace.id, table.c.run_id == run.id, table.c.name == value.name
        )
        with call.records.database.read() as connection:
            first = connection.execute(query.order_by(table.c.seq).limit(1)).first()
        shapes[value.name] = shape(first.kind if first is not None else value.kind)
    if shapes[value.name] != shape(value.kind):
        raise bad_request(
            f"the metric {value.name!r} of run {run.id} holds {shapes[value.name]}, so {shape(value.kind)} cannot be "
            "added to it: log it under another name",
            "MetricTypeMismatch",
        )


def values_of(call: Call, run: Run, name: str | None = None) -> list[MetricValue]:
    """Values in the order in which they were logged. Clients send batches side by side: arrival is not that order."""
    return sorted(call.records.metrics.values(call.workspace.id, run.id, name), key=lambda value: value.created)


@routes.post("/runs/{run}/list")
def list_metrics(call: Call) -> Reply:
    """The names of a run's metrics, with columns and types, in the order in which they were first logged."""
    run = run_of(call)
    paging.state(call.field("continuationToken", str, None))
    if call.field("metricNamespace", str, None):
        return {"value": [], "continuationToken": None, "nextLink": None}
    by_name: dict[str, list[MetricValue]] = {}
    for value in values_of(call, run):
        by_name.setdefault(value.name, []).append(value)
    definitions = [
        {
            "metricKey": {"namespace": None, "name": name, "labels": None, "labelSet": None, "columnNames": None},
            "columns": columns_of(values),
            "properties": {"uxMetricType": values[0].kind},
        }
        for name, values in by_name.items()
    ]
    return {"value": definitions, "continuationToken": None, "nextLink": None}


def _requested(call: Call) -> tuple[Run, str, list[MetricValue]]:
    """The values of the metric that the body names. Raises a 404 when the run has none of that name."""
    run = run_of(call)
    name = call.field("metricName", str)
    values = [] if call.field("metricNamespace", str, None) else values_of(call, run, name)
    if not values:
        raise not_found(f"run {run.id} has no metric {name!r}", "MetricNotFound")
    return run, name, values


def _metric_dto(run: Run, name: str, values: list[MetricValue]) -> dict[str, Any]:
    columns = columns_of(values)
    return {
        "dataContainerId": data_container(run),
        "name": name,
        "columns": columns,
        "properties": {"uxMetricType": values[0].kind},
        "namespace": None,
        "standardSchemaId": None,
        "value": [value_dto(value, columns) for value in values],
        "continuationToken": None,
        "nextLink": None,
    }


@routes.post("/runs/{run}/full")
def get_full_fidelity_metric(call: Call) -> Reply:
    """All values of a metric (between two times), in the order in which they were logged, in pages."""
    run, name, values = _requested(call)
    start, end = time_of(call.object, "startTime"), time_of(call.object, "endTime")
    state = paging.state(call.field("continuationToken", str, None), created=float, sent=int)
    dto = _metric_dto(run, name, values)
    kept = [
        (value, cells)
        for value, cells in zip(values, dto["value"], strict=True)
        if (start is None or value.created >= start) and (end is None or value.created <= end)
    ]
    if state is not None:
        # What is logged while a client pages shifts nothing: the token names the last time, and how many had it.
        tied = [pair for pair in kept if pair[0].created == state["created"]]
        kept = tied[state["sent"] :] + [pair for pair in kept if pair[0].created > state["created"]]
    page = kept[:PAGE]
    dto["value"] = [cells for _value, cells in page]
    if len(kept) > PAGE:
        last = page[-1][0].created
        sent = sum(value.created == last for value, _cells in page)
        before = state["sent"] if state is not None and state["created"] == last else 0
        dto["continuationToken"] = paging.token({"created": last, "sent": sent + before})
    return dto


@routes.operation("POST", "/runs/{run}/sample", others=REST)
def get_sampled_metric(call: Call) -> Reply:
    """At most 200 values of a metric, spread evenly, the first and the last among them."""
    run, name, values = _requested(call)
    dto = _metric_dto(run, name, values)
    count = len(values)
    if count > _SAMPLE:
        picked = sorted({round(index * (count - 1) / (_SAMPLE - 1)) for index in range(_SAMPLE)})
        dto["value"] = [dto["value"][index] for index in picked]
    return {**dto, "derivedLabelValues": {}, "isPartialResult": count > _SAMPLE, "numValuesLogged": count}


@routes.operation("DELETE", "/runs/{run}/deleteMetrics", others=REST)
def delete_metrics_by_run(call: Call) -> Reply:
    """Deletes all metrics of a run."""
    call.records.metrics.delete(call.workspace.id, run_of(call).id)
    return {}


@routes.operation(
    "POST",
    "/azuremonitor/list",
    refused="amlbridge has no Azure Monitor: a run's own metrics are in run.get_metrics()",
)
def list_generic_resource_metrics(call: Call) -> Reply:
    """Metrics of a compute from Azure Monitor."""
    raise AssertionError(call.path)
