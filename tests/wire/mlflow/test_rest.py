"""What MLflow 3 and other clients of its REST API send, and what nobody should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.live import LiveService
from tests.wire.mlflow.support import files_below

pytestmark = pytest.mark.slow

_INVALID, _MISSING = "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"


class Api:
    """A workspace's REST API."""

    def __init__(self, http: httpx.Client, scope: str) -> None:
        self.http = http
        self.base = f"/mlflow/v2.0{scope}/api/2.0/mlflow/"

    def __call__(self, method: str, path: str, expected: int = 200, /, **fields: Any) -> Any:
        """The answer's JSON; its status must be the expected one."""
        given: dict[str, Any] = {"params" if method == "GET" else "json": fields}
        answer = self.http.request(method, self.base + path, **given)
        assert answer.status_code == expected, answer.text
        return answer.json()

    def code(self, method: str, path: str, /, **fields: Any) -> Any:
        """The error code of an answer that must be an error."""
        given: dict[str, Any] = {"params" if method == "GET" else "json": fields}
        answer = self.http.request(method, self.base + path, **given)
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["message"]
        return answer.json()["error_code"]

    def run(self, name: str = "rest", **fields: Any) -> tuple[str, str]:
        """A new experiment (if need be) and a new run in it, by their ids."""
        answer = self.http.post(self.base + "experiments/create", json={"name": name})
        if answer.status_code == 200:
            experiment = answer.json()["experiment_id"]
        else:
            experiment = self("GET", "experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"]
        created = self("POST", "runs/create", experiment_id=experiment, start_time=1000, **fields)["run"]
        return experiment, created["info"]["run_id"]


@pytest.fixture
def api(live: LiveService) -> Iterator[Api]:
    with live.client() as http:
        yield Api(http, live.scope())


