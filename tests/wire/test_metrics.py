"""Metrics with the real v1 client: what is logged comes back in the shapes that Azure gives."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

LOG = """
import json, sys
import numpy as np
from azureml.core import Experiment, Workspace
ws = Workspace.from_config()
run = Experiment(ws, "metrics").start_logging(snapshot_directory=None)
run.log("one", 1.5)
for value in (1, 2.5):
    run.log("several", value)
run.log("int", 3)
run.log("text", "words")
run.log("flag", True)
run.log("nothing", None)
for value in (1.0, float("nan"), float("inf"), float("-inf")):
    run.log("odd", value)
run.log("float32", np.float32(0.5))
run.log("int32", np.int32(7))
for step in range(3):
    run.log("by step", step / 2, step=step * 10)
run.log_list("list", [1, 2.5, 3])
run.log_list("words", ["a", "b"])
run.log_list("single", [5])
run.log_list("mixed", ["a", 1])
run.log_row("rows", x=1, y=2.0)
run.log_row("rows", x=2, y=3)
run.log_row("ragged", x=1)
run.log_row("ragged", x=2, y=0.5, z="w")
run.log_row("one row", p=1, q="w")
run.log_table("table", {"p": [1, 2.5], "q": ["a", None]})
for number in range(230):
    run.log("many", number)
run.flush()
"""


def test_shapes(live: LiveService) -> None:
    done = live.run(
        LOG
        + """
found = run.get_metrics()
assert found.pop("many") == list(range(230))
print(json.dumps(found))
print(json.dumps([run.get_metrics(name="several"), run.get_metrics(name="never logged")]))
"""
    )
    lines = done.stdout.strip().splitlines()
    found = json.loads(lines[-2])
    odd = found.pop("odd")
    assert odd[0] == 1.0 and math.isnan(odd[1]) and odd[2:] == [math.inf, -math.inf]
    ragged = found.pop("ragged")
    assert math.isnan(ragged["y"][0])
    assert {**ragged, "y": ragged["y"][1]} == {"x": [1, 2], "y": 0.5, "z": [None, "w"]}
    assert found == {
        "one": 1.5,
        "several": [1.0, 2.5],
        "int": 3,
        "text": "words",
        "flag": True,
        "float32": 0.5,
        "int32": 7,
        "by step": [0.0, 0.5, 1.0],
        "list": [1.0, 2.5, 3.0],
        "words": ["a", "b"],
        "single": 5,
        "mixed": ["a", 1],
        "rows": {"x": [1, 2], "y": [2.0, 3.0]},
        "one row": {"p": 1, "q": "w"},
        "table": {"p": [1.0, 2.5], "q": ["a", None]},
    }
    assert json.loads(lines[-1]) == [{"several": [1.0, 2.5]}, {}]


def test_the_first_metrics_service_shows_the_same(live: LiveService) -> None:
    """AZUREML_METRICS_V2 set to nothing makes the client use the first service, for writing and for reading."""
    script = (
        LOG + '\nfound = run.get_metrics()\nassert found.pop("many") == list(range(230))\nprint(json.dumps(found))\n'
    )
    script = 'import os\nos.environ["AZUREML_METRICS_V2"] = ""\n' + script
    found = json.loads(live.run(script).stdout.strip().splitlines()[-1])
    assert found["several"][1] == 2.5 and found["by step"] == [0.0, 0.5, 1.0]
    assert found["list"] == [1.0, 2.5, 3]
    assert found["rows"] == {"x": [1, 2], "y": [2.0, 3]}
    assert found["one row"] == {"p": 1, "q": "w"}
    assert (found["text"], found["flag"], found["int"]) == ("words", True, 3)


def test_metrics_that_are_files(live: LiveService) -> None:
    done = live.run(
        """
        import json
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
        from azureml.core import Experiment, Workspace
        run = Experiment(Workspace.from_config(), "files").start_logging(snapshot_directory=None)
        table = {"schema_type": "x", "schema_version": "v1", "data": {"a": [1, 2]}}
        run.log_confusion_matrix("matrix", {**table, "schema_type": "confusion_matrix"})
        run.log_accuracy_table("accuracy", json.dumps({**table, "schema_type": "accuracy_table"}))
        run.log_predictions("predicted", {**table, "schema_type": "predictions"})
        run.log_residuals("residual", {**table, "schema_type": "residuals"})
        plt.plot([1, 2])
        run.log_image("plot", plot=plt)
        plt.savefig("own.png")
        run.log_image("own", path="own.png")
        run.complete()
        found = run.get_metrics()
        full = run.get_metrics(name="matrix", populate=True)["matrix"]
        image = run.get_metrics(name="own", populate=True)["own"]
        print(json.dumps([run.id, found, full.convert_to_object(), image.data[:4].hex()]))
        """
    )
    run_id, found, full, image = json.loads(done.stdout.strip().splitlines()[-1])
    place = f"aml://artifactId/ExperimentRun/dcid.{run_id}"
    assert found.pop("plot").startswith(f"{place}/plot_")
    names = {"matrix": "matrix", "accuracy": "accuracy", "predicted": "predicted", "residual": "residual"}
    assert found == {name: f"{place}/{path}" for name, path in {**names, "own": "own.png"}.items()}
    assert full["data"] == {"a": [1, 2]}
    assert bytes.fromhex(image) == b"\x89PNG"


def test_metrics_of_a_whole_tree(live: LiveService) -> None:
    done = live.run(
        """
        import json
        from azureml.core import Experiment, Workspace
        run = Experiment(Workspace.from_config(), "tree").start_logging(snapshot_directory=None, run_id="top")
        run.log("m", 1)
        child = run.child_run(run_id="below")
        child.log("m", 2)
        child.complete()
        silent = run.child_run(run_id="silent")
        silent.complete()
        run.complete()
        print(json.dumps([run.get_metrics(recursive=True), run.get_metrics(name="m")]))
        """
    )
    assert json.loads(done.stdout.strip().splitlines()[-1]) == [{"top": {"m": 1}, "below": {"m": 2}}, {"m": 1}]


def test_two_processes_lose_nothing(live: LiveService) -> None:
    """Both log the same names to one run at once."""
    with live.client() as http:
        http.patch(f"{live.url}/history/v1.0{live.scope()}/experiments/both/runs/shared", json={"status": "Running"})
    script = """
