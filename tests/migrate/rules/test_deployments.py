"""Web services of v1 become online endpoints; a slow test deploys what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert
from tests.support.live import LiveService

HEAD = """\
from azureml.core import Environment, Model, Workspace
from azureml.core.model import InferenceConfig
from azureml.core.webservice import AciWebservice, AksWebservice, Webservice

ws = Workspace.from_config()
config = InferenceConfig(entry_script="score.py", environment=Environment.get(ws, "e"))
"""


def test_several_models_are_registered_as_one() -> None:
    found = convert(f'{HEAD}s = Model.deploy(ws, "s", [Model(ws, "a"), Model(ws, "b")], config)\n')
    text = "".join(found.text.split())
    assert 'forpartin[ml_client.models.get("a",label="latest"),ml_client.models.get("b",label="latest"),]:' in text
    assert 'Model(path="served_models",name="s-models",type=AssetTypes.CUSTOM_MODEL)' in text
    assert "model=served_models," in text and "azureml.core" not in found.text
    assert any(
        'os.environ["AZUREML_MODEL_DIR"], "served_models", NAME' in finding.message for finding in found.findings
    )


def test_models_that_a_loop_collects_are_all_deployed() -> None:
    code = 'found = []\nfor name in names:\n    found.append(Model(ws, name))\nModel.deploy(ws, "s", found, config)\n'
    text = "".join(convert(HEAD + code).text.split())
    assert "forpartinfound:" in text and "model=served_models," in text


def test_models_that_are_listed_elsewhere_are_one_for_review() -> None:
    found = convert(f'{HEAD}def deploy(models):\n    return Model.deploy(ws, "s", models, config)\n')
    assert "model=models[0]" in found.text
    review = next(finding for finding in found.findings if finding.symbol == "Model.deploy")
    assert review.status is Status.REVIEW and "assumed that the list has one model" in review.message


def test_settings_of_a_cluster() -> None:
    found = convert(
        f"{HEAD}d = AksWebservice.deploy_configuration(cpu_cores=6, num_replicas=3, scoring_timeout_ms=9000)\n"
        's = Model.deploy(ws, "s", [Model(ws, "a")], config, d, aks_target)\n'
    )
    assert 'instance_type="Standard_DS4_v2"' in found.text and "instance_count=3" in found.text
    assert "request_settings=OnlineRequestSettings(request_timeout_ms=9000)" in found.text
    assert "deploy_configuration" not in found.text


def test_a_configuration_that_goes_elsewhere_stays() -> None:
    found = convert(f"{HEAD}d = AciWebservice.deploy_configuration(cpu_cores=1)\nelsewhere(d)\n")
    assert "d = AciWebservice.deploy_configuration(cpu_cores=1)" in found.text


def test_a_configuration_that_is_logged_goes_with_the_line() -> None:
    found = convert(
        f"{HEAD}d = AciWebservice.deploy_configuration(cpu_cores=1)\n"
        'logger.info("made", extra={"config": d})\nprint(d)\n'
        's = Model.deploy(ws, "s", [Model(ws, "a")], config, d)\nlogger.info("deployed %s", s)\n'
    )
    assert "logger.info" in found.text and '"made"' not in found.text and "print(d)" not in found.text
    assert "deploy_configuration" not in found.text and 'instance_type="Standard_DS2_v2"' in found.text
    found = convert(f"{HEAD}d = AciWebservice.deploy_configuration(cpu_cores=1)\nprint(check(d))\n")
    assert "print(check(d))" in found.text and "deploy_configuration" in found.text


def test_a_local_service_is_started_anew() -> None:
    found = convert(
        "from azureml.core import Workspace\nfrom azureml.core.webservice import LocalWebservice\n"
        'ws = Workspace.from_config()\ns = LocalWebservice(ws, "s")\ns.reload()\n'
    )
    flat = " ".join(found.text.split()).replace("( ", "(")
    assert 'online_deployments.get(name="blue", endpoint_name=s.name, local=True)' in flat
    assert "begin_create_or_update(ml_client.online_deployments.get(" in flat and flat.endswith("local=True, )")


def test_states_that_are_compared_are_those_of_an_endpoint() -> None:
    found = convert(
        f'{HEAD}s = Webservice(ws, "s")\nif s.state != "Healthy" or s.state in ("Unhealthy", state):\n'
        "    f(s.location)\n"
        'print("Healthy", s.state)\n'
    )
    assert 'if s.provisioning_state != "Succeeded" or s.provisioning_state in ("Failed", state):\n' in found.text
    assert "f(s.location)" in found.text and 'print("Healthy", s.provisioning_state)' in found.text


def test_a_local_service_gives_entities_and_has_no_key() -> None:
    """With ``local=True`` the client gives no poller."""
    found = convert(
        HEAD.replace("AciWebservice, ", "LocalWebservice, ")
        + """\
