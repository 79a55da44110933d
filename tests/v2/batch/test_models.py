"""Batch deployments of models, from the real client: scoring scripts and MLflow models, failures, retries."""

from __future__ import annotations

import ast

import pytest

from tests.support.live import LiveService
from tests.v2.batch.test_pipelines import lines
from tests.v2.jobs.scripts import HEAD

pytestmark = pytest.mark.slow

SCRIPTS = {
    "code/score.py": """
        import os, sys, time
        import pandas as pd

        def init():
            global factor
            factor = int(open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model", "factor.txt")).read())
            print("init in", os.getpid(), os.environ["MY"])

        def run(mini_batch):
            rows = []
            for path in mini_batch:
                value = open(path).read()
                if value == "hang" and not os.path.exists(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/tried"):
                    open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/tried", "w").close()
                    time.sleep(60)
                if value == "die":
                    os._exit(7)
                number = 0 if value == "hang" else int(value)
                rows.append((os.path.basename(path), number * factor))
            return pd.DataFrame(rows, columns=["file", "score"])
        """,
    "code/lists.py": """
        def init():
            pass

        def run(mini_batch):
            return [len(mini_batch)] * len(mini_batch)
        """,
    "code/broken.py": """
        def init():
            raise OSError("no such model here")

        def run(mini_batch):
            return []
        """,
    "model/factor.txt": "10",
}

TOOLS = """
from azure.ai.ml.constants import BatchDeploymentOutputAction
from azure.ai.ml.constants._endpoint import EndpointInvokeFields
from azure.ai.ml.entities import (BatchEndpoint, BatchRetrySettings, CodeConfiguration, Model, ModelBatchDeployment,
                                  ModelBatchDeploymentSettings)
ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name="scores")).result()

def deploy(name, script="score.py", model=None, environment=ENV, **settings):
    settings.setdefault("mini_batch_size", 10)
    code = CodeConfiguration(code="code", scoring_script=script) if script else None
    made = ModelBatchDeployment(name=name, endpoint_name="scores", model=model, code_configuration=code,
        environment=environment, compute="serverless", settings=ModelBatchDeploymentSettings(**settings))
    return ml.batch_deployments.begin_create_or_update(made).result()

def folder(name, **files):
    os.makedirs(name)
    for key, text in files.items():
        open(os.path.join(name, key.replace("_", ".")), "w").write(text)
    return Input(type="uri_folder", path=name)

def score(deployment, data, **more):
    EndpointInvokeFields.DEFAULT_HEADER.pop("azureml-model-deployment", None)
    job = ml.batch_endpoints.invoke("scores", deployment_name=deployment, inputs={"data": data}, **more)
    try:
        ml.jobs.stream(job.name)
    except Exception as error:
        print("RAISED", " ".join(str(error).split())[-300:])
    return job.name

def scores(name):
    ml.jobs.download(name, output_name="score", download_path=name)
    return tree(name + "/named-outputs/score")
"""

SCRIPTED = """
model = ml.models.create_or_update(Model(name="factor", path="model"))
made = deploy("rows", model=model, mini_batch_size=2, max_concurrency_per_instance=2,
              environment_variables={"MY": "own"}, error_threshold=0,
              retry_settings=BatchRetrySettings(max_retries=1, timeout=20))
print("MADE", (made.name, made.mini_batch_size, made.max_concurrency_per_instance, made.retry_settings.timeout,
               made.output_action, made.output_file_name, made.error_threshold, made.provisioning_state[:]))
data = folder("five", a_txt="1", b_txt="2", c_txt="3", d_txt="4", e_txt="5")
job = score("rows", data)
print("ROWS", scores(job))
print("CHILD", [(c.display_name, c.status) for c in ml.jobs.list(parent_job_name=job)], ml.jobs.get(job).status[:])
deploy("lists", "lists.py", mini_batch_size=2, output_file_name="out.txt")
print("LISTS", scores(score("lists", data)))
print("FILE", scores(score("lists", Input(type="uri_file", path="model/factor.txt"))))
bad = folder("bad", a_txt="1", b_txt="x", c_txt="3")
deploy("tolerant", model=model, mini_batch_size=1, environment_variables={"MY": ""},
       retry_settings=BatchRetrySettings(max_retries=0, timeout=20))
print("TOLERANT", scores(score("tolerant", bad)))
strict = score("rows", bad)
print("STRICT", ml.jobs.get(strict).status[:])
deploy("hangs", model=model, mini_batch_size=1, environment_variables={"MY": ""},
       retry_settings=BatchRetrySettings(max_retries=1, timeout=2))
print("HANGS", scores(score("hangs", folder("slow", a_txt="hang", b_txt="2", c_txt="die"))))
deploy("summary", "lists.py", output_action=BatchDeploymentOutputAction.SUMMARY_ONLY)
print("SUMMARY", ml.jobs.get(score("summary", data)).status[:])
deploy("broken", "broken.py")
print("BROKEN", ml.jobs.get(score("broken", data)).status[:])
print("JOBS", len(ml.batch_deployments.list_jobs("scores", name="lists")))
refused(lambda: deploy("none", "none.py"))
refused(lambda: deploy("no-script", None, model=model))
refused(lambda: deploy("wrong", "lists.py", mini_batch_size=-1))
refused(lambda: ml.batch_endpoints.invoke("scores", deployment_name="lists"))
number = {"n": Input(type="integer", default=3)}
refused(lambda: ml.batch_endpoints.invoke("scores", deployment_name="lists", inputs=number))
"""

