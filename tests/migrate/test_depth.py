"""Code that sets a variable again and again is followed back through all of it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from amlbridge.migrate.depth import with_room
from amlbridge.migrate.findings import FileStatus
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

SCRIPT = """\
import pandas as pd
from azureml.core import Run

run = Run.get_context()
df = pd.read_csv("data.csv")
{}
run.log("rows", 1)
"""


def depth(calls: int) -> int:
    return 1 + depth(calls - 1) if calls else 0


def test_a_function_may_go_deep_and_nothing_else_changes() -> None:
    before = sys.getrecursionlimit(), threading.stack_size()
    assert with_room(lambda: depth(10_000)) == 10_000
    with pytest.raises(ZeroDivisionError):
        with_room(lambda: 1 / 0)
    assert (sys.getrecursionlimit(), threading.stack_size()) == before


@pytest.mark.parametrize(
    "line",
    ['df = df.assign(c{0}="a{0}")', 'df["c{0}"] = df["a{0}"].map(int)', 'df["c{0}"] = list(df["a{0}"])'],
)
def test_scripts_that_set_one_frame_hundreds_of_times_are_converted(line: str, tmp_path: Path) -> None:
    lines = "\n".join(line.format(number) for number in range(200))
    (tmp_path / "train.py").write_text(SCRIPT.format(lines))
    (report,) = run([tmp_path], Settings(jobs=1))
    assert report.status is FileStatus.MIGRATED, report.findings
    assert b'mlflow.log_metric("rows", 1)' in report.after and lines.encode() in report.after
