"""Published pipelines: their endpoints, the REST calls of them, and schedules."""

from __future__ import annotations

import ast

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
import requests
from azureml.core import Dataset, Workspace
from azureml.pipeline.core import PipelineEndpoint, PublishedPipeline

ws = Workspace.from_config()
"""
PIPELINE = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, PipelineEndpoint, PipelineParameter, Schedule, ScheduleRecurrence
from azureml.pipeline.core.schedule import TimeZone
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
epochs = PipelineParameter("epochs", default_value=1)
step = PythonScriptStep("train.py", name="train", arguments=["--epochs", epochs], compute_target="cpu", runconfig=env)
pipeline = Pipeline(ws, [step])
published = pipeline.publish(name="nightly", version="1.0")
"""


def dense(code: str) -> str:
    return ast.unparse(ast.parse(code))


def test_a_body_that_is_written_out() -> None:
    text = dense(
        convert(
            HEAD
            + 'url = PublishedPipeline.get(ws, "x").endpoint\n'
            + 'answer = requests.post(url, json={"ExperimentName": name, "Tags": {"a": "b"}, "ParameterAssignments": '
            + '{"epochs": 3, "rate": rate, "kind": "big"}})\nprint(answer.json().get("Id"), answer.json()["Id"])\n'
        ).text
    )
    assert "'properties': {'properties': {'experimentName': name}, 'tags': {'a': 'b'}, 'InputData': {" in text
    assert "'epochs': {'JobInputType': 'Literal', 'Value': '3'}" in text
    assert "'rate': {'JobInputType': 'Literal', 'Value': str(rate)}" in text
    assert "'kind': {'JobInputType': 'Literal', 'Value': 'big'}" in text
    assert "print(answer.json().get('name'), answer.json()['name'])" in text


def test_a_body_in_steps_with_data() -> None:
    text = dense(
        convert(
            HEAD
            + 'url = PublishedPipeline.get(ws, "x").endpoint\nbody = {"ExperimentName": "e"}\n'
            + 'body["ParameterAssignments"] = parameters\n'
            + 'dataset = Dataset.get_by_name(ws, "d")\n'
            + 'body["DataSetDefinitionValueAssignments"] = {"d": {"SavedDataSetReference": {"Id": dataset.id}}}\n'
            + 'body["DataPathAssignments"] = {"p": {"DataStoreName": store, "RelativePath": "a/b"}}\n'
            + "requests.post(url, json=body)\n"
        ).text
    )
    assert "body = {'properties': {'properties': {'experimentName': 'e'}, 'InputData': {}}}" in text
    assert "body['properties']['InputData'].update({key: {'JobInputType': 'Literal', 'Value': str(value)}" in text
    kind = "dataset.type.title().replace('_', '')"
    asset = f"{{'JobInputType': {kind}, 'Uri': 'azureml:' + dataset.id}}"
    assert f"body['properties']['InputData']['d'] = {asset}" in text
    path = "{'JobInputType': 'UriFolder', 'Uri': f'azureml://datastores/{store}/paths/' + 'a/b'}"
    assert f"body['properties']['InputData']['p'] = {path}" in text
    assert "Assignments" not in text


def test_what_a_body_cannot_have_in_sdk_v2_is_told_and_stays() -> None:
    for code in (
        'body = {"ParameterAssignments": {"x": 1}, "ParentRunId": parent}\n',
        'body = {"DataSetDefinitionValueAssignments": {"d": {"SavedDataSetReference": {"Id": some_id}}}}\n',
    ):
        before = HEAD + 'url = PublishedPipeline.get(ws, "x").endpoint\n' + code + "requests.post(url, json=body)\n"
        conversion = convert(before)
        assert code in conversion.text
        assert "TODO(amlbridge publishing)" in conversion.text
        assert "PublishedPipeline.get(ws" in conversion.text  # body and address stay v1 together


THERE = HEAD + 'published = PublishedPipeline.get(ws, "x")\n'
CALLED = {"properties": {"properties": {"experimentName": "e"}}}
IDENTIFIER = 'print(answer.json()["Id"])\n'


