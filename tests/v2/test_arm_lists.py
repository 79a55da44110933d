"""Lists as ARM answers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.v2 import arm_lists
from amlbridge.wire.errors import ServiceError


@dataclass(frozen=True)
class Row:
    name: str
    version: str
    created: float
    modified: float


def call(**query: str) -> Any:
    found = MagicMock()
    found.query, found.path, found.service.https_url = query, "/list", "https://127.0.0.1:1"
    return found


@given(st.integers(0, 40), st.integers(1, 12))
def test_pages_hold_everything_once(count: int, size: int) -> None:
    seen: list[int] = []
    query = {"top": str(size), "listviewtype": "All"}
    while True:
        answer = arm_lists.page(call(**query), range(count), lambda number: {"number": number})
        assert len(answer["value"]) <= size
        seen += [item["number"] for item in answer["value"]]
        if "nextLink" not in answer:
            break
        query = {key.lower().lstrip("$"): value for key, value in parse_qsl(urlsplit(answer["nextLink"]).query)}
        assert query["listviewtype"] == "All"
    assert seen == list(range(count))


def test_an_order_of_blanks_is_none() -> None:
    rows = [Row("a", "1", 1.0, 1.0), Row("b", "2", 2.0, 2.0)]
    assert [row.name for row in arm_lists.ordered(call(orderby=" "), rows)] == ["b", "a"]


def test_orders() -> None:
    rows = [Row("b", "2", 1.0, 9.0), Row("a", "10", 2.0, 8.0), Row("c", "x", 3.0, 7.0)]

    def names(order: str | None) -> str:
        found = arm_lists.ordered(call(**({"orderby": order} if order else {})), rows)
        return "".join(item.name for item in found)

    assert names(None) == "cab"
    assert names("createdtime asc") == "bac"
    assert names("createdtime desc") == "cab"
    assert names("modifiedtime asc") == "cab"
    assert names("name") == "abc"
    assert names("version asc") == "bac"
    for wrong in ("color desc", "name sideways"):
        with pytest.raises(ServiceError, match="orderBy"):
            names(wrong)


def test_views_and_filters() -> None:
    assert [
        arm_lists.in_view(call(listviewtype=view), True) for view in ("ActiveOnly", "ListViewType.ARCHIVED_ONLY", "All")
    ] == [
        False,
        True,
        True,
    ]
    assert arm_lists.in_view(call(), False)
    with pytest.raises(ServiceError, match="listViewType"):
        arm_lists.in_view(call(listviewtype="Some"), False)
    assert arm_lists.has_pairs({"a": "1", "b": "2"}, "a,b=2")
    assert not arm_lists.has_pairs({"a": "1"}, "a=2")
    assert not arm_lists.has_pairs(None, "a")


@pytest.mark.parametrize("query", [{"top": "0"}, {"top": "x"}, {"skip": "nonsense"}])
def test_bad_pages(query: dict[str, str]) -> None:
    with pytest.raises(ServiceError) as caught:
        arm_lists.page(call(**query), range(3), lambda number: {"n": number})
    assert caught.value.status == 400
