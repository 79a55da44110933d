"""AutoML jobs and parallel nodes with bad input: the sentence is in what the real client raises, and in the job."""

from __future__ import annotations

import json

import pytest

from tests.support.bad_input import SCRIPTS, SENTENCES, TABLES, TWICE
from tests.support.live import LiveService
from tests.v2.jobs.scripts import HEAD

pytestmark = pytest.mark.slow

_SCRIPT = """
import contextlib, io, json
import mlflow
from azure.ai.ml import automl
from azure.ai.ml.parallel import RunFunction, parallel_run_function

ml.compute.begin_create_or_update(AmlCompute(name="cpu", size="STANDARD_D2_V2", max_instances=2)).result()
submitted = {}

def table(name):
    with open(f"{name}/MLTable", "w") as file:
        file.write("paths:\\n  - file: ./table.csv\\ntransformations:\\n  - read_delimited:\\n      delimiter: ','\\n")
    return Input(type="mltable", path=name)

def submit(name, data="good", task=automl.classification, metric="accuracy", label="y", trials=1, minutes=10, **more):
    try:
        job = task(training_data=table(data), target_column_name=label, primary_metric=metric, compute="cpu",
                   n_cross_validations=2, experiment_name="bad-input", **more)
        job.set_limits(max_trials=trials, timeout_minutes=minutes, enable_early_termination=False)
        job.set_training(enable_stack_ensemble=False, enable_vote_ensemble=False)
        submitted[name] = ml.jobs.create_or_update(job)
    except Exception as error:
        print("RAISED", json.dumps([name, str(error)]))

submit("label", label="lable")
submit("classes", "one_class")
submit("constant", "constant", automl.regression, "r2_score")
submit("missing", "missing")
submit("empty", "empty")
submit("metric", metric="r2_score")
submit("timeout", "twice", trials=500, minutes=0.05, validation_data=table("held"), weight_column_name="n_1")
submit("first", test_data=table("test"))
submit("second")

def parallel(script):
    score = parallel_run_function(
        name="score", inputs={"data": Input(type="uri_folder")}, outputs={"scores": Output(type="uri_file")},
        input_data="${{inputs.data}}", mini_batch_size="3", error_threshold=0, max_concurrency_per_instance=1,
        instance_count=1, retry_settings={"max_retries": 0, "timeout": 30},
        task=RunFunction(code="src", entry_script=script, environment=ENV, append_row_to="${{outputs.scores}}"))

    @dsl.pipeline(default_compute="cpu")
    def pipeline(data):
        score(data=data)

    return pipeline(Input(type="uri_folder", path="three"))

for name in ("few", "no_run"):
    submitted[name] = ml.jobs.create_or_update(parallel(name + ".py"), experiment_name="bad-input")

mlflow.set_tracking_uri(ml.workspaces.get(ml.workspace_name).mlflow_tracking_uri)
for name, job in submitted.items():
    seen = io.StringIO()
    with contextlib.redirect_stdout(seen):
        try:
            ml.jobs.stream(job.name)
        except Exception as error:
            print(error)
    error = ml.jobs._runs_operations.get_run_details(job.name).error
    told = json.dumps(error.as_dict()) if error else None
    print("ENDED", json.dumps([name, ml.jobs.get(job.name).status, seen.getvalue(), told]))

def scores(name):
    run = mlflow.get_run(submitted[name].name)
    best = run.data.tags["automl_best_child_run_id"]
    return [run.data.metrics["accuracy"], best.removeprefix(submitted[name].name), mlflow.get_run(best).data.metrics]

best = mlflow.get_run(submitted["timeout"].name).data.tags["automl_best_child_run_id"]
with open(mlflow.artifacts.download_artifacts(run_id=best, artifact_path="confusion_matrix", dst_path=".")) as file:
    print("MATRIX", json.dumps(json.load(file)["data"]["matrix"]))
first, second, timeout = map(scores, ("first", "second", "timeout"))
print("SAME", json.dumps([first, second]))
print("TIMEOUT", json.dumps(timeout))
print("TESTED", json.dumps(mlflow.get_run(submitted["first"].name + "_0_test").data.metrics))
"""

_TEST = "n,m,y\n" + "".join(f"{number * 7 % 11},{number % 5},{number % 2}\n" for number in range(10))
_FILES = {
    **{f"{name}/table.csv": text for name, text in {**TABLES, "test": _TEST}.items()},
    **{f"three/{name}.txt": name for name in "abc"},
    **SCRIPTS,
}


def test_bad_input_a_timeout_and_test_data(live: LiveService) -> None:
    out = live.run(HEAD + _SCRIPT, files=_FILES).stdout
    lines = [line.partition(" ") for line in out.splitlines()]
    ended = {found[0]: found[1:] for found in (json.loads(text) for word, _, text in lines if word == "ENDED")}
    told = {
        word: json.loads(text) for word, _, text in lines if word in ("RAISED", "SAME", "TIMEOUT", "TESTED", "MATRIX")
    }
    # The client itself has no such metric of a classification.
    assert told["RAISED"] == ["metric", "'R2_SCORE'"]
    for name, sentence in SENTENCES.items():
        status, shown, error = ended[name]
        assert status == "Failed", name
        assert sentence in shown, name
        assert sentence in error, name
    assert "columns with no value are left out: n, m" in ended["missing"][1]
    assert [ended[name][0] for name in ("timeout", "first", "second")] == ["Completed"] * 3
    assert "the time of 0.05 minutes is up" in ended["timeout"][1]
    assert TWICE in ended["timeout"][1]
    # The rows that it is measured with are those of validation_data.
    assert "n_cross_validations is not used: there are validation data" in ended["timeout"][1]
    assert sum(map(sum, told["MATRIX"])) == 12
    assert "accuracy" in told["TIMEOUT"][2]
    first, second = told["SAME"]
    assert first[:2] == second[:2]
    assert first[2]["AUC_weighted"] == second[2]["AUC_weighted"]
    assert 0 <= told["TESTED"]["accuracy"] <= 1
    assert "AUC_weighted" in told["TESTED"]