@pytest.mark.parametrize(
    "call",
    [
        'answer = requests.post(published.endpoint, headers=header, json={"ExperimentName": "e"})\n',
        "url = published.endpoint\n"
        'answer = requests.post(url, headers=header, data=json.dumps({"ExperimentName": "e"}))\n',
        'body = {"ExperimentName": "e"}\nanswer = requests.post(published.endpoint, json=body)\n',
        'body = {"ExperimentName": "e"}\ntext = json.dumps(body).encode()\n'
        "answer = requests.post(published.endpoint, text, headers=header)\n",
        'def call(url):\n    return requests.post(url, json={"ExperimentName": "e"})\n'
        "answer = call(published.endpoint)\n",
        'answer = requests.request("POST", published.endpoint, json={"ExperimentName": "e"})\n',
    ],
)  # fmt: skip
def test_a_body_that_has_no_parameters(call: str) -> None:
    conversion = convert(THERE + call + IDENTIFIER)
    text = dense(conversion.text)
    assert str(CALLED) in text and "ExperimentName" not in text
    assert "print(answer.json()['name'])" in text
    assert any("the answer of a batch endpoint" in finding.message for finding in conversion.findings)


def test_a_body_that_is_filled_later_has_the_dicts_for_it() -> None:
    text = dense(
        convert(THERE + 'body = {}\nbody["ExperimentName"] = "e"\nrequests.post(published.endpoint, json=body)\n').text
    )
    assert "body = {'properties': {'properties': {}}}" in text
    assert "body['properties']['properties']['experimentName'] = 'e'" in text


@pytest.mark.parametrize("body", ["make()", "dict(ExperimentName=name)", "{**defaults, 'ExperimentName': name}"])
def test_a_body_that_is_not_seen_keeps_the_call_of_sdk_v1(body: str) -> None:
    first = 'requests.post(published.endpoint, json={"ExperimentName": "first"})\n'
    call = f"answer = requests.post(published.endpoint, json={body})\n"
    conversion = convert(THERE + first + call + IDENTIFIER)
    assert first in conversion.text and call in conversion.text and IDENTIFIER in conversion.text
    assert "TODO(amlbridge publishing)" in conversion.text
    assert "PublishedPipeline.get(ws" in conversion.text


def test_a_call_that_is_not_seen_is_for_review() -> None:
    conversion = convert(
        THERE + "def call(url, body):\n    return requests.post(url, json=body)\n\ncall(published.endpoint, given)\n"
    )
    assert "call(published.scoring_uri, given)" in conversion.text
    assert any("no call of this address is seen here" in finding.message for finding in conversion.findings)


def test_a_dict_of_the_users_own_stays() -> None:
    own = 'own = {"ExperimentName": "mine", "Id": 3}\nprint(own["Id"])\n'
    assert own in convert(HEAD + 'url = PublishedPipeline.get(ws, "x").endpoint\n' + own).text


def test_a_version_in_the_address_becomes_a_header() -> None:
    text = dense(
        convert(
            HEAD + 'url = PipelineEndpoint.get(ws, "x").endpoint\nif version:\n    url = f"{url}/{version}"\n'
            "requests.post(url, headers=headers, json={})\n"
        ).text
    )
    assert "deployment_name = None\nif version:\n    deployment_name = version\n" in text
    assert "requests.post(url, headers={**headers, 'azureml-model-deployment': deployment_name}, json={})" in text


def test_one_component_for_all_endpoints_of_a_published_pipeline() -> None:
    text = dense(convert(PIPELINE + 'PipelineEndpoint.publish(ws, name="all", pipeline=published)\n').text)
    assert text.count("components.create_or_update(pipeline().component)") == 1
    assert text.count("PipelineComponentBatchDeployment(name='version-1-0', endpoint_name=") == 2
    assert text.count("component=pipeline_component)") == 2


def test_a_pipeline_that_was_published_elsewhere_stays() -> None:
    code = 'PipelineEndpoint.publish(ws, name="all", pipeline=PublishedPipeline.get(ws, some_id))\n'
    conversion = convert(HEAD + code)
    assert code in conversion.text
    assert "ml_client.components.get" in conversion.text


