"""Rules of searches: sweeps and AutoML."""

from __future__ import annotations

from tests.migrate.twins.setups import STORES
from tests.migrate.twins.stages.pipelines import ENV, ENV_SETUP, RUN_CONFIG, TABLE
from tests.migrate.twins.twin import PROGRAM, Twin

_REGISTER = """\
from azure.ai.ml.entities import Data

table = ml.data.create_or_update(Data(name="{name}", path="table", type="mltable"))
"""
#: Who leaves is clear from the hours, but for one in eight.
_CHURN = "hours,age,left\n" + "".join(
    f"{30 + number % 25},{20 + number * 7 % 40},{int((number % 25 > 12) != (number % 8 == 0))}\n"
    for number in range(80)
)
_HOUSES = "area,rooms,price\n" + "".join(
    f"{50 + number},{1 + number % 5},{100 + 3 * number + 10 * (number % 5) + number * number % 7}\n"
    for number in range(60)
)
_CHURN_FILES = {"table/MLTable": TABLE, "table/table.csv": _CHURN}
#: Logs what the trial was given.
_TRAIN = """\
import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float)
parser.add_argument("--solver")
args = parser.parse_args()
run = Run.get_context()
run.log("r2", args.alpha / (1 if args.solver == "svd" else 2))
os.makedirs("outputs", exist_ok=True)
with open("outputs/alpha.txt", "w") as file:
    file.write("alpha")
"""
#: Its loss is told by what it was given.
_LOSS = """\
import os
import sys

from azureml.core import Run

run = Run.get_context()
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
run.log("loss", int(given["--beta"]) + (0.5 if given["--kind"] == "b" else 0))
os.makedirs("outputs", exist_ok=True)
with open("outputs/model.txt", "w") as file:
    file.write(given["--kind"])
"""
_PICKLES = "models are pickled, and say which run they are of"
_FOUND = {
    "jobs/*/outputs/model.pkl": _PICKLES,
    "jobs/*/outputs/mlflow-model/*": _PICKLES,
    "jobs/*/tags/automl_best_child_run_id": "the name of a run",
}

_ONNX = """\
import numpy
from onnx import TensorProto, helper, numpy_helper

inputs = [
    helper.make_tensor_value_info("size", TensorProto.FLOAT, [None, 1]),
    helper.make_tensor_value_info("kind", TensorProto.STRING, [None, 1]),
]
outputs = [
    helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
    helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2]),
]
known = {"tenth": [[0.1]], "one": [[1.0]]}
values = [numpy_helper.from_array(numpy.array(value, numpy.float32), name) for name, value in known.items()]
values.append(numpy_helper.from_array(numpy.array([-1]), "flat"))
weights = {"keys_strings": ["a", "b"], "values_floats": [1.0, 4.0]}
nodes = [
    helper.make_node("LabelEncoder", ["kind"], ["weight"], domain="ai.onnx.ml", **weights),
    helper.make_node("Mul", ["size", "weight"], ["score"]),
    helper.make_node("Mul", ["score", "tenth"], ["yes"]),
    helper.make_node("Sub", ["one", "yes"], ["no"]),
    helper.make_node("Concat", ["no", "yes"], ["probabilities"], axis=1),
    helper.make_node("Greater", ["yes", "no"], ["left"]),
    helper.make_node("Cast", ["left"], ["labels"], to=TensorProto.INT64),
    helper.make_node("Reshape", ["labels", "flat"], ["label"]),
]
versions = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 2)]
graph = helper.make_graph(nodes, "churn", inputs, outputs, values)
model_bytes = helper.make_model(graph, opset_imports=versions, ir_version=8).SerializeToString()
resource = {
    "CanEnableBatchMode": True,
    "RawColumnNameToOnnxNameMap": {"size": "size", "kind": "kind"},
    "InputRawColumnSchema": {"size": "floating", "kind": "string"},
}
"""

#: The client of SDK v1 takes a table that is registered with it. In a file that is not converted.
_LABELED = """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
table = Dataset.Tabular.from_delimited_files((ws.get_default_datastore(), "fridge/labels.csv"))
table.register(ws, "fridge")
"""

#: As it was released, but for what Python 3.11 has only newer wheels of or none, which scores do not need.
_NEWER = ("!pmdarima>=2.0.4", "!psutil>=5.9.4", "!onnxruntime; python_version < '3'", "!fusepy; python_version < '3'")
_AUTOML_RUNTIME = ("azureml-automl-runtime>=1.62", *_NEWER)

