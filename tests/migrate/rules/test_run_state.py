"""The end of runs."""

from __future__ import annotations

from tests.migrate.rules.support import convert


def test_jobs_end_by_themselves_and_other_runs_are_told_to() -> None:
    found = convert(
        """\
from azureml.core import Experiment, Run, Workspace

ws = Workspace.from_config()
exp = Experiment(ws, "e")
run = exp.submit(config)
run.wait_for_completion()
run.complete()
for child in run.get_children():
    Run(exp, child.id).complete()
    child.complete()
"""
    )
    assert "complete" not in found.text and "azureml.core" not in found.text
    assert "    MlflowClient().set_terminated(child.name)\n" in found.text
    assert "    MlflowClient().set_terminated(ml_client.jobs.get(child.name).name)\n" in found.text
    assert found.text.count("set_terminated") == 2
    assert any("it has ended" in finding.message for finding in found.findings)
