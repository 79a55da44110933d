"""Batch endpoints with pipeline components, from the real client and by REST."""

from __future__ import annotations

import ast

import pytest

from tests.support.live import LiveService
from tests.v2.jobs.scripts import COMPONENTS, FILES, HEAD

pytestmark = pytest.mark.slow

TOOLS = """
import json, requests, uuid
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import BatchEndpoint, PipelineComponentBatchDeployment
from azure.ai.ml._utils import _endpoint_utils
from azure.ai.ml.constants._endpoint import EndpointInvokeFields

@dsl.pipeline()
def written(text: str = "nothing"):
    return {"written": write(t=text).outputs.o}

@dsl.pipeline()
def copied(text: str, data: Input(type="uri_file")):
    first = write(t=text)
    second = join(a=first.outputs.o, b=data)
    return {"joined": second.outputs.o}

put = lambda endpoint: ml.batch_endpoints.begin_create_or_update(endpoint).result()
deploy = lambda deployment: ml.batch_deployments.begin_create_or_update(deployment).result()

def invoke(deployment=None, **inputs):
    # The client keeps the header of an earlier call (EndpointInvokeFields.DEFAULT_HEADER is one dict for all).
    EndpointInvokeFields.DEFAULT_HEADER.pop("azureml-model-deployment", None)
    return ml.batch_endpoints.invoke("hello-batch", deployment_name=deployment, inputs=inputs)

def output(name, which):
    ml.jobs.stream(name)
    ml.jobs.download(name, output_name=which, download_path="got-" + name)
    return tree("got-" + name)
"""

