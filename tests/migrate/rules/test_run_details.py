"""Details of a run, and what they are asked for."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status

from .support import convert

HEAD = """\
from azureml.core import Run, Workspace

ws = Workspace.from_config()
run = Run.get(ws, RUN_ID)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('print(run.get_details()["status"])', "print(ml_client.jobs.get(run.name).status)"),
        ('print(run.get_details().get("target", ""))', "print(ml_client.jobs.get(run.name).compute)"),
        ("print(run.get_details())", "print(ml_client.jobs.get(run.name))"),
        ('facts = run.get_details()\nprint(facts["properties"]["a"])', 'print(facts.properties["a"])'),
    ],
)
def test_keys_become_attributes(before: str, after: str) -> None:
    found = convert(f"{HEAD}{before}\n")
    assert after in found.text
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


@pytest.mark.parametrize(
    "line",
    [
        'print(run.get_details()["runDefinition"]["environment"])',
        'facts = run.get_details()\nprint(facts["status"], facts.get("inputDatasets"))',
        "facts = run.get_details()\nprint(facts[KEY])",
    ],
)
def test_other_keys_leave_it(line: str) -> None:
    found = convert(f"{HEAD}{line}\n")
    assert line.splitlines()[-1] in found.text.replace("Run.get(ws, run.name)", "run")
    (left,) = (finding for finding in found.findings if finding.status is Status.MANUAL)
    assert left.symbol == "Run.get_details" and "a job of SDK v2 has no" in left.message