def test_a_schedule_keeps_parameters_experiment_and_time_zone() -> None:
    conversion = convert(
        PIPELINE
        + 'recurrence = ScheduleRecurrence("Day", 1, time_zone=TimeZone.GMTStandardTime)\n'
        + 'schedule = Schedule.create(ws, name="s", pipeline_id=published.id, experiment_name="nights", '
        + 'recurrence=recurrence, pipeline_parameters={"epochs": 7})\n'
        + "for one in Schedule.list(ws, active_only=False):\n    print(one.name, one.get_last_pipeline_run())\n"
    )
    text = dense(conversion.text)
    assert "time_zone=TimeZone.GMT_STANDARD_TIME" in text
    assert "scheduled_job = pipeline(epochs=7)\nscheduled_job.experiment_name = 'nights'" in text
    assert "JobSchedule(name='s', trigger=recurrence, create_job=scheduled_job)" in text
    assert "schedules.list(list_view_type='All')" in text
    assert "print(one.name, next(iter(ml_client.jobs.list(scheduled_job_name=one.name)), None))" in text
    assert {finding.status for finding in conversion.findings} <= {Status.CONVERTED, Status.REVIEW}


@pytest.mark.parametrize("kind", ["PublishedPipeline", "PipelineEndpoint"])
@pytest.mark.parametrize("method", ["list", "get_all"])
def test_what_is_listed_under_an_old_name_is_found_as_well(kind: str, method: str) -> None:
    found = convert(HEAD + f"for one in {kind}.{method}(ws):\n    print(one.name, one.endpoint)\n")
    assert "for one in list(ml_client.batch_endpoints.list()):\n    print(one.name, one.scoring_uri)" in found.text


@pytest.mark.parametrize("kind", ["PublishedPipeline", "PipelineEndpoint"])
def test_endpoints_of_models_are_not_deleted_with_those_of_pipelines(kind: str) -> None:
    """SDK v2 lists all batch endpoints, and one cannot be disabled, only deleted."""
    loop = HEAD + f"for one in {kind}.list(ws):\n"
    assert "begin_delete" not in convert(f"{loop}    one.disable()\n").text
    chosen = convert(f"{loop}    if one.name == 'nightly':\n        one.disable()\n").text
    assert "ml_client.batch_endpoints.begin_delete(one.name).result()" in chosen


def test_an_endpoint_is_deleted_once() -> None:
    code = HEAD + "old = PipelineEndpoint.get(ws, name='nightly')\n"
    text = convert(f"{code}if old.status:\n    old.disable()\n    print(1)\n    old.archive()\n").text
    assert text.count("begin_delete(") == 1
    other = convert(f"{code}new = PipelineEndpoint.get(ws, name='daily')\nold.disable()\nnew.archive()\n").text
    assert other.count("begin_delete(") == 2


def test_what_stays_published_with_sdk_v1_is_found_with_it() -> None:
    """SDK v2 knows none of the endpoints that SDK v1 publishes."""
    text = convert(
        HEAD
        + "name = input()\nfor one in PipelineEndpoint.list(ws):\n    if one.name == name:\n        one.archive()\n"
        + "PipelineEndpoint.publish(ws, name=name, pipeline=unknown(), description='d')\n"
        + "run = PipelineEndpoint.get(ws, name=name).submit('nightly')\n"
    ).text
    assert "batch_endpoints" not in text and "PipelineEndpoint.get(ws, name=name).submit('nightly')" in text


def test_data_that_is_not_registered_is_given_by_its_path() -> None:
    found = convert(
        HEAD
        + "files = Dataset.File.from_files('https://example.org/a.csv')\n"
        + 'published = PublishedPipeline.get(ws, "x")\n'
        + 'published.submit(ws, experiment_name="e", pipeline_parameters={"f": files, "n": 3})\n'
        + 'requests.post(published.endpoint, json={"ExperimentName": "e", "RunSource": "SDK", '
        + '"DataSetDefinitionValueAssignments": {"f": {"SavedDataSetReference": {"Id": files.id}}}})\n'
    )
    text = dense(found.text)
    assert "'InputData': {'f': {'JobInputType': 'UriFile', 'Uri': files.path}}" in text and "RunSource" not in text
    assert "inputs={'f': Input(type='uri_file', path=files.path), 'n': Input(type='string', default=3)}" in text


