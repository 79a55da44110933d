"""Times survive the way to text and back."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.clock import iso, parse_iso

TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc))


@given(TIMES)
def test_round_trip_to_the_microsecond(time: datetime) -> None:
    assert parse_iso(str(iso(time.timestamp()))) == pytest.approx(time.timestamp(), abs=2e-6)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T10:59:16.8166050+00:00",
        "2026-11-20T10:59:16.816605Z",
        "2026-11-20T10:59:16.816605",
        "2026-11-20T12:59:16.816605+02:00",
        "2026-11-20T05:29:16.816605-05:30",
        " 2026-11-20T10:59:16.816605z ",
    ],
)
def test_forms_that_clients_send(text: str) -> None:
    assert parse_iso(text) == pytest.approx(1795172356.816605)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "12:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_iso(text)


def test_none_stays_none() -> None:
    assert iso(None) is None
