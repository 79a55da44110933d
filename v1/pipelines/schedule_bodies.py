"""What a client says of a schedule, read and checked, and how it is told back.

Bounds of intervals are those of the recurrence trigger of Azure Logic Apps, which runs these schedules in Azure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, get_args
from zoneinfo import ZoneInfoNotFoundError

from amlbridge.engine.clock import parse_iso
from amlbridge.engine.schedules import zones as schedule_zones
from amlbridge.engine.schedules.recurrence import WEEK_DAYS, Frequency, Recurrence
from amlbridge.v1.graph_reading import Fields, whole_number
from amlbridge.v1.pipelines import rest_submissions
from amlbridge.v1.pipelines.entities import status_of
from amlbridge.v1.pipelines.rest_submissions import Submission
from amlbridge.wire.errors import ServiceError, bad_request

RECURRENCE, DATASTORE = "0", "1"
_TYPES = {"0": RECURRENCE, "Recurrence": RECURRENCE, "1": DATASTORE, "DataStore": DATASTORE}
#: As the service numbers them; the client understands numbers and names.
_FREQUENCIES: tuple[Frequency, ...] = ("Month", "Week", "Day", "Hour", "Minute")
_MOST = {"Month": 16, "Week": 71, "Day": 500, "Hour": 12_000, "Minute": 72_000}
_LONGEST_NAME = 255
_OFFSET = re.compile(r":.*([Zz]|[+-]\d\d:?\d\d)\s*$")
DEFAULT_POLLING = 5


@dataclass(frozen=True)
class Polling:
    """A datastore to look at every ``minutes``; ``path`` is a folder of it ("" for its root), ``parameter`` the data
    path parameter that is set to what changed."""

    datastore: str
    path: str
    minutes: int
    parameter: str | None


@dataclass(frozen=True)
class Definition:
    """A checked schedule. Exactly one of ``pipeline_id`` and ``endpoint_id`` is given. ``document`` is what the client
    reads back."""

    name: str
    pipeline_id: str | None
    endpoint_id: str | None
    trigger: Recurrence | Polling
    submission: Submission
    status: str
    document: dict[str, Any]


def read(body: Fields) -> Definition:
    """A schedule as its creation and each update send it. Raises a 400 :class:`ServiceError`."""
    name = body.required("Name")
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise wrong(body.at("Name"), f"must hold 1 to {_LONGEST_NAME} characters, and not only blanks")
    pipeline_id, endpoint_id = (body.text("PipelineId") or "").lower() or None, body.text("PipelineEndpointId") or None
    if (pipeline_id is None) == (endpoint_id is None):
        raise wrong(
            body.spot, "must name a published pipeline (PipelineId) or a pipeline endpoint (PipelineEndpointId)"
        )
    info = body.object("PipelineSubmissionInfo")
    document: dict[str, Any] = {
        "Name": name,
        "PipelineId": pipeline_id,
        "PipelineEndpointId": endpoint_id,
        "PipelineSubmissionInfo": {key: value for key, value in info.content.items() if value is not None},
        "Recurrence": None,
        "DataStoreTriggerInfo": None,
        "ScheduleType": _type(body),
        "EntityStatus": status_of(body),
    }
    trigger: Recurrence | Polling
    if document["ScheduleType"] == RECURRENCE:
        trigger, document["Recurrence"] = _recurrence(body.object("Recurrence"))
    else:
        trigger, document["DataStoreTriggerInfo"] = _polling(body.object("DataStoreTriggerInfo"))
    submission = rest_submissions.read(info)
    return Definition(name, pipeline_id, endpoint_id, trigger, submission, document["EntityStatus"], document)


def of_document(document: Mapping[str, Any]) -> Definition:
    """The definition of a recorded schedule."""
    return read(Fields(document, "the schedule"))


def wrong(spot: str, problem: str) -> ServiceError:
    """The 400 for a schedule that is wrong at ``spot``."""
    return bad_request(f"{spot} {problem}", "InvalidSchedule")


def _type(body: Fields) -> str:
    label = body.label("ScheduleType")
    if label is None:
        label = DATASTORE if body.content.get("DataStoreTriggerInfo") else RECURRENCE
    if label not in _TYPES:
        raise wrong(body.at("ScheduleType"), f"must be Recurrence (0) or DataStore (1), not {label[:40]!r}")
    found = _TYPES[label]
    own, other = (
        ("Recurrence", "DataStoreTriggerInfo") if found == RECURRENCE else ("DataStoreTriggerInfo", "Recurrence")
    )
    if not body.content.get(own):
        raise wrong(body.spot, f"lacks {own}: a schedule has a recurrence or watches a datastore")
    if body.content.get(other):
        raise wrong(body.spot, f"has {own} and {other}: a schedule has one of them")
    return found


def _recurrence(fields: Fields) -> tuple[Recurrence, dict[str, Any]]:
    frequency = _frequency(fields)
    interval = _interval(fields, frequency)
    name = fields.text("TimeZone")
    try:
        zone = schedule_zones.zone(name or "UTC")
    except KeyError:
        raise wrong(
            fields.at("TimeZone"),
            f"is no time zone: {(name or '')[:60]!r}; the names are those of azureml.pipeline.core.schedule.TimeZone, "
            "as in 'Pacific Standard Time'",
        ) from None
    except ZoneInfoNotFoundError as error:
        raise wrong(
            fields.at("TimeZone"), f"is {name!r}, which this machine does not know: pip install tzdata"
        ) from error
    times = fields.object("Schedule")
    hours, minutes = _numbers(times, "Hours", 23), _numbers(times, "Minutes", 59)
    days = _week_days(times)
    if (hours or minutes) and frequency not in ("Day", "Week"):
        raise wrong(times.spot, f"names hours or minutes: only a Day or Week recurrence may, not {frequency}")
    if days and frequency != "Week":
        raise wrong(times.spot, f"names week days: only a Week recurrence may, not {frequency}")
    start = _start(fields)
    if start is not None and start.tzinfo is not None:
        start = start.astimezone(zone).replace(tzinfo=None, fold=0)
    recurrence = Recurrence(frequency, interval, zone, start, hours, minutes, days)
    told = {"Hours": list(hours), "Minutes": list(minutes), "WeekDays": [WEEK_DAYS[day] for day in days]}
    return recurrence, {
        "Frequency": frequency,
        "Interval": interval,
        "StartTime": fields.text("StartTime"),
        "TimeZone": name,
        # The client prints an empty list as "at midnight": what was not named is null.
        "Schedule": {key: value or None for key, value in told.items()} if recurrence.has_times else None,
    }


def _frequency(fields: Fields) -> Frequency:
    label = fields.label("Frequency") or ""
    if label.isdecimal() and int(label) < len(_FREQUENCIES):
        return _FREQUENCIES[int(label)]
    for name in _FREQUENCIES:
        if name == label:
            return name
    known = ", ".join(get_args(Frequency))
    raise wrong(fields.at("Frequency"), f"must be one of {known}, not {label[:40]!r}")


def _interval(fields: Fields, frequency: Frequency) -> int:
    interval = fields.number("Interval")
    if interval is None or not 1 <= interval <= _MOST[frequency]:
        raise wrong(fields.at("Interval"), f"must be from 1 to {_MOST[frequency]} for {frequency}, not {interval}")
    return interval


def _numbers(fields: Fields, name: str, most: int) -> tuple[int, ...]:
    found = tuple(whole_number(item, fields.at(name)) for item in fields.items(name))
    for item in found:
        if not 0 <= item <= most:
            raise wrong(fields.at(name), f"must be from 0 to {most}, not {item}")
    return tuple(sorted(set(found)))


def _week_days(fields: Fields) -> tuple[int, ...]:
    found = set()
    for item in fields.items("WeekDays"):
        if isinstance(item, str) and item in WEEK_DAYS:
            found.add(WEEK_DAYS.index(item))
        elif str(item) in "0123456" and len(str(item)) == 1:
            found.add(int(item))
        else:
            raise wrong(fields.at("WeekDays"), f"must be some of {', '.join(WEEK_DAYS)}, not {str(item)[:40]!r}")
    return tuple(sorted(found))


def _start(fields: Fields) -> datetime | None:
    """Wall time without an offset; with ``Z`` or an offset, as other clients send it, a time of its own zone."""
    text = fields.text("StartTime")
    if not text:
        return None
    try:
        start = datetime.fromtimestamp(parse_iso(text), timezone.utc).replace(microsecond=0)
    except (ValueError, OverflowError, OSError):
        raise wrong(fields.at("StartTime"), f"must be a time as in 2026-11-20T09:30:00, not {text[:60]!r}") from None
    if not 1970 <= start.year <= 9990:
        raise wrong(fields.at("StartTime"), f"must lie in the years 1970 to 9990, not {start.year}")
    return start if _OFFSET.search(text) else start.replace(tzinfo=None)


def _polling(fields: Fields) -> tuple[Polling, dict[str, Any]]:
    minutes = fields.number("PollingInterval")
    minutes = DEFAULT_POLLING if minutes is None else minutes
    if not 1 <= minutes <= _MOST["Minute"]:
        raise wrong(fields.at("PollingInterval"), f"must be from 1 to {_MOST['Minute']} minutes, not {minutes}")
    path = (fields.text("PathOnDataStore") or "").strip("/")
    if ".." in path.split("/"):
        raise wrong(fields.at("PathOnDataStore"), f"leads out of the datastore: {path[:60]!r}")
    polling = Polling(fields.required("DataStoreName"), path, minutes, fields.text("DataPathParameterName") or None)
    return polling, {
        "DataStoreName": polling.datastore,
        "PollingInterval": minutes,
        "DataPathParameterName": polling.parameter,
        "PathOnDataStore": fields.text("PathOnDataStore"),
    }