settings = LocalWebservice.deploy_configuration(port=6789)
service = Model.deploy(ws, "s", [Model(ws, "a")], config, settings)
service.wait_for_deployment()
print(service.port, service.get_logs(), service.run(data))
service.delete()
again = LocalWebservice(ws, "s")
"""
    )
    text = "".join(found.text.split())
    assert "online_endpoints.begin_create_or_update(endpoint,local=True)deployment=" in text
    assert "begin_create_or_update(deployment,local=True)service=ml_client.online_endpoints.get(" in text
    assert 'get(name="s",local=True)print(urlparse(service.scoring_uri).port,' in text
    assert "lines=1000,local=True)" in text and 'headers={"Content-Type":"application/json"}' in text
    assert "begin_delete(name=service.name,local=True)again=" in text and text.endswith('get(name="s",local=True)')
    assert "get_keys" not in text and "result()" not in text and "fromazureml" not in text


@pytest.mark.parametrize(
    ("models", "lines"),
    [
        (
            '[Model(ws, "a", version=1)]',
            ('model = ml_client.models.get("a", version="1")\n', "{model.name}", "{model.version}"),
        ),
        ("[found]", ("{found.name}", "{found.version}")),
        ("[found, found]", ("{served_models.name}", "{served_models.version}")),
    ],
)
def test_a_local_service_gets_its_model_by_name(models: str, lines: tuple[str, ...]) -> None:
    """The client reads a model of the workspace only where it is a text, if the deployment is a local one."""
    found = convert(
        HEAD.replace("AciWebservice, ", "LocalWebservice, ")
        + f"found = Model(ws, \"m\")\nModel.deploy(ws, 's', {models}, config, LocalWebservice.deploy_configuration())\n"
    )
    *before, name, version = lines
    assert f'model=f"azureml:{name}:{version}",' in found.text
    assert all(line in found.text for line in before)


def test_keys_inside_of_an_expression() -> None:
    text = "".join(convert(f'{HEAD}print(Webservice(ws, "s").get_keys())\n').text.split())
    assert "((keys:=ml_client.online_endpoints.get_keys(" in text and text.endswith("keys.secondary_key,))")


@pytest.mark.parametrize(("item", "key"), [(0, "primary_key"), (1, "secondary_key")])
def test_one_of_the_keys(item: int, key: str) -> None:
    text = "".join(convert(f'{HEAD}key = Webservice(ws, "s").get_keys()[{item}]\n').text.split())
    assert text.endswith(f").name).{key}") and "keys:=" not in text


@pytest.mark.parametrize(
    ("asked", "machine"),
    [
        ("cpu_cores=1, memory_gb=1", "Standard_DS2_v2"),
        ("cpu_cores=1, memory_gb=8", "Standard_DS3_v2"),
        ("cpu_cores=4, memory_gb=20", "Standard_DS4_v2"),
        ("cpu_cores=n", "Standard_DS3_v2"),
    ],
)
def test_a_machine_has_the_cores_and_the_memory(asked: str, machine: str) -> None:
    code = f'aci = AciWebservice.deploy_configuration({asked})\nModel.deploy(ws, "s", [model], config, aci)\n'
    text = convert(HEAD + code).text
    assert f'instance_type="{machine}"' in text


def test_what_a_service_tells() -> None:
    found = convert(
        f'{HEAD}s = AksWebservice(ws, "s")\nif s.auth_enabled and s.num_replicas > 1:\n    f(not s.auth_enabled)\n'
    )
    text = "".join(found.text.split())
    assert 'if(s.auth_mode=="key"and' in text and 'f(nots.auth_mode=="key")' in text
    assert 'online_deployments.get(name="blue",endpoint_name=s.name).instance_count>1' in text


SERVICE = """\
import json
from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AciWebservice

