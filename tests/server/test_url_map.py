"""The map of URLs to local files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.errors import StateError
from amlbridge.server.url_map import UrlMap

_FILE = "https://example.blob.core.windows.net/demo/Titanic.csv"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.csv").write_text("a")
    (folder / "sub/b c.csv").write_text("b")
    return folder


@pytest.fixture
def urls(tmp_path: Path) -> UrlMap:
    return UrlMap(tmp_path / "url-map.json")


def test_file_is_found_however_its_url_is_written(urls: UrlMap, place: Path) -> None:
    urls.add(_FILE, place / "a.csv")
    for url in (
        _FILE,
        _FILE.replace("https", "http"),
        _FILE.replace("example", "EXAMPLE"),
        _FILE.replace(".net/", ".net:443/"),
        _FILE + "?sv=2020&sig=abc",
        "wasbs://demo@example.blob.core.windows.net/Titanic.csv",
        _FILE.replace("Titanic", "%54itanic"),
    ):
        assert urls(url) == place / "a.csv", url
    for url in (_FILE + "x", _FILE + "/x", _FILE.lower(), "ftp://x/y", "nonsense", _FILE.replace(".net/", ".net:444/")):
        assert urls(url) is None, url
    assert urls.hosts == {"example.blob.core.windows.net"}


def test_folder_stands_for_what_lies_below_and_the_longest_wins(urls: UrlMap, place: Path, tmp_path: Path) -> None:
    urls.add("https://h.example/base/", place)
    special = tmp_path / "special.csv"
    special.write_text("s")
    urls.add("https://h.example/base/sub/b%20c.csv", special)
    assert urls("https://h.example/base") == place
    assert urls("https://h.example/base/a.csv") == place / "a.csv"
    assert urls("https://h.example/base/none.csv") == place / "none.csv"
    assert urls("https://h.example/base/sub/b%20c.csv") == special
    assert urls("https://h.example/baseless/a.csv") is None
    assert urls.below("https://h.example/base") == {"a.csv": place / "a.csv", "sub/b c.csv": special}
    assert urls.below("https://h.example/base/sub") == {"b c.csv": special}
    assert urls.below("https://h.example/other") is None


def test_query_counts_only_where_it_was_given(urls: UrlMap, place: Path) -> None:
    urls.add("https://h.example/get?id=1", place / "a.csv")
    assert urls("https://h.example/get?id=1") == place / "a.csv"
    assert urls("https://h.example/get?id=2") is None
    assert urls("https://h.example/get") is None


@given(st.text(min_size=1, max_size=40))
def test_nothing_below_a_folder_leads_out_of_it(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.mktemp("urls")
    (root / "in").mkdir()
    urls = UrlMap(root / "map.json")
    urls.add("https://h.example/x", root / "in")
    for tail in (text, f"../{text}", f"%2e%2e/{text}", f"a/../../{text}", f"%2Fetc/{text}", "..", "%00"):
        found = urls(f"https://h.example/x/{tail}")
        assert found is None or found.absolute() == root / "in" or root / "in" in found.absolute().parents
        assert found is None or ".." not in found.parts


def test_changes_hold_at_once_and_are_kept(urls: UrlMap, place: Path, tmp_path: Path) -> None:
    other = UrlMap(tmp_path / "url-map.json")
    assert other(_FILE) is None
    urls.add(_FILE, place / "a.csv")
    assert other(_FILE) == place / "a.csv"
    urls.add(_FILE.replace("https", "http"), place / "sub/b c.csv")
    assert other(_FILE) == place / "sub/b c.csv"
    assert len(other.urls()) == 1
    assert urls.remove(_FILE)
    assert not urls.remove(_FILE)
    assert other(_FILE) is None


def test_what_cannot_be_mapped_says_why_and_changes_nothing(urls: UrlMap, place: Path) -> None:
    with pytest.raises(ValueError, match="no http or https URL"):
        urls.add("data/a.csv", place)
    with pytest.raises(ValueError, match="no http or https URL"):
        urls.add("ftp://a.blob.core.windows.net/x", place)
    with pytest.raises(ValueError, match="no file or folder"):
        urls.add(_FILE, place / "none")
    assert urls.urls() == {}


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 2, "urls": {}}', '{"version": 1, "urls": {"x": "y"}}'])
def test_damaged_map_is_named(urls: UrlMap, tmp_path: Path, content: str) -> None:
    (tmp_path / "url-map.json").write_text(content)
    with pytest.raises(StateError, match=r"url-map\.json"):
        urls(_FILE)
    (tmp_path / "url-map.json").write_text(json.dumps({"version": 1, "urls": {}}))
    assert urls(_FILE) is None
