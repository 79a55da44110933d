"""Pipeline endpoints with the real client, and their REST form with any HTTP client."""

from __future__ import annotations

import ast
import json
import threading
from typing import Any

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow

_HEAD = (
    HEAD
    + """
from azureml.pipeline.core import PipelineEndpoint, PublishedPipeline

def publish(word):
    arguments = [word, PipelineParameter("word", "default")]
    return Pipeline(ws, [step("ok.py", "say", arguments=arguments)]).publish(word, word + " pipeline")

def said(run):
    run.wait_for_completion(show_output=False)
    return next(run.get_steps()).get_stdout_log().strip()
"""
)


def test_versions_and_their_default(live: LiveService) -> None:
    done = live.run(
        _HEAD
        + """
one, two, three = publish("one"), publish("two"), publish("three")
made = PipelineEndpoint.publish(ws, name="greeter", description="says something", pipeline=one)
print("MADE", [made.name, made.description, made.status, made.get_default_version(), made.endpoint.endswith(made.id)])
attempt("TAKEN", lambda: PipelineEndpoint.publish(ws, name="greeter", description="", pipeline=two))
made.add(two)
attempt("TWICE", lambda: made.add(two))
print("ADDED", [made.get_default_version(), [item.version for item in made.list_versions()]])
made.add_default(three)
again = PipelineEndpoint.get(ws, name="greeter")
print("AGAIN", [again.id == made.id, again.get_default_version(), PipelineEndpoint.get(ws, id=made.id).name])
print("PIPELINES", [again.get_pipeline().name, again.get_pipeline("1").name, [p.name for p in again.list_pipelines()]])
print("SAID", [said(again.submit("talk", pipeline_version=version, pipeline_parameters={"word": "w"}))
               for version in (None, "0")])
again.set_default_version("1")
print("SAID", [said(exp.submit(again)), said(exp.submit(again, pipeline_version="2"))])
again.set_default(one)
attempt("DEFAULT", lambda: again.set_default_version("7"))
attempt("MISSING", lambda: again.submit("talk", pipeline_version="7"))
attempt("PARAMETER", lambda: again.submit("talk", pipeline_parameters={"wrod": "w"}))
run = again.submit("talk")
print("RUN", [run.experiment.name, run.id in [item.id for item in ws.experiments["talk"].get_runs()]])
two.disable()
print("ACTIVE", [[p.name for p in again.list_pipelines()], [p.name for p in again.list_pipelines(active_only=False)]])
attempt("DISABLED", lambda: again.submit("talk", pipeline_version="1"))
print(again)
""",
        files=FILES,
    ).stdout
    assert lines(done, "MADE") == ["['greeter', 'says something', 'Active', '0', True]"]
    assert "already exists" in lines(done, "TAKEN")[0]
    assert "exists in PipelineEndpoint" in lines(done, "TWICE")[0]
    assert lines(done, "ADDED") == ["['0', ['0', '1']]"]
    assert lines(done, "AGAIN") == ["[True, '2', 'greeter']"]
    assert lines(done, "PIPELINES") == ["['three', 'two', ['one', 'two', 'three']]"]
    first, second = (ast.literal_eval(line) for line in lines(done, "SAID"))
    assert first == ["ok ['three', 'w']", "ok ['one', 'w']"]
    assert second == ["ok ['two', 'default']", "ok ['three', 'default']"]
    assert "does not exist" in lines(done, "DEFAULT")[0]
    assert "no version '7'; it has: 0, 1, 2" in lines(done, "MISSING")[0]
    assert "wrod" in lines(done, "PARAMETER")[0]
    assert "word" in lines(done, "PARAMETER")[0]
    assert lines(done, "RUN") == ["['talk', True]"]
    assert lines(done, "ACTIVE") == ["[['one', 'three'], ['one', 'two', 'three']]"]
    assert "version 1 of the pipeline endpoint 'greeter', is disabled" in lines(done, "DISABLED")[0]


