"""Rules of run scripts: each case runs as a job, whose metrics, tags and files are compared."""

from __future__ import annotations

from tests.migrate.twins.setups import FINISHED, STORES
from tests.migrate.twins.twin import SUBMIT, SUBMIT_STEP, Twin

_ONE = "a deployment of SDK v2 has one model: several become a folder with all of them"
_TEXT = "v2 metrics are numbers: a text becomes a file"
_ROWS = "a table of v1 is no metric for MLflow: its columns become metrics with a step for each row"
_TABLES = {
    "jobs/trials/0/metrics/costs.*": _ROWS,
    "jobs/trials/0/files/costs.json": "the table itself, for mlflow.load_table",
    "jobs/trials/0/files/matrix*": "the file of the matrix, which v1 kept without a suffix, has one",
}
_PARENT = "run.parent.tag('told', 'yes')\n"
_TAGGED = """\
from azureml.core import Run
Run.get_context().tag("a", "1")
dataset = "rows:1"
"""
_SAVED = """\
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.plot([0, 1], [1, 0])
plt.savefig("saved.png")
"""
_OUT = """\
import os
os.makedirs("out/report", exist_ok=True)
for name in ("out/model.pkl", "out/report/index.txt"):
    with open(name, "w") as file:
        file.write(name)
"""
_BEST = """\
with open("outputs/best.pkl", "w") as file:
    file.write("a model")
"""

_WITH_DATA = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
rows = {data}
{config}
run = Experiment(ws, "trials").submit(config)
run.wait_for_completion(show_output=False)
"""
_ARGUMENT = """\
arguments = ["--input-data", rows.as_named_input("training_data")]
config = ScriptRunConfig("src", script="train.py", arguments=arguments, compute_target="cpu")
"""
_INPUT = """\
step = PythonScriptStep(
    "train.py",
    source_directory="src",
    inputs=[rows.as_named_input("{name}"){mode}],
    compute_target="cpu",
    allow_reuse=False,
)
config = Pipeline(ws, steps=[step])
"""
_ROWS_FILES = {"stored/rows/a.csv": "a\n1\n2\n", "stored/rows/b.csv": "a\n3\n4\n"}
_MODELS = """\
from types import SimpleNamespace

import joblib
from azure.ai.ml.entities import Environment, Model