import sys
from azureml.core import Run, Workspace
run = Run.get(Workspace.from_config(), "shared")
for number in range(120):
    run.log("value", number)
    run.log_row("row", who=sys.argv[1], number=number)
run.flush()
"""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: live.run(script, name, folder=live.folder / f"process_{name}"), ("a", "b")))
    found = json.loads(
        live.run(
            """
            import json
            from azureml.core import Run, Workspace
            print(json.dumps(Run.get(Workspace.from_config(), "shared").get_metrics()))
            """
        )
        .stdout.strip()
        .splitlines()[-1]
    )
    assert sorted(found["value"]) == sorted(list(range(120)) * 2)
    rows = list(zip(found["row"]["who"], found["row"]["number"], strict=True))
    for name in ("a", "b"):
        assert [number for who, number in rows if who == name] == list(range(120))


# -- the service by itself ---------------------------------------------------------------------------------------------


def _metric(name: str, *cells: Any, kind: str = "azureml.v1.scalar", **columns: str) -> dict[str, Any]:
    values = [
        {"metricId": f"{name}{n}", "createdUtc": f"2026-01-01T00:00:{n:02}Z", "data": cell if columns else {name: cell}}
        for n, cell in enumerate(cells)
    ]
    return {
        "name": name,
        "columns": columns or {name: "int"},
        "value": values,
        "properties": {"uxMetricType": kind},
    }


@pytest.fixture
def run_url(live: LiveService, request: pytest.FixtureRequest) -> str:
    """The metrics of a fresh run."""
    run_id = request.node.name.split("[")[0].replace("_", "-")[:80]
    with live.client() as http:
        made = http.patch(f"{live.url}/history/v1.0{live.scope('raw')}/experiments/e/runs/{run_id}", json={})
        assert made.status_code == 200
    return f"{live.url}/metric/v2.0{live.scope('raw')}/runs/{run_id}"


def test_a_retry_does_not_double(live: LiveService, run_url: str) -> None:
    with live.client() as http:
        for _ in range(2):
            answer = http.post(f"{run_url}/batch", json={"values": [_metric("m", 1, 2)], "reportErrors": True})
            assert (answer.status_code, answer.json()) == (200, {"errors": []})
        full = http.post(f"{run_url}/full", json={"metricName": "m"}).json()
    assert [value["data"]["m"] for value in full["value"]] == [1, 2]


def test_values_come_in_the_order_of_logging_whatever_arrives_first(live: LiveService, run_url: str) -> None:
    late, early = _metric("m", 0, 1, 2, 3), _metric("m", 0, 1)
    late["value"] = late["value"][2:]
    with live.client() as http:
        for item in (late, early):
            http.post(f"{run_url}/batch", json={"values": [item]})
        full = http.post(f"{run_url}/full", json={"metricName": "m"}).json()
        part = {"metricName": "m", "startTime": "2026-01-01T00:00:01Z", "endTime": "2026-01-01T00:00:02Z"}
        between = http.post(f"{run_url}/full", json=part).json()
    assert [value["data"]["m"] for value in full["value"]] == [0, 1, 2, 3]
    assert [value["data"]["m"] for value in between["value"]] == [1, 2]


def test_bad_values_are_reported_and_good_ones_kept(live: LiveService, run_url: str) -> None:
    values = [
        _metric("m", 1, {"deep": 1}, 3),
        _metric("t", {"a": 1, "other": 2}, a="int"),
        _metric("", 1),
        _metric("c", {"c": 1}, c="colour"),
        _metric("m", {"a": 1}, kind="azureml.v1.table", a="int"),
    ]
    with live.client() as http:
        strict = http.post(f"{run_url}/batch", json={"values": values})
        assert strict.status_code == 400 and "nothing was recorded" in strict.json()["error"]["message"]
        assert http.post(f"{run_url}/list", json={}).json()["value"] == []
        lenient = http.post(f"{run_url}/batch", json={"values": values, "reportErrors": True})
        assert lenient.status_code == 207
        found = http.post(f"{run_url}/full", json={"metricName": "m"}).json()
    failed = [error["metric"]["name"] for error in lenient.json()["errors"]]
    assert failed == ["m", "t", "", "c", "m"]
    assert all(error["errorResponse"]["error"]["message"] for error in lenient.json()["errors"])
    assert [value["data"]["m"] for value in found["value"]] == [1, 3]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("batch", {"values": {}}, 400),
        ("batch", {"values": [1]}, 400),
        ("batch", {"values": [], "reportErrors": "yes"}, 400),
        ("full", {}, 400),
        ("full", {"metricName": "none"}, 404),
        ("full", {"metricName": "m", "continuationToken": "x"}, 400),
        ("full", {"metricName": "m", "startTime": "x"}, 400),
        ("list", {"continuationToken": "x"}, 400),
    ],
)
def test_bad_requests(live: LiveService, run_url: str, path: str, body: dict[str, Any], status: int) -> None:
    with live.client() as http:
        http.post(f"{run_url}/batch", json={"values": [_metric("m", 1)]})
        answer = http.post(f"{run_url}/{path}", json=body)
        assert (answer.status_code, answer.json()["error"]["details"]) == (status, [])
        missing = http.post(run_url.rpartition("/")[0] + f"/nobody/{path}", json={"values": [], "metricName": "m"})
        assert missing.status_code == 404


def test_pages_and_samples_of_a_long_metric(live: LiveService, run_url: str) -> None:
    """More than one page of values, many of the same moment."""
    count = 10_050
    with live.client() as http:
        for start in range(0, count, 5000):
            item = _metric("m")
            item["value"] = [
                {"metricId": str(n), "createdUtc": f"2026-01-01T00:{n // 600:02}:00Z", "data": {"m": n}}
                for n in range(start, min(count, start + 5000))
            ]
            assert http.post(f"{run_url}/batch", json={"values": [item]}).status_code == 200
        seen, token = [], None
        while True:
            answer = http.post(f"{run_url}/full", json={"metricName": "m", "continuationToken": token})
            page: dict[str, Any] = answer.json()
            seen += [value["data"]["m"] for value in page["value"]]
            token = page["continuationToken"]
            if token is None:
                break
        sample = http.post(f"{run_url}/sample", json={"metricName": "m"}).json()
        assert http.delete(f"{run_url}/deleteMetrics").status_code == 200
        assert http.post(f"{run_url}/full", json={"metricName": "m"}).status_code == 404
    assert seen == list(range(count))
    picked = [value["data"]["m"] for value in sample["value"]]
    assert (picked[0], picked[-1], len(picked), sample["numValuesLogged"]) == (0, count - 1, 200, count)


def test_metrics_outlive_a_killed_service(own_live: LiveService) -> None:
    history = f"history/v1.0{own_live.scope()}/experiments/e/runs/r"
    metrics = f"metric/v2.0{own_live.scope()}/runs/r"
    with own_live.client() as http:
        http.patch(history, json={})
        assert http.post(f"{metrics}/batch", json={"values": [_metric("m", 1, 2)]}).status_code == 200
    own_live.kill()
    own_live.start()
    with own_live.client() as http:
        answer: httpx.Response = http.post(f"{metrics}/full", json={"metricName": "m"})
    assert [value["data"]["m"] for value in answer.json()["value"]] == [1, 2]
