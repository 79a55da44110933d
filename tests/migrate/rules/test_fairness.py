"""Dashboards of fairness become JSON artifacts."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

SCRIPT = """\
from azureml.contrib.fairness import download_dashboard_by_upload_id, upload_dashboard_dictionary
from azureml.core import Run
run = Run.get_context()
"""


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("upload_dashboard_dictionary(run, d)", 'mlflow.log_dict(d, "fairness/dashboard.json")'),
        (
            "upload_dashboard_dictionary(run, d, dashboard_name='By sex (2)')",
            'log_dict(d, "fairness/by_sex_2.json")',
        ),
        ("print(upload_dashboard_dictionary(run, d))", 'print("fairness/dashboard.json")'),
        ("x = download_dashboard_by_upload_id(run, i)", "mlflow.artifacts.load_dict("),
    ],
)
def test_calls(line: str, after: str) -> None:
    found = convert(f"{SCRIPT}{line}\n")
    assert after in found.text and "azureml" not in found.text


def test_a_dashboard_of_an_unknown_run_is_left() -> None:
    found = convert(SCRIPT.replace("run = Run.get_context()\n", "upload_dashboard_dictionary(given, d)\n"))
    assert any(finding.status is Status.MANUAL for finding in found.findings)
