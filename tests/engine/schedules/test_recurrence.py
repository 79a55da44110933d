"""When recurrences are due: against a scan of every minute, and the cases that the client documents."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from amlbridge.engine.schedules.recurrence import Frequency, Recurrence, Ticks
from amlbridge.engine.schedules.zones import ZONES, zone

UTC = ZoneInfo("Etc/UTC")
NEW_YORK = ZoneInfo("America/New_York")
#: With clock changes of an hour and of half an hour, a lost day (Samoa, 2011), and none.
SCANNED = [UTC, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia"), ZoneInfo("Asia/Kathmandu")]


def at(text: str, place: ZoneInfo = UTC) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=place).timestamp())


def due(ticks: Ticks, now: int, count: int) -> list[str]:
    """The next ticks as wall time of the recurrence's zone."""
    found = []
    for _ in range(count):
        tick = ticks.next_after(now)
        assert tick is not None
        now = tick
        found.append(
            datetime.fromtimestamp(now, ticks.recurrence.zone).replace(tzinfo=None).isoformat(timespec="minutes")
        )
    return found


# -- against a scan of every minute ------------------------------------------------------------------------------------


@st.composite
def recurrences(draw: st.DrawFn) -> tuple[Ticks, int]:
    """A recurrence, and the middle of the window to look at: around a clock change, a turn of the month or anywhere."""
    frequency: Frequency = draw(st.sampled_from(("Minute", "Hour", "Day", "Week", "Month")))
    place = draw(st.sampled_from(SCANNED))
    hours = minutes = days = month_days = ()
    if frequency in ("Day", "Week", "Month"):
        hours = tuple(draw(st.lists(st.integers(0, 23), max_size=3)))
        minutes = tuple(draw(st.lists(st.integers(0, 59), max_size=3)))
    if frequency == "Week":
        days = tuple(draw(st.lists(st.integers(0, 6), max_size=3, unique=True)))
    if frequency == "Month":
        month_days = tuple(draw(st.lists(st.sampled_from((1, 8, 29, 30, 31)), max_size=3, unique=True)))
    middle = draw(
        st.sampled_from(
            [
                *(at("2026-03-08T07:00"), at("2026-11-01T06:00"), at("2011-12-30T10:00"), at("2026-04-04T15:00")),
                *(at("2028-02-29T12:00"), at("2026-12-31T23:00")),
            ]
        )
    )
    made = middle + 60 * draw(st.integers(-60 * 24 * 100, 60 * 24))
    start = None
    if draw(st.booleans()):
        start = datetime.fromtimestamp(made, place).replace(tzinfo=None, second=0, fold=0)
    recurrence = Recurrence(frequency, draw(st.integers(1, 5)), place, start, hours, minutes, days, month_days)
    return Ticks(recurrence, made // 60 * 60), middle


def scanned(ticks: Ticks, first: int, last: int) -> list[int]:
    """Every tick from ``first`` to ``last``: each minute is asked whether it is one."""
    recurrence, anchor = ticks.recurrence, ticks.anchor
    found = set()
    if first <= anchor <= last and (recurrence.start is None or not recurrence.has_times):
        found.add(anchor)
    if recurrence.frequency in ("Minute", "Hour"):
        period = recurrence.interval * (60 if recurrence.frequency == "Minute" else 3600)
        minutes = range(first + (anchor - first) % 60, last + 1, 60)
        return sorted(found | {t for t in minutes if t > anchor and (t - anchor) % period == 0})
    begin = recurrence.start or datetime.fromtimestamp(ticks.made, recurrence.zone).replace(tzinfo=None, fold=0)
    wall = datetime.fromtimestamp(first, timezone.utc).replace(tzinfo=None) - timedelta(days=3)
    end = datetime.fromtimestamp(last, timezone.utc).replace(tzinfo=None) + timedelta(days=3)
    while wall <= end:
        if fits(recurrence, begin, wall):
            instant = int(wall.replace(tzinfo=recurrence.zone).timestamp())
            if first <= instant <= last and instant > anchor:
                found.add(instant)
        wall += timedelta(minutes=1)
    return sorted(found)


def fits(recurrence: Recurrence, begin: datetime, wall: datetime) -> bool:
    if recurrence.hours or recurrence.minutes:
        if wall.hour not in (recurrence.hours or (0,)) or wall.minute not in (recurrence.minutes or (0,)):
            return False
    elif (wall.hour, wall.minute) != (begin.hour, begin.minute):
        return False
    if recurrence.frequency == "Day":
        return (wall.date() - begin.date()).days % recurrence.interval == 0
    if recurrence.frequency == "Week":
        mondays = [(day - timedelta(days=day.weekday())) for day in (wall.date(), begin.date())]
        week = (mondays[0] - mondays[1]).days // 7
        return week % recurrence.interval == 0 and wall.weekday() in (recurrence.week_days or (begin.weekday(),))
    months = (wall.year - begin.year) * 12 + wall.month - begin.month
    last = calendar.monthrange(wall.year, wall.month)[1]
    days = recurrence.month_days or (min(begin.day, last),)
    return months % recurrence.interval == 0 and wall.day in days


@settings(max_examples=150)
@given(recurrences(), st.integers(0, 59))
def test_next_due_is_what_a_scan_of_every_minute_finds(made: tuple[Ticks, int], seconds: int) -> None:
    ticks, middle = made
    first, last = middle - 36 * 3600, middle + 36 * 3600
    expected = scanned(ticks, first, last)
    assume(expected)
    found, now = [], float(first) - 1
    while (tick := ticks.next_after(now)) is not None and tick <= last:
        assert tick > now
        found.append(tick)
        now = tick
        # Nothing changes between two ticks.
        assert ticks.next_after(tick + seconds / 120) == ticks.next_after(tick)
    assert found == expected


@given(recurrences(), st.lists(st.integers(-(10**8), 10**8), min_size=2, max_size=8))
def test_next_due_is_after_now_and_never_goes_back(made: tuple[Ticks, int], offsets: list[int]) -> None:
    ticks, middle = made
    times = sorted(middle + offset for offset in offsets)
    found = [ticks.next_after(now) for now in times]
    assert all(tick is not None and tick > now for tick, now in zip(found, times, strict=True))
    assert found == sorted(tick for tick in found if tick is not None)
    assert all(tick is not None and tick >= ticks.anchor for tick in found)


# -- the cases that the client documents -------------------------------------------------------------------------------


def test_without_a_start_time_the_first_tick_is_at_once_and_the_others_follow_the_schedule() -> None:
    made = at("2026-11-20T10:07")
    every = Ticks(Recurrence("Minute", 15, UTC), made)
    assert due(every, made - 1, 3) == ["2026-11-20T10:07", "2026-11-20T10:22", "2026-11-20T10:37"]
    daily = Ticks(Recurrence("Day", 1, UTC, hours=(18,), minutes=(30,)), made)
    assert due(daily, made - 1, 3) == ["2026-11-20T10:07", "2026-11-20T18:30", "2026-11-21T18:30"]


def test_a_start_time_that_matches_the_times_of_day_is_no_tick_itself() -> None:
    start = datetime(2026, 11, 23, 18, 30)  # a Monday
    weekly = Ticks(Recurrence("Week", 2, UTC, start, (18,), (30,), (0, 2)), at("2026-11-20T00:00"))
    assert due(weekly, at("2026-11-20T00:00"), 3) == ["2026-11-25T18:30", "2026-12-07T18:30", "2026-12-09T18:30"]
    plain = Ticks(Recurrence("Week", 2, UTC, start), at("2026-11-20T00:00"))
    assert due(plain, at("2026-11-20T00:00"), 2) == ["2026-11-23T18:30", "2026-12-07T18:30"]


def test_a_start_time_in_the_past_waits_for_the_next_tick() -> None:
    hourly = Ticks(Recurrence("Hour", 1, UTC, datetime(2020, 1, 13, 12, 55)), at("2026-11-20T10:07"))
    assert due(hourly, at("2026-11-20T10:07"), 2) == ["2026-11-20T10:55", "2026-11-20T11:55"]


def test_months_that_lack_the_day_have_their_tick_on_the_last_one() -> None:
    monthly = Ticks(Recurrence("Month", 1, UTC, datetime(2027, 12, 31, 9)), at("2026-11-20T00:00"))
    ticks = due(monthly, at("2027-12-01T00:00"), 5)
    assert [tick[:10] for tick in ticks] == ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]