MLFLOW = """
import pandas as pd, mlflow.sklearn
from sklearn.linear_model import LinearRegression
fitted = LinearRegression().fit(pd.DataFrame({"x": [0.0, 1.0]}), [0.0, 2.0])
mlflow.sklearn.save_model(fitted, "linear", pip_requirements=[])
model = ml.models.create_or_update(Model(name="linear", path="linear", type="mlflow_model"))
deploy("mlflow", None, model=model, environment=None)
got = ml.batch_deployments.get("mlflow", "scores")
print("GOT", (got.environment, got.model[-19:]))
print("SCORES", scores(score("mlflow", folder("tables", a_csv="x\\n1.0\\n2.0\\n", b_csv="x\\n3.0\\n"))))
"""


def test_scoring_scripts(live: LiveService) -> None:
    found = lines(live.run(HEAD + TOOLS + SCRIPTED, files=SCRIPTS).stdout)
    assert found["MADE"] == "('rows', 2, 2, 20, 'append_row', 'predictions.csv', 0, 'Succeeded')"
    assert ast.literal_eval(found["ROWS"]) == {
        "predictions.csv": "a.txt 10\nb.txt 20\nc.txt 30\nd.txt 40\ne.txt 50",
    }
    assert found["CHILD"].startswith("[('batchscoring', 'Completed')]")
    assert ast.literal_eval(found["LISTS"]) == {"out.txt": "2\n2\n2\n2\n1"}
    assert ast.literal_eval(found["FILE"]) == {"out.txt": "1"}
    assert ast.literal_eval(found["TOLERANT"]) == {"predictions.csv": "a.txt 10\nc.txt 30"}
    assert found["STRICT"] == "Failed"
    assert ast.literal_eval(found["HANGS"]) == {"tried": "", "predictions.csv": "a.txt 0\nb.txt 20"}
    assert found["SUMMARY"] == "Completed"
    assert found["BROKEN"] == "Failed"
    assert found["JOBS"] == "2"
    refusals = [value for name, value in found.items() if name.startswith("REFUSED")]
    for told, words in zip(
        refusals,
        (
            "none.py",
            "only an MLflow model can be deployed without a scoring script",
            "properties.miniBatchSize: must be at least 1, not -1",
            "must be one input of the type uri_folder or uri_file",
            "must be one input of the type uri_folder or uri_file",
        ),
        strict=True,
    ):
        assert words in told


def test_an_mlflow_model_needs_no_script(empty_live: LiveService) -> None:
    found = lines(empty_live.run(HEAD + TOOLS + MLFLOW).stdout)
    assert found["GOT"] == "(None, 's/linear/versions/1')"
    rows = ast.literal_eval(found["SCORES"])["predictions.csv"].split()
    assert [row.split(",")[0] + row.split(",")[2] for row in rows] == ["0a.csv", "1a.csv", "0b.csv"]
    assert [round(float(row.split(",")[1]), 6) for row in rows] == [2.0, 4.0, 6.0]