ws = Workspace.from_config()
model = Model.register(ws, model_path="model.txt", model_name="factor", tags={"kind": "text"})
offset = Model.register(ws, model_path="offset.txt", model_name="offset")
env = Environment("scoring")
env.docker.base_image = "ubuntu:22.04"
inference_config = InferenceConfig(entry_script="score.py", source_directory="serving", environment=env)
aci_config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, auth_enabled=True)
service = Model.deploy(ws, "factor-service", [model, offset], inference_config, aci_config)
service.wait_for_deployment(show_output=True)
print(service.state == "Succeeded", service.run(json.dumps({"data": 4})), model.name)
key, other = service.get_keys()
service.update(enable_app_insights=True, tags={"stage": "test"})
print(key != other)
service.create_version("second", models=[model, offset], inference_config=inference_config, traffic_percentile=30)
print(sorted(getattr(service, "traffic").items()), sorted(service.versions))
service.update_version("second", traffic_percentile=0)
service.delete_version("second")
print(list(service.versions))
service.delete()
"""
SCORE = """\
import json, pathlib
from azureml.core.model import Model

def init():
    global factor, offset
    factor = int(pathlib.Path(Model.get_model_path("factor")).read_text())
    offset = int(pathlib.Path(Model.get_model_path("offset")).read_text())

def run(data):
    return {"result": factor * json.loads(data)["data"] + offset}
"""


@pytest.mark.slow
def test_the_converted_service_answers_from_two_models(live: LiveService, tmp_path: Path) -> None:
    found, score = convert(SERVICE), convert(SCORE)
    assert "azureml" not in found.text + score.text
    files = {"model.txt": "3", "offset.txt": "5", "serving/score.py": score.text}
    done = live.run(found.text, folder=tmp_path, files=files)
    # The client prints dots while it waits.
    assert [line.lstrip(".") for line in done.stdout.splitlines()[-4:]] == [
        "True {'result': 17} factor",
        "True",
        "[('blue', 70), ('second', 30)] ['blue', 'second']",
        "['blue']",
    ]


def test_variables_of_the_environment_go_to_the_deployment() -> None:
    text = convert(
        """\
from azureml.core import Environment, Model, Workspace
from azureml.core.model import InferenceConfig

env = Environment.from_conda_specification("e", "conda.yml")
env.environment_variables["MODE"] = "fast"
serving = InferenceConfig(entry_script="score.py", environment=env)
service = Model.deploy(Workspace.from_config(), "service", [model], serving)
"""
    ).text
    assert 'environment_variables={"MODE": "fast"}' in text


def test_a_deployment_that_is_waited_for_in_one_statement_is_not_lost() -> None:
    text = convert(f'{HEAD}Model.deploy(ws, "s", [Model(ws, "a")], config).wait_for_deployment(True)\n').text
    assert 'Model.deploy(ws, "s"' in text


def test_states_are_compared_with_those_of_endpoints() -> None:
    found = convert(
        """\
        from azureml.core import Workspace
        from azureml.core.webservice import Webservice

        ws = Workspace.from_config()
        service = Webservice(ws, "svc")
        if service.state != "Healthy":
            print(service.error)
        while service.state in ("Transitioning",):
            wait()
        """
    )
    assert 'service.provisioning_state != "Succeeded"' in found.text
    assert 'service.provisioning_state in ("Updating",)' in found.text
    assert "online_deployments.get_logs(" in found.text
    assert any("in its logs" in finding.message for finding in found.findings)


def test_a_configuration_that_is_validated_first() -> None:
    found = convert(
        """\
        from azureml.core import Model, Workspace
        from azureml.core.webservice import AciWebservice

        ws = Workspace.from_config()
        config = AciWebservice.deploy_configuration(auth_enabled=True)
        config.validate_configuration()
        service = Model.deploy(ws, "svc", [Model(ws, "m")], inference, config)
        """
    )
    assert "ManagedOnlineDeployment(" in found.text and "validate_configuration" not in found.text


def test_paths_of_a_configuration_are_inside_of_its_folder() -> None:
    head = HEAD.partition("config =")[0]
    text = convert(
        f"""{head}here = InferenceConfig("score.py", "python", "conda.yml", source_directory="serving")
