"""AutoML as a step of a Plan: real driver, real workers, real files."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from amlbridge.engine import kinds
from amlbridge.engine.plan import DataReference, Input, Node, Output
from amlbridge.engine.records.runs import Run
from tests.support.engine import Engine

pytestmark = pytest.mark.slow

TRAINING = "azureml://datastores/store/paths/titanic.csv"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("engine"))
    (engine.root / "data").mkdir(exist_ok=True)
    table().to_csv(engine.root / "data" / "titanic.csv", index=False)
    yield engine
    engine.close()


def table(rows: int = 160) -> pd.DataFrame:
    """People with holes, words, dates and a class that follows from them."""
    random = np.random.default_rng(0)
    age = random.normal(35, 12, rows)
    sex = random.choice(["male", "female"], rows)
    survived = (sex == "female") | (age < 18) ^ (random.random(rows) < 0.1)
    return pd.DataFrame(
        {
            "Id": np.arange(rows),
            "Age": np.where(random.random(rows) < 0.2, np.nan, age.round()),
            "Sex": sex,
            "Boarded": pd.Timestamp("1912-04-10") + pd.to_timedelta(random.integers(0, 5, rows), "D"),
            "Empty": np.nan,
            "Survived": np.where(survived, "yes", "no"),
        }
    )


def automl(name: str = "train", outputs: dict[str, Output] | None = None, **settings: Any) -> Node:
    return Node(
        name,
        name,
        kind="automl",
        inputs={"training_data": Input(DataReference(TRAINING))},
        outputs=outputs or {},
        options={"automl": {"task": "classification", "target_column": "Survived", "max_trials": 4, **settings}},
    )


OUTPUTS = {
    "metrics": Output("store", "out/{run-id}/metrics", type="any", training={"type": "Metrics"}),
    "model": Output("store", "out/{run-id}/model", type="any", training={"type": "Model"}),
    "best_model": Output("store", "out/{run-id}/best_model", type="mlflow_model"),
}


@pytest.fixture(scope="module")
def trained(engine: Engine) -> Run:
    run = engine.run(automl(outputs=OUTPUTS, primary_metric="AUC_weighted", max_concurrent_trials=2), run_id="whole")
    assert run["train"].status == "Completed", log(engine, run["train"])
    return run["train"]


def log(engine: Engine, run: Run) -> str:
    return (engine.root / "artifacts" / run.id / "azureml-logs/70_driver_log.txt").read_text()


def children(engine: Engine, run: Run) -> list[Run]:
    return engine.records.runs.children(engine.workspace.id, run.id)


def test_each_iteration_is_a_child_run_with_its_metrics_and_model(engine: Engine, trained: Run) -> None:
    found = children(engine, trained)
    assert [run.id for run in found] == [f"{trained.id}_{index}" for index in range(4)]
    assert [run.properties["run_algorithm"] for run in found] == [
        "LightGBM",
        "XGBoostClassifier",
        "VotingEnsemble",
        "StackEnsemble",
    ]
    for run in found:
        metrics = {value.name: value.data for value in engine.records.metrics.values(engine.workspace.id, run.id)}
        assert run.status == "Completed"
        assert float(run.properties["score"]) == metrics["AUC_weighted"]["AUC_weighted"]
        assert 0.5 < float(run.properties["score"]) <= 1
        assert {"accuracy", "log_loss", "norm_macro_recall", "precision_score_weighted"} <= metrics.keys()
        assert (engine.root / "artifacts" / run.id / "outputs/model.pkl").is_file()


def test_each_iteration_has_its_charts_and_what_scoring_needs(engine: Engine, trained: Run) -> None:
    for run in children(engine, trained):
        place = engine.root / "artifacts" / run.id
        metrics = {value.name: value for value in engine.records.metrics.values(engine.workspace.id, run.id)}
        for name in ("confusion_matrix", "accuracy_table"):
            assert metrics[name].kind == f"azureml.v2.{name}"
            assert metrics[name].data == {name: f"aml://artifactId/ExperimentRun/dcid.{run.id}/{name}"}
        matrix = json.loads((place / "confusion_matrix").read_text())["data"]
        assert matrix["class_labels"] == ["no", "yes"]
        assert np.sum(matrix["matrix"]) == 160
        # Folds of 160 rows have the same size: the mean of their accuracies is that of all rows.
        right = np.trace(matrix["matrix"]) / np.sum(matrix["matrix"])
        assert right == pytest.approx(metrics["accuracy"].data["accuracy"])
        conda = yaml.safe_load((place / run.properties["conda_env_data_location"]).read_text())
        assert any(item.startswith("scikit-learn==") for item in conda["dependencies"][-1]["pip"])
        assert "scikit-learn" in json.loads((place / "outputs/env_dependencies.json").read_text())
        assert "def init()" in (place / "outputs/scoring_file_v_1_0_0.py").read_text()


def test_the_parent_names_the_best_child(engine: Engine, trained: Run) -> None:
    scores = {run.id: float(run.properties["score"]) for run in children(engine, trained)}
    assert scores[trained.tags["automl_best_child_run_id"]] == max(scores.values())
    assert float(trained.tags["best_score"]) == max(scores.values())
    assert trained.tags["iterations"] == "4"
    warnings = [item["message"] for item in trained.extra["warnings"]]
    assert any("Empty" in text for text in warnings)
    assert any("another value in every row are left out: Id" in text for text in warnings)


def test_the_outputs_of_the_node(engine: Engine, trained: Run) -> None:
    place = engine.root / "data" / "out" / trained.id
    metrics = json.loads((place / "metrics").read_text())
    assert metrics.keys() == {run.id for run in children(engine, trained)}
    assert all(len(values["accuracy"]) == 1 for values in metrics.values())
    artifacts = engine.root / "artifacts" / trained.id / "outputs"
    assert (place / "model").read_bytes() == (artifacts / "model.pkl").read_bytes()
    assert (place / "best_model" / "MLmodel").is_file()


def test_a_reused_step_has_the_children_of_its_original(engine: Engine, trained: Run) -> None:
    node = automl(outputs=OUTPUTS, primary_metric="AUC_weighted", max_concurrent_trials=2)
    again = engine.run(node, run_id="again")["train"]
    assert again.properties["reused"] == trained.id
    found, originals = children(engine, again), children(engine, trained)
    assert [run.properties["score"] for run in found] == [run.properties["score"] for run in originals]
    assert again.tags["automl_best_child_run_id"] in {run.id for run in found}
    for run in found:
        metrics = {value.name: value.data for value in engine.records.metrics.values(engine.workspace.id, run.id)}
        assert "accuracy" in metrics
        assert metrics["confusion_matrix"]["confusion_matrix"].endswith(f"dcid.{run.id}/confusion_matrix")
        place = engine.root / "artifacts" / run.id
        assert (place / "outputs/model.pkl").is_file()
        assert (place / "confusion_matrix").is_file()


#: A process in which amlbridge cannot be imported.
WITHOUT_US = """
    import sys

    class Blocker:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] == "amlbridge":
                raise ImportError(name)

    sys.meta_path.insert(0, Blocker())
