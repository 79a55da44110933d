"""Updates of web services: what they change in SDK v2. test_deployments.py runs one."""

from __future__ import annotations

import re

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Model, Workspace
from azureml.core.webservice import AksWebservice, LocalWebservice

ws = Workspace.from_config()
"""


def test_settings_of_a_cluster() -> None:
    found = convert(f'{HEAD}s = AksWebservice(ws, "s")\ns.update(num_replicas=3, cpu_cores=4, scoring_timeout_ms=9)\n')
    assert "deployment.instance_count = 3" in found.text
    assert 'deployment.instance_type = "Standard_DS3_v2"' in found.text
    assert "deployment.request_settings = OnlineRequestSettings(request_timeout_ms=9)" in found.text
    assert "online_endpoints.begin_create_or_update" not in found.text and "azureml.core" not in found.text


def test_other_models_and_tokens() -> None:
    found = convert(f'{HEAD}s = AksWebservice(ws, "s")\ns.update(models=[Model(ws, "m")], token_auth_enabled=True)\n')
    assert 'deployment.model = ml_client.models.get("m", label="latest")' in found.text
    assert 's.auth_mode = "aml_token"' in found.text


def test_local_services_stay_local() -> None:
    found = convert(f'{HEAD}s = LocalWebservice(ws, "s")\ns.update(models=[Model(ws, "m")], wait=True)\n')
    assert found.text.endswith("ml_client.online_deployments.begin_create_or_update(deployment, local=True)\n")


LOCAL = """\
config = LocalWebservice.deploy_configuration(port=6789)
model = Model(ws, "churn")
scoring = InferenceConfig(entry_script="score.py", environment=env)
s = Model.deploy(ws, "churn", [model], scoring, config)
s.update(models=[model], deployment_config=config, inference_config=scoring)
s.reload()
"""


def test_a_local_service_is_updated_with_its_configuration() -> None:
    found = convert(f"{HEAD}from azureml.core.model import InferenceConfig\n{LOCAL}")
    assert "from azureml" not in found.text and "deploy_configuration" not in found.text
    updated = found.text.split("s = ml_client.online_endpoints.get(")[1]
    assert (
        'deployment_2.model = f"azureml:{model.name}:{model.version}"\n' in updated
        and "deployment_2.code_configuration = " in updated
    )
    assert "begin_create_or_update(deployment_2, local=True)" in updated
    review = next(finding for finding in found.findings if finding.symbol.endswith("Webservice.update"))
    assert "picks its port itself" in review.message


def test_what_v2_sets_elsewhere_is_said() -> None:
    found = convert(f'{HEAD}s = AksWebservice(ws, "s")\ns.update(autoscale_enabled=True, num_replicas=2)\n')
    review = next(finding for finding in found.findings if finding.symbol == "AksWebservice.update")
    assert review.status is Status.REVIEW and "autoscaling is a rule of Azure Monitor" in review.message


PROBED = "s.update(period_seconds=5, timeout_seconds=3, failure_threshold=9, success_threshold=1)"


def test_probes_and_waiting_are_updated() -> None:
    found = convert(f'{HEAD}s = AksWebservice(ws, "s")\n{PROBED}\ns.update(max_request_wait_time=700)\n')
    assert "azureml.core" not in found.text and found.text.count("online_deployments.begin_create_or_update(") == 2
    assert (
        "deployment.liveness_probe = ProbeSettings(\n"
        "    period=5, timeout=3, success_threshold=1, failure_threshold=9\n)" in found.text
    )
    assert "deployment_2.request_settings = OnlineRequestSettings(max_queue_wait_ms=700)" in found.text
    first, second = (finding for finding in found.findings if finding.symbol.endswith(".update"))
    assert "initial_delay of liveness_probe get" in first.message
    assert "request_timeout_ms, max_concurrent_requests_per_instance of request_settings" in second.message


def test_certificates_are_none_of_the_code_any_more() -> None:
    found = convert(f'{HEAD}s = AksWebservice(ws, "s")\ns.update(ssl_enabled=True, ssl_cname="a.example.org")\n')
    review = next(finding for finding in found.findings if finding.symbol == "AksWebservice.update")
    assert review.status is Status.REVIEW and review.message.count("TLS") == 1 and "update" not in found.text


@pytest.mark.parametrize("call", ["s.update(namespace='n')", "print(s.update(num_replicas=2))"])
def test_what_cannot_be_changed_stays(call: str) -> None:
    found = convert(f'{HEAD}s = AksWebservice(ws, "s")\n{call}\n')
    update = next(finding for finding in found.findings if finding.symbol == "AksWebservice.update")
    assert update.status is Status.MANUAL and call in found.text


HANDED_ON = """\
from azureml.core.model import InferenceConfig

def scoring(env):
    return InferenceConfig(entry_script="score.py", source_directory="src", environment=env)

def renew(service, config):
    service.update(inference_config=config)

s = AksWebservice(ws, "s")
s.update(models=[Model(ws, "m")], inference_config=scoring(env))
renew(s, scoring(env))
"""


def test_scripts_that_functions_hand_on_are_set_one_by_one() -> None:
    found = convert(HEAD + HANDED_ON)
    assert "from azureml" not in found.text
    assert "CodeConfiguration(code=" in found.text and '"environment": env' in found.text
    for settings in ("scoring(env)", "config"):
        assert re.search(rf"for (\w+), (\w+) in {re.escape(settings)}.items\(\):\n +setattr\(\w+, \1, \2\)", found.text)
    assert "code_configuration = " not in found.text
