"""Runs and experiments with MLflow's real client: states, search, order, pages, deleting, errors."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.wire.mlflow.support import track

pytestmark = pytest.mark.slow


def test_experiments(live: LiveService) -> None:
    shown = track(
        live,
        """
        one = client.create_experiment("one", tags={"team": "a", "mlflow.note.content": "about it"})
        two = client.create_experiment("two", tags={"team": "b"})
        show("taken", [code(lambda: client.create_experiment("one")),
                       code(lambda: client.create_experiment("three", artifact_location="s3://bucket")),
                       code(lambda: client.create_experiment("bad/name")),
                       code(lambda: client.get_experiment("nothing")),
                       client.get_experiment_by_name("nothing")])
        client.set_experiment_tag(two, "mlflow.note.content", "the second")
        client.set_experiment_tag(two, "more", "x")
        show("tags", client.get_experiment(two).tags)
        client.rename_experiment(two, "second")
        show("rename", [client.get_experiment(two).name, code(lambda: client.rename_experiment(two, "one"))])
        search = lambda text=None, **more: [e.name for e in client.search_experiments(filter_string=text, **more)]
        show("search", [search("tags.team = 'a'"), search("name LIKE 's%'"), search("name ILIKE 'S%'"),
                        search(order_by=["name ASC"]), search("creation_time > 0 AND name != 'one'"),
                        code(lambda: search("name > 3")), code(lambda: search(order_by=["nothing"]))])
        page = client.search_experiments(order_by=["name"], max_results=1)
        rest = client.search_experiments(order_by=["name"], max_results=1, page_token=page.token)
        show("pages", [[e.name for e in page], [e.name for e in rest]])
        run = client.create_run(two)
        client.delete_experiment(two)
        from mlflow.entities import ViewType
        show("deleted", [search(view_type=ViewType.DELETED_ONLY), client.get_run(run.info.run_id).info.lifecycle_stage,
                         code(lambda: client.create_run(two)), code(lambda: client.delete_experiment(two)),
                         code(lambda: client.create_experiment("second")),
                         client.get_experiment_by_name("second").lifecycle_stage,
                         len(client.search_runs([two])), len(client.search_runs([two], run_view_type=ViewType.ALL))])
        from azureml.core import Workspace, Experiment
        ws = Workspace.from_config()
        show("v1 archived", sorted(e.name for e in Experiment.list(ws)))
        client.restore_experiment(two)
        show("restored", [search(order_by=["name"]), client.get_run(run.info.run_id).info.lifecycle_stage,
                          code(lambda: client.restore_experiment(two)), len(client.search_runs([two]))])
        show("v1", [Experiment(ws, "second").id == two, Experiment(ws, "second").tags])
        with mlflow.start_run() as default:
            pass
        show("default", [client.get_experiment(default.info.experiment_id).name, client.get_experiment("0").name])
        """,
        workspace="experiments",
    )
    invalid, missing, exists = "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"
    assert shown["taken"] == [exists, invalid, invalid, missing, None]
    assert shown["tags"] == {"team": "b", "more": "x", "mlflow.note.content": "the second"}
    assert shown["rename"] == ["second", exists]
    both = ["one", "second"]
    assert shown["search"] == [["one"], ["second"], ["second"], both, ["second"], invalid, invalid]
    assert shown["pages"] == [["one"], ["second"]]
    assert shown["deleted"] == [["second"], "deleted", invalid, invalid, exists, "deleted", 0, 1]
    assert shown["v1 archived"] == ["one"]
    assert shown["restored"] == [both, "active", invalid, 1]
    assert shown["v1"] == [True, {"team": "b", "more": "x"}]
    assert shown["default"] == ["Default", "Default"]


def test_runs_are_found_changed_and_deleted(live: LiveService) -> None:
    shown = track(
        live,
        """
        import time, mlflow.data, pandas
        from mlflow.entities import Metric, Param, RunTag, ViewType
        exp = client.create_experiment("runs")
        ids = {}
        for number, name in enumerate(["a", "b", "c"]):
            tags = {"even": str(number % 2 == 0)}
            run = client.create_run(exp, run_name=name, start_time=1000 * (number + 1), tags=tags)
            ids[name] = run.info.run_id
            client.log_batch(run.info.run_id, [Metric("acc", number / 2, 1000, 0), Metric("x y", number, 1000, 0)],
                             [Param("lr", str(number)), Param("model", "Tree")], [RunTag("odd key", "v")])
        client.log_metric(ids["c"], "acc", float("nan"), step=1)
        names = {value: key for key, value in ids.items()}
        search = lambda text="", **more: [names[r.info.run_id] for r in client.search_runs([exp], text, **more)]
        show("filters", [search(), search("metrics.acc >= 0.5"), search("metrics.`x y` > 0"), search("params.lr = '1'"),
                         search("tags.even = 'True' AND attributes.start_time > 1000"),
                         search("params.model LIKE 'tr%'"),
                         search("params.model ilike 'tr%'"), search("tags.`odd key` = 'v' and run_name != 'a'"),
                         search("run_id IN ('%s', '%s')" % (ids["a"], ids["b"])), search("status = 'RUNNING'"),
                         search("metrics.nothing != 3")])
        show("order", [search(order_by=["metrics.acc DESC"]), search(order_by=["metrics.acc ASC", "start_time"]),
                       search(order_by=["params.lr DESC"]), search(order_by=["attributes.run_name"])])
        show("bad", [code(lambda t=t: client.search_runs([exp], t)) for t in
                     ("metrics.acc = 'a'", "nonsense", "params.lr > '1'", "metrics.a > 1 OR metrics.b > 1",
                      "bad.key = '1'",
                      "attributes.nothing = '1'", "metrics.acc >", "params.lr = '1", "(metrics.acc > 1)")])
        show("bad order", code(lambda: client.search_runs([exp], order_by=["metrics.acc SIDEWAYS"])))
        first = client.search_runs([exp], max_results=2)
        second = client.search_runs([exp], max_results=2, page_token=first.token)
        show("pages", [[names[r.info.run_id] for r in page] for page in (first, second)] + [second.token])
        show("limits", [code(lambda: client.search_runs([exp], max_results=10**6)),
                        code(lambda: client.search_runs([exp], page_token="rubbish"))])
        # inputs
        with mlflow.start_run(run_id=ids["a"]):
            data = mlflow.data.from_pandas(pandas.DataFrame({"x": [1, 2]}), name="frame")
            mlflow.log_input(data, context="training"); mlflow.log_input(data, context="training")
        inputs = client.get_run(ids["a"]).inputs.dataset_inputs
        show("inputs", [[i.dataset.name, i.dataset.digest == data.digest, i.tags[0].value] for i in inputs])
        show("dataset search", [search("dataset.name = 'frame'"), search("datasets.context IN ('training', 'eval')")])
        # states
        run = client.get_run(ids["b"])
        client.set_terminated(ids["b"], "KILLED")
        show("killed", [client.get_run(ids["b"]).info.status, client.get_run(ids["b"]).info.end_time > 0])
        client.update_run(ids["b"], status="RUNNING", name="renamed")
        again = client.get_run(ids["b"]).info
        show("again", [again.status, again.end_time, again.run_name])
        client.set_tag(ids["b"], "mlflow.runName", "by tag"); client.set_tag(ids["b"], "mlflow.note.content", "note")
        client.delete_tag(ids["b"], "mlflow.note.content"); client.delete_tag(ids["b"], "odd key")
        show("tags", [client.get_run(ids["b"]).info.run_name,
                      "mlflow.note.content" in client.get_run(ids["b"]).data.tags,
                      code(lambda: client.delete_tag(ids["b"], "odd key"))])
        client.set_tag(ids["c"], "mlflow.parentRunId", ids["b"])
        show("parent", [client.get_run(ids["c"]).data.tags["mlflow.parentRunId"] == ids["b"],
                        code(lambda: client.set_tag(ids["b"], "mlflow.parentRunId", ids["c"])),
                        code(lambda: client.set_tag(ids["b"], "mlflow.parentRunId", "nothing"))])
        show("params", [code(lambda: client.log_param(ids["a"], "lr", 7)), client.log_param(ids["a"], "lr", 0)])
        show("whole", [code(lambda: client.log_batch(ids["a"], [Metric("new", 1, 1, 0)], [Param("lr", "9")])),
                       "new" in client.get_run(ids["a"]).data.metrics])
        same = Metric("same", 1.5, 5000, 3)
        client.log_batch(ids["a"], [same]); client.log_batch(ids["a"], [same])
        show("repeated", [[m.value, m.timestamp, m.step] for m in client.get_metric_history(ids["a"], "same")])
        show("no metric", client.get_metric_history(ids["a"], "nothing"))
        client.delete_run(ids["a"])
        show("deleted", [search(), search(run_view_type=ViewType.DELETED_ONLY),
                         code(lambda: client.log_param(ids["a"], "z", 1)),
                         code(lambda: client.delete_run(ids["a"])), client.get_run(ids["a"]).info.lifecycle_stage])
        client.restore_run(ids["a"])
        show("restored", [sorted(search()), code(lambda: client.restore_run(ids["a"]))])
        show("missing", [code(lambda: client.get_run("nothing")), code(lambda: client.log_metric("nothing", "a", 1)),
                         code(lambda: client.set_terminated("nothing"))])
        from azureml.core import Run, Workspace
        v1 = Run.get(Workspace.from_config(), ids["c"])
        show("v1", [v1.parent.id == ids["b"], v1.status])
        """,
        workspace="runs",
    )
    invalid, missing = "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"
    newest = ["c", "b", "a"]
    # The latest acc of c is NaN: no comparison with it holds.
    assert shown["filters"][:4] == [newest, ["b"], ["c", "b"], ["b"]]
    assert shown["filters"][4:] == [["c"], [], newest, ["c", "b"], ["b", "a"], newest, []]
    assert shown["order"] == [["b", "a", "c"], ["a", "b", "c"], newest, ["a", "b", "c"]]
    assert shown["bad"] == [invalid] * 9
    assert shown["bad order"] == invalid
    assert shown["pages"] == [["c", "b"], ["a"], None]
    assert shown["limits"] == [invalid, invalid]
    assert shown["inputs"] == [["frame", True, "training"]]
    assert shown["dataset search"] == [["a"], ["a"]]
    assert shown["killed"] == ["KILLED", True]
    assert shown["again"] == ["RUNNING", None, "renamed"]
    assert shown["tags"] == ["by tag", False, missing]
    assert shown["parent"] == [True, invalid, missing]
    assert shown["params"] == [invalid, 0]
    assert shown["whole"] == [invalid, False]
    assert shown["repeated"] == [[1.5, 5000, 3]]
    assert shown["no metric"] == []
    assert shown["deleted"] == [["c", "b"], ["a"], invalid, invalid, "deleted"]
    assert shown["restored"] == [["a", "b", "c"], invalid]
    assert shown["missing"] == [missing] * 3
    assert shown["v1"] == [True, "Running"]