LIFE = """
ml.compute.begin_create_or_update(AmlCompute(name="batch-cluster", min_instances=0, max_instances=2)).result()
made = put(BatchEndpoint(name="hello-batch", description="d", tags={"a": "b"}))
print("ENDPOINT", (made.name, made.description, made.tags, made.auth_mode, made.provisioning_state[:],
                   made.defaults.deployment_name))
refused(lambda: ml.batch_endpoints.invoke("hello-batch"))
file = Input(type=AssetTypes.URI_FILE, path="file.txt")
registered = ml.components.create_or_update(copied(text="x", data=file).component)
deploy(PipelineComponentBatchDeployment(name="by-id", endpoint_name="hello-batch", component=registered.id,
    tags={"c": "d"}, settings={"continue_on_step_failure": False, "default_compute": "batch-cluster",
                                  "force_rerun": True}))
inline = written(text="x").component
deploy(PipelineComponentBatchDeployment(name="inline", endpoint_name="hello-batch", component=inline,
                                        description="inline"))
print("DEPLOYMENTS", sorted(item.name for item in ml.batch_deployments.list("hello-batch")))
got = ml.batch_deployments.get("by-id", "hello-batch")
print("GOT", (got.name, got.endpoint_name, got.tags, got.properties["default_compute"], got.provisioning_state[:]))
endpoint = ml.batch_endpoints.get("hello-batch")
endpoint.defaults.deployment_name = "by-id"
put(endpoint)
print("DEFAULT", ml.batch_endpoints.get("hello-batch").defaults.deployment_name,
      [e.name for e in ml.batch_endpoints.list()])
refused(lambda: invoke())

job = invoke(text=Input(type="string", default="default"), data=file)
print("JOB", (job.status in ("NotStarted", "Queued", "Preparing", "Running"), job.type))
print("DONE", output(job.name, "joined"))
full = ml.jobs.get(job.name)
print("FULL", (full.status[:], full.experiment_name, full.compute, full.tags["c"], full.settings.force_rerun))
ml.data.create_or_update(Data(name="d", version="1", type="uri_file", path="file.txt"))
other = invoke("inline", text=Input(type="string", default="other"))
print("OTHER", output(other.name, "written"))
print("NONE", output(invoke("inline").name, "written"))
asset = invoke(text=Input(type="string", default="asset"), data=Input(type="uri_file", path="azureml:d:1"))
print("ASSET", output(asset.name, "joined"))
mine = ml.batch_endpoints.invoke("hello-batch", deployment_name="inline", job_name="my-job", experiment_name="mine")
print("NAMED", mine.name, ml.jobs.get("my-job").experiment_name)
ml.jobs.stream("my-job")
placed = ml.batch_endpoints.invoke("hello-batch", deployment_name="inline",
    inputs={"text": Input(type="string", default="p")},
    outputs={"written": Output(type="uri_folder", path="azureml://datastores/workspaceblobstore/paths/mine/")})
print("PLACED", output(placed.name, "written"))
print("LISTS", (len(ml.batch_endpoints.list_jobs("hello-batch")),
                len(ml.batch_deployments.list_jobs("hello-batch", name="inline")),
                [j.name for j in ml.batch_deployments.list_jobs("hello-batch", name="by-id")]
                == [asset.name, job.name]))

refused(lambda: invoke("nothing"))
refused(lambda: invoke(text=Input(type="string", default="t"), data=file, more=file))
refused(lambda: invoke(text=Input(type="string", default="t"), data=Input(type="uri_file", path="azureml:none:1")))
refused(lambda: ml.batch_endpoints.invoke("hello-batch", deployment_name="inline", job_name="my-job"))
refused(lambda: deploy(PipelineComponentBatchDeployment(name="wrong", endpoint_name="hello-batch", component=inline,
                                                        settings={"default_compute": "none"})))
refused(lambda: deploy(PipelineComponentBatchDeployment(name="wrong", endpoint_name="hello-batch", component=inline,
                                                        settings={"retries": 3})))
refused(lambda: ml.batch_endpoints.get("none"))

token = DefaultAzureCredential().get_token("https://ml.azure.com/.default").token
head = {"Authorization": "Bearer " + token, "Content-Type": "application/json", "azureml-model-deployment": "inline"}
body = {"properties": {"inputData": {"text": {"jobInputType": "Literal", "value": "rest"}}}}
uri = ml.batch_endpoints.get("hello-batch").scoring_uri
answer = requests.post(uri, headers=head, data=json.dumps(body))
print("REST", answer.status_code, output(answer.json()["name"], "written"))
again = {**head, "repeatability_request-id": str(uuid.uuid4())}
body = {"properties": {"InputData": {"text": {"JobInputType": "Literal", "Value": "as documented"}}}}
twice = [requests.post(uri, headers=again, json=body) for _ in range(2)]
print("TWICE", twice[0].json()["name"] == twice[1].json()["name"], [a.status_code for a in twice],
      twice[0].json()["properties"]["inputData"]["text"]["value"])
print("STATUS", requests.post(uri, json=body).status_code, requests.post(uri, headers=head, json={"properties": {
    "inputData": {"text": {"jobInputType": "Video", "uri": "x"}}}}).status_code)

ml.batch_deployments.begin_delete("by-id", "hello-batch").result()
print("DELETED", [d.name for d in ml.batch_deployments.list("hello-batch")],
      ml.batch_endpoints.get("hello-batch").defaults.deployment_name)
ml.batch_endpoints.begin_delete("hello-batch").result()
print("LEFT", [e.name for e in ml.batch_endpoints.list()], ml.jobs.get(job.name).status[:])
"""


OF_JOBS = """
put(BatchEndpoint(name="hello-batch"))
ml.compute.begin_create_or_update(AmlCompute(name="jobs-cluster")).result()
first, second = copied(text="job", data=Input(type="uri_file", path="file.txt")), written("second")
first.settings.default_compute, second.settings.default_compute = "jobs-cluster", "serverless"
first, second = follow(first), follow(second)
deploy(PipelineComponentBatchDeployment(name="by-name", endpoint_name="hello-batch", job_definition=first.name))
deploy(PipelineComponentBatchDeployment(name="by-job", endpoint_name="hello-batch", job_definition=second))
again = invoke("by-name")
print("AGAIN", output(again.name, "joined"))
print("COMPUTE", ml.jobs.get(again.name).settings.default_compute)
print("CHANGED", output(invoke("by-name", text=Input(type="string", default="changed")).name, "joined"))
print("SECOND", output(invoke("by-job").name, "written"))
refused(lambda: deploy(PipelineComponentBatchDeployment(name="none", endpoint_name="hello-batch",
                                                        job_definition="none")))
"""