def test_disable_archive_and_list(live: LiveService) -> None:
    done = live.run(
        _HEAD
        + """
one = publish("one")
made = PipelineEndpoint.publish(ws, name="first", description="d", pipeline=one)
other = PipelineEndpoint.publish(ws, name="second", description="d", pipeline=Pipeline(ws, [step("ok.py", "say")]))
stale = PipelineEndpoint.get(ws, name="first")
names = lambda **more: [item.name for item in PipelineEndpoint.list(ws, **more)]
made.disable()
print("STATUS", [made.status, PipelineEndpoint.get(ws, id=made.id).status, names(), sorted(names(active_only=False))])
attempt("REFUSED", lambda: made.submit("talk"))
attempt("STALE", lambda: stale.submit("talk"))
made.enable()
print("ENABLED", [made.status, sorted(names()), names(max_results=1), names(max_results=0)])
made.set_name("renamed")
attempt("OLD", lambda: PipelineEndpoint.get(ws, name="first"))
attempt("CLASH", lambda: made.set_name("second"))
made.archive()
print("ARCHIVED", [made.status, names(), made.name != "renamed"])
taken = PipelineEndpoint.publish(ws, name="renamed", description="d", pipeline=one)
attempt("BACK", lambda: made.reactivate("renamed"))
print("STILL", PipelineEndpoint.get(ws, id=made.id).status)
made.reactivate("first")
print("FIRST", [PipelineEndpoint.get(ws, name="first").id == made.id, made.status, sorted(names())])
attempt("NOBODY", lambda: PipelineEndpoint.get(ws, id="11111111-2222-3333-4444-555555555555"))
""",
        workspace="listing",
        files=FILES,
    ).stdout
    assert lines(done, "STATUS") == ["['Disabled', 'Disabled', ['second'], ['first', 'second']]"]
    assert "Status must be Active" in lines(done, "REFUSED")[0]
    assert "the pipeline endpoint 'first' is disabled: enable it" in lines(done, "STALE")[0]
    assert lines(done, "ENABLED") == ["['Active', ['first', 'second'], ['second'], []]"]
    assert "no pipeline endpoint 'first'" in lines(done, "OLD")[0]
    assert "'second' already" in lines(done, "CLASH")[0]
    assert lines(done, "ARCHIVED") == ["['Disabled', ['second'], True]"]
    assert "'renamed' already" in lines(done, "BACK")[0]
    assert lines(done, "STILL") == ["Disabled"]
    assert lines(done, "FIRST") == ["[True, 'Active', ['first', 'renamed', 'second']]"]
    assert "no pipeline endpoint 11111111" in lines(done, "NOBODY")[0]


def _endpoint(live: LiveService, workspace: str, versions: int) -> dict[str, Any]:
    """A pipeline endpoint of this many versions, made by the real client."""
    live.run(
        _HEAD
        + f"""
made = PipelineEndpoint.publish(ws, name="caller", description="d", pipeline=publish("v0"))
for number in range(1, {versions}):
    made.add(publish(f"v{{number}}"))
""",
        workspace=workspace,
        files=FILES,
    )
    with live.client() as client:
        found = client.get(f"/pipelines/v1.0{live.scope(workspace)}/PipelineEndpoints/Name", params={"Name": "caller"})
    endpoint: dict[str, Any] = found.json()
    return endpoint


