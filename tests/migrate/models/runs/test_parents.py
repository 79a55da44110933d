"""The run that a run of the workspace is a child of."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_HEAD = "from azureml.core import Run, Workspace\n\nws = Workspace.from_config()\nrun = Run.get(ws, 'fold-3')\n"
_ASKED = "mlflow.get_parent_run(run.name)"
_JOB = 'ml_client.jobs.get(mlflow.get_run(run.name).data.tags["mlflow.parentRunId"])'


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print('whole' if run.parent is None else 'fold')", f"{_ASKED} is None else"),
        ("print(run.parent.id if run.parent else run.id)", f"print({_JOB}.name if {_ASKED} else run.name)"),
        ("if not run.parent and ws.name:\n    print(1)", f"if not {_ASKED} and ml_client.workspace_name:"),
        ("top = run.parent or run", f"top = ({_JOB} if {_ASKED} else None) or run"),
        ("top = run.parent\nprint(top.id)", f"top = {_JOB}\nprint(top.name)"),
        (
            "top = run.parent\nif top is not None:\n    print(top.id)",
            f"parent_run = {_ASKED}\ntop = ml_client.jobs.get(parent_run.info.run_id) if parent_run else None\n",
        ),
    ],
)
def test_a_run_that_may_have_no_parent_is_asked_for_it(code: str, expected: str) -> None:
    """SDK v1 gave None, where the tag with the parent's name is missing."""
    text = convert(f"{_HEAD}{code}\n").text
    assert "".join(expected.split()) in "".join(text.split()).replace("'", '"').replace(",)", ")")
