"""Every operation of every service, asked in every wrong way: never a 5xx, never a file outside of the state folder."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from amlbridge.engine.launch.base import Launch
from amlbridge.engine.launch.handle import Failed
from amlbridge.server import assembly, engine_parts
from amlbridge.server.home import Home
from amlbridge.wire.application import Application
from amlbridge.wire.routing import Operation
from tests.faults import valid
from tests.faults.malformed import Answer, Malformer, send, serving, words_of

pytestmark = pytest.mark.slow

SCOPE = {"subscription": "s", "resource_group": "g", "workspace": "w", "api": "v1.0"}
WS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
OPERATIONS = [operation for routes in assembly.services() for operation in routes]
SECRET = "what the victim wrote"
#: Requests for each operation.
EACH = 24


class Target:
    """The whole service in this process, with an engine that really runs, and someone else's files around it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.victim = folder / "victim"
        self.victim.mkdir()
        (self.victim / "victim").write_text(SECRET)
        (folder / "inner" / "victim").mkdir(parents=True)
        home = Home(folder / "inner" / "home")
        self.service = assembly.build_service(home)
        self.service.http_port, self.service.https_port = 1, 2
        self.service.parts.update(guard_port=3, started=0.0)
        self.scheduler = engine_parts.attach(self.service, home)
        self.scheduler.start()
        self.application: Application = assembly.build_application(self.service)
        self.headers = {"authorization": f"Bearer {self.service.issuer.issue('x')[0]}"}
        self.before = self.outside()

    def outside(self) -> dict[str, bytes | None]:
        """Everything beside the state folder."""
        home = self.service.home
        return {
            str(path): path.read_bytes() if path.is_file() else None
            for path in sorted(self.folder.rglob("*"))
            if path != home and home not in path.parents
        }

    def ask(self, method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> Answer:
        """A request with a good token."""
        return send(self.application, method, path, query, body, {**self.headers, **headers})


class NoLauncher:
    """Starts nothing: whatever a malformed request may get started would only cost time."""

    name = "none"

    async def start(self, launch: Launch) -> Failed:
        """Refuses."""
        return Failed("nothing runs in this test")

    async def close(self) -> None:
        """Nothing to do."""


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    logging.getLogger("amlbridge").setLevel(logging.CRITICAL)
    monkeypatch.setattr(engine_parts, "LauncherPool", lambda **_options: NoLauncher())
    made = Target(tmp_path)
    with serving():
        yield made
    made.scheduler.stop()
    made.service.records.close()
    logging.getLogger("amlbridge").setLevel(logging.NOTSET)


def seed(target: Target, maker: Malformer) -> None:
    """Some things that are there."""
    workspace = target.service.records.workspaces.ensure("s", "g", "w")
    experiment = target.service.records.experiments.ensure(workspace.id, "e")
    target.service.records.runs.add(workspace.id, experiment.id, "r", "script")
    maker.known += ["e", "r", "w", "1", "workspaceblobstore", "azureml", "ExperimentRun", "dcid.r", experiment.id]


def wrong(operation: Operation, answer: Answer) -> str | None:
    """What is wrong with an answer to a malformed request."""
    if SECRET.encode() in answer.body:
        return "it shows a file outside of the state folder"
    if answer.status < 400:
        return None
    content = answer.json
    if not isinstance(content, dict) or not _in_form(operation, content):
        return f"{answer.status} in the wrong form: {answer.body[:200]!r}"
    if answer.status == 501 and content.get("error_code") == "NOT_IMPLEMENTED":
        return None
    if answer.status >= 500 and (answer.status, content.get("code")) not in (
        (501, "NotSupported"),
        (501, "NotImplemented"),
    ):
        return f"{answer.status} {answer.body[:300]!r}"
    return None


def _in_form(operation: Operation, content: dict[str, Any]) -> bool:
    """Whether an error is in the form that the clients of its service read."""
    # What is answered before a service is asked (no token, no such route) has the common form.
    if operation.service.startswith("mlflow") and {"error_code", "message"} <= content.keys():
        return True
    return bool(content.get("error", {}).get("details") == [])


def test_no_malformed_request_is_a_server_error(target: Target) -> None:
    maker = Malformer(20261120, target.victim)
    seed(target, maker)
    found: dict[str, str] = {}
    for operation in OPERATIONS:
        if operation.refused is not None:
            continue
        learned: dict[str, object] = {}
        words = words_of(operation)
        for number, body in enumerate(maker.bodies(operation, learned, EACH)):
            path = maker.path(operation, SCOPE, wild=number % 3 == 0)
            answer = target.ask(operation.method, path, maker.query(words), body, **maker.headers())
            maker.remember(answer)
            problem = wrong(operation, answer)
            if problem is not None:
                found.setdefault(f"{operation.service}.{operation.name}: {problem}", f"{path[-100:]} {body[:300]!r}")
            for _ in range(12):
                if not maker.learn(answer, learned):
                    break
                answer = target.ask(operation.method, maker.path(operation, SCOPE, wild=False), "", _dump(learned))
    assert not found, "\n".join(f"{key}\n    {value}" for key, value in found.items())
    assert target.outside() == target.before


def _dump(content: dict[str, object]) -> bytes:
    import json

    return json.dumps(content).encode()


def prepare(target: Target) -> list[valid.Request]:
    """Posts good requests, so that there is something of everything, and returns them all."""
    requests = valid.first()
    scope = target.service.records.workspaces.ensure("s", "g", "w")
    for number, (method, path, query, body) in enumerate(requests):
        requests[number] = (method, path.replace("WS", WS), query, body)
        answer = target.ask(method, requests[number][1], query, json.dumps(body).encode())
        assert answer.status < 300, (path, answer.body)
    names = json.dumps({"FileNames": ["run.py"]}).encode()
    url = target.ask("POST", f"/content/v2.0{WS}/snapshots/getblob", "", names).json["fileNodes"][0]["blobUri"]
    container, _, blob = urlsplit(url).path.lstrip("/").partition("/")
    target.service.blobs.put(scope.storage_account, container, blob, b"print(1)\n")
    tree = {"name": "", "type": "Directory", "children": {"run.py": {"name": "run.py", "type": "File"}}}
    nodes = [{"FullName": "run.py", "BlobUri": url, "FileSize": 9}]
    snapshot = {"ParentSnapshotId": None, "DirTreeNode": tree, "FileRevisionList": {"FileNodes": nodes}}

    def post(path: str, body: Any, query: str = "") -> Any:
        requests.append(("POST", path, query, body))
        answer = target.ask("POST", path, query.replace("{number}", "0"), json.dumps(body).encode())
        assert answer.status == 200, (path, answer.body)
        return answer.json

    post(f"/content/v2.0{WS}/snapshots/snapshot", snapshot)
    saved = post(f"/dataset/v1.0{WS}/saveddatasets", next(item[3] for item in requests if "saveddatasets" in item[1]))
    source = post(f"/pipelines/v1.0{WS}/DataSources", next(item[3] for item in requests if "DataSources" in item[1]))
    module = post(f"/pipelines/v1.0{WS}/Modules", valid.module_body("snapshot"))
    ids = (module["Data"]["Id"] if "Data" in module else module["Id"], source["Id"], saved["id"])
    run = {"Configuration": valid.script_run(), "SnapshotId": "snapshot", "ParentRunId": None}
    post(f"/execution/v1.0{WS}/experiments/e/snapshotrun", run, "runId=q{number}")
    post(
        f"/pipelines/v1.0{WS}/PipelineRuns/Unsubmitted/CreationInfoWithGraph",
        valid.graph_body(*ids),
        "experimentName=e",
    )
    return requests


def test_no_request_wrong_in_one_place_is_a_server_error(target: Target) -> None:
    """What such a request may have left behind is read again by every GET: no record poisons an answer."""
    maker = Malformer(7, target.victim)
    requests = prepare(target)
    found: dict[str, str] = {}
    good = 0

    def ask(method: str, path: str, query: str = "", body: bytes = b"") -> Answer:
        answer = target.ask(method, path, query, body)
        if (answer.status >= 500 and answer.status != 501) or SECRET.encode() in answer.body:
            found.setdefault(f"{method} {path[-80:]}: {answer.status} {answer.body[:300]!r}", f"{body[:2000]!r}")
        return answer

    for method, path, query, content in requests:
        for number in range(30 if len(json.dumps(content)) < 1000 else 100):
            body = json.dumps(valid.mutate(content, maker.random, lambda: maker.value(()))).encode()
            answer = ask(method, path, query.replace("{number}", str(number + 1)), body)
            good += answer.status < 300
            maker.remember(answer)
            if "PipelineRuns" in path and answer.status == 200:
                ask("POST", f"/pipelines/v1.0{WS}/PipelineRuns/Submit/{answer.json['Id']}")
    for operation in OPERATIONS:
        if operation.method == "GET" and operation.refused is None:
            for _ in range(8 if "{" in operation.path.rpartition("{workspace}")[2] else 1):
                ask("GET", maker.path(operation, SCOPE, wild=False))
    assert not found, "\n".join(f"{key}\n    {value}" for key, value in found.items())
    assert good > 300
    assert target.outside() == target.before


def test_without_a_token_nothing_is_served(target: Target) -> None:
    """401 for each operation but those that are open; 403 for blobs. A stranger's request leaves no record, either."""
    open_ = set()
    for operation in OPERATIONS:
        path = re.sub(r"\{\w+\*?\}", "x", operation.path)
        for headers in ({}, {"authorization": "Bearer x.y.z"}, {"authorization": "Basic eDp4"}):
            answer = send(target.application, operation.method, path, "", b"{}", headers)
            if answer.status == 200:
                open_.add(operation.name)
            elif operation.access == "token" or operation.refused is None:
                # An operation that is open looks for a key or a signature in its path. A page may only refuse.
                refused = answer.status == 401 or (operation.access == "open" and answer.status == 501)
                # An online endpoint has keys of its own; one that is not there has none to ask for.
                refused = refused or (path.startswith("/serving/") and answer.status == 404)
                assert refused, (operation.method, path, answer.status)
                assert operation.method == "HEAD" or _in_form(operation, answer.json)
    assert open_ == {"cloud_endpoints", "health"}
    for method, path, query in (
        ("GET", "/azureml/x", ""),
        ("PUT", "/azureml/x", ""),
        ("GET", "/azureml", "restype=container&comp=list"),
        ("GET", "/azureml/x", "sig=abc&se=2099-01-01&sp=r&sr=b&sv=2019-07-07"),
    ):
        for headers in ({}, {"authorization": "SharedKey a:b"}, {"authorization": "Bearer x.y.z"}):
            given = {
                "x-ms-version": "2021-08-06",
                "host": "a.blob.x@127.0.0.1",
                "x-ms-blob-type": "BlockBlob",
                **headers,
            }
            assert send(target.application, method, path, query, b"x", given).status in (401, 403), (method, path)
    assert target.service.records.workspaces.list() == []
    assert not target.service.blobs.accounts()