def test_named_days_of_the_month_are_left_out_where_a_month_lacks_them() -> None:
    monthly = Ticks(Recurrence("Month", 1, UTC, datetime(2027, 1, 10), (9,), (), (), (31, 15)), at("2026-11-20T00:00"))
    ticks = due(monthly, at("2027-01-10T00:00"), 5)
    assert ticks == [f"2027-{day}T09:00" for day in ("01-15", "01-31", "02-15", "03-15", "03-31")]


def test_hours_without_minutes_are_full_hours_and_minutes_without_hours_follow_midnight() -> None:
    made = at("2026-11-20T10:07")
    assert due(Ticks(Recurrence("Day", 1, UTC, hours=(10, 14)), made), made, 2) == [
        "2026-11-20T14:00",
        "2026-11-21T10:00",
    ]
    assert due(Ticks(Recurrence("Day", 1, UTC, minutes=(30,)), made), made, 1) == ["2026-11-21T00:30"]


def test_clock_changes_in_new_york() -> None:
    daily = Ticks(Recurrence("Day", 1, NEW_YORK, datetime(2026, 3, 1, 2, 30)), at("2026-03-01T00:00"))
    # Skipped on the 8th: an hour later; the days after are not moved.
    assert due(daily, at("2026-03-07T00:00", NEW_YORK), 3) == [
        "2026-03-07T02:30",
        "2026-03-08T03:30",
        "2026-03-09T02:30",
    ]
    twice = Ticks(Recurrence("Day", 1, NEW_YORK, hours=(1,), minutes=(30,)), at("2026-03-01T00:00"))
    first = twice.next_after(at("2026-11-01T00:00", NEW_YORK))
    assert first == int(datetime(2026, 11, 1, 5, 30, tzinfo=timezone.utc).timestamp())
    assert twice.next_after(first) == at("2026-11-02T01:30", NEW_YORK)
    # Two ticks that the change brings together are one.
    both = Ticks(Recurrence("Day", 1, NEW_YORK, hours=(2, 3), minutes=(30,)), at("2026-03-01T00:00"))
    assert due(both, at("2026-03-08T00:00", NEW_YORK), 2) == ["2026-03-08T03:30", "2026-03-09T02:30"]
    # Hours count elapsed time.
    hourly = Ticks(Recurrence("Hour", 12, NEW_YORK, datetime(2026, 3, 7, 18)), at("2026-03-01T00:00"))
    assert due(hourly, at("2026-03-07T23:00", NEW_YORK), 1) == ["2026-03-08T07:00"]


