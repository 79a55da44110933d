"""Rules of what is deployed, published or scheduled."""

from __future__ import annotations

from tests.migrate.twins.stages.pipelines import ENV_SETUP, RUN_CONFIG, SEEN
from tests.migrate.twins.twin import Twin

MODEL = """\
from azure.ai.ml.entities import Environment, Model

ml.environments.create_or_update(
    Environment(name="ridge", image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04")
)
ml.models.create_or_update(Model(name="ridge", path="model.txt"))
"""
_TABLE = "paths:\n  - file: ./a.csv\ntransformations:\n  - read_delimited\n"
_TABLES = """\
from azure.ai.ml.entities import Data

for name in ("rows", "served"):
    ml.data.create_or_update(Data(name=name, path="rows", type="mltable"))
"""
#: The client of SDK v1 takes tables that are registered with it. In a file that is not converted.
_SERVED = """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()
store.upload_files(["rows/a.csv"], target_path="rows", show_progress=False)
table = Dataset.Tabular.from_delimited_files((store, "rows/a.csv"))
for name in ("rows", "served"):
    table.with_timestamp_columns(timestamp="day").register(ws, name, create_new_version=True)
"""
_SCORE = """\
import json
import os


def init():
    global factor
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.txt")) as file:
        factor = int(file.read())


def run(data):
    return {"result": [factor * value for value in json.loads(data)["data"]]}
"""
SERVING = {"model.txt": "3", "serving/score.py": _SCORE}
_DEPLOY = """\
from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AciWebservice

ws = Workspace.from_config()
inference = InferenceConfig("score.py", source_directory="serving", environment=Environment.get(ws, "ridge"))
config = AciWebservice.deploy_configuration(auth_enabled=True)
made = Model.deploy(ws, "ridge-service", [Model(ws, "ridge")], inference, config)
made.wait_for_deployment(show_output=False)
"""
_VERSIONS = """\
from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AksEndpoint

ws = Workspace.from_config()
made = Model.deploy(
    ws,
    "scores",
    [Model(ws, "ridge")],
    InferenceConfig("score.py", environment=Environment.get(ws, "ridge")),
    AksEndpoint.deploy_configuration(version_name="main", compute_target_name="cpu"),
)
made.wait_for_deployment(show_output=True)
made.create_version(
    version_name="first",
    models=[Model(ws, "ridge")],
    inference_config=InferenceConfig("score.py", environment=Environment.get(ws, "ridge")),
)
made.wait_for_deployment(show_output=True)
"""
_IMAGE = """\
import json

from azureml.core import Workspace
from azureml.core.image import ContainerImage
from azureml.core.model import Model

ws = Workspace.from_config()
config = ContainerImage.image_configuration(execution_script="score.py", runtime="python", conda_file="conda.yml")
image = ContainerImage.create(name="ridge-image", models=[Model(ws, "ridge")], image_config=config, workspace=ws)
image.wait_for_creation(show_output=True)
with open("image.json", "w") as file:
    json.dump({"name": image.name, "version": image.version}, file)
"""
_PUBLISH = """\
import os

from azureml.core import Workspace
from azureml.core.authentication import InteractiveLoginAuthentication
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
header = InteractiveLoginAuthentication().get_authentication_header()
step = PythonScriptStep(
    "train.py",
    arguments=["--epochs", PipelineParameter("epochs", default_value=1)],
    compute_target="cpu",
    source_directory="src",
    allow_reuse=False,
)
pipeline = Pipeline(ws, steps=[step])
made = pipeline.publish(name="nightly")
pipeline_id = made.id
"""
_CALLED = """
from azureml.core import Experiment
from azureml.pipeline.core import PipelineRun

run = PipelineRun(Experiment(ws, "called"), answer.json()["Id"])
run.wait_for_completion(show_output=False)
"""
#: Docker's command line, as far as the service answers it, for programs that call it.
_DOCKER = """\
import os
import sys
from pathlib import Path

command = Path("bin/docker")
command.parent.mkdir(exist_ok=True)
command.write_text(
    f"#!{sys.executable}\\nimport sys, docker\\nassert sys.argv[1] == 'pull'\\n"
    "list(docker.from_env().api.pull(sys.argv[2], stream=True))\\n"
)
command.chmod(0o700)
os.environ["PATH"] = f"{command.parent.resolve()}:{os.environ['PATH']}"
"""
#: Without auth_enabled a service on ACI is open to everybody.
_KEYS = "an endpoint of SDK v2 is never without authentication"
_PACKAGE = "a package of SDK v2 is an environment"

