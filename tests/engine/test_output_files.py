"""What is kept of a step's outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.engine import output_files
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import Node, Output


def write(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def node(kind: str = "uri_folder", **details: object) -> Node:
    return Node("n", "n", outputs={"o": Output("s", "p", type=kind)}, options={"outputs": {"o": details}})  # type: ignore[arg-type]


def test_globs_choose_files_of_every_folder(tmp_path: Path) -> None:
    written = write(tmp_path / "w", "a.csv", "sub/b.csv", "sub/c.txt", "d.log")
    output_files.collect(node(source_globs=["*.csv", "sub/*.txt"]), "o", tmp_path / "work", written)
    assert names(written) == ["a.csv", "sub/b.csv", "sub/c.txt"]


def test_a_folder_of_the_step_leads_to_its_output(tmp_path: Path) -> None:
    work, written = tmp_path / "work", write(tmp_path / "w")
    written.mkdir()
    step = node(path_on_compute="deep/results")
    output_files.prepare(step, "o", work, written)
    write(work / "deep" / "results", "x/a.txt")
    output_files.collect(step, "o", work, written)
    assert names(written) == ["x/a.txt"]


def test_a_folder_that_the_step_had_or_a_file_is_collected(tmp_path: Path) -> None:
    written = tmp_path / "w"
    written.mkdir()
    work = write(tmp_path / "work", "had/old.txt", "model.bin")
    output_files.prepare(node(path_on_compute="had"), "o", work, written)
    write(work, "had/new.txt")
    output_files.collect(node(path_on_compute="had"), "o", work, written)
    assert names(written) == ["new.txt", "old.txt"]
    output_files.collect(node("any", path_on_compute="model.bin"), "o", work, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "model.bin"


def test_an_upload_overwrites_only_when_it_is_told(tmp_path: Path) -> None:
    final = write(tmp_path / "final", "a", "keep")
    (final / "a").write_text("old")
    with pytest.raises(EngineError, match="'o' was not uploaded: a is there already; pass overwrite=True"):
        output_files.merge(write(tmp_path / "one", "a", "b"), final, "o", overwrite=False)
    assert (names(final), (final / "a").read_text()) == (["a", "keep"], "old")
    output_files.merge(write(tmp_path / "two", "b"), final, "o", overwrite=False)
    output_files.merge(write(tmp_path / "three", "a"), final, "o", overwrite=True)
    assert (names(final), (final / "a").read_text()) == (["a", "b", "keep"], "a")
    with pytest.raises(EngineError, match="a file of its name"):
        output_files.merge(write(tmp_path / "four", "x"), final / "a", "o", overwrite=True)