def test_a_day_that_a_zone_left_out_runs_a_day_later() -> None:
    apia = ZoneInfo("Pacific/Apia")
    daily = Ticks(Recurrence("Day", 1, apia, datetime(2011, 12, 28, 9)), at("2011-12-01T00:00"))
    assert due(daily, at("2011-12-29T00:00", apia), 3) == ["2011-12-29T09:00", "2011-12-31T09:00", "2012-01-01T09:00"]


def test_nothing_is_due_after_the_end_of_the_calendar() -> None:
    ticks = Ticks(Recurrence("Month", 16, UTC, datetime(9990, 1, 1)), 0)
    assert ticks.next_after(at("9999-12-01T00:00")) is None


# -- time zones --------------------------------------------------------------------------------------------------------


def test_every_time_zone_of_the_client_is_known() -> None:
    schedule = pytest.importorskip("azureml.pipeline.core.schedule")
    assert {item.value for item in schedule.TimeZone} == set(ZONES)
    assert set(ZONES.values()) <= available_timezones()


@pytest.mark.parametrize(
    ("name", "january", "july"),
    [
        ("UTC", 0, 0),
        ("UTC-11", -11, -11),
        ("UTC+12", 12, 12),
        ("Dateline Standard Time", -12, -12),
        ("Pacific Standard Time", -8, -7),
        ("Eastern Standard Time", -5, -4),
        ("Newfoundland Standard Time", -3.5, -2.5),
        ("GMT Standard Time", 0, 1),
        ("W. Europe Standard Time", 1, 2),
        ("FLE Standard Time", 2, 3),
        ("India Standard Time", 5.5, 5.5),
        ("Nepal Standard Time", 5.75, 5.75),
        ("Central Asia Standard Time", 6, 6),
        ("China Standard Time", 8, 8),
        ("Cen. Australia Standard Time", 10.5, 9.5),
        ("Chatham Islands Standard Time", 13.75, 12.75),
        ("Line Islands Standard Time", 14, 14),
    ],
)
def test_offsets_from_utc(name: str, january: float, july: float) -> None:
    for month, hours in ((1, january), (7, july)):
        assert datetime(2026, month, 15, tzinfo=zone(name)).utcoffset() == timedelta(hours=hours)