def test_logged_models(api: Api) -> None:
    experiment, run = api.run("logged")
    create = {"experiment_id": experiment, "source_run_id": run, "params": [{"key": "lr", "value": "0.1"}]}
    one = api("POST", "logged-models", name="clf", model_type="tree", tags=[{"key": "a", "value": "b"}], **create)
    info = one["model"]["info"]
    model, folder = info["model_id"], Path(info["artifact_uri"])
    assert (info["status"], info["name"], info["source_run_id"]) == ("LOGGED_MODEL_PENDING", "clf", run)
    assert "creator_id" not in info  # an integer in service.proto: MLflow 3 fails on our user's name
    root = Path(api("GET", "artifacts/list", run_id=run)["root_uri"])
    assert folder == root / "clf"  # where runs:/…/clf looks for it
    two = api("POST", "logged-models", name="clf", **create)["model"]["info"]
    assert Path(two["artifact_uri"]) == root / f"clf-{two['model_id']}"
    alone = api("POST", "logged-models", experiment_id=experiment)["model"]["info"]
    assert alone["name"] and root not in Path(alone["artifact_uri"]).parents

    (folder / "data").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}")
    (folder / "data" / "w").write_text("weights")
    (root / "clf2").mkdir()
    (root / "clf2" / "other").write_text("of another folder")
    listed = api("GET", f"logged-models/{model}/artifacts/directories")
    assert listed["files"] == [
        {"path": "MLmodel", "is_dir": False, "file_size": 11},
        {"path": "data", "is_dir": True},
    ]
    below = api("GET", f"logged-models/{model}/artifacts/directories", artifact_directory_path="data")
    assert [item["path"] for item in below["files"]] == ["data/w"]
    assert [item["path"] for item in api("GET", "artifacts/list", run_id=run)["files"]] == ["clf", "clf2"]
    assert [item["path"] for item in api("GET", "artifacts/list", run_id=run, path="clf")["files"]] == [
        "clf/MLmodel",
        "clf/data",
    ]

    assert api("PATCH", f"logged-models/{model}", status="LOGGED_MODEL_READY")["model"]["info"]["status"].endswith(
        "READY"
    )
    api("POST", f"logged-models/{model}/params", params=[{"key": "depth", "value": "3"}])
    api("PATCH", f"logged-models/{model}/tags", tags=[{"key": "c", "value": "d"}, {"key": "e", "value": "f"}])
    api("DELETE", f"logged-models/{model}/tags/c")
    metric = {"run_id": run, "key": "acc", "timestamp": 5, "dataset_name": "test", "dataset_digest": "1"}
    api("POST", "runs/log-metric", value=0.5, step=0, model_id=model, **metric)
    api("POST", "runs/log-metric", value=0.75, step=1, model_id=model, **metric)
    api(
        "POST", "runs/log-batch", run_id=run, metrics=[{**metric, "value": 0.9, "step": 2, "model_id": two["model_id"]}]
    )
    api("POST", "runs/outputs", run_id=run, models=[{"model_id": model, "step": "1"}])
    api("POST", "runs/log-inputs", run_id=run, models=[{"model_id": two["model_id"]}])
    found = api("GET", f"logged-models/{model}")["model"]
    assert found["data"]["params"] == [{"key": "lr", "value": "0.1"}, {"key": "depth", "value": "3"}]
    assert found["info"]["tags"] == [{"key": "a", "value": "b"}, {"key": "e", "value": "f"}]
    assert [(item["value"], item["step"], item["dataset_name"]) for item in found["data"]["metrics"]] == [
        (0.5, 0, "test"),
        (0.75, 1, "test"),
    ]
    whole = api("GET", "runs/get", run_id=run)["run"]
    assert whole["outputs"] == {"model_outputs": [{"model_id": model, "step": 1}]}
    assert whole["inputs"]["model_inputs"] == [{"model_id": two["model_id"]}]

    def search(text: str = "", **more: Any) -> list[str]:
        answer = api("POST", "logged-models/search", experiment_ids=[experiment], filter=text, **more)
        return [item["info"]["model_id"] for item in answer["models"]]

    assert search() == [alone["model_id"], two["model_id"], model]
    assert search("metrics.acc < 0.8") == [model]
    assert search("params.depth = '3' AND tags.a = 'b' AND model_type = 'tree'") == [model]
    assert search("status = 'READY'") == [model]
    assert search("name = 'clf'", order_by=[{"field_name": "metrics.acc", "ascending": True}]) == [
        model,
        two["model_id"],
    ]
    assert search("metrics.acc > 0", datasets=[{"dataset_name": "train"}]) == []
    order = [{"field_name": "metrics.acc", "ascending": False, "dataset_name": "test"}]
    assert search("name = 'clf'", order_by=order, datasets=[{"dataset_name": "test"}]) == [two["model_id"], model]

    registered = {"name": "from-logged", "source": f"models:/{model}", "model_id": model}
    api("POST", "registered-models/create", name="from-logged")
    version = api("POST", "model-versions/create", **registered)["model_version"]
    assert (version["run_id"], version["model_id"]) == (run, model)
    uri = api("GET", "model-versions/get-download-uri", name="from-logged", version="1")["artifact_uri"]
    assert files_below(Path(uri)) == ["MLmodel", "data/w"]

    api("DELETE", f"logged-models/{model}")
    assert api.code("GET", f"logged-models/{model}") == _MISSING
    assert api.code("POST", "logged-models", name="a/b", experiment_id=experiment) == _INVALID
    assert api.code("PATCH", f"logged-models/{two['model_id']}", status="LOGGED_MODEL_PENDING") == _INVALID
    assert api.code("DELETE", f"logged-models/{two['model_id']}/tags/none") == _MISSING
    assert api.code("GET", f"logged-models/{alone['model_id']}/artifacts/directories", artifact_directory_path="..")


def test_operations_that_only_rest_callers_send(api: Api) -> None:
    experiment, run = api.run("others")
    api("POST", "experiments/set-experiment-tag", experiment_id=experiment, key="k", value="v")
    api("POST", "experiments/delete-experiment-tag", experiment_id=experiment, key="k")
    assert api.code("POST", "experiments/delete-experiment-tag", experiment_id=experiment, key="k") == _MISSING
    listed = api("GET", "experiments/search", filter="name = 'others'", max_results=5)["experiments"]
    assert [(item["experiment_id"], item["tags"]) for item in listed] == [(experiment, [])]
    for step in range(10):
        api("POST", "runs/log-metric", run_uuid=run, key="m", value=step, timestamp="1000", step=str(step))
    answer = api("GET", "metrics/get-history-bulk-interval", run_ids=[run], metric_key="m", max_results=3)
    assert [(item["value"], item["run_id"]) for item in answer["metrics"]][-1] == (9.0, run)
    assert len(answer["metrics"]) <= 3
    some = {"start_step": 2, "end_step": 3}
    answer = api("GET", "metrics/get-history-bulk-interval", run_ids=[run], metric_key="m", **some)
    assert [item["step"] for item in answer["metrics"]] == [2, 3]
    page = api("GET", "metrics/get-history", run_id=run, metric_key="m", max_results=6)
    rest = api("GET", "metrics/get-history", run_id=run, metric_key="m", page_token=page["next_page_token"])
    assert [item["step"] for item in page["metrics"] + rest["metrics"]] == list(range(10))
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "eval"}]
    api("POST", "runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": tags}])
    found = api("POST", "experiments/search-datasets", experiment_ids=[experiment])["dataset_summaries"]
    assert found == [{"experiment_id": experiment, "name": "d", "digest": "1", "context": "eval"}]
    for name in ("empty", "full"):
        api("POST", "registered-models/create", name=name)
    assert api("GET", "registered-models/get-latest-versions", name="empty") == {"model_versions": []}
    by_name = api("GET", "registered-models/search", order_by=["name DESC", "timestamp ASC"], max_results=1)
    assert by_name["next_page_token"]


