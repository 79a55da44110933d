"""Versions of an endpoint; the case of the rule is checked in test_cases.py, and test_deployments.py runs some."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AksEndpoint

ws = Workspace.from_config()
config = InferenceConfig("score.py", environment=env)
endpoint = AksEndpoint(ws, "scores")
"""


def test_the_first_version_has_its_name_and_all_traffic() -> None:
    text = convert(
        f"""{HEAD}settings = AksEndpoint.deploy_configuration(cpu_cores=1, version_name=name, traffic_percentile=20)
service = Model.deploy(ws, "s", [Model(ws, "a")], config, settings, cluster)
print(service.get_logs())
service.update(num_replicas=2)
"""
    ).text
    words = " ".join(text.split())
    assert "azureml.core" not in text and "ManagedOnlineDeployment( name=name, endpoint_name=" in words
    assert "endpoint_2.traffic = {name: 100}" in text and "get_logs( name=name, endpoint_name=service.name" in words
    assert "online_deployments.get(name=name, endpoint_name=service.name)" in words.replace("( ", "(").replace(
        " )", ")"
    )


def test_a_version_that_changes_and_becomes_the_default() -> None:
    found = convert(
        f"{HEAD}endpoint.update_version(version_name='b', description='x', num_replicas=2, is_default=True)\n"
        "if 'b' in endpoint.versions:\n    endpoint.update_version('b', traffic_percentile=share, is_default=chosen)\n"
    )
    assert "azureml.core" not in found.text and "deployment.instance_count = 2" in found.text
    assert 'deployment.description = "x"' in found.text and '"b": 100' in found.text
    assert "deployment.name: deployment for deployment in" in " ".join(found.text.split())
    reviews = [finding.message for finding in found.findings if finding.status is Status.REVIEW]
    assert any("no default version" in message for message in reviews)


@pytest.mark.parametrize("call", ["x = endpoint.create_version('b')", "endpoint.update_version('b', namespace='n')"])
def test_what_cannot_be_told_stays(call: str) -> None:
    found = convert(f"{HEAD}{call}\n")
    assert call in found.text.replace('"', "'")


def test_a_function_that_shares_the_traffic_of_an_endpoint_of_the_module() -> None:
    text = convert(
        "from azureml.core import Workspace\nfrom azureml.core.webservice import AksEndpoint\n\n"
        "ws = Workspace.from_config()\nservice = AksEndpoint(ws, 'scores')\n\n\ndef share():\n"
        "    service.update_version('second', traffic_percentile=20)\n    print(service.name)\n"
    ).text
    assert "    endpoint = ml_client.online_endpoints.get(name=service.name)\n" in text
    assert "begin_create_or_update(endpoint).result()" in text and "    service = " not in text
