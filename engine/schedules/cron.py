"""When a cron expression is due: pure computation, no clock and no records.

The expressions are those of NCrontab, which Azure's clients name: five fields (minute, hour, day of the month, month,
day of the week), each a list of values, ranges and steps; months and week days have names, Sunday is 0; a day must
fit both day fields. ``a/n`` is every n-th from a on. What we decide where that says nothing:

- An expression whose hours are all hours goes by the elapsed time: of an hour that comes twice it is due in both.
- Any other goes by the wall clock: a time that a clock change skips is due as much later as the clock jumped, one that
  comes twice is due the first time only.

Azure documents that it reads the day of the month and the month as ``*`` whatever they are; here they count.
"""

from __future__ import annotations

import bisect
import calendar
import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from amlbridge.engine.schedules.recurrence import LONGEST_JUMP, instant

_MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
_WEEK_DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
#: Name, least and greatest value, and the names that stand for values from the least on.
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _WEEK_DAYS),
)
_ITEM = re.compile(r"(\*|[0-9A-Za-z]+(?:-[0-9A-Za-z]+)?)(?:/(\d{1,4}))?")
#: The 29th of February falls on a given day of the week at least once in 40 years, around a turn of a century too.
_YEARS = 41


@dataclass(frozen=True)
class Cron:
    """A checked expression in a time zone; each field holds the values that fit."""

    expression: str
    zone: ZoneInfo
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    week_days: frozenset[int]

    @property
    def names_dates(self) -> bool:
        """Whether it names days of the month or months."""
        return len(self.days) < 31 or len(self.months) < 12

    def fits_day(self, day: date) -> bool:
        """Whether it is due on a day."""
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.week_days

    def next_after(self, now: float) -> int | None:
        """The first tick strictly after ``now``, in seconds since the epoch; None when there is none."""
        found: int | None = None
        last: date | None = None
        try:
            since = datetime.fromtimestamp(now, self.zone).date() - LONGEST_JUMP
            for day in self._days(since):
                if last is not None and day > last:
                    break
                ticks = _instants(self, day)
                place = bisect.bisect_right(ticks, now)
                if place == len(ticks):
                    continue
                if found is None:
                    # A time that a clock change skips comes after later ones of its day: look at all of them.
                    last = day + LONGEST_JUMP
                found = ticks[place] if found is None else min(found, ticks[place])
        except (OverflowError, ValueError):  # past the year 9999
            return found
        return found

    def _days(self, since: date) -> Iterator[date]:
        """The days that fit, from ``since`` on."""
        for number in range(since.year * 12 + since.month - 1, (since.year + _YEARS) * 12):
            year, month = divmod(number, 12)
            if month + 1 not in self.months:
                continue
            for day in range(1, calendar.monthrange(year, month + 1)[1] + 1):
                found = date(year, month + 1, day)
                if found >= since and self.fits_day(found):
                    yield found


@functools.lru_cache(maxsize=16)
def _instants(cron: Cron, day: date) -> list[int]:
    """The ticks of a day that fits, in their order. Whoever asks for the next tick asks for the one after it soon."""
    begin, end = (datetime.combine(item, time()) for item in (day, day + timedelta(days=1)))
    offsets = {item.replace(tzinfo=cron.zone, fold=fold).utcoffset() for item in (begin, end) for fold in (0, 1)}
    if len(offsets) == 1:
        base = instant(begin, cron.zone)
        return sorted(base + 3600 * hour + 60 * minute for hour in cron.hours for minute in cron.minutes)
    walls = [begin + timedelta(hours=hour, minutes=minute) for hour in cron.hours for minute in cron.minutes]
    if len(cron.hours) < 24:
        return sorted(instant(wall, cron.zone) for wall in walls)
    return sorted(
        math.floor(made.timestamp())
        for wall in walls
        for made in (wall.replace(tzinfo=cron.zone, fold=fold) for fold in (0, 1))
        if datetime.fromtimestamp(made.timestamp(), cron.zone).replace(tzinfo=None, fold=0) == wall
    )


def parse(expression: str, zone: ZoneInfo) -> Cron:
    """Reads an expression. Raises ValueError with what is wrong with it."""
    words = expression.split()
    if len(words) != len(_FIELDS):
        names = ", ".join(name for name, *_ in _FIELDS)
        raise ValueError(
            f"has {len(words)} fields: a cron expression has {len(_FIELDS)} ({names}), as in '15 16 * * 1'"
        )
    values = [_field(word, *field) for word, field in zip(words, _FIELDS, strict=True)]
    made = Cron(" ".join(words), zone, *values)
    if not any(_exists(day, month) for day in made.days for month in made.months):
        raise ValueError("names only days that none of its months has: it would never be due")
    return made


def _exists(day: int, month: int) -> bool:
    return day <= calendar.monthrange(2000, month)[1]


def _field(word: str, name: str, least: int, most: int, names: list[str]) -> frozenset[int]:
    found: set[int] = set()
    for item in word.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(f"has {item[:20]!r} as {name}: write *, a value, a range (a-b), a step (*/n), or a list")
        span, step = match[1], int(match[2]) if match[2] else 1
        if step == 0:
            raise ValueError(f"has {item[:20]!r} as {name}: a step is 1 or more")
        first, _, last = ("*", "", "") if span == "*" else span.partition("-")
        if first == "*":
            begin, end = least, most
        else:
            begin = _value(first, name, least, most, names)
            end = _value(last, name, least, most, names) if last else (most if match[2] else begin)
        if begin > end:
            raise ValueError(
                f"has {item[:20]!r} as {name}: the range runs backwards; write two, {first}-{most},{least}-{last}"
            )
        found.update(range(begin, end + 1, step))
    return frozenset(found)


def _value(text: str, name: str, least: int, most: int, names: list[str]) -> int:
    if text.isdecimal() and len(text) < 5:
        if least <= int(text) <= most:
            return int(text)
        hint = " (Sunday is 0)" if names is _WEEK_DAYS else ""
        raise ValueError(f"has {text} as {name}: it must be from {least} to {most}{hint}")
    found = [index for index, known in enumerate(names) if len(text) >= 3 and known.startswith(text.lower())]
    if len(found) != 1:
        allowed = f" or a name ({', '.join(known[:3] for known in names)})" if names else ""
        raise ValueError(f"has {text[:20]!r} as {name}: it must be a number from {least} to {most}{allowed}")
    return least + found[0]
