"""Names, attributes and keywords that SDK v2 has, and those that it has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.signatures import check_generated

_HEAD = """\
import mlflow
from azure.ai.ml import Input, MLClient, Output, command, dsl, load_component
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import AmlCompute
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(DefaultAzureCredential())
"""


def _messages(code: str) -> list[str]:
    return [problem.message for problem in check_generated(_HEAD + code)]


@pytest.mark.parametrize(
    "code",
    [
        "ml_client.compute.begin_create_or_update(AmlCompute(name='cpu', max_instances=2)).result().provisioning_state",
        "job = command(code='.', command='x', environment='e', inputs={'a': Input(type=AssetTypes.URI_FOLDER)})\n"
        "done = ml_client.jobs.create_or_update(job, experiment_name='x')\n"
        "ml_client.jobs.stream(done.name)\nprint(done.studio_url, done.outputs)",
        "step = load_component(source='x.yml')\n"
        "@dsl.pipeline(compute='cpu', description='d')\n"
        "def train(epochs):\n    node = step(epochs=epochs)\n    return {'model': node.outputs.model}\n"
        "job = train(epochs=3)\njob.settings.force_rerun = True\njob.outputs.model.mode = 'upload'",
        "mlflow.log_metric('a', 1, step=2)\nwith mlflow.start_run() as run:\n    run.info.run_id, run.data.metrics",
        "for job in ml_client.jobs.list(parent_job_name='x'):\n    print(job.name, job.status)",
        "import mlflow.pyfunc.scoring_server\nmlflow.pyfunc.scoring_server.anything",
        "ml_client = something()\nml_client.whatever()",
        "import mlflow.pytorch\nmlflow.pytorch.log_model(1, 'model')",
        "AmlCompute(**settings)",
        "ml_client.jobs.create_or_update(job, compute='cpu')._private",
    ],
)
def test_code_that_is_right(code: str) -> None:
    assert _messages(code) == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("from azure.ai.ml import MLClint", "there is no azure.ai.ml.MLClint"),
        ("from azure.ai.ml.entity import Data", "there is no azure.ai.ml.entity.Data"),
        ("import azure.ai.ml as aml\naml.Comand", "there is no azure.ai.ml.Comand"),
        ("ml_client.job.stream('x')", "MLClient has no attribute job"),
        ("ml_client.jobs.wait('x')", "JobOperations has no attribute wait"),
        ("AmlCompute(name='x', vm_size='y')", "azure.ai.ml.entities.AmlCompute takes no keyword vm_size"),
        ("c = AmlCompute(name='x')\nc.vm_size", "AmlCompute has no attribute vm_size"),
        ("command(cod='.')", "azure.ai.ml.command takes no keyword cod"),
        ("mlflow.log_mtric('a', 1)", "there is no mlflow.log_mtric"),
        ("mlflow.log_metric('a', 1, name='b')", "mlflow.log_metric takes no keyword name"),
        ("mlflow.log_metric('a')", "mlflow.log_metric needs value"),
        ("mlflow.log_artifact(1, 2, 3, 4, 5)", "mlflow.log_artifact takes 3 positional arguments, not 5"),
        ("def use(client: MLClient):\n    client.get_run('x')", "MLClient has no attribute get_run"),
        ("for job in ml_client.jobs.list():\n    job.get_metrics()", "Job has no attribute get_metrics"),
        ("run = ml_client.jobs.create_or_update(x)\nrun.id_of", "Job has no attribute id_of"),
        ("ml_client.compute.begin_delete('x').results()", "LROPoller has no attribute results"),
        (
            "from azure.keyvault.secrets import SecretClient\nSecretClient('u', None).get_secret('a').secret",
            "KeyVaultSecret has no attribute secret",
        ),
        ("@dsl.pipeline(cluster='x')\ndef p(): ...", "azure.ai.ml.dsl.pipeline takes no keyword cluster"),
    ],
)
def test_code_that_is_wrong(code: str, message: str) -> None:
    assert message in _messages(code)


def test_the_place_is_told() -> None:
    (problem,) = check_generated("import mlflow\n\nx = 1; mlflow.nothing()\n")
    assert (problem.line, problem.column) == (3, 8)


def test_the_samples_of_sdk_v2_are_right() -> None:
    samples = sorted((Path(__file__).parents[3] / "samples" / "v2").rglob("*.py"))
    assert samples
    assert {path.name: found for path in samples if (found := check_generated(path.read_text()))} == {}