there = InferenceConfig("score.py", "python", conda, source_directory=folder)
a = Model.deploy(ws, "a", [Model(ws, "a")], here)
b = Model.deploy(ws, "b", [Model(ws, "a")], there)
"""
    ).text
    assert 'conda_file="serving/conda.yml"' in text and "conda_file=os.path.join(folder, conda)" in text


@pytest.mark.parametrize("made", ["CondaDependencies()", "CondaDependencies.create(conda_packages=['scikit-learn'])"])
def test_the_environment_of_a_service_has_the_scoring_server(made: str) -> None:
    """SDK v1 adds azureml-defaults where no package of pip is named."""
    text = convert(
        f"""\
        from azureml.core import Environment
        from azureml.core.conda_dependencies import CondaDependencies
        from azureml.core.model import InferenceConfig
        env = Environment("serve")
        env.python.conda_dependencies = {made}
        config = InferenceConfig(entry_script="score.py", source_directory="src", environment=env)
        """
    ).text
    assert "azureml-inference-server-http" in text


@pytest.mark.parametrize("folder", ['Path("serving")', 'Path(__file__).parent / "serving"', 'Path("a").joinpath("b")'])
def test_the_client_takes_a_text_for_the_folder_of_the_code(folder: str) -> None:
    text = convert(
        "from pathlib import Path\nfrom azureml.core.model import InferenceConfig\n"
        f'folder = {folder}\nconfig = InferenceConfig(entry_script="score.py", source_directory=folder)\n'
    ).text
    assert 'CodeConfiguration(code=str(folder), scoring_script="score.py")' in text


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ("", "list(ml_client.online_endpoints.list())"),
        (
            ", model_name=name",
            "[endpoint for endpoint in ml_client.online_endpoints.list() if any("
            'f"/models/{name}/" in str(deployment.model) '
            "for deployment in ml_client.online_deployments.list(endpoint.name))]",
        ),
        (
            ', model_id="ridge:3"',
            "[endpoint for endpoint in ml_client.online_endpoints.list() if any("
            'str(deployment.model).endswith("/models/" + "ridge:3".replace(":", "/versions/")) '
            "for deployment in ml_client.online_deployments.list(endpoint.name))]",
        ),
        (
            ', tags=[["stage", "test"]]',
            '[endpoint for endpoint in ml_client.online_endpoints.list() if endpoint.tags.get("stage") == "test"]',
        ),
    ],
)
def test_services_are_listed_as_they_were_chosen(asked: str, chosen: str) -> None:
    before = "from azureml.core import Webservice, Workspace\n\nws = Workspace.from_config()\n"
    text = convert(f"{before}found = Webservice.list(ws{asked})\n").text
    assert "".join(chosen.split()) in "".join(text.split()).replace(",)", ")")


def test_services_of_an_image_cannot_be_listed() -> None:
    before = "from azureml.core import Webservice, Workspace\n\nws = Workspace.from_config()\n"
    conversion = convert(f'{before}found = Webservice.list(ws, image_name="scoring")\n')
    assert "Webservice.list" in conversion.text
    assert any(finding.status is Status.MANUAL and "image" in finding.message for finding in conversion.findings)


@pytest.mark.parametrize(
    ("script", "after"),
    [
        ('os.path.join(HERE, "score.py")', 'code=HERE, scoring_script="score.py"'),
        ('os.path.join(HERE, "code", "score.py")', 'code=os.path.join(HERE, "code"), scoring_script="score.py"'),
        ('os.path.join(HERE, "../code/score.py")', 'code=os.path.join(HERE, "../code"), scoring_script="score.py"'),
        ("os.path.join(HERE, name)", 'code=".", scoring_script=os.path.join(HERE, name)'),
        ('os.path.join(HERE, "score.py"), source_directory=HERE', "code=HERE, scoring_script=os.path.join("),
    ],
)
def test_a_script_alone_is_found_in_its_folder(script: str, after: str) -> None:
    text = convert(f"""\