def test_a_bad_request_is_refused_whole(api: Api) -> None:
    experiment, run = api.run("bad")
    metric = {"run_id": run, "key": "m", "value": 1, "timestamp": 1, "step": 0}
    wrong: list[dict[str, Any]] = [
        {"value": "much"},
        {"value": True},
        {"value": None},
        {"value": 10**400},
        {"key": ""},
        {"key": "x" * 300},
        {"timestamp": -1},
        {"timestamp": 10**17},
        {"timestamp": None},
        {"step": 2**63},
        {"step": 1.5},
    ]
    assert {api.code("POST", "runs/log-metric", **{**metric, **item}) for item in wrong} == {_INVALID}
    params = [{"key": str(number), "value": "x"} for number in range(101)]
    for batch in (
        {"params": params},
        {"params": "x"},
        {"metrics": [metric, {"key": "m"}]},
        {"tags": [{"value": "x"}]},
        {"params": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
        {"metrics": [metric, {**metric, "key": "n", "model_id": "nothing"}]},
    ):
        assert api.code("POST", "runs/log-batch", run_id=run, **batch) in (_INVALID, _MISSING)
    data = api("GET", "runs/get", run_id=run)["run"]["data"]
    assert (data["metrics"], data["params"]) == ([], [])
    for path, fields in (
        ("runs/create", {"experiment_id": experiment, "start_time": 10**18}),
        (
            "runs/create",
            {"experiment_id": experiment, "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]},
        ),
        ("runs/update", {"run_id": run, "status": "DONE"}),
        ("runs/search", {"experiment_ids": [experiment], "run_view_type": "SOME"}),
        ("runs/log-model", {"run_id": run, "model_json": "{}"}),
        ("runs/log-inputs", {"run_id": run, "datasets": [{"dataset": {"name": "d"}}]}),
        ("runs/get-nothing", {}),
    ):
        answer = api.http.post(api.base + path, json=fields)
        assert answer.status_code in (400, 501), answer.text
    assert api.code("POST", "runs/create", tags=[{"key": "mlflow.parentRunId", "value": "none"}]) == _MISSING
    assert api.code("GET", "runs/get") == _INVALID
    assert api.code("GET", "artifacts/list", run_id=run, path="../x") == _INVALID
    assert api.http.post(api.base + "runs/create", content=b"[]").json()["error_code"] == _INVALID
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    assert api("POST", "registered-models/create", 501, name="p", tags=prompt)["error_code"] == "NOT_IMPLEMENTED"


def test_what_a_metric_holds_for_sdk_v1_stays_so(api: Api, live: LiveService) -> None:
    _, run = api.run("tables")
    table = {"name": "t", "columns": {"x": "int"}, "properties": {"uxMetricType": "azureml.v1.table"}}
    body = {"values": [{**table, "value": [{"data": {"x": 1}}]}]}
    assert api.http.post(f"/metric/v2.0{live.scope()}/runs/{run}/batch", json=body).status_code == 200
    assert api.code("POST", "runs/log-metric", run_id=run, key="t", value=1, timestamp=1) == _INVALID


def test_what_a_workspace_does_not_keep_is_refused_with_its_reason(api: Api) -> None:
    for version, path in (
        ("2.0", "traces"),
        ("3.0", "traces/x/tags"),
        ("3.0", "datasets/create"),
        ("3.0", "scorers/list"),
    ):
        answer = api.http.post(
            api.base.replace("2.0/mlflow/", f"{version}/mlflow/").replace("v3.0", "v2.0") + path, json={}
        )
        assert answer.status_code == 501, answer.text
        assert "not kept" in answer.json()["message"], answer.text
    assert "webhooks" in api("GET", "webhooks", 501)["message"]


def test_no_token_no_answer(api: Api) -> None:
    del api.http.headers["Authorization"]
    assert api.http.get(api.base + "experiments/search").status_code == 401
    assert api.http.post(api.base + "runs/create", json={}).status_code == 401