"""


def alone(script: str, *arguments: object) -> Any:
    """What a script prints as JSON, where amlbridge is not installed."""
    code = textwrap.dedent(WITHOUT_US) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_pickle_predicts_without_our_package(engine: Engine, trained: Run, tmp_path: Path) -> None:
    rows = table(20)
    rows["Surplus"] = rows["Sex"]
    rows.drop(columns="Survived").iloc[:, ::-1].to_csv(tmp_path / "rows.csv", index=False)
    found = alone(
        """
        import json, pickle
        import pandas as pd

        with open(sys.argv[1], "rb") as file:
            model = pickle.load(file)
        rows = pd.read_csv(sys.argv[2])
        try:
            model.predict(rows.drop(columns=["Sex", "Age"]))
        except ValueError as error:
            told = str(error)
        transformer = model.named_steps["datatransformer"]
        print(json.dumps({
            "classes": list(model.classes_),
            "predicted": list(model.predict(rows)),
            "shape": list(model.predict_proba(rows).shape),
            "told": told,
            "summary": transformer.get_featurization_summary(),
            "names": transformer.get_engineered_feature_names(),
            "steps": [name for name, _ in model.steps],
        }))
        """,
        engine.root / "artifacts" / trained.id / "outputs/model.pkl",
        tmp_path / "rows.csv",
    )
    truth = list(rows["Survived"])
    right = sum(one == other for one, other in zip(found["predicted"], truth, strict=True))
    assert found["classes"] == ["no", "yes"]
    assert found["shape"] == [20, 2]
    assert right >= 15
    assert "Age, Sex" in found["told"]
    dropped = {item["RawFeatureName"]: item["Dropped"] for item in found["summary"]}
    assert dropped == {"Id": "Yes", "Age": "No", "Sex": "No", "Boarded": "No", "Empty": "Yes"}
    assert "Age_missing" in found["names"]
    assert found["steps"][0] == "datatransformer"


def test_the_mlflow_model_loads_in_both_flavours(engine: Engine, trained: Run, tmp_path: Path) -> None:
    table(20).drop(columns="Survived").to_csv(tmp_path / "rows.csv", index=False)
    found = alone(
        """
        import json
        import mlflow
        import pandas as pd

        rows = pd.read_csv(sys.argv[2])
        model = mlflow.pyfunc.load_model(sys.argv[1])
        print(json.dumps({
            "pyfunc": list(model.predict(rows)),
            "sklearn": list(mlflow.sklearn.load_model(sys.argv[1]).predict(rows)),
            "run": model.metadata.run_id,
            "inputs": model.metadata.get_input_schema().input_names(),
        }))
        """,
        engine.root / "data" / "out" / trained.id / "best_model",
        tmp_path / "rows.csv",
    )
    assert found["pyfunc"] == found["sklearn"]
    assert found["run"] == engine.records.runs.get(engine.workspace.id, trained.id).tags["automl_best_child_run_id"]
    assert found["inputs"] == ["Id", "Age", "Sex", "Boarded", "Empty"]
    assert set(found["pyfunc"]) <= {"yes", "no"}


def test_the_exit_code_is_that_of_all_drivers() -> None:
    from amlbridge.engine.automl import session  # scikit-learn: each process of xdist would wait for it

    assert session._SAID_WHY == kinds.SAID_WHY


def test_what_is_wrong_is_the_error_of_the_run(engine: Engine) -> None:
    """Which settings and tables are wrong: test_problem.py, test_unhonoured.py."""
    run = engine.run(automl(allowed_models=["Prophet"]), run_id="bad")["train"]
    assert run.status == "Failed"
    assert "no algorithm is left to try" in run.error["message"]