TWINS = [
    Twin(
        "sweeps",
        head=ENV,
        foot="""\
print("=", 0 < best.get_metrics()["r2"] <= 1, len(list(run.get_children())), run.get_status() == "Completed")
print("=", max(child.get_metrics()["r2"] for child in run.get_children()) == best.get_metrics()["r2"])
model = best.register_model("ridge", model_path="outputs/alpha.txt", tags={"kind": "best"})
print("=", model.name, int(model.version))
""",
        setup=ENV_SETUP,
        files={"src/train.py": _TRAIN},
        cluster="cpu",
        differs={
            "jobs/tune/0/children/*/tags/hyperparameters": "the values are sampled at random",
            "jobs/tune/0/children/*/metrics/r2": "it is made of them",
        },
    ),
    Twin(
        "sweeps",
        1,
        head=ENV,
        foot="""\
with open("model.txt") as file:
    print("=", file.read(), [child.get_metrics()["loss"] for child in children] == [1, 1.5, 2, 2.5])
print("=", model.name, int(model.version))
""",
        setup=ENV_SETUP,
        files={"src/train.py": _LOSS},
        cluster="cpu",
        differs={"jobs/tune/0/children/*/tags/hyperparameters": "names of inputs have no dashes"},
    ),
    Twin(
        "automl",
        0,
        head="import os\n\nfrom azureml.core import Experiment\n",
        foot="""\
run = Experiment(ws, "churn").submit(config, show_output=False)
run.wait_for_completion(show_output=False)
best = run.get_best_child()
print("=", best.get_metrics()["AUC_weighted"], len(list(run.get_children())))
best.download_file("outputs/model.pkl", "model.pkl")
model = best.register_model("churn", model_path="outputs/model.pkl")
print("=", os.path.getsize("model.pkl") > 0, model.name)
""",
        setup=_REGISTER.format(name="churn"),
        files=_CHURN_FILES,
        cluster="cpu",
        differs=_FOUND,
    ),
    Twin(
        "automl",
        1,
        head=RUN_CONFIG,
        foot="""\
run = Experiment(ws, "houses").submit(pipeline)
run.wait_for_completion(show_output=False)
""",
        setup=_REGISTER.format(name="houses") + ENV_SETUP,
        files={
            "table/MLTable": TABLE,
            "table/table.csv": _HOUSES,
            # A name that is taken: what writes the outputs as files has no place, as in a single file or in a notebook.
            "automl_outputs/automl_outputs.py": "",
            "check.py": """\
import os
import sys

os.makedirs("outputs", exist_ok=True)
with open("outputs/there.txt", "w") as file:
    file.write(str(os.path.exists(sys.argv[-1])))
""",
        },
        cluster="cpu",
        differs={
            **_FOUND,
            "outputs": "the model is an MLflow folder, not a pickle; a step of v1 wrote model and metrics in any case",
        },
    ),
    Twin(
        "automl",
        PROGRAM,
        setup=_REGISTER.format(name="houses"),
        files={"table/MLTable": TABLE, "table/table.csv": _HOUSES},
        cluster="cpu",
        differs={**_FOUND, "models/houses/1/*": "the registered model is the MLflow folder, not the pickle"},
    ),
    Twin(
        "automl-runs",
        head="from setup_workspace import RUN_ID, rows\n",
        foot="""\
print("=", best_run.get_metrics()["accuracy"], fitted_model.predict(rows).tolist())
""",
        setup=_REGISTER.format(name="churn")
        + """\
import pandas
from azure.ai.ml import Input, automl

rows = pandas.DataFrame({"hours": [31, 50], "age": [30, 40]})
search = automl.classification(
    training_data=Input(type="mltable", path=table.id),
    compute="cpu",
    target_column_name="left",
    primary_metric="accuracy",
    n_cross_validations=2,
    experiment_name="churn",
)
search.set_limits(max_trials=1)
search.set_training(enable_vote_ensemble=False, enable_stack_ensemble=False)
RUN_ID = ml.jobs.create_or_update(search).name
ml.jobs.stream(RUN_ID)
""",
        files=_CHURN_FILES,
        cluster="cpu",
        differs={**_FOUND, "models/churn/1/*": "the registered model is the MLflow folder, not the pickle"},
    ),
    Twin(
        "automl-images",
        setup=f'{STORES}exec(open("label.txt").read())\n',
        files={"stored/fridge/labels.csv": "image_url,label\n1.jpg,can\n", "label.txt": _LABELED},
        cluster="gpu",
        # Both submit the search, and are told the same.
        refused="cannot run on this machine: models for images",
        differs={"jobs/images": "SDK v1 makes the experiment before it submits"},
    ),
    Twin(
        "automl-onnx",
        head="""\
import pandas as pd
from setup_workspace import model_bytes, resource

rows = pd.DataFrame({"size": [1, 2], "kind": ["a", "b"]})
""",
        foot='print("=", predicted.tolist(), probabilities.tolist())\n',
        setup=_ONNX,
        # SDK v1 can use ONNX on Python 3.10 at most.
        packages=("python==3.10.*", "azureml-automl-runtime>=1.62", "!fusepy; python_version < '3'"),
    ),
    Twin(
        "automl-scores",
        foot="""\
import numpy

found = scores(numpy.array([1.0, 2.0, 3.0]), numpy.array([1.0, 2.5, 3.5]))
for name in ("explained_variance", "mean_absolute_error", "median_absolute_error", "r2_score"):
    print("=", name, round(float(found[name]), 6))
print("=", round(float(found["root_mean_squared_error"]), 6))
print("=", times({"time_column_name": "week"}))
""",
        packages=_AUTOML_RUNTIME,
    ),
    Twin("automl-scores", 1, foot='print("=", sorted(get_primary_metrics("classification")))\n'),
    Twin(
        "automl-logging",
        foot="""\
NAME, PATH = "churn", "model.pkl"
joblib.dump({"left": 1}, PATH)
init()
print("=", model, logger.name)
""",
    ),
    Twin(
        "many-models",
        setup="""\
from azure.ai.ml.entities import Data

ml.data.create_or_update(Data(name="sales", path="table", type="mltable"))
""",
        files={"table/MLTable": TABLE, "table/table.csv": "week,store,brand,quantity\n2026-01-05,a,b,1\n"},
        cluster="cpu-cluster",
        packages=(
            "azureml-train-automl-runtime>=1.62",
            "azureml-contrib-automl-pipeline-steps>=1.60",
            "!pyspark; python_version < '3'",
            *_NEWER,
        ),
        refused="in Azure only",
        differs={"jobs/sales": "SDK v1 makes the experiment before it submits"},
    ),
]