def lines(text: str) -> dict[str, str]:
    """The words that the script printed; several lines of one name are numbered."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name.isupper() and rest:
            while name in found:
                name += "+"
            found[name] = rest
    return found


def test_jobs_are_deployed(empty_live: LiveService) -> None:
    found = lines(empty_live.run(HEAD + COMPONENTS + TOOLS + OF_JOBS, files=FILES).stdout)
    assert ast.literal_eval(found["AGAIN"]) == {"named-outputs/joined/t.txt": "job+FILE"}
    assert found["COMPUTE"] == "jobs-cluster"
    assert ast.literal_eval(found["CHANGED"]) == {"named-outputs/joined/t.txt": "changed+FILE"}
    assert ast.literal_eval(found["SECOND"]) == {"named-outputs/written/t.txt": "second"}
    assert "there is no job none in this workspace" in found["REFUSED"]
    with empty_live.client() as http:
        address = f"{empty_live.scope()}/batchEndpoints/hello-batch"
        for path in (address, f"{address}/deployments/by-name"):
            before = http.get(path).json()
            changed = http.patch(path, json={"tags": {"owner": "me"}})
            assert changed.status_code == 200, changed.text
            after = http.get(path).json()
            assert after == changed.json()
            assert after == {**before, "tags": {"owner": "me"}, "systemData": after["systemData"]}
            assert http.patch(path, json={"tags": "me"}).status_code == 400


def test_an_endpoint_is_deployed_to_invoked_listed_and_deleted(live: LiveService) -> None:
    found = lines(live.run(HEAD + COMPONENTS + TOOLS + LIFE, files=FILES).stdout)
    assert found["ENDPOINT"] == "('hello-batch', 'd', {'a': 'b'}, 'aad_token', 'Succeeded', None)"
    assert found["DEPLOYMENTS"] == "['by-id', 'inline']"
    assert found["GOT"] == "('by-id', 'hello-batch', {'c': 'd'}, 'batch-cluster', 'Succeeded')"
    assert found["DEFAULT"] == "by-id ['hello-batch']"
    assert found["JOB"].startswith("(True, ")
    assert ast.literal_eval(found["DONE"]) == {"named-outputs/joined/t.txt": "default+FILE"}
    assert found["FULL"] == "('Completed', 'hello-batch', 'batch-cluster', 'd', True)"
    assert ast.literal_eval(found["OTHER"]) == {"named-outputs/written/t.txt": "other"}
    assert ast.literal_eval(found["NONE"]) == {"named-outputs/written/t.txt": "nothing"}
    assert ast.literal_eval(found["ASSET"]) == {"named-outputs/joined/t.txt": "asset+FILE"}
    assert found["NAMED"] == "my-job mine"
    assert ast.literal_eval(found["PLACED"]) == {"named-outputs/written/t.txt": "p"}
    assert found["LISTS"] == "(6, 4, True)"
    refusals = [value for name, value in found.items() if name.startswith("REFUSED")]
    for told, words in zip(
        refusals,
        (
            "has no default deployment",
            "inputs.text: is required and has no value",
            "Deployment name nothing not found for this endpoint",
            "inputs.more",
            "none",
            "a job with the name my-job exists already",
            "there is no compute 'none'",
            "there is no such setting; there are: continue_on_step_failure",
            "there is no batch endpoint none",
        ),
        strict=True,
    ):
        assert words in told
    assert found["REST"].startswith("201 ") and "rest" in found["REST"]
    assert found["TWICE"] == "True [201, 201] as documented"
    assert found["STATUS"] == "401 400"
    assert found["DELETED"] == "['inline'] None"
    assert found["LEFT"] == "[] Completed"
