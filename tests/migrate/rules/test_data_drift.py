"""Monitors of data."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Workspace
from azureml.datadrift import AlertConfiguration, DataDriftDetector

ws = Workspace.from_config()
"""
CREATE = 'monitor = DataDriftDetector.create_from_datasets(ws, "drift", base, served, "cpu", MORE)\n'


def flat(text: str) -> str:
    return "".join(text.split()).replace(",)", ")")


def test_what_is_given_and_what_is_not() -> None:
    found = convert(HEAD + CREATE.replace("MORE", 'often, alert_config=AlertConfiguration(["a@b.c"])'))
    text = flat(found.text)
    assert "trigger=RecurrenceTrigger(frequency=often.lower(),interval=1)" in text and "features=" not in text
    assert 'alert_notification=AlertNotification(emails=["a@b.c"])' in text
    assert "normalized_wasserstein_distance=0.2" in text and 'Input(type="mltable",path=base.id)' in text
    assert not check_generated(found.text) and "azureml" not in found.text


def test_a_monitor_is_found_changed_and_switched() -> None:
    found = convert(
        HEAD
        + 'monitor = DataDriftDetector.get_by_name(ws, "drift")\nmonitor = monitor.update(feature_list=names)\n'
        + "monitor.enable_schedule()\nfor item in DataDriftDetector.list(ws):\n"
        + '    if item.name == "old":\n        item.delete()\n'
    )
    text = flat(found.text)
    assert 'monitor=ml_client.schedules.get(name="drift")' in text
    assert 'monitor.create_monitor.monitoring_signals["data_drift"].features=names' in text
    assert "monitor=ml_client.schedules.begin_create_or_update(monitor).result()" in text
    assert "ml_client.schedules.begin_enable(name=monitor.name).result()" in text
    assert "ml_client.schedules.begin_delete(name=item.name).result()" in text and "azureml" not in found.text


def test_results_keep_the_monitor_and_its_runs() -> None:
    found = convert(
        HEAD
        + "from azureml.widgets import RunDetails\n"
        + CREATE.replace("MORE", '"Day"')
        + "backfill = monitor.backfill(start, end)\nRunDetails(backfill).show()\n"
        + "print(monitor.get_output(start, end))\n"
    )
    assert "DataDriftDetector.create_from_datasets(" in found.text and "RunDetails(backfill).show()" in found.text
    assert any(f.status is Status.NO_EQUIVALENT and "in the studio" in f.message for f in found.findings)
    assert "schedules" not in found.text.replace("schedules of", "")
