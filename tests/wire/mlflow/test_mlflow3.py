"""MLflow 3 against the same server: runs, metrics, artifacts, logged models, the registry.

Our environment has mlflow 2, which SDK v1's packages need: AMLBRIDGE_TEST_MLFLOW3_PYTHON names an interpreter with
mlflow 3 and scikit-learn.
"""

from __future__ import annotations

import os

import pytest

from tests.support.live import LiveService
from tests.wire.mlflow.support import track

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python() -> str:
    """The interpreter with mlflow 3."""
    named = os.environ.get("AMLBRIDGE_TEST_MLFLOW3_PYTHON")
    if named is None:
        pytest.skip("mlflow 3 is not installed: AMLBRIDGE_TEST_MLFLOW3_PYTHON may name an interpreter that has it")
    return named


def test_runs_and_logged_models(live: LiveService, python: str) -> None:
    shown = track(
        live,
        """
        import mlflow.sklearn
        from sklearn.linear_model import LogisticRegression
        show("version", mlflow.__version__.split(".")[0])
        mlflow.set_experiment("three")
        x, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
        with mlflow.start_run(run_name="first") as run:
            for step in range(3):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
            mlflow.log_params({"lr": 0.1})
            mlflow.log_text("hello", "notes/a.txt")
            with mlflow.start_run(nested=True, run_name="child"):
                mlflow.log_metric("acc", 1)
            model = LogisticRegression().fit(x, y)
            made = mlflow.sklearn.log_model(model, name="clf", serialization_format="cloudpickle")
            mlflow.log_metric("fit", 0.75, model_id=made.model_id)
        found = mlflow.get_run(run.info.run_id)
        show("run", [found.info.status, found.info.run_name, found.data.metrics["loss"], found.data.params])
        show("history", [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")])
        show("text", mlflow.artifacts.load_text(found.info.artifact_uri + "/notes/a.txt"))
        logged = mlflow.get_logged_model(made.model_id)
        show("logged", [logged.name, str(logged.status), logged.source_run_id == run.info.run_id,
                        [(m.key, m.value) for m in logged.metrics or []]])
        listed = mlflow.search_logged_models(experiment_ids=[found.info.experiment_id], output_format="list")
        show("listed", [item.model_id == made.model_id for item in listed])
        show("outputs", [item.model_id == made.model_id for item in found.outputs.model_outputs])
        show("loaded", mlflow.sklearn.load_model(made.model_uri).predict([[0.0], [3.0]]).tolist())
        version = mlflow.register_model(made.model_uri, "three-clf")
        client.set_registered_model_alias("three-clf", "best", version.version)
        show("registered", [version.version, version.run_id == run.info.run_id,
                            mlflow.pyfunc.load_model("models:/three-clf@best").predict([[3.0]]).tolist()])
        show("search", sorted(mlflow.search_runs(experiment_names=["three"])["tags.mlflow.runName"]))
        show("missing", code(lambda: mlflow.get_logged_model("m-" + "0" * 32)))
        """,
        python=python,
    )
    assert shown["version"] == "3"
    assert shown["run"] == ["FINISHED", "first", 1 / 3, {"lr": "0.1"}]
    assert shown["history"] == [[0, 1.0], [1, 0.5], [2, 1 / 3]]
    assert shown["text"] == "hello"
    assert shown["logged"][:3] == ["clf", "READY", True]
    assert ["fit", 0.75] in shown["logged"][3]
    assert shown["listed"] == [True]
    assert shown["outputs"] == [True]
    assert shown["loaded"] == [0, 1]
    assert shown["registered"] == ["1", True, [1]]
    assert shown["search"] == ["child", "first"]
    assert shown["missing"] == "RESOURCE_DOES_NOT_EXIST"
