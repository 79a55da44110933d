"""Ranges and conditions of the blob endpoint."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.wire.blob_conditions import parse_range
from amlbridge.wire.errors import ServiceError

SIZES = st.integers(0, 50)


@given(SIZES, st.integers(0, 60), st.one_of(st.none(), st.integers(0, 60)))
def test_range_selects_what_slicing_selects(size: int, first: int, last: int | None) -> None:
    content = bytes(range(size))
    text = f"bytes={first}-{'' if last is None else last}"
    expected = content[first : None if last is None else last + 1]
    try:
        start, end = parse_range(text, size)
    except ServiceError as error:
        assert expected == b""
        assert (error.status, error.code) in ((416, "InvalidRange"), (400, "InvalidHeaderValue"))
        assert (error.status == 400) == (last is not None and last < first)
        return
    assert content[start : end + 1] == expected != b""


@given(SIZES, st.integers(0, 60))
def test_suffix_range(size: int, count: int) -> None:
    content = bytes(range(size))
    try:
        start, end = parse_range(f"bytes=-{count}", size)
    except ServiceError as error:
        assert error.status == 416
        assert size == 0 or count == 0
        return
    assert content[start : end + 1] == content[-count:]


@given(st.text(max_size=20))
def test_any_text_is_a_range_or_a_clear_error(text: str) -> None:
    try:
        first, last = parse_range(text, 10)
    except ServiceError as error:
        assert error.status in (400, 416)
    else:
        assert 0 <= first <= last < 10


@pytest.mark.parametrize("text", ["bytes=-", "bytes=1", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "bytes=5-2", ""])
def test_malformed_range_is_named(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse_range(text, 10)
    assert caught.value.status == 400
    assert repr(text)[1:-1] in caught.value.message
