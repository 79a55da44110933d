"""verify.toml: what holds for each verification of the scripts beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amlbridge.cli.output import Failure
from amlbridge.cli.verify_settings import with_file

_OPTIONS: dict[str, Any] = {
    **dict.fromkeys(("ignore", "tolerance", "key", "first"), ()),
    "row_order": "strict",
    "nulls": "same",
    "types": "strict",
    "probe": None,
    "baseline": 0,
}


def _read(folder: Path, text: str, given: dict[str, Any] | None = None, script: str = "pipeline.py") -> dict[str, Any]:
    (folder / "verify.toml").write_text(text)
    (folder / "pipeline.py").touch()
    given = given or {}
    return with_file(folder / script, {**_OPTIONS, **given}, given.keys())


def test_options_of_the_file_hold_and_those_of_the_command_win(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").touch()
    text = (
        'ignore = ["*/outputs/*.png: dated"]\nrow-order = "free"\nbaseline = 2\nprobe = "rows.csv"\nnulls = "distinct"'
    )
    found = _read(tmp_path, text, {"ignore": ("a/b/c: d",), "nulls": "same"})
    assert found["ignore"] == ("*/outputs/*.png: dated", "a/b/c: d")
    assert (found["row_order"], found["baseline"], found["nulls"]) == ("free", 2, "same")
    assert found["probe"] == tmp_path / "rows.csv"


def test_the_nearest_file_holds(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    found = _read(tmp_path, "baseline = 2\nscripts = ['a.py']")
    assert found["baseline"] == 2
    below = with_file(tmp_path / "code", _OPTIONS, ())
    assert (below["baseline"], below["first"]) == (2, ()), "scripts are those of the file's own folder"
    (tmp_path / "code" / ".git").mkdir()
    assert with_file(tmp_path / "code", _OPTIONS, ()) == _OPTIONS


def test_without_a_file_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert with_file(tmp_path / "pipeline.py", _OPTIONS, ()) == _OPTIONS


def test_the_scripts_of_a_folder(tmp_path: Path) -> None:
    text = 'scripts = ["publish.py --release 1.0", "call.py"]'
    assert _read(tmp_path, text, script=".")["first"] == ("publish.py --release 1.0", "call.py")
    assert _read(tmp_path, text)["first"] == (), "one script is verified by itself"
    assert _read(tmp_path, text, {"first": ("call.py",)}, script=".")["first"] == ("call.py",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ignore = [", "it is no TOML file"),
        ("ignore = 'x'", "ignore has to be a list of texts"),
        ("row-order = 'any'", "row-order has to be strict or free"),
        ("baseline = true", "baseline has to be a number from 0 up"),
        ("probe = 'gone.csv'", "probe has to be a csv or parquet file beside it"),
        ("tolerances = []", "there is no setting 'tolerances'; there are ignore, tolerance"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(Failure) as caught:
        _read(tmp_path, text)
    assert why in str(vars(caught.value)) + str(caught.value)
