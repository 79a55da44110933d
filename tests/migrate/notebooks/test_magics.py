"""Magics of notebooks that run a statement: the statement is converted, and the magic stays in front of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

HEAD = "from azureml.core import Workspace\n\nws = Workspace.from_config()\nrun = ws.get_run('id')\n"


def converted(folder: Path, *cells: str) -> list[str]:
    """The cells of a notebook after its conversion, which a second one does not change."""
    listed = [
        {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": cell} for cell in cells
    ]
    path = folder / "a.ipynb"
    path.write_text(json.dumps({"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    (report,) = run([path], Settings(jobs=1))
    path.write_bytes(report.after)
    assert run([path], Settings(jobs=1))[0].after == report.after
    return ["".join(cell["source"]) for cell in json.loads(report.after)["cells"]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("%time run.wait_for_completion(show_output=True)", "%time ml_client.jobs.stream(run.name)"),
        ("%timeit -n 1 run.get_status()", "%timeit -n 1 ml_client.jobs.get(run.name).status"),
        ("if True:\n    %time s = run.get_status()", "if True:\n    %time s = ml_client.jobs.get(run.name).status"),
        ("%time model.fit( x )", "%time model.fit( x )"),
        ("%time  a = 1;b = 2", "%time  a = 1;b = 2"),
        ("%%time\nrun.wait_for_completion()", "%%time\nml_client.jobs.stream(run.name)"),
        ("%prun\nrun.get_portal_url()", "%prun\nrun.studio_url"),
    ],
)
def test_the_statement_of_a_magic(tmp_path: Path, before: str, after: str) -> None:
    assert converted(tmp_path, HEAD, before)[1] == after


def test_a_statement_that_becomes_long_stays_in_one_line(tmp_path: Path) -> None:
    code = "from azureml.core import Dataset\n%time rows = Dataset.get_by_name(ws, 'a').to_pandas_dataframe()\n"
    last = converted(tmp_path, HEAD + code)[0].rstrip("\n").split("\n")[-1]
    assert last.startswith("%time rows = mltable.load(ml_client.data.get(") and last.endswith(".to_pandas_dataframe()")


def test_a_statement_that_goes_takes_its_magic_with_it(tmp_path: Path) -> None:
    code = "%time ws.compute_targets['a'].wait_for_completion(show_output=True)\nprint(1)"
    assert "%time" not in converted(tmp_path, HEAD, code)[1]