def test_data_that_a_submission_gives_is_an_input() -> None:
    text = dense(
        convert(
            PIPELINE
            + "from azureml.core import Dataset, Experiment\n"
            + 'data = Dataset.get_by_name(ws, "d")\n'
            + 'run = Experiment(ws, "e").submit(pipeline, pipeline_parameters={"epochs": data})\n'
        ).text
    )
    assert "pipeline(epochs=Input(type='mltable', path=data.id))" in text


def test_the_status_of_a_published_pipeline_is_that_of_its_endpoint() -> None:
    conversion = convert(
        "from azureml.core import Workspace\nfrom azureml.pipeline.core import PublishedPipeline\n"
        "ws = Workspace.from_config()\nfor one in PublishedPipeline.list(ws):\n    print(one.id, one.status)\n"
    )
    assert "print(one.name, one.provisioning_state)" in conversion.text
    assert "azureml" not in conversion.text


def test_a_published_pipeline_is_invoked() -> None:
    text = convert(
        """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import PublishedPipeline

ws = Workspace.from_config()
published = PublishedPipeline.get(ws, "nightly")
run = Experiment(ws, "calls").submit(published)
"""
    ).text
    assert 'endpoint_name=published.name, experiment_name="calls"' in text
    assert "jobs.create_or_update" not in text


def test_versions_of_an_endpoint_are_deployments() -> None:
    text = convert(
        HEAD
        + 'endpoint = PipelineEndpoint.get(ws, name="x")\nendpoint.set_default_version("0")\n'
        + 'endpoint.set_default_version(version)\npipeline = endpoint.get_pipeline("1")\nendpoint.get_pipeline()\n'
    ).text
    assert "azureml" not in text
    assert 'endpoint.defaults.deployment_name = "version-1"\n' in text
    assert 'endpoint.defaults.deployment_name = f"version-{int(version) + 1}"\n' in text
    assert 'pipeline = ml_client.batch_deployments.get("version-2", endpoint_name=endpoint.name)' in text


def test_a_version_that_is_called_stays() -> None:
    text = convert(HEAD + 'PipelineEndpoint.get(ws, name="x").get_pipeline("1").submit(ws, "night")\n').text
    assert ".get_pipeline(" in text and "batch_deployments" not in text


def test_the_pipeline_of_a_run_that_is_looked_up_is_deployed_by_its_job() -> None:
    found = convert(
        """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import PipelineEndpoint, PipelineRun

ws = Workspace.from_config()
run = PipelineRun(Experiment(ws, "bikes"), run_id)
published = run.publish_pipeline(name="Bikes", description="d", version="1.0")
endpoint = PipelineEndpoint.publish(ws, "Rides", "d", published)
"""
    )
    assert "azureml" not in found.text
    words = " ".join(found.text.split())
    assert 'name="version-1-0", endpoint_name=published.name, job_definition=run' in words
    assert 'name="version-1-0", endpoint_name=endpoint.name, job_definition=run' in words
    review = next(finding for finding in found.findings if finding.symbol == "PipelineRun.publish_pipeline")
    assert review.status is Status.REVIEW and "that of a pipeline" in review.message


@pytest.mark.parametrize(
    ("name", "prefixed"),
    [
        ('datetime.now().strftime("%m-%d-%Y") + "-Pipeline"', True),
        ('f"{datetime.now():%Y-%m}-x"', True),
        ('str(datetime.now()) + "-x"', True),
        ('"2020 runs"', True),
        ("stamp", True),
        ('"Runs of " + stamp', False),
        ("name_of_it", False),
    ],
)
def test_names_of_endpoints_begin_with_a_letter(name: str, prefixed: bool) -> None:
    made = 'from datetime import datetime\nstamp = datetime.now().strftime("%H-%M") + "-y"\n'
    text = dense(convert(f"{made}{PIPELINE}again = pipeline.publish(name={name})\n").text)
    assert ("name='pipeline-" in text or "name=('pipeline-' + " in text) is prefixed
    assert "lower()" not in text or ("[:32]" in text) is prefixed