import os

from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model

ws = Workspace.from_config()
HERE = os.getcwd()
config = InferenceConfig(entry_script={script}, environment=Environment.get(ws, "e"))
""").text
    assert after in " ".join(text.split()).replace("( ", "(")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("token, refresh = s.get_token()", "token,refresh=access.access_token,datetime.fromtimestamp("),
        ("print(s.get_token()[0])", "print(ml_client.online_endpoints.get_keys(name=s.name).access_token)"),
        ("print(s.get_token())", "datetime.fromtimestamp(access.refresh_after_time_utc)"),
        ("print(s.get_keys()[1])", "print(ml_client.online_endpoints.get_keys(name=s.name).secondary_key)"),
    ],
)
def test_the_pair_of_a_token_and_its_time(before: str, after: str) -> None:
    text = convert(f'{HEAD}s = AksWebservice(ws, "s")\n{before}\n').text
    assert after in "".join(text.split()) and ("datetime" in after) is ("import datetime" in text)


def test_a_service_that_wants_tokens_is_called_with_one() -> None:
    made = "AksWebservice.deploy_configuration(token_auth_enabled=True, auth_enabled=False)"
    text = convert(f'{HEAD}s = Model.deploy(ws, "s", [Model(ws, "a")], config, {made})\ns.run("[]")\n').text
    assert 'auth_mode="aml_token"' in text and ".access_token" in text and "primary_key" not in text


def test_settings_that_are_none_are_not_given() -> None:
    config = "AksWebservice.deploy_configuration(num_replicas=None, scoring_timeout_ms=None)"
    text = convert(
        f"""
        from azureml.core import Model, Workspace
        from azureml.core.webservice import AksWebservice

        ws = Workspace.from_config()
        service = Model.deploy(ws, "rows", [Model(ws, "m")], deployment_config={config})
        """
    ).text
    assert "instance_count=1" in text and "request_settings" not in text


@pytest.mark.parametrize(("given", "told"), [("", True), (", None, settings", True), (", config", False)])
def test_a_model_without_code_is_for_review(given: str, told: bool) -> None:
    """SDK v1 served models that name their framework (scikit-learn, ONNX) without a script."""
    found = convert(
        f"{HEAD}settings = AciWebservice.deploy_configuration(cpu_cores=1)\n"
        f's = Model.deploy(ws, "s", [Model(ws, "m")]{given})\n'
    )
    assert any("serves MLflow models only" in finding.message for finding in found.findings) is told


PROBED = """\
config = AksWebservice.deploy_configuration(
    cpu_cores=1, memory_gb=2, period_seconds=20, initial_delay_seconds=60, max_request_wait_time=900, gpu_cores=1
)
service = Model.deploy(ws, "probed", [Model(ws, "m")], scoring, config)
"""


def test_probes_and_queues_of_a_service_are_those_of_the_deployment() -> None:
    head = f"{HEAD}scoring = config\n"
    found = convert(f"{head}{PROBED}")
    assert "liveness_probe=ProbeSettings(period=20, initial_delay=60)," in found.text
    assert "request_settings=OnlineRequestSettings(max_queue_wait_ms=900)," in found.text
    review = next(finding for finding in found.findings if finding.symbol == "Model.deploy").message
    assert "choose an instance_type with GPUs" in review and "failure_threshold of liveness_probe get" in review
