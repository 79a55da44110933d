"""``experiment.submit(AutoMLConfig(...))`` with the real client: children, output, models, mistakes, cancelling."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

_HEAD = """
    import json, time
    import pandas as pd
    from azureml.core import Dataset, Experiment, Model, Run, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.train.automl import AutoMLConfig

    def told(name, *values):
        print(name, json.dumps(values, default=str))

    def table(rows=160):
        numbers = pd.Series(range(rows))
        kind = numbers.map(lambda n: "abc"[n % 3])
        label = ((numbers * 7 % 11 > 5) ^ (kind == "a")).map({True: "yes", False: "no"})
        return pd.DataFrame({"number": numbers * 7 % 11, "kind": kind, "label": label})

    ws = Workspace.from_config()
    experiment = Experiment(ws, "automl")
    cluster = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=1)
    cpu = ComputeTarget.create(ws, "cpu", cluster)
    cpu.wait_for_completion()
    store = ws.get_default_datastore()
    data = Dataset.Tabular.register_pandas_dataframe(table(), (store, "kinds"), "kinds", show_progress=False)
    usual = dict(task="classification", training_data=data, label_column_name="label", primary_metric="AUC_weighted",
                 compute_target=cpu, iterations=2, n_cross_validations=2)
"""
_RUN = """
    run = experiment.submit(AutoMLConfig(**usual, positive_label="yes", test_size=0.25))
    told("BEGUN", type(run).__name__, run.id[:7], run.status)
    run.wait_for_completion()
    children = sorted(run.get_children(), key=lambda child: child.id)
    keys = ("iteration", "run_algorithm", "score", "model_output_path")
    told("CHILDREN", *([child.id.removeprefix(run.id), child.get_status(),
                        [child.get_properties()[key] for key in keys], child.get_metrics()["AUC_weighted"]]
                       for child in children))
    best, model = run.get_output()
    told("BEST", best.id, best.id == run.get_best_child().id == run.get_tags()["automl_best_child_run_id"])
    told("PREDICTED", sorted(set(model.predict(table().drop(columns="label")))), list(model.classes_))
    matrix = best.get_metrics()["confusion_matrix"]
    best.download_file("confusion_matrix", "matrix.json")
    content = json.load(open("matrix.json"))
    told("CHARTS", matrix.rpartition("/")[2], content["schema_type"], content["data"]["class_labels"],
         sum(map(sum, content["data"]["matrix"])), "accuracy_table" in best.get_metrics())
    tested = next(best.get_children(type="automl.model_test"))
    tested.wait_for_completion(show_output=False, wait_post_processing=True)
    rows = Dataset.get_by_id(ws, tested.get_details()["outputDatasets"][0]["identifier"]["savedId"])
    rows = rows.to_pandas_dataframe()
    told("TESTED", tested.get_status(), tested.type, list(rows), len(rows), "confusion_matrix" in tested.get_metrics(),
         tested.get_metrics()["accuracy"], (rows.label_orig == rows.label_predicted).mean())
    told("OTHERS", run.get_output(iteration=0)[0].id, run.get_output(metric="accuracy")[0].id)
    told("PARENT", run.get_status(), run.get_metrics()["AUC_weighted"], [row[:2] for row in run.summary()])
    told("AGAIN", type(Run.get(ws, run.id)).__name__, [type(item).__name__ for item in experiment.get_runs()])
    told("SDK", run.get_run_sdk_dependencies()["azureml-train-automl-client"][:1])
    registered = run.register_model("kinds", tags={"from": "automl"})
    told("MODEL", registered.name, registered.version, registered.tags, registered.run.id == best.id)
    best.download_file("outputs/model.pkl", "here/model.pkl")
    run.download_files(output_directory="there")
    told("FILES", sorted(best.get_file_names()))
    told("WARNINGS", [item["message"] for item in run.get_details()["warnings"]])
    told("DATA", [item["dataset"].name for item in run.get_details()["inputDatasets"]])
