"""MLflow's real client tracks to the workspace, and SDK v1 reads the same runs, and the other way round."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.wire.mlflow.support import track

pytestmark = pytest.mark.slow


def test_what_mlflow_logs_is_read_by_both(live: LiveService) -> None:
    shown = track(
        live,
        """
        import math, pathlib
        mlflow.set_experiment("both")
        with mlflow.start_run(run_name="first", description="the note", tags={"team": "a"}) as run:
            for step in range(3):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
            mlflow.log_metrics({"acc": 0.5, "bad": math.nan, "far": math.inf})
            mlflow.log_params({"lr": 0.1, "layers": [1, 2]})
            mlflow.set_tags({"stage": "dev", "mlflow.note.content": "a better note"})
            mlflow.log_text("hello", "notes/a.txt")
            with mlflow.start_run(nested=True, run_name="child") as child:
                mlflow.log_metric("acc", 1)
        found = mlflow.get_run(run.info.run_id)
        show("metrics", {key: str(value) for key, value in found.data.metrics.items()})
        show("params", found.data.params)
        show("info", [found.info.status, found.info.run_name, found.info.lifecycle_stage,
                      found.info.end_time >= found.info.start_time])
        show("tags", {key: found.data.tags[key] for key in
                      ("team", "stage", "mlflow.note.content", "mlflow.runName", "mlflow.source.type")})
        show("history", [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")])
        show("files", [[f.path, f.is_dir, f.file_size] for f in client.list_artifacts(run.info.run_id, "notes")])
        show("text", mlflow.artifacts.load_text(found.info.artifact_uri + "/notes/a.txt"))
        from azureml.core import Workspace, Experiment, Run
        ws = Workspace.from_config()
        exp = Experiment(ws, "both")
        v1 = {r.id: r for r in exp.get_runs(include_children=True)}
        mine = v1[run.info.run_id]
        show("v1", [mine.status, mine.display_name, mine.description, mine.tags["team"], mine.get_file_names(),
                    [c.id for c in mine.get_children()] == [child.info.run_id], exp.id == found.info.experiment_id])
        show("v1 metrics", {k: str(v) for k, v in mine.get_metrics().items()})
        # the other way round
        own = exp.start_logging(display_name="by v1")
        own.log("acc", 0.25); own.log("acc", 0.75); own.log_list("many", [1, 2, 3]); own.log("text", "words")
        own.log_row("table", x=1, y=2)
        own.tag("k", "v"); own.upload_file("outputs/x.txt", "main.py")
        own.complete()
        back = mlflow.get_run(own.id)
        show("back", [back.data.metrics, back.data.tags["k"], back.info.run_name, back.info.status])
        show("back history", [m.value for m in client.get_metric_history(own.id, "acc")])
        show("back files", [f.path for f in client.list_artifacts(own.id, "outputs")])
        with mlflow.start_run(run_id=own.id):
            mlflow.log_metric("acc", 0.9)
        show("appended", Run(exp, own.id).get_metrics(name="acc"))
        show("search", sorted(mlflow.search_runs(experiment_names=["both"])["tags.mlflow.runName"]))
        """,
    )
    assert shown["metrics"] == {"loss": str(1 / 3), "acc": "0.5", "bad": "nan", "far": "inf"}
    assert shown["params"] == {"lr": "0.1", "layers": "[1, 2]"}
    assert shown["info"] == ["FINISHED", "first", "active", True]
    assert shown["tags"] == {
        "team": "a",
        "stage": "dev",
        "mlflow.note.content": "a better note",
        "mlflow.runName": "first",
        "mlflow.source.type": "LOCAL",
    }
    assert shown["history"] == [[0, 1.0], [1, 0.5], [2, 1 / 3]]
    assert shown["files"] == [["notes/a.txt", False, 5]]
    assert shown["text"] == "hello"
    assert shown["v1"] == ["Completed", "first", "a better note", "a", ["notes/a.txt"], True, True]
    assert shown["v1 metrics"]["loss"] == str([1.0, 0.5, 1 / 3])
    assert shown["v1 metrics"]["acc"] == "0.5"
    assert shown["back"] == [{"acc": 0.75, "many": 3.0}, "v", "by v1", "FINISHED"]
    assert shown["back history"] == [0.25, 0.75]
    assert shown["back files"] == ["outputs/x.txt"]
    assert shown["appended"] == {"acc": [0.25, 0.75, 0.9]}
    assert shown["search"] == ["by v1", "child", "first"]