TWINS = [
    Twin(
        "data-drift",
        setup=f'{_TABLES}exec(open("served.txt").read())\n',
        files={
            "served.txt": _SERVED,
            "rows/MLTable": "paths:\n  - file: ./a.csv\ntransformations:\n  - read_delimited\n",
            "rows/a.csv": "day,age\n2026-01-05,1\n2026-01-06,2\n",
        },
        cluster="cpu",
        packages=("azureml-datadrift>=1.60", "!pyspark; python_version < '3'", "!fusepy; python_version < '3'"),
        # Both make a monitor, and are told the same.
        refused="monitor",
    ),
    Twin(
        "model-packages",
        foot='print("=", package.location.rpartition("/")[2].partition(":")[0])\n',
        setup=MODEL + _DOCKER,
        files=SERVING,
        intercepted=True,  # SDK v1 asks a host of Azure for the key of the registry
        differs={"environments/ridge-image": _PACKAGE},
    ),
    Twin(
        "deployments",
        foot='print("=", answer, primary != secondary)\n',
        setup=MODEL,
        files=SERVING,
    ),
    Twin(
        "deployment-changes",
        foot="""\
import json

service.wait_for_deployment(show_output=False)
print("=", json.loads(json.dumps(service.run(json.dumps({"data": [1, 2]})))), service.name)
""",
        setup=MODEL,
        files=SERVING,
        differs={"services/small-service/tags/*": "tags of a configuration that changes are those of the deployment"},
    ),
    Twin(
        "deployment-updates",
        head="import json\n\nimport deploy\nfrom azureml.core.webservice import Webservice\n",
        foot="""\
again = Webservice(ws, name="ridge-service")
print("=", json.loads(json.dumps(again.run(json.dumps({"data": [4]})))), again.name, again.tags)
print("=", [service.name for service in Webservice.list(ws)], again.get_keys()[0] == service.get_keys()[0])
""",
        setup=MODEL,
        files={**SERVING, "deploy.py": _DEPLOY},
    ),
    Twin("publishing", head=_PUBLISH, foot=_CALLED, files={"src/train.py": SEEN}, cluster="cpu"),
    Twin(
        "endpoint-versions",
        head="import deploy\n",
        foot="""\
import requests

key = endpoint.get_keys()[0]
print("=", sorted(endpoint.versions))
for version in ("main", "second"):
    headers = {"Authorization": "Bearer " + key, "azureml-model-deployment": version}
    answer = requests.post(endpoint.scoring_uri, json={"data": [2]}, headers=headers)
    print("=", answer.json(), answer.headers["azureml-model-deployment"])
""",
        setup=MODEL,
        files={"model.txt": "3", "score.py": _SCORE, "deploy.py": _VERSIONS},
        cluster="cpu",
    ),
    Twin(
        "publishing",
        1,
        head=RUN_CONFIG,
        foot="run.wait_for_completion(show_output=False)\n",
        setup=ENV_SETUP,
        files={"src/train.py": SEEN},
        cluster="cpu",
    ),
    Twin(
        "schedules",
        2,
        head=f"""\
{_PUBLISH}
from azureml.pipeline.core import Schedule, ScheduleRecurrence

daily = ScheduleRecurrence("Day", 2, start_time="2099-01-01T00:00:00")
made_schedule = Schedule.create(ws, name="daily", pipeline_id=made.id, experiment_name="e", recurrence=daily)
made_schedule.disable()
SCHEDULE_ID = made_schedule.id
""",
        foot='print("=", [(item.name, item.description) for item in Schedule.list(ws)])\n',
        files={"src/train.py": SEEN},
        cluster="cpu",
    ),
    Twin(
        "schedules",
        head=f"""\
{_PUBLISH}
from azureml.pipeline.core import Schedule, ScheduleRecurrence

daily = ScheduleRecurrence("Day", 2, start_time="2099-01-01T00:00:00", hours=[7], minutes=[30])
made_schedule = Schedule.create(ws, name="daily", pipeline_id=made.id, experiment_name="e", recurrence=daily)
""",
        files={"src/train.py": SEEN},
        cluster="cpu",
    ),
    Twin(
        "scoring-requests",
        script="""\
import requests
import deploy

answer = requests.post(
    deploy.made.scoring_uri, data="raw", headers={"Authorization": "Bearer " + deploy.made.get_keys()[0]}
)
print("=", answer.status_code, answer.text, answer.headers["content-type"])
""",
        path="serving/score.py",
        foot="def init():\n    pass\n",
        setup=MODEL,
        files={"model.txt": "3", "deploy.py": _DEPLOY},
    ),
    Twin(
        "schedules",
        1,
        setup="""\
from azure.ai.ml.entities import AccountKeyConfiguration, AzureBlobDatastore

key = AccountKeyConfiguration(account_key="a2V5")
ml.datastores.create_or_update(
    AzureBlobDatastore(name="landing", account_name="landing", container_name="c", credentials=key)
)
""",
        files={"train.py": SEEN},
        cluster="cpu",
        differs={"schedules/on-new-data/*": "SDK v2 watches no datastore: the schedule has times, and is disabled"},
    ),
    Twin(
        "service-images",
        head="import json\n",
        foot='print("=", service.run(json.dumps({"data": [1, 2]})))\n',
        setup=MODEL,
        files={
            "model.txt": "3",
            "score.py": _SCORE,
            "myenv.yml": "name: ridge\ndependencies:\n  - python=3.10\n",
        },
        differs={"services/ridge-service/keys": _KEYS},
    ),
    Twin(
        "service-images",
        1,
        setup=MODEL,
        files={"model.txt": "3", "score.py": _SCORE, "conda.yml": "name: ridge\ndependencies:\n  - python=3.10\n"},
        # Versions of images are numbers, those of environments texts.
        foot='print("=", {key: str(value) for key, value in json.load(open("image.json")).items()})\n',
        differs={"environments/ridge-image": _PACKAGE},
    ),
    Twin(
        "image-packages",
        head="import json\n\nimport build\n",
        foot='print("=", service.run(json.dumps({"data": [1, 2]})))\n',
        setup=MODEL,
        files={
            "model.txt": "3",
            "score.py": _SCORE,
            "conda.yml": "name: ridge\ndependencies:\n  - python=3.10\n",
            "build.py": _IMAGE,
        },
        differs={
            "environments/ridge-image": _PACKAGE,
            "services/ridge-service/keys": _KEYS,
            "services/ridge-service/models": "the deployment of a package names no model",
        },
    ),
    Twin(
        "data-collectors",
        setup="""\
import sys
import types

import pandas


def told(name, data):
    print("=", name, data.values.tolist())


class Collector:
    def __init__(self, *, name, on_error):
        self.name = name

    def collect(self, data):
        assert isinstance(data, pandas.DataFrame), type(data)
        told(self.name, data)


class ModelDataCollector:
    def __init__(self, model_name, designation, feature_names):
        # Monitoring knows them by these names in SDK v2.
        self.name = {"inputs": "model_inputs", "predictions": "model_outputs"}[designation]
        self.columns = feature_names

    def collect(self, data):
        frame = pandas.DataFrame(data)
        assert len(frame.columns) == len(self.columns), frame
        told(self.name, frame)


for module, kind in (("azureml.monitoring", ModelDataCollector), ("azureml.ai.monitoring", Collector)):
    package = module.rpartition(".")[0]
    if package != "azureml":
        sys.modules.setdefault(package, types.ModuleType(package))
    sys.modules[module] = types.ModuleType(module)
    setattr(sys.modules[module], kind.__name__, kind)
""",
        foot="init()\nprint('=', run(json.dumps({'data': [[1, 2]]})))\n",
        stand_ins={
            "azureml.monitoring": "azureml-monitoring cannot be installed beside today's packages",
            "azureml.ai.monitoring": "it collects in a container of Azure only",
        },
    ),
]