def test_rest_with_and_without_a_version(live: LiveService) -> None:
    endpoint = _endpoint(live, "rest", 2)
    url, body = endpoint["Url"], {"ExperimentName": "rest", "ParameterAssignments": {"word": 5}}
    base = f"/pipelines/v1.0{live.scope('rest')}"
    by_name = f"{base}/PipelineRuns/PipelineEndpointSubmit/Name"
    with live.client() as client:
        ids = {}
        for label, path in {
            "default": url,
            "slash": f"{url}/",
            "path": f"{url}/1",
            "query": f"{url}?pipelineVersion=1",
            "both": f"{url}/1?pipelineVersion=1",
            # What public samples of versioned endpoints post to.
            "name": f"{by_name}?name=caller",
            "name and version": f"{by_name}?name=caller&pipelineVersion=1",
            "name in the path": f"{by_name}/caller?pipelineVersion=1",
            "all in the path": f"{by_name}/caller/1",
        }.items():
            answer = client.post(path, json=body)
            assert answer.status_code == 200, answer.text
            ids[label] = answer.json()["Id"]
        pipelines = {item["Version"]: item["PipelineId"] for item in endpoint["PipelineVersionList"]}
        used = {label: client.get(f"{base}/PipelineRuns/{run}").json()["PipelineId"] for label, run in ids.items()}
        assert used == {label: pipelines["0" if label in ("default", "slash", "name") else "1"] for label in ids}

        refused = {
            "unknown version": (client.post(f"{url}/4", json=body), 404, "no version '4'; it has: 0, 1"),
            "two versions": (client.post(f"{url}/1?pipelineVersion=0", json=body), 400, "name one of them"),
            "unknown name": (client.post(f"{by_name}?name=nobody", json=body), 404, "no pipeline endpoint 'nobody'"),
            "no name": (client.post(by_name, json=body), 400, "the name of the pipeline endpoint is missing"),
            "two names": (client.post(f"{by_name}/caller?name=other", json=body), 400, "name one of them"),
            "no body": (client.post(url), 400, "empty"),
            "no experiment": (client.post(url, json={"Description": "d"}), 400, "ExperimentName"),
            "unknown parameter": (
                client.post(url, json={"ExperimentName": "rest", "ParameterAssignments": {"wrod": 1}}),
                400,
                "word",
            ),
            "unknown endpoint": (client.post(f"{url}0", json=body), 404, "no pipeline endpoint"),
            "a list": (client.post(url, json=[body]), 400, "object"),
            "batch": (client.get(f"{base}/PipelineEndpoints", headers={"BatchSize": "x"}), 400, "BatchSize"),
            "active": (client.get(f"{base}/PipelineEndpoints?activeOnly=maybe"), 400, "activeOnly"),
        }
        for label, (answer, status, words) in refused.items():
            assert answer.status_code == status, label
            assert words in answer.json()["error"]["message"], label
        runs = client.get(f"{base}/PipelineRuns/Pipeline/{pipelines['1']}").json()
        assert sorted(item["Id"] for item in runs) == sorted(
            run for label, run in ids.items() if used[label] == pipelines["1"]
        )
        client.headers.pop("Authorization")
        assert client.post(url, json=body).status_code == 401


def test_two_clients_add_at_once_and_the_service_is_killed(own_live: LiveService) -> None:
    """Each adds a version as the client does; who comes late gets a conflict and repeats. All survive kill -9."""
    live = own_live
    endpoint = _endpoint(live, "busy", 1)
    base = f"/pipelines/v1.0{live.scope('busy')}/PipelineEndpoints"
    adder = (
        _HEAD
        + """
made = PipelineEndpoint.get(ws, name="caller")
for number in range(4):
    pipeline = publish(f"{os.path.basename(os.getcwd())}-{number}")
    for _ in range(40):
        try:
            made.add_default(pipeline)
            break
        except Exception as error:
            if "repeat the change" not in str(error):
                raise
    else:
        raise SystemExit("never added")
"""
    )
    threads = [
        threading.Thread(
            target=live.run,
            args=(adder,),
            kwargs={"workspace": "busy", "files": FILES, "folder": live.folder / name},
        )
        for name in ("anna", "bert")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(200)
    with live.client() as client:
        before = client.get(f"{base}/Id/{endpoint['Id']}").json()
    live.kill()
    live.start()
    with live.client() as client:
        after = client.get(f"{base}/Id/{endpoint['Id']}").json()
        names = [item["Name"] for item in client.get(f"{base}/{endpoint['Id']}/pipelines").json()]
    before.pop("Url"), after.pop("Url")
    assert after == before, json.dumps(after)
    assert [item["Version"] for item in after["PipelineVersionList"]] == [str(number) for number in range(9)]
    assert sorted(names[1:]) == [f"{name}-{number}" for name in ("anna", "bert") for number in range(4)]
    assert after["DefaultVersion"] == "8"