def test_steps_go_on_after_a_failure_in_the_deployments_of_a_published_pipeline() -> None:
    published = PIPELINE.replace('version="1.0"', 'version="1.0", continue_on_step_failure=True')
    text = dense(convert(published + 'PipelineEndpoint.publish(ws, "all", "d", published)\n').text)
    assert text.count("settings={'continue_on_step_failure': True}") == 2
    text = convert(PIPELINE.replace('version="1.0"', "continue_on_step_failure=False")).text
    assert "settings=" not in text


def test_an_endpoint_that_stays_is_looked_up_with_sdk_v1() -> None:
    code = (
        'endpoint = PipelineEndpoint.publish(ws, "all", "d", pipeline)\nendpoint.set_name(name="none")\n'
        'for name in ("all", "none"):\n    pass\nfirst = PipelineEndpoint.get(workspace=ws, name="all")\n'
        "endpoint_id = first.id\nsecond = PipelineEndpoint.get(workspace=ws, id=endpoint_id)\n"
        'third = PipelineEndpoint.get(workspace=ws, name="none")\nother = PipelineEndpoint.get(ws, name="other")\n'
    )
    text = convert(PIPELINE + code).text
    assert text.count("PipelineEndpoint.get(") == 3
    assert 'other = ml_client.batch_endpoints.get("other")' in text


def test_names_and_versions_that_are_compared_are_those_that_publishing_gives() -> None:
    code = """\
from azureml.core import Workspace
from azureml.pipeline.core import PublishedPipeline

for p in PublishedPipeline.list(Workspace.from_config()):
    if p.name == NAME and p.version == BUILD:
        print("mine")
    if "1.0" != p.version and p.name == "My Pipeline":
        print("other")
"""
    text = "".join(convert(code).text.split())
    assert 'ifp.name==NAME.lower().replace("_","-").replace("","-")and' in text
    assert 'p.defaults.deployment_name==f"version-{BUILD}".replace(".","-")' in text
    assert 'if"version-1-0"!=p.defaults.deployment_nameandp.name=="my-pipeline":' in text


@pytest.mark.parametrize(
    ("called", "scope"),
    [
        ("published.endpoint", "https://ml.azure.com/.default"),
        ('"https://management.azure.com/subscriptions/a"', "https://management.azure.com/.default"),
    ],
)
def test_the_token_of_a_header_is_for_what_is_called(called: str, scope: str) -> None:
    """A batch endpoint refuses a token of Azure Resource Manager, which a published pipeline took."""
    text = convert(
        HEAD
        + "from azureml.core.authentication import InteractiveLoginAuthentication\n"
        + "header = InteractiveLoginAuthentication().get_authentication_header()\n"
        + 'published = PublishedPipeline.get(ws, "x")\n'
        + f'answer = requests.post({called}, headers=header, json={{"ExperimentName": "night"}})\n'
    ).text
    assert f'.get_token("{scope}").token' in text


def test_a_call_of_an_address_that_is_read_from_a_file() -> None:
    """The module knows nothing of SDK v1 but the credential."""
    text = convert(
        "import json\nimport requests\nfrom azureml.core.authentication import AzureCliAuthentication\n\n"
        "config = json.load(open('pipeline.json'))\nheader = AzureCliAuthentication().get_authentication_header()\n"
        "answer = requests.post(config['url'], headers=header, "
        "json={'ExperimentName': 'night', 'ParameterAssignments': {'epochs': 3}})\nprint(answer.json()['Id'])\n"
    ).text
    assert "https://ml.azure.com/.default" in text and "ParameterAssignments" not in text
    assert '"epochs": {"JobInputType": "Literal", "Value": "3"}' in " ".join(text.split()).replace("'", '"')
    assert 'answer.json()["name"]' in text.replace("'", '"')