"""
_MISTAKES = """
    def attempt(name, **changes):
        try:
            failed = experiment.submit(AutoMLConfig(**{**usual, **changes}))
        except Exception as error:
            told(name, str(error))
            return
        failed.wait_for_completion()
        told(name, failed.get_status(), failed.get_details()["error"]["error"]["message"])

    attempt("LABEL", label_column_name="lable")

    long = experiment.submit(AutoMLConfig(**{**usual, "iterations": 500, "enable_early_stopping": False}))
    deadline = time.monotonic() + 60
    while not list(long.get_children()) and time.monotonic() < deadline:
        time.sleep(0.2)
    child = max(long.get_children(), key=lambda child: int(child.id.rpartition("_")[2]))
    child.cancel()
    child.wait_for_completion(raise_on_error=False)  # it ends at CancelRequested, too
    while child.get_status() == "CancelRequested" and time.monotonic() < deadline + 60:
        time.sleep(0.1)
    told("CHILD", child.get_status(), long.get_status())
    long.cancel()
    long.wait_for_completion()
    told("CANCELED", long.get_status(), sorted({child.get_status() for child in long.get_children()}))
"""
_LOCAL = """
    frame = table(120)
    own = {name: value for name, value in usual.items() if name not in ("training_data", "label_column_name")}
    del own["compute_target"]
    old = experiment.submit(AutoMLConfig(**own, X=frame[["number"]].values, y=frame["label"].values))
    told("OLD", old.get_status(), len(list(old.get_children())), old.get_output()[1].classes_.tolist())
    from azureml.train.automl.runtime import AutoMLStep
    told("STEP", AutoMLStep.__module__)
