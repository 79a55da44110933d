"""What is said when the rows of a definition cannot be read."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.launch import Outcome
from amlbridge.v1 import dataflow, dataset_rows
from amlbridge.wire.errors import ServiceError

_DONE = Outcome(0, None, False, False, 0.0, 1.0, None, None)


class Program:
    """Ends as it is told, and keeps what it was asked for."""

    def __init__(self, said: str = "", **ended: Any) -> None:
        self.outcome, self.said = dataclasses.replace(_DONE, **ended), said
        self.asked: list[tuple[str, Sequence[str]]] = []

    def run(self, module: str, arguments: Sequence[str], folder: Path, timeout: float) -> Outcome:
        assert not (folder / "stderr").exists(), "what an earlier attempt said is gone"
        (folder / "stderr").write_text(self.said)
        self.asked.append((module, arguments))
        return self.outcome


def test_the_definition_is_handed_over_and_the_rows_are_named(tmp_path: Path) -> None:
    program, folder = Program(), tmp_path / "a.rows"
    for _ in range(2):
        rows = dataset_rows.write(["/data/a b.csv"], [{"take": 1}], folder, program.run)
    assert rows == folder / "rows.parquet"
    definition, target = program.asked[-1][1]
    assert (program.asked[-1][0], target) == ("amlbridge.v1.read_rows", str(rows))
    assert dataflow.load(Path(definition).read_text()) == {
        "type": "mltable",
        "paths": [{"file": "file:///data/a b.csv"}],
        "transformations": [{"take": 1}],
    }


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (Program("no such column", exit_code=1), "cannot read the rows: no such column"),
        (Program(exit_code=1), "cannot read the rows: it ended with 1"),
        (Program(exit_code=None, signal=11), "cannot read the rows: it ended with signal 11"),
        (Program(exit_code=None, error="no process could be forked"), "cannot read the rows: no process could be"),
        (
            Program("x", exit_code=None, signal=9, over_memory=1),
            "it used more memory than a step may have",
        ),
        (Program(exit_code=None, signal=9, timed_out=True), "did not read the rows in 3600 s"),
    ],
)
def test_why_they_cannot_be_read(tmp_path: Path, program: Program, sentence: str) -> None:
    with pytest.raises(ServiceError, match=sentence) as raised:
        dataset_rows.write(["/data/a.csv"], [], tmp_path / "a.rows", program.run)
    assert raised.value.status == 400