ml.environments.create_or_update(Environment(name="e", image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"))
joblib.dump(SimpleNamespace(predict=len), "ridge.pkl")
joblib.dump(SimpleNamespace(transform=str), "scaler.pkl")
ml.models.create_or_update(Model(name="ridge.pkl", path="ridge.pkl"))
ml.models.create_or_update(Model(name="ridge", path="ridge.pkl", version="3"))
ml.models.create_or_update(Model(name="scaler", path="scaler.pkl"))
"""
_DEPLOY = """\
from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AciWebservice

ws = Workspace.from_config()
inference = InferenceConfig("score.py", source_directory="serving", environment=Environment.get(ws, "e"))
config = AciWebservice.deploy_configuration(auth_enabled=True)
made = Model.deploy(ws, "ridge-service", {models}, inference, config)
made.wait_for_deployment(show_output=False)
"""
_SCORED = """\
import requests
import deploy

header = {"Authorization": "Bearer " + deploy.made.get_keys()[0]}
answer = requests.post(deploy.made.scoring_uri, data="four", headers=header)
print("=", answer.status_code, answer.text)
"""
#: A model of houses, of which the rooms count.
_RIDGE = """\
import pandas
from sklearn.linear_model import LinearRegression

names = ["rooms", "age"]
x_train = pandas.DataFrame({"rooms": [1.0, 2, 3, 4, 5, 6], "age": [3.0, 1, 2, 2, 1, 3]})
x_test = x_train[:3]
model = LinearRegression().fit(x_train, 10 * x_train["rooms"])
"""
#: azureml-contrib-interpret has no wheels for today's Python, and raiwidgets serves pages: both are stand-ins.
_DASHBOARDS = """\
import sys
from types import SimpleNamespace


def shown(explanation, model, dataset=None, datasetX=None):
    rows = dataset if datasetX is None else datasetX
    print("= shown with", len(rows), "rows", model.predict(rows).round(6))


for module in ("azureml.contrib.interpret.visualize", "raiwidgets"):
    sys.modules[module] = SimpleNamespace(ExplanationDashboard=shown)
"""
#: The explanation of a run as each SDK keeps it; that of v1 is in a file that is not converted.
_KEPT = """\
from interpret.ext.blackbox import TabularExplainer
from interpret_community.explanation import save_explanation

explanation = TabularExplainer(model, x_train).explain_global(x_test)
save_explanation(explanation, "kept", exist_ok=True)
client.log_artifacts(RUN_ID, "kept", "explanation")
exec(open("keep.txt").read())
"""
_KEEP = """\
from azureml.core import Workspace
from azureml.interpret import ExplanationClient

ExplanationClient.from_run(Workspace.from_config().get_run(RUN_ID)).upload_model_explanation(explanation)
"""
_LAYOUT = "SDK v1 keeps an explanation in several files, under an id"
#: They pin older packages (numpy 1.23, pandas 1) than the tests run with; interpret-community comes with them.
_INTERPRET = ("azureml-interpret>=1.62", "azureml-explain-model>=1.62", "mlflow>=2.22,<3")

TWINS = [
    Twin("run-metrics", 0, script=SUBMIT, differs={"jobs/trials/0/files/note.txt": _TEXT}),
    Twin("run-metrics", 1, script=SUBMIT_STEP, head='metrics = {"a": 0.5, "b": 2}\n'),
    Twin("run-metrics", 2, script=SUBMIT, differs={"jobs/trials/0/metrics/curve.*": _ROWS}),
    Twin(
        "run-metrics",
        3,
        script=SUBMIT,
        head='point = {"x": 1, "y": 0.4}\n',
        differs={"jobs/trials/0/metrics/curve.*": _ROWS},
    ),
    Twin(
        "run-metrics",
        4,
        script=SUBMIT,
        head="""\
            table = {"x": [1, 2], "y": [3.5, 4.5]}
            data = {"class_labels": ["a", "b"], "matrix": [[3, 1], [0, 2]]}
            matrix = {"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": data}
            """,
        differs=_TABLES,
    ),
    Twin("run-context", 0, script=SUBMIT),
    Twin(
        "run-context",
        1,
        script=SUBMIT,
        head="import os\n",
        foot='run.tag("own", str(run.id == os.environ["AZUREML_RUN_ID"]))\n',
    ),
    Twin("run-context", 2, script=SUBMIT, foot='run.tag("path", path)\n'),
    Twin("run-tags", 0, script=SUBMIT, differs={"jobs/trials/0/tags/build": "properties become tags"}),
    Twin("run-tags", 1, script=SUBMIT_STEP, head=_TAGGED),
    Twin("run-state", 0, script=SUBMIT_STEP, foot=_PARENT),
    Twin("run-state", 1, script=SUBMIT_STEP, foot='run.log("old", old or 0)\n'),
    Twin("run-state", 2, script=SUBMIT),
    Twin("run-state", 3, script=SUBMIT),
    Twin(
        "run-files",
        0,
        script=SUBMIT,
        head=_SAVED,
        differs={"jobs/trials/0/files/ROC*.png": "v1 added the time to the name of a plot"},
    ),
    Twin("run-files", 1, script=SUBMIT, head=_OUT),
    Twin("run-files", 2, script=SUBMIT, head=_BEST),
    Twin("run-models", 0, script=SUBMIT, head=_OUT),
    Twin(
        "run-workspace",
        2,
        needs="azure.keyvault.secrets",
        script="""\
from azureml.core import Workspace
Workspace.from_config().get_default_keyvault().set_secret("key", "s3cret")
"""
        + SUBMIT,
        foot='run.tag("key", key)\n',
        intercepted=True,
    ),
    Twin("run-workspace", 0, script=SUBMIT, foot='run.tag("located", str(bool(ws.location)))\n'),
    Twin("run-workspace", 1, script=SUBMIT, foot='run.tag("subscription", ws.subscription_id)\n'),
    Twin(
        "run-inputs",
        0,
        script=_WITH_DATA.format(data='Dataset.Tabular.from_delimited_files((store, "rows/*.csv"))', config=_ARGUMENT),
        setup=STORES,
        files=_ROWS_FILES,
        foot='run.log("rows", len(data))\n',
    ),
    Twin(
        "run-inputs",
        1,
        script=_WITH_DATA.format(
            data='Dataset.File.from_files((store, "rows"))', config=_INPUT.format(name="images", mode=".as_mount()")
        ),
        setup=STORES,
        files=_ROWS_FILES,
        foot="""\
            import os
            run.tag("files", str(sorted(os.listdir(folder))))
            """,
    ),
    Twin(
        "run-inputs",
        2,
        script=_WITH_DATA.format(
            data='Dataset.Tabular.from_delimited_files((store, "rows/*.csv"))',
            config=_INPUT.format(name="raw", mode=""),
        ),
        setup=STORES,
        files=_ROWS_FILES,
        foot="""\
            run.log("rows", len(train.to_pandas_dataframe()) + len(test.to_pandas_dataframe()))
            """,
    ),
    Twin(
        "model-paths",
        0,
        script=_SCORED,
        path="serving/score.py",
        setup=_MODELS,
        files={"deploy.py": _DEPLOY.format(models='[Model(ws, "ridge.pkl")]')},
    ),
    Twin(
        "model-paths",
        1,
        script=_SCORED,
        path="serving/score.py",
        setup=_MODELS,
        files={"deploy.py": _DEPLOY.format(models='[Model(ws, "ridge"), Model(ws, "scaler")]')},
        differs={
            "models/ridge-service-models": _ONE,
            "services/ridge-service/models": _ONE,
        },
    ),
    Twin(
        "model-paths",
        2,
        script=SUBMIT,
        setup=_MODELS,
        foot="""\
            import joblib
            run = Run.get_context()
            run.log("predicted", joblib.load(path).predict("four"))
            """,
    ),
    Twin(
        "fairness",
        needs="azureml.contrib.fairness",
        script=SUBMIT,
        setup=_MODELS,
        head="""\
            metrics = {
                "schemaType": "dashboardDictionary",
                "schemaVersion": 0,
                "predictionType": "binaryClassification",
                "trueY": [0, 1],
                "predictedY": [[0, 1]],
                "precomputedFeatureBins": [
                    {"binVector": [0, 1], "binLabels": ["young", "old"], "featureBinName": "age"}
                ],
                "precomputedMetrics": [[{"accuracy_score": {"global": 1.0, "bins": [1.0, 1.0]}}]],
                "modelNames": ["ridge:3"],
            }
            """,
        foot='run.tag("names", str(sorted(dashboard)))\n',
        differs={
            "jobs/trials/0/files/azureml.fairness/*": "a dashboard of v1 is several files below this folder",
            "jobs/trials/0/files/fairness/fairness_by_age.json": "the dictionary is one file",
        },
    ),
    Twin(
        "explainers",
        packages=_INTERPRET,
        head=_RIDGE,
        setup=_DASHBOARDS,
        foot="""\
            importance = explanation.get_feature_importance_dict()
            print("=", {name: round(value, 6) for name, value in importance.items()})
            """,
    ),
    Twin(
        "explanations",
        0,
        packages=_INTERPRET,
        script=SUBMIT,
        head="import started_again\n" + _RIDGE,
        differs={"jobs/trials/0/files/explanation/*": _LAYOUT, "jobs/trials/0/tags/*": _LAYOUT},
    ),
    Twin(
        "explanations",
        1,
        packages=_INTERPRET,
        head="from setup_workspace import RUN_ID\n",
        setup=f"{_RIDGE}{FINISHED}{_KEPT}",
        files={"keep.txt": _KEEP},
        printed=True,
        differs={"jobs/trials/0/files/explanation/*": "the client of SDK v1 makes an id for it"},
    ),
]
