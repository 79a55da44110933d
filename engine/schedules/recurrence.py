"""When a recurrence is due: pure computation, no clock and no records.

What the client documents of ``ScheduleRecurrence``, and what we decide where it says nothing:

- Without a start time the first tick is at once (at the anchor: when the schedule was made), with one it is the start
  time; a recurrence that names hours, minutes or days has its first tick after the start time, never at it.
- Minutes and hours count elapsed time from the start. Days, weeks and months keep the wall clock of the time zone.
- Named days of the month are just those: a month that lacks one of them goes without.
- Hours without minutes mean the full hour, minutes without hours the hour after midnight (so the client prints them);
  week days alone keep the time of day of the start.
- Every n weeks counts weeks from Monday on, from the week of the start. A month that lacks the day of the start has its
  tick on its last day, and the next one is back on that day.
- A wall time that a clock change skips is due as much later as the clock jumped (02:30 becomes 03:30); one that comes
  twice is due the first time only.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

Frequency = Literal["Minute", "Hour", "Day", "Week", "Month"]
WEEK_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SECONDS = {"Minute": 60, "Hour": 3600}
#: No clock change moves the wall clock further than the day that Samoa left out.
LONGEST_JUMP = timedelta(days=2)


@dataclass(frozen=True)
class Recurrence:
    """A checked ScheduleRecurrence. ``start`` is wall time in ``zone``; ``week_days`` count from Monday = 0."""

    frequency: Frequency
    interval: int
    zone: ZoneInfo
    start: datetime | None = None
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    week_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()

    @property
    def has_times(self) -> bool:
        """Whether hours, minutes or days are named."""
        return bool(self.hours or self.minutes or self.week_days or self.month_days)


@dataclass(frozen=True)
class Ticks:
    """The ticks of a recurrence. ``made`` (whole seconds since the epoch) is when it was made or last changed: the
    anchor of one without a start time."""

    recurrence: Recurrence
    made: int

    @property
    def anchor(self) -> int:
        """Seconds since the epoch of the start."""
        start = self.recurrence.start
        return self.made if start is None else instant(start, self.recurrence.zone)

    def next_after(self, now: float) -> int | None:
        """The first tick strictly after ``now``, in seconds since the epoch; None when the calendar ends before it."""
        anchor = self.anchor
        if now < anchor:
            if self.recurrence.start is None or not self.recurrence.has_times:
                return anchor
            now = anchor
        seconds = _SECONDS.get(self.recurrence.frequency)
        if seconds is not None:
            period = seconds * self.recurrence.interval
            return anchor + ((math.floor(now) - anchor) // period + 1) * period
        return self._next_on_calendar(now)

    def _next_on_calendar(self, now: float) -> int | None:
        wall = self._wall_start()
        times = self._times(wall)
        found: int | None = None
        last: date | None = None
        try:
            since = datetime.fromtimestamp(now, self.recurrence.zone).date() - LONGEST_JUMP
            for day in self._days(wall.date(), since):
                if last is not None and day > last:
                    break
                # A time that a clock change skips comes after later ones of its day: look at all of them.
                ahead = [
                    at
                    for at in (instant(datetime.combine(day, item), self.recurrence.zone) for item in times)
                    if at > now
                ]
                if ahead and found is None:
                    last = day + LONGEST_JUMP
                found = min([*ahead, *([] if found is None else [found])], default=None)
        except (OverflowError, ValueError):  # past the year 9999
            return found
        return found

    def _wall_start(self) -> datetime:
        if self.recurrence.start is not None:
            return self.recurrence.start
        return datetime.fromtimestamp(self.made, self.recurrence.zone).replace(tzinfo=None, fold=0)

    def _times(self, wall: datetime) -> list[time]:
        if not self.recurrence.hours and not self.recurrence.minutes:
            return [wall.time()]
        hours, minutes = self.recurrence.hours or (0,), self.recurrence.minutes or (0,)
        return [time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)]

    def _days(self, first: date, since: date) -> Iterator[date]:
        """The days of ticks in order, from one on that is not after ``since`` (or from the first)."""
        step = self.recurrence.interval
        if self.recurrence.frequency == "Month":
            months = max(0, (since.year - first.year) * 12 + since.month - first.month - 1) // step * step
            while True:
                yield from self._days_of_month(first, months)
                months += step
        elif self.recurrence.frequency == "Week":
            days = sorted(self.recurrence.week_days or (first.weekday(),))
            monday = first - timedelta(days=first.weekday())
            monday += timedelta(weeks=max(0, (since - monday).days // 7) // step * step)
            while True:
                yield from (monday + timedelta(days=day) for day in days)
                monday += timedelta(weeks=step)
        else:
            day = first + timedelta(days=max(0, (since - first).days) // step * step)
            while True:
                yield day
                day += timedelta(days=step)

    def _days_of_month(self, first: date, months: int) -> Iterator[date]:
        month = _month_later(first, months)
        last = calendar.monthrange(month.year, month.month)[1]
        if not self.recurrence.month_days:
            yield month
        yield from (month.replace(day=day) for day in sorted(self.recurrence.month_days) if day <= last)


def _month_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def instant(wall: datetime, zone: ZoneInfo) -> int:
    """Seconds since the epoch of a wall time: the first of two; one that is skipped counts with the old offset."""
    offset = wall.replace(tzinfo=zone, fold=0).utcoffset()
    assert offset is not None, "every zone has an offset at every time"
    elapsed = wall.replace(tzinfo=timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc) - offset
    return elapsed // timedelta(seconds=1)
