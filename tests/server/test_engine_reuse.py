"""What the engine can know of the files of an input."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import DataReference
from amlbridge.server.engine_reuse import input_files
from amlbridge.server.url_map import UrlMap

URL = "https://a.blob.core.windows.net/demo"


def test_the_files_behind_a_url_are_those_that_stand_for_it(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "t.csv").write_text("a\n1\n")
    urls = UrlMap(tmp_path / "url-map.json")
    urls.add(f"{URL}/folder", tmp_path / "files")
    urls.add(f"{URL}/t.csv", tmp_path / "files" / "t.csv")
    service = cast("Any", SimpleNamespace(parts={"url_map": urls}))
    for name in ("folder", "t.csv", "folder/t.csv"):
        found = list(input_files(service, cast("Any", None), DataReference(f"{URL}/{name}")))
        assert found == [("t.csv", tmp_path / "files" / "t.csv")]
    with pytest.raises(EngineError, match="amlbridge map add"):
        input_files(service, cast("Any", None), DataReference(f"{URL}/other.csv"))
