"""Experiments and runs with the real v1 client, and the edges of the service with plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow


def _printed(live: LiveService, script: str, **options: Any) -> dict[str, Any]:
    """What a client script prints last, as JSON."""
    found: dict[str, Any] = json.loads(live.run(script, **options).stdout.strip().splitlines()[-1])
    return found


@pytest.fixture
def http(live: LiveService) -> Iterator[httpx.Client]:
    with live.client() as client:
        client.base_url = httpx.URL(f"{live.url}/history/v1.0{live.scope('http')}/")
        yield client


def _start(http: httpx.Client, run_id: str, experiment: str = "e", **fields: Any) -> dict[str, Any]:
    answer = http.patch(f"experiments/{experiment}/runs/{run_id}", json={"runId": run_id, **fields})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_life_of_runs(live: LiveService) -> None:
    out = _printed(
        live,
        """
        import json
        from azureml.core import Experiment, Run, Workspace
        ws = Workspace.from_config()
        experiment = Experiment(ws, "life")
        run = experiment.start_logging(snapshot_directory=None, display_name="first", run_id="my_run-1")
        out = {"id": run.id, "type": run.type, "started": run.get_status(), "name": run.display_name}
        run.set_tags({"k": "v", "n": 1, "empty": None})
        run.tag("flag")
        run.remove_tags(["n", "never there"])
        run.add_properties({"p": "q"})
        run.add_properties({"p": "q", "p2": "r"})
        try:
            run.add_properties({"p": "changed"})
        except Exception as error:
            out["immutable"] = str(error)
        run.description, run.display_name = "about", "second"
        again = Run.get(ws, run.id)
        out |= {"tags": again.get_tags(), "properties": again.get_properties(), "description": again.description,
                "display_name": again.display_name, "experiment": again.experiment.name}
        run.complete()
        out["completed"] = [again.get_status(), "endTimeUtc" in again.get_details()]
        failed = experiment.start_logging(snapshot_directory=None)
        try:
            with failed:
                raise KeyError("missing thing")
        except KeyError:
            pass
        out["failed"] = [failed.get_status(), failed.get_details()["error"]["error"]["message"]]
        explicit = experiment.start_logging(snapshot_directory=None)
        explicit.fail(error_details="went wrong", error_code="MyCode")
        explicit.complete()
        out["explicit"] = [explicit.get_status(), explicit.get_details()["error"]["error"]["code"]]
        cancelled = experiment.start_logging(snapshot_directory=None)
        cancelled.cancel()
        out["cancelled"] = cancelled.get_status()
        details = again.get_details()
        out["details"] = {key: details[key] for key in ("runId", "target", "submittedBy", "logFiles", "warnings")}
        print(json.dumps(out))
        """,
    )
    assert (out["id"], out["type"], out["started"], out["name"]) == ("my_run-1", None, "Running", "first")
    assert out["tags"] == {"k": "v", "empty": None, "flag": None}
    assert out["properties"] == {"p": "q", "p2": "r"}
    assert "cannot be changed to 'changed'" in out["immutable"]
    assert (out["description"], out["display_name"], out["experiment"]) == ("about", "second", "life")
    assert out["completed"] == ["Completed", True]
    assert out["failed"] == ["Failed", "User program failed with KeyError: 'missing thing'"]
    assert out["explicit"] == ["Failed", "MyCode"]
    assert out["cancelled"] == "Canceled"
    expected = {"runId": "my_run-1", "target": "local", "submittedBy": "amlbridge local user"}
    assert out["details"] == {**expected, "logFiles": {}, "warnings": []}


def test_finding_runs_and_children(live: LiveService) -> None:
    out = _printed(
        live,
        """
        import datetime, json
        from azureml.core import Experiment, Run, Workspace
        from azureml._restclient.experiment_client import ExperimentClient
        ws = Workspace.from_config()
        experiment = Experiment(ws, "find")
        root = experiment.start_logging(snapshot_directory=None, run_id="root")
        children = root.create_children(count=3)
        for child in children[:2]:
            child.complete()
        children[2].fail("no")
        named = root.create_children(tag_key="fold", tag_values=["a", "b"])
        grandchild = children[0].child_run("deep", run_id="deep")
        grandchild.set_tags({"two words": 'say "hi" and go'})
        grandchild.complete()
        other = experiment.start_logging(snapshot_directory=None, run_id="other", tags={"team": "x y"})
        other.add_properties({"azureml.runsource": "mine"})
        before = datetime.datetime.now(datetime.timezone.utc)
        late = experiment.start_logging(snapshot_directory=None, run_id="late", tags={"team": None})
        client = ExperimentClient(ws.service_context, "find")
        ids = lambda runs: [getattr(run, "id", None) or run.run_id for run in runs]
        short = {run.id: f"c{i}" for i, run in enumerate([*children, *named])}
        name = lambda runs: sorted(short.get(i, i) for i in ids(runs))
        out = {
            "newest first": ids(experiment.get_runs()),
            "everything": name(experiment.get_runs(include_children=True)),
            "has tag": name(experiment.get_runs(tags="team")),
            "tag is": name(experiment.get_runs(tags={"team": "x y"})),
            "tag is null": name(experiment.get_runs(tags={"team": None})),
            "odd tag": name(experiment.get_runs(tags={"two words": 'say "hi" and go'}, include_children=True)),
            "property": name(experiment.get_runs(properties={"azureml.runsource": "mine"})),
            "type": name(experiment.get_runs(type="mine")),
            "status": name(Run.list(experiment, status="Failed", include_children=True)),
            "children": name(root.get_children()),
            "descendants": name(root.get_children(recursive=True)),
            "failed descendants": name(root.get_children(recursive=True, status="Failed")),
            "of a child": name(children[0].get_children(recursive=True)),
            "paged": name(client.get_runs(page_size=2)),
            "by id": name(client.get_runs_by_run_ids(["root", "deep", "nope"])),
            "since": name(client.get_runs(created_after=before)),
            "orchestrator": name(client.get_runs(orchestrator="External", include_children=True)),
            "trait": name(client.get_runs(trait="unspecified", include_children=True)),
            "parent": grandchild.parent.id == children[0].id,
            "numbers": [run.number for run in (root, other, late)],
        }
        print(json.dumps(out))
        """,
    )
    everything = ["c0", "c1", "c2", "c3", "c4", "deep", "late", "other", "root"]
    assert out["newest first"] == ["late", "other", "root"]
    assert out["everything"] == everything
    assert out["has tag"] == ["late", "other"]
    assert out["tag is"] == ["other"]
    assert out["tag is null"] == ["late"]
    assert out["odd tag"] == ["deep"]
    assert out["property"] == out["type"] == ["other"]
    assert out["status"] == ["c2"]
    assert out["children"] == ["c0", "c1", "c2", "c3", "c4"]
    assert out["descendants"] == ["c0", "c1", "c2", "c3", "c4", "deep"]
    assert out["failed descendants"] == ["c2"]
    assert out["of a child"] == ["deep"]
    assert out["paged"] == everything
    assert out["by id"] == ["deep", "root"]
    assert out["since"] == ["late"]
    assert out["orchestrator"] == out["trait"] == ["late", "other", "root"]
    assert out["parent"] is True
    assert out["numbers"] == sorted(out["numbers"])


def test_experiments(live: LiveService) -> None:
    out = _printed(
        live,
        """
        import json
        from azureml.core import Experiment, Run, Workspace
        from azureml.core.experiment import ViewType
        ws = Workspace.from_config()
        first = Experiment(ws, "one")
        Experiment(ws, "two").set_tags({"k": "v", "gone": "x"})
        Experiment(ws, "two").remove_tags(["gone"])
        run = first.start_logging(snapshot_directory=None)
        run.log("m", 1)
        run.complete()
        same = Experiment(ws, "one").id == first.id
        first.archive()
        names = lambda **options: [e.name for e in Experiment.list(ws, **options)]
        out = {"same": same, "active": names(), "archived": names(view_type=ViewType.ArchivedOnly),
               "all": names(view_type=ViewType.All), "by name": names(experiment_name="two"),
               "by tag": names(tags={"k": "v"}), "by deleted tag": names(tags="gone")}
        second = Experiment(ws, "one")
        out["written anew"] = second.id != first.id
        out["both"] = names(view_type=ViewType.All)
        out["old run"] = Run.get(ws, run.id).experiment.name
        try:
            first.reactivate()
        except Exception as error:
            out["conflict"] = str(error)
        Experiment.delete(ws, second.id)
        first.reactivate()
        out["back"] = [first.name, first.archived_time, [r.id for r in first.get_runs()] == [run.id]]
        busy = Experiment(ws, "two").start_logging(snapshot_directory=None)
        try:
            Experiment.delete(ws, Experiment(ws, "two").id)
        except Exception as error:
            out["busy"] = str(error)
        Experiment.delete(ws, first.id)
        try:
            Run.get(ws, run.id)
        except Exception as error:
            out["gone"] = str(error)
        print(json.dumps(out))
        """,
        workspace="experiments",
    )
    assert out["same"] is True and out["written anew"] is True
    assert (out["active"], out["archived"], out["all"]) == (["two"], ["one"], ["one", "two"])
    assert (out["by name"], out["by tag"], out["by deleted tag"]) == (["two"], ["two"], [])
    assert out["both"] == ["one", "two", "one"]
    assert out["old run"] == "one"
    assert "there is an active experiment one already" in out["conflict"]
    assert out["back"] == ["one", None, True]
    assert "1 unfinished runs" in out["busy"]
    assert "not found" in out["gone"]


def test_the_three_addresses_of_a_run(http: httpx.Client) -> None:
    made = _start(http, "addressed", "home", tags={"a": "1"}, target="cpu", scriptName="x.py", hidden=True)
    paths = ("experiments/home/runs/addressed", f"experimentids/{made['experimentId']}/runs/addressed")
    for path in (*paths, "runs/addressed"):
        assert http.get(path).json() == made
        for tail in ("/details", "/children", "/token", "/metricsingest/wait"):
            assert http.get(path + tail).status_code == 200, path + tail
    assert made["dataContainerId"] == "dcid.addressed"
    assert (made["rootRunId"], made["parentRunId"], made["hidden"]) == ("addressed", None, True)
    assert http.get("experiments/elsewhere/runs/addressed").status_code == 404
    assert http.get("experimentids/nope/runs/addressed").status_code == 404
    assert http.patch("experiments/elsewhere/runs/addressed", json={}).status_code == 409
    token = http.get("runs/addressed/token").json()
    assert token["token"].count(".") == 2 and token["expiryTimeUtc"] > "2026"
    assert http.get("computes/CPU/runs").json()["value"] == [made]


def test_changes_merge_and_null_changes_nothing(http: httpx.Client) -> None:
    lineage = {"identifier": {"savedId": "d1"}, "consumptionType": "Reference"}
    _start(http, "merged", tags={"a": "1"}, inputDatasets=[lineage], settings={"x": "1"}, runType="custom")
    changed = _start(
        http,
        "merged",
        tags={"b": "2"},
        properties=None,
        name=None,
        status="NotStarted",
        inputDatasets=[lineage, {**lineage, "identifier": {"savedId": "d2"}}],
        settings={"y": "2"},
    )
    assert changed["tags"] == {"a": "1", "b": "2"}
    assert [item["identifier"]["savedId"] for item in changed["inputDatasets"]] == ["d1", "d2"]
    assert changed["settings"] == {"x": "1", "y": "2"}
    assert changed["runType"] == "custom"
    tags = http.patch("runs/merged/tags", json={"tagsToModify": {"c": "3"}, "tagsToDelete": ["a"]}).json()["tags"]
    assert tags == {"b": "2", "c": "3"}


@pytest.mark.parametrize(
    "body",
    [
        {"tags": {"a": 1}},
        {"tags": ["a"]},
        {"status": "Sleeping"},
        {"startTimeUtc": "yesterday"},
        {"runId": "another"},
        {"hidden": "yes"},
        {"inputDatasets": {}},
        {"parameters": []},
        {"dataContainerId": "../x"},
        {"name": 3},
    ],
)
def test_a_bad_run_is_a_400_and_is_not_written(http: httpx.Client, body: dict[str, Any]) -> None:
    answer = http.patch("experiments/e/runs/bad", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["details"] == []
    assert http.get("runs/bad").status_code == 404


def test_other_bad_requests(http: httpx.Client) -> None:
    _start(http, "there")
    for method, path, body, status in [
        ("PATCH", "experiments/e/runs/-x", {}, 400),
        ("PATCH", "experiments/e/runs/" + "x" * 300, {}, 400),
        ("PATCH", "experiments/e/runs/orphan", {"parentRunId": "nobody"}, 404),
        ("PATCH", "experiments/e/runs/there", {"parentRunId": "nobody"}, 409),
        ("PATCH", "runs/nowhere", {}, 400),
        ("POST", "experiments/e/runs:query", {"filter": "Status eq"}, 400),
        ("POST", "experiments/e/runs:query", {"filter": "Colour eq red"}, 400),
        ("POST", "experiments/e/runs:query", {"orderby": "Colour"}, 400),
        ("POST", "experiments/e/runs:query", {"top": 0}, 400),
        ("POST", "experiments/e/runs:query", {"continuationToken": "xyz"}, 400),
        ("POST", "experiments/none/runs:query", {}, 404),
        ("POST", "./experiments:query", {"viewType": "Some"}, 400),
        ("POST", "./experiments:query", {"filter": "Colour eq red"}, 400),
        ("POST", "runs/there/events", {"name": "Microsoft.MachineLearning.Run.Jump", "data": {}}, 400),
        ("POST", "runs/there/events", {"name": "Microsoft.MachineLearning.Run.Error", "data": {}}, 400),
        ("POST", "runs/there/events", {"name": "Microsoft.MachineLearning.Run.Start", "data": {"RunId": "x"}}, 400),
        ("DELETE", "runs/there/tags", {"a": 1}, 400),
        ("PATCH", "experimentids/nope", {"archive": True}, 404),
        ("POST", "rundata", {}, 400),
        ("GET", "experiments/none", None, 404),
    ]:
        answer = http.request(method, path, json=body)
        assert answer.status_code == status, (path, answer.text)
        assert answer.json()["error"]["details"] == []


def test_events_drive_the_status_once(http: httpx.Client) -> None:
    _start(http, "evented")

    def post(name: str, **data: Any) -> int:
        event = {"name": f"Microsoft.MachineLearning.Run.{name}", "data": {"RunId": "evented", **data}}
        return http.post("runs/evented/events", json=event).status_code

    assert post("Start", StartTime="2026-01-02T03:04:05.5Z") == 200
    assert post("Warning", Source="me", Message="careful") == 200
    assert post("Heartbeat", TimeToLiveSeconds=120) == 200
    running = http.get("runs/evented").json()
    assert (running["status"], running["startTimeUtc"]) == ("Running", "2026-01-02T03:04:05.500000+00:00")
    assert post("Completed", EndTime="2026-01-02T03:04:06.5Z") == 200
    assert post("Failed", EndTime="2027-01-02T03:04:06.5Z") == 200
    assert post("Start", StartTime="2027-01-02T03:04:05.5Z") == 200
    done = http.get("runs/evented/details").json()
    assert (done["status"], done["endTimeUtc"]) == ("Completed", "2026-01-02T03:04:06.500000+00:00")
    assert done["computeDuration"] == "00:00:01.0000000"
    assert done["warnings"] == [{"source": "me", "message": "careful"}]


def test_batches_report_what_fails_and_keep_the_rest(http: httpx.Client) -> None:
    runs = [{"runId": "b1"}, {"runId": "b2", "tags": {"a": 1}}, {"runId": "b3", "parentRunId": "b1"}]
    made = http.patch("experiments/e/batch/runs", json={"runs": runs}).json()
    assert sorted(made["runs"]) == ["b1", "b3"] and list(made["errors"]) == ["b2"]
    assert made["runs"]["b3"]["rootRunId"] == "b1"
    start = "Microsoft.MachineLearning.Run.Start"
    events = [{"name": start, "data": {"RunId": name}} for name in ("b1", "b2")]
    posted = http.post("experiments/e/batch/events", json={"events": events}).json()
    assert posted["successes"] == ["b1"]
    assert posted["errors"][0]["key"]["data"]["RunId"] == "b2"
    assert http.get("runs/b1").json()["status"] == "Running"
    found = http.post("experiments/e/runs/runIds", json={"runIds": ["b1", "b2"]}).json()
    assert (list(found["runs"]), list(found["errors"])) == (["b1"], ["b2"])
    counts = http.get("experiments/e/runcounts", params={"$filter": "RunId in ('b1','b3')"}).json()
    assert (counts["running"], counts["notStarted"], counts["failed"]) == (1, 1, 0)


def test_pages_stay_whole_while_runs_begin(http: httpx.Client) -> None:
    for number in range(5):
        _start(http, f"p{number}", "pages", status="Running")
    body: dict[str, Any] = {"orderby": "CreatedUtc desc", "top": 2}
    seen = []
    while True:
        page = http.post("experiments/pages/runs:query", json=body).json()
        seen += [run["runId"] for run in page["value"]]
        if page["continuationToken"] is None:
            break
        body["continuationToken"] = page["continuationToken"]
        _start(http, f"new{len(seen)}", "pages", status="Running")
    assert seen == ["p4", "p3", "p2", "p1", "p0"]


def test_run_data_services_and_diagnostics_for_newer_clients(http: httpx.Client) -> None:
    _start(http, "newer", runDefinition={"script": "a.py"}, services={"nb": {"type": "Jupyter", "port": 1}})
    data = http.post("rundata", json={"runId": "newer", "selectRunDefinition": True}).json()
    assert data["runMetadata"]["runId"] == "newer" and data["runDefinition"] == {"script": "a.py"}
    both = http.post("batchrundata", json={"requests": {"a": {"runId": "newer"}, "b": {"runId": "none"}}}).json()
    assert (list(both["successfulResults"]), list(both["failedResults"])) == (["a"], ["b"])
    assert http.request("DELETE", "runs/newer/services", json={"servicesToDelete": ["nb"]}).json()["services"] == {}
    assert http.get("runs/newer/serviceinstances/0").json() == {"instances": {}}
    http.patch("runs/newer/serviceinstances/0", json={"instances": {"nb": {"port": 2}}})
    assert http.get("runs/newer/serviceinstances/0").json() == {"instances": {"nb": {"port": 2}}}
    answer = http.get("runs/newer/diagnostics")
    assert answer.headers["content-type"] == "application/zip" and answer.content[:2] == b"PK"
    assert http.post("runs/newer/cancel").json()["status"] == "Canceled"
    private = http.get(str(http.base_url).replace("/v1.0/", "/v1.0/private/") + "runs/newer/spans")
    assert private.status_code == 501 and "spans" in private.json()["error"]["message"]


def test_the_v2_client_reads_the_same_runs(live: LiveService, http: httpx.Client) -> None:
    """azure-ai-ml reads details, children, services and run data of jobs from run history."""
    _start(http, "job", tags={"a": "b"}, properties={"p": "q"}, outputs={"o": {"assetId": "x", "type": "uri_folder"}})
    _start(http, "part", parentRunId="job", status="Running")
    out = _printed(
        live,
        """
        import json
        from azure.ai.ml._restclient.runhistory import RunHistoryClient
        from azure.ai.ml._restclient.runhistory.models import CreateRun, GetRunDataRequest
        from azure.identity import ManagedIdentityCredential
        from azureml.core import Workspace
        config = json.load(open("config.json"))
        scope = (config["subscription_id"], config["resource_group"], "http")
        client = RunHistoryClient(ManagedIdentityCredential(), base_url=BASE,
                                  credential_scopes=["https://management.azure.com/.default"]).runs
        run, details = client.get(*scope, "job"), client.get_details(*scope, "job")
        data = client.get_run_data(*scope, body=GetRunDataRequest(run_id="job", select_run_metadata=True))
        client.add_or_modify_by_experiment_name(*scope, "e", "job", body=CreateRun(display_name="new", hidden=True))
        changed = client.get(*scope, "job")
        print(json.dumps({
            "run": [run.run_id, run.status, run.tags, run.properties, run.created_utc is not None],
            "details": [details.status, details.log_files, details.run_number == run.run_number],
            "children": [child.run_id for child in client.get_child(*scope, "job")],
            "outputs": data.run_metadata.outputs["o"].asset_id,
            "services": client.get_run_service_instances(*scope, "job", 0).instances,
            "changed": [changed.display_name, changed.hidden, changed.tags],
        }))
        """.replace("BASE", repr(live.https_url)),
    )
    assert out["run"] == ["job", "NotStarted", {"a": "b"}, {"p": "q"}, True]
    assert out["details"] == ["NotStarted", {}, True]
    assert (out["children"], out["outputs"], out["services"]) == (["part"], "x", {})
    assert out["changed"] == ["new", True, {"a": "b"}]


def test_history_outlives_a_killed_service(own_live: LiveService) -> None:
    with own_live.client() as client:
        base = f"{own_live.url}/history/v1.0{own_live.scope()}"
        made = client.patch(f"{base}/experiments/e/runs/kept", json={"tags": {"a": "b"}, "status": "Running"}).json()
    own_live.kill()
    own_live.start()
    with own_live.client() as client:
        found = client.get(f"{own_live.url}/history/v1.0{own_live.scope()}/runs/kept").json()
    changing = {"currentComputeTime", "computeDuration", "duration", "cancelUri", "diagnosticsUri"}
    assert {k: v for k, v in found.items() if k not in changing} == {k: v for k, v in made.items() if k not in changing}
