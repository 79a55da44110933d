"""What is made with SDK v1 is not looked for with SDK v2."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from datetime import datetime

from azureml.core import Dataset, Environment, Model, Webservice, Workspace
from azureml.core.model import InferenceConfig
from azureml.core.webservice import AciWebservice
from azureml.datadrift import DataDriftDetector

ws = Workspace.from_config()
"""
DEPLOYED = """\
env = Environment("scoring")
model = Model(ws, "boats")
inference = InferenceConfig(entry_script="score.py", environment=env)
service = Model.deploy(ws, "boats-api", [model], inference, AciWebservice.deploy_configuration())
"""
PROFILED = 'print(Model.profile(ws, "p", [model], inference, input_dataset=rows).get_details())\n'
FOUND = ['Webservice(ws, "boats-api")', 'AciWebservice(ws, name="boats-api")', 'ws.webservices["boats-api"]']


@pytest.mark.parametrize("found", FOUND)
def test_a_service_that_is_deployed_with_sdk_v1_is_got_from_it(found: str) -> None:
    text = convert(f"{HEAD}{DEPLOYED}{PROFILED}print({found}.scoring_uri)\n").text
    assert f"print({found}.scoring_uri)" in text and "ws = Workspace.from_config()" in text


@pytest.mark.parametrize("found", FOUND)
@pytest.mark.parametrize("name", ["boats-api", "ships-api"])
def test_other_services_are_endpoints(found: str, name: str) -> None:
    kept = PROFILED if name == "ships-api" else ""
    text = convert(f"{HEAD}{DEPLOYED}{kept}print({found.replace('boats-api', name)}.scoring_uri)\n").text
    assert f'ml_client.online_endpoints.get(name="{name}")' in text


MONITOR = """\
monitor = DataDriftDetector.create_from_datasets(
    ws, "tides", Dataset.get_by_name(ws, "old"), Dataset.get_by_name(ws, "new"), frequency="Week"
)
again = DataDriftDetector.get_by_name(ws, "{name}")
"""


@pytest.mark.parametrize(("name", "stays"), [("tides", True), ("winds", False)])
def test_a_monitor_stays_where_another_place_needs_that_of_sdk_v1(name: str, stays: bool) -> None:
    code = MONITOR.format(name=name) + "again.show(datetime(2020, 1, 1), datetime(2020, 2, 1))\n"
    text = convert(HEAD + code).text
    assert ("DataDriftDetector.create_from_datasets(" in text) is stays
    assert ("MonitorSchedule(" in text) is not stays
    assert f'DataDriftDetector.get_by_name(ws, "{name}")' in text
