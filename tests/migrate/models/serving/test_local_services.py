"""Deployments that may be local ones: which it is, the code tells in its branches."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Environment, Model, Workspace
from azureml.core.compute import AksCompute
from azureml.core.model import InferenceConfig
from azureml.core.webservice import AciWebservice, AksWebservice, LocalWebservice

ws = Workspace.from_config()
inference_config = InferenceConfig("score.py", environment=Environment.get(ws, "e", version="1"))
"""
_BRANCHES = """\
cluster = None
if target == "local":
    config = LocalWebservice.deploy_configuration(port=6789)
elif target == "aci":
    config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)
else:
    config = AksWebservice.deploy_configuration(cpu_cores=4, memory_gb=8)
    cluster = AksCompute(ws, "cluster")
service = Model.deploy(ws, "service", [Model(ws, "m")], inference_config, config, deployment_target=cluster)
service.wait_for_deployment(show_output=True)
"""


def _left(findings: object) -> set[str]:
    done = (Status.CONVERTED, Status.REVIEW)
    return {finding.symbol for finding in findings if finding.status not in done}  # type: ignore[attr-defined]


def test_a_local_deployment_of_one_branch() -> None:
    found = convert(_HEAD + _BRANCHES)
    assert not _left(found.findings)
    assert (
        """\
if target == "local":
    config = {"instance_type": "Standard_DS3_v2", "instance_count": 1}
    is_local = True
elif target == "aci":
    config = {"instance_type": "Standard_DS2_v2", "instance_count": 1}
    is_local = False
else:
    config = {"instance_type": "Standard_DS3_v2", "instance_count": 1}
    is_local = False
"""
        in found.text
    )
    assert found.text.endswith(
        """\
if is_local:
    ml_client.online_endpoints.begin_create_or_update(endpoint, local=True)
    ml_client.online_deployments.begin_create_or_update(deployment, local=True)
    service = ml_client.online_endpoints.get(name="service", local=True)
else:
    ml_client.online_endpoints.begin_create_or_update(endpoint).result()
    ml_client.online_deployments.begin_create_or_update(deployment).result()
    endpoint.traffic = {"blue": 100}
    service = ml_client.online_endpoints.begin_create_or_update(endpoint).result()
"""
    )


def test_a_service_that_may_be_local() -> None:
    """With ``local=True`` the client gives no poller, and the service asks for no key."""
    found = convert(_HEAD + _BRANCHES + "print(service.get_logs())\nprint(service.run(data))\nservice.delete()\n")
    assert not _left(found.findings)
    flat = "".join(found.text.split())
    assert 'get_logs(name="blue",endpoint_name=service.name,lines=1000,local=is_local)' in flat
    assert 'headers=({"Content-Type":"application/json"}ifis_localelse{"Content-Type":"application/json",' in flat
    assert found.text.endswith(
        """\
if is_local:
    ml_client.online_endpoints.begin_delete(name=service.name, local=True)
else:
    ml_client.online_endpoints.begin_delete(name=service.name).result()
"""
    )


def test_a_function_that_deploys_where_its_argument_says() -> None:
    found = convert(
        _HEAD
        + """\
def deploy(local, name):
    if local:
        config = LocalWebservice.deploy_configuration()
    else:
        config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, auth_enabled=True)
    return Model.deploy(ws, name, [Model(ws, "m")], inference_config, config)


print(deploy(True, "a").scoring_uri)
"""
    )
    assert not _left(found.findings)
    assert "        is_local = True\n" in found.text and "    if is_local:\n" in found.text
    assert "        return ml_client.online_endpoints.get(name=name, local=True)\n" in found.text


def test_a_service_of_another_function_stays_where_it_has_to_be_known() -> None:
    found = convert(
        _HEAD
        + """\
def deploy(here):
    if here:
        config = LocalWebservice.deploy_configuration()
    else:
        config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, auth_enabled=True)
    service = Model.deploy(ws, "a", [Model(ws, "m")], inference_config, config)
    return service


print(deploy(True).get_logs())
"""
    )
    assert "Webservice.get_logs" in _left(found.findings)
    assert any("local" in finding.message for finding in found.findings if finding.symbol == "Webservice.get_logs")


@pytest.mark.parametrize(
    "code",
    [
        # nothing tells which it is when there was none
        "config = None\nif here:\n    config = LocalWebservice.deploy_configuration()\n"
        "elif there:\n    config = AciWebservice.deploy_configuration(cpu_cores=1)\n"
        'Model.deploy(ws, "a", [Model(ws, "m")], inference_config, config)\n',
        # another configuration that comes from elsewhere
        "if here:\n    config = LocalWebservice.deploy_configuration()\nelse:\n    config = elsewhere()\n"
        'Model.deploy(ws, "a", [Model(ws, "m")], inference_config, config)\n',
        # a function that may give either
        "def configuration(here):\n    if here:\n        return LocalWebservice.deploy_configuration()\n"
        "    return AciWebservice.deploy_configuration(cpu_cores=1)\n"
        'Model.deploy(ws, "a", [Model(ws, "m")], inference_config, configuration(True))\n',
    ],
)
def test_what_nobody_can_tell_stays(code: str) -> None:
    found = convert(_HEAD + "from elsewhere import elsewhere, here, there\n" + code)
    assert {"LocalWebservice.deploy_configuration", "Model.deploy"} <= _left(found.findings)


def test_a_function_that_gives_a_local_configuration() -> None:
    found = convert(
        _HEAD
        + """\
def configuration(port: int):
    return LocalWebservice.deploy_configuration(port=port)


service = Model.deploy(ws, "a", [Model(ws, "m")], inference_config, configuration(6789))
print(service.get_logs())
"""
    )
    assert not _left(found.findings)
    flat = "".join(found.text.split())
    assert 'return{"instance_type":"Standard_DS3_v2","instance_count":1}' in flat
    assert "**configuration(6789)" in flat and "begin_create_or_update(deployment,local=True)" in flat
    assert "lines=1000,local=True)" in flat


def test_a_function_that_deploys_any_configuration_is_left() -> None:
    found = convert(
        _HEAD
        + """\
def deploy(name, config):
    return Model.deploy(ws, name, [Model(ws, "m")], inference_config, config)


deploy("a", LocalWebservice.deploy_configuration())
deploy("b", AciWebservice.deploy_configuration(cpu_cores=1))
"""
    )
    assert {"LocalWebservice.deploy_configuration", "Model.deploy"} <= _left(found.findings)