"""


def _told(out: str) -> dict[str, list[Any]]:
    lines = [line.partition(" ") for line in out.splitlines()]
    return {name: json.loads(text) for name, _, text in lines if name.isupper() and text.startswith("[")}


def test_a_run_its_children_and_its_model(live: LiveService) -> None:
    found = _told(live.run(_HEAD + _RUN).stdout)
    assert found["BEGUN"] == ["AutoMLRun", "AutoML_", "NotStarted"]
    names, states, properties, scores = zip(*found["CHILDREN"], strict=True)
    assert (names, states) == (("_0", "_1"), ("Completed", "Completed"))
    assert [item[0] for item in properties] == ["0", "1"]
    assert all(item[1] and item[3] == "outputs/model.pkl" for item in properties)
    assert [float(item[2]) for item in properties] == pytest.approx(scores)
    assert found["BEST"][1] is True
    assert found["BEST"][0].endswith(f"_{scores.index(max(scores))}")
    assert found["PREDICTED"] == [["no", "yes"], ["no", "yes"]]
    # The rows of both folds, without those that are set apart for the test.
    assert found["CHARTS"] == ["confusion_matrix", "confusion_matrix", ["no", "yes"], 120, True]
    *tested, accuracy, right = found["TESTED"]
    columns = ["label_orig", "label_predicted", "no_predicted_proba", "yes_predicted_proba", "number_orig", "kind_orig"]
    assert tested == ["Completed", "automl.model_test", columns, 40, True]
    assert accuracy == pytest.approx(right)
    assert found["OTHERS"][0].endswith("_0")
    status, metric, summary = found["PARENT"]
    assert (status, metric) == ("Completed", pytest.approx(max(scores)))
    assert sorted(summary) == sorted([item[1], 1] for item in properties)
    assert found["AGAIN"] == ["AutoMLRun", ["AutoMLRun"]]
    assert found["SDK"] == ["1"]
    assert found["MODEL"] == ["kinds", 1, {"from": "automl"}, True]
    assert {"outputs/model.pkl", "outputs/mlflow-model/MLmodel", "outputs/scoring_file_v_1_0_0.py"} <= set(
        found["FILES"][0]
    )
    assert not [name for name in found["FILES"][0] if "/." in name]
    assert any("positive_label" in text for text in found["WARNINGS"][0])
    assert found["DATA"] == [["kinds"]]


def test_mistakes_are_told_and_a_search_can_be_cancelled(live: LiveService) -> None:
    found = _told(live.run(_HEAD + _MISTAKES).stdout)
    assert found["LABEL"][0] == "Failed"
    assert "lable" in found["LABEL"][1]
    # It may have been over before it was cancelled; the search goes on either way.
    assert found["CHILD"] in (["Canceled", "Running"], ["Completed", "Running"])
    assert found["CANCELED"][0] == "Canceled"
    assert set(found["CANCELED"][1]) <= {"Completed", "Canceled"}


def test_a_search_without_a_compute_target_and_tables_in_memory(live: LiveService) -> None:
    found = _told(live.run(_HEAD + _LOCAL).stdout)
    assert found["OLD"] == ["Completed", 2, ["no", "yes"]]
    assert found["STEP"] == ["azureml.pipeline.steps.automl_step"]


_SERVICE = "/jasmine/v1.0{}/experimentids/{}"


def test_what_the_service_refuses_and_answers_to_other_callers(live: LiveService) -> None:
    with live.client() as client:
        experiment = client.post(f"/history/v1.0{live.scope()}/experiments/rest").json()["experimentId"]
        base = _SERVICE.format(live.scope(), experiment)
        settings = json.dumps({"task_type": "classification", "label_column_name": "y"})
        no_data = client.post(f"{base}/run", json={"amlSettingsJsonString": settings, "target": "local"})
        assert (no_data.status_code, "pass training_data" in no_data.json()["message"]) == (400, True)
        bad = client.post(f"{base}/validation", json={"amlSettingsJsonString": '{"task_type": "image-classification"}'})
        assert bad.status_code == 200
        assert "cannot run on this machine" in bad.json()["error"]["details"][0]["message"]
        assert client.post(f"{base}/validation", json={"amlSettingsJsonString": settings}).status_code == 204
        body = {
            "amlSettingsJsonString": settings,
            "dataPrepJsonString": json.dumps({"training_data": {"datasetId": "nothing"}}),
            "target": "local",
        }
        unknown = client.post(f"{base}/run", json=body)
        assert (unknown.status_code, "nothing" in unknown.json()["message"]) == (400, True)
        for path in ("runs/r/continueRun", "runs/r/next", "modelexplain/r", "modeltest/r", "featureprofiles/r"):
            refused = client.post(f"{base}/{path}", json={})
            assert (refused.status_code, refused.json()["code"]) == (400, "NotSupported")
        assert client.post(f"{base}/runs/none/submitSnapshotRun", json={}).status_code == 404
        curated = client.post(f"{base}/getCuratedEnvironment", json={}).json()
        assert curated["environment"]["name"] == "AzureML-AutoML"


def test_a_run_that_its_client_could_not_start_is_ended_by_it(live: LiveService) -> None:
    saved = live.run("""
        from azureml.core import Dataset, Workspace
        ws = Workspace.from_config()
        store = ws.get_default_datastore()
        with open("few.csv", "w") as file:
            file.write("x,y\\n1,no\\n2,yes\\n")
        store.upload_files(["few.csv"], target_path="few")
        print("ID", Dataset.Tabular.from_delimited_files((store, "few/few.csv")).register(ws, "few").id)
    """)
    dataset = next(line.split()[1] for line in saved.stdout.splitlines() if line.startswith("ID "))
    with live.client() as client:
        experiment = client.post(f"/history/v1.0{live.scope()}/experiments/rest").json()["experimentId"]
        base = _SERVICE.format(live.scope(), experiment)
        body = {
            "amlSettingsJsonString": json.dumps({"task_type": "classification", "label_column_name": "y"}),
            "dataPrepJsonString": json.dumps({"training_data": {"datasetId": dataset}}),
            "target": "local",
        }
        created = client.post(f"{base}/run", json=body)
        assert created.status_code == 200, created.text
        run = created.json()
        assert client.post(f"{base}/runs/{run}/changerunstatus/Sleeping", json={}).status_code == 400
        assert client.post(f"{base}/runs/{run}/changerunstatus/Failed", json={}).status_code == 200
        assert client.get(f"/history/v1.0{live.scope()}/runs/{run}").json()["status"] == "Failed"
        assert client.post(f"{base}/runs/{run}/changerunstatus/Completed", json={}).status_code == 200
        assert client.get(f"/history/v1.0{live.scope()}/runs/{run}").json()["status"] == "Failed"
