"""Triggers of schedules, read and checked: cron expressions and recurrences, with a time zone, a start and an end.

As the client documents them (``CronTrigger``, ``RecurrenceTrigger``): without a start time the first job runs at once,
with one in the past at the next tick; times without an offset are wall time of the time zone, whose names are those of
Windows. A tick at the end time still fires. Bounds of intervals are those of the recurrence trigger of Azure Logic
Apps, which runs these schedules in Azure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from amlbridge.engine.clock import parse_iso
from amlbridge.engine.schedules import cron, zones
from amlbridge.engine.schedules.cron import Cron
from amlbridge.engine.schedules.recurrence import WEEK_DAYS, Frequency, Recurrence, Ticks, instant
from amlbridge.v2.jobs.reading import Section, invalid

_MOST = {"Month": 16, "Week": 71, "Day": 500, "Hour": 12_000, "Minute": 72_000}
_OFFSET = re.compile(r":.*([Zz]|[+-]\d\d:?\d\d)\s*$")
#: The first year after which nothing is to begin: all ticks are dates of the calendar.
_LAST_YEAR = 9990
_CODE = "InvalidTrigger"


@dataclass(frozen=True)
class Trigger:
    """A checked trigger. ``start`` and ``end`` are seconds since the epoch."""

    ticks: Cron | Recurrence
    start: int | None
    end: int | None

    def first(self, made: int) -> float | None:
        """The first tick of a trigger that is made at ``made``; None when there is none."""
        if self.start is None:
            return self._until_end(made)
        return self.next_after(made, made)

    def next_after(self, made: int, now: float) -> float | None:
        """The first tick strictly after ``now``, in seconds since the epoch; None when there is none."""
        if isinstance(self.ticks, Recurrence):
            return self._until_end(Ticks(self.ticks, made).next_after(now))
        begin = made if self.start is None else self.start - 1
        return self._until_end(self.ticks.next_after(max(now, begin)))

    def _until_end(self, tick: int | None) -> float | None:
        return None if tick is None or (self.end is not None and tick > self.end) else tick


def read(trigger: Section) -> Trigger:
    """A trigger as the client puts it. Raises a 400 ServiceError."""
    kind = trigger.required("triggerType")
    zone = _zone(trigger)
    start, end = _time(trigger, "startTime", zone), _time(trigger, "endTime", zone)
    at = None if start is None else instant(start, zone)
    until = None if end is None else instant(end, zone)
    if at is not None and until is not None and until < at:
        raise invalid(trigger.at("endTime"), "is before startTime", _CODE)
    if kind.lower() == "cron":
        expression = trigger.required("expression")
        try:
            return Trigger(cron.parse(expression, zone), at, until)
        except ValueError as error:
            raise invalid(trigger.at("expression"), str(error), _CODE) from error
    if kind.lower() == "recurrence":
        return Trigger(_recurrence(trigger, zone, start), at, until)
    raise invalid(trigger.at("triggerType"), f"must be Cron or Recurrence, not {kind[:40]!r}", _CODE)


def _zone(trigger: Section) -> ZoneInfo:
    name = trigger.text("timeZone") or "UTC"
    try:
        return zones.zone(name)
    except KeyError:
        raise invalid(
            trigger.at("timeZone"),
            f"is no time zone: {name[:60]!r}; the names are those of azure.ai.ml.constants.TimeZone, as in "
            "'Pacific Standard Time'",
            _CODE,
        ) from None
    except ZoneInfoNotFoundError as error:
        raise invalid(
            trigger.at("timeZone"), f"is {name!r}, which this machine does not know: pip install tzdata", _CODE
        ) from error


def _time(trigger: Section, name: str, zone: ZoneInfo) -> datetime | None:
    """Wall time of the zone. With ``Z`` or an offset it is the same moment in the zone."""
    text = trigger.text(name)
    if text is None:
        return None
    try:
        found = datetime.fromtimestamp(parse_iso(text), timezone.utc).replace(microsecond=0)
    except (ValueError, OverflowError, OSError):
        raise invalid(trigger.at(name), f"must be a time as in 2026-11-20T09:30:00, not {text[:60]!r}", _CODE) from None
    if not 1970 < found.year <= _LAST_YEAR:
        raise invalid(trigger.at(name), f"must lie in the years 1971 to {_LAST_YEAR}, not {found.year}", _CODE)
    if _OFFSET.search(text):
        return found.astimezone(zone).replace(tzinfo=None, fold=0)
    return found.replace(tzinfo=None)


def _recurrence(trigger: Section, zone: ZoneInfo, start: datetime | None) -> Recurrence:
    label = trigger.required("frequency")
    frequency = next((name for name in get_args(Frequency) if name.lower() == label.lower()), None)
    if frequency is None:
        raise invalid(
            trigger.at("frequency"), f"must be one of {', '.join(get_args(Frequency))}, not {label[:40]!r}", _CODE
        )
    interval = trigger.count("interval")
    if interval is None or not 1 <= interval <= _MOST[frequency]:
        raise invalid(
            trigger.at("interval"), f"must be from 1 to {_MOST[frequency]} for {frequency}, not {interval}", _CODE
        )
    pattern = trigger.section("schedule")
    hours, minutes = _numbers(pattern, "hours", 0, 23), _numbers(pattern, "minutes", 0, 59)
    week_days, month_days = _week_days(pattern), _numbers(pattern, "monthDays", 1, 31)
    for name, said, allowed in (
        ("hours", hours, ("Day", "Week", "Month")),
        ("minutes", minutes, ("Day", "Week", "Month")),
        ("weekDays", week_days, ("Week",)),
        ("monthDays", month_days, ("Month",)),
    ):
        if said and frequency not in allowed:
            raise invalid(
                pattern.at(name), f"goes with the frequency {' or '.join(allowed)}, not with {frequency}", _CODE
            )
    return Recurrence(frequency, interval, zone, start, hours, minutes, week_days, month_days)


def _items(pattern: Section, name: str) -> list[Any]:
    found = pattern.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise invalid(pattern.at(name), "must be an array", _CODE)
    return found


def _numbers(pattern: Section, name: str, least: int, most: int) -> tuple[int, ...]:
    found = _items(pattern, name)
    for item in found:
        if isinstance(item, bool) or not isinstance(item, int) or not least <= item <= most:
            raise invalid(
                pattern.at(name), f"must be whole numbers from {least} to {most}, not {str(item)[:40]!r}", _CODE
            )
    return tuple(sorted(set(found)))


def _week_days(pattern: Section) -> tuple[int, ...]:
    names = {name.lower(): index for index, name in enumerate(WEEK_DAYS)}
    found = set()
    for item in _items(pattern, "weekDays"):
        if not isinstance(item, str) or item.lower() not in names:
            raise invalid(
                pattern.at("weekDays"), f"must be some of {', '.join(WEEK_DAYS)}, not {str(item)[:40]!r}", _CODE
            )
        found.add(names[item.lower()])
    return tuple(sorted(found))
