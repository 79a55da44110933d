"""The real client uploads source directories, changes them, restores them; what is malformed leaves nothing behind."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from amlbridge.engine.snapshots import SnapshotStore
from tests.support.live import LiveService

pytestmark = pytest.mark.slow

UPLOAD = """
    import json, os, pathlib, shutil, sys, zipfile
    from azureml.core import Workspace
    from azureml._restclient.snapshots_client import SnapshotsClient
    ws = Workspace.from_config()
    client = SnapshotsClient(ws.service_context)

    def restored(snapshot):
        archive = zipfile.ZipFile(client.restore_snapshot(snapshot, "."))
        return {name: archive.read(name).decode() for name in sorted(archive.namelist())}
"""


def test_upload_change_and_restore(live: LiveService) -> None:
    done = live.run(
        UPLOAD
        + """
    first = client.create_snapshot("src")
    print(json.dumps(restored(first)))
    same = client.create_snapshot("src")
    print(same == first)
    pathlib.Path("src/lib/new.py").write_text("new")
    pathlib.Path("src/gone.py").unlink()
    second = client.create_snapshot("src")
    print(json.dumps(restored(second)))
    other = client.create_snapshot("other")
    print(json.dumps(restored(other)))
    print(json.dumps(restored(first)) != json.dumps(restored(second)), first, second)
    print(ws._workspace_id)
    """,
        files={
            "src/run.py": "run",
            "src/gone.py": "gone",
            "src/lib/grüße.py": "umlaut",
            "src/empty.py": "",
            "src/.amlignore": "*.log\n",
            "src/big.log": "ignored",
            "other/run.py": "another",
        },
    )
    lines = done.stdout.strip().splitlines()[-6:]
    files = {".amlignore": "*.log\n", "empty.py": "", "gone.py": "gone", "lib/grüße.py": "umlaut", "run.py": "run"}
    assert lines[0] == _json(files)
    assert lines[1] == "True"
    changed = {**files, "lib/new.py": "new"}
    del changed["gone.py"]
    assert lines[2] == _json(changed)
    assert lines[3] == _json({"run.py": "another"})
    _, first, second = lines[4].split()
    # What the engine sees, after a restart or not.
    store, workspace = SnapshotStore(live.home.snapshots), lines[5]
    assert [file.name for file in store.files(workspace, second)] == sorted(changed)
    assert store.digest(workspace, first) != store.digest(workspace, second)
    uploads = list(live.home.blobs.glob("*/snapshot-uploads/*"))
    assert uploads == [], "uploads that became a snapshot are cleaned up"


def test_a_client_whose_parent_is_unknown_heals_itself(live: LiveService) -> None:
    done = live.run(
        UPLOAD
        + """
    from azureml._restclient import snapshots_client
    first = client.create_snapshot("src")
    # The cache as a client has it that spoke to another service, or to a folder that was reset.
    path = client._cache._get_latest_snapshot_cache_file()
    cached = json.load(open(path))
    cached["snapshot_id"] = "99999999-9999-9999-9999-999999999999"
    json.dump(cached, open(path, "w"))
    pathlib.Path("src/b.py").write_text("b2")
    second = client.create_snapshot("src")
    print(json.dumps(restored(second)))
    try:
        client.restore_snapshot("99999999-9999-9999-9999-999999999999", ".")
    except Exception as error:
        print(type(error).__name__, "404" in str(error))
    """,
        files={"src/a.py": "a", "src/b.py": "b"},
        workspace="healing",
    )
    lines = done.stdout.strip().splitlines()
    assert lines[-2] == _json({"a.py": "a", "b.py": "b2"})
    assert lines[-1].endswith("True")


class Uploader:
    """What the client sends, by hand."""

    def __init__(self, live: LiveService, workspace: str = "by-hand") -> None:
        self.client = live.client(verify=False)
        self.base = f"/content/v2.0{live.scope(workspace)}/snapshots"
        self.live = live

    def upload(self, files: dict[str, bytes]) -> list[dict[str, Any]]:
        nodes = self.client.post(f"{self.base}/getblob", json={"FileNames": list(files)}).json()["fileNodes"]
        for node in nodes:
            content = files[node["fullName"]]
            answer = httpx.put(node["blobUri"], content=content, headers={"x-ms-blob-type": "BlockBlob"}, verify=False)
            assert answer.status_code == 201, answer.text
        return [
            {"FullName": n["fullName"], "BlobUri": n["blobUri"], "FileSize": len(files[n["fullName"]])} for n in nodes
        ]

    def create(self, tree: dict[str, Any], nodes: Any, **more: Any) -> tuple[str, httpx.Response]:
        snapshot_id = str(uuid.uuid4())
        body = {"DirTreeNode": tree, "FileRevisionList": {"FileNodes": nodes}, "Properties": {}, "Tags": None, **more}
        return snapshot_id, self.client.post(f"{self.base}/{snapshot_id}", json=body)

    def files(self, snapshot_id: str) -> httpx.Response:
        return self.client.get(f"{self.base}/{snapshot_id}/files")


def leaf(name: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha512(content + name.encode() + b"File").hexdigest()
    return {"name": name, "type": "File", "hash": digest, "children": {}, "timestamp": "2026-01-01T00:00:00"}


def tree(**children: Any) -> dict[str, Any]:
    return {"name": "", "type": "Directory", "hash": "x", "children": children, "timestamp": "2026-01-01T00:00:00"}


def test_bad_snapshots_are_refused_and_leave_nothing(live: LiveService) -> None:
    uploader = Uploader(live)
    good = uploader.upload({"a.py": b"a"})
    ids = live.home.snapshots / "ids"
    before = sorted(ids.rglob("*.json"))
    outside = {"a.py": {**leaf("a.py", b"a"), "hash": None}}
    cases: list[tuple[dict[str, Any], Any, dict[str, Any]]] = [
        (tree(**{"a.py": leaf("a.py", b"changed")}), good, {}),
        (tree(**{"..": tree(**outside)}), good, {}),
        (tree(**{"x/../../a.py": leaf("a.py", b"a")}), good, {}),
        (tree(**{"a.py": leaf("a.py", b"a"), "missing.py": leaf("missing.py", b"m")}), good, {}),
        (tree(**{"a.py": leaf("a.py", b"a")}), [{**good[0], "FileSize": 99}], {}),
        (tree(**{"a.py": leaf("a.py", b"a")}), [{**good[0], "BlobUri": "https://x/azureml/secret"}], {}),
        (tree(**{"a.py": leaf("a.py", b"a")}), [{**good[0], "FullName": "../a.py"}], {}),
        (tree(**{"a.py": leaf("a.py", b"a")}), [good[0], good[0]], {}),
        (tree(**{"a.py": "no node"}), good, {}),
        (tree(**{"a.py": leaf("a.py", b"a")}), "no list", {}),
        (tree(**{"a.py": leaf("a.py", b"a")}), good, {"Properties": []}),
        (tree(**{"a.py": leaf("a.py", b"a")}), good, {"ParentSnapshotId": str(uuid.uuid4())}),
    ]
    for root, nodes, more in cases:
        snapshot_id, answer = uploader.create(root, nodes, **more)
        assert answer.status_code in (400, 404), (root, answer.status_code, answer.text)
        assert answer.json()["error"]["details"] == []
        assert uploader.files(snapshot_id).status_code == 404
    for names in (["../up.py"], ["/etc/x"], ["a//b"], [1], "a.py", [""]):
        answer = uploader.client.post(f"{uploader.base}/getblob", json={"FileNames": names})
        assert answer.status_code == 400, (names, answer.text)
    headers = {"Content-Type": "application/json"}
    answer = uploader.client.post(f"{uploader.base}/getblob", content=b'{"FileNames": ["\\ud800"]}', headers=headers)
    assert answer.status_code == 400
    assert sorted(ids.rglob("*.json")) == before
    # And the good one is still good, also twice (a client that missed the answer), but only in its workspace.
    root = tree(**{"a.py": leaf("a.py", b"a")})
    snapshot_id, answer = uploader.create(root, good)
    assert answer.status_code == 200, answer.text
    again = {"DirTreeNode": root, "FileRevisionList": {"FileNodes": good}}
    assert uploader.client.post(f"{uploader.base}/{snapshot_id}", json=again).status_code == 200
    again["DirTreeNode"] = tree(**{"b.py": leaf("b.py", b"a")})
    assert uploader.client.post(f"{uploader.base}/{snapshot_id}", json=again).status_code == 400
    assert [file["fullName"] for file in uploader.files(snapshot_id).json()["value"]] == ["a.py"]
    assert Uploader(live, "elsewhere").files(snapshot_id).status_code == 404
    _child, answer = Uploader(live, "elsewhere").create(root, [], ParentSnapshotId=snapshot_id)
    assert answer.status_code == 404


def test_metadata_urls_and_refusals(live: LiveService) -> None:
    uploader = Uploader(live)
    nodes = uploader.upload({"a.py": b"a", "lib\\b.py": b"b"})
    root = tree(**{"a.py": leaf("a.py", b"a"), "lib": tree(**{"b.py": leaf("b.py", b"b")})})
    snapshot_id, answer = uploader.create(root, nodes, Properties={"azureml.git.commit": "abc"})
    assert answer.status_code == 200, answer.text
    metadata = uploader.client.get(f"{uploader.base}/{snapshot_id}/metadata").json()
    assert metadata["root"] == root and metadata["properties"] == {"azureml.git.commit": "abc"}
    for version in ("v1.0", "v2.0"):
        base = uploader.base.replace("v2.0", version)
        node = uploader.client.get(f"{base}/{snapshot_id}/sas").json()["children"]["lib"]["children"]["b.py"]
        assert httpx.get(node["sasUrl"], verify=False).content == b"b" and node["sizeBytes"] == 1
        url = uploader.client.get(f"{base}/{snapshot_id}").json()
        assert httpx.get(url, verify=False).content[:2] == b"PK"
    assert uploader.client.get(f"{uploader.base.replace('v2.0', 'v1.0')}/latest/metadata").json()["root"] == {}
    for method, path in (("POST", f"uri/{snapshot_id}"), ("GET", "diff"), ("DELETE", snapshot_id)):
        answer = uploader.client.request(method, f"{uploader.base}/{path}", json={})
        assert answer.status_code == 501 and len(answer.json()["error"]["message"]) > 40


def _json(value: dict[str, str]) -> str:
    import json

    return json.dumps({key: value[key] for key in sorted(value)})


def test_snapshots_outlive_the_service(own_live: LiveService, tmp_path: Path) -> None:
    script = UPLOAD + '    print(client.create_snapshot("src"))\n'
    first = own_live.run(script, files={"src/a.py": "a"}, folder=tmp_path / "x").stdout.split()[-1]
    own_live.kill()
    own_live.start()
    again = own_live.run(script + "    print(json.dumps(restored(sys.argv[1])))", first, folder=tmp_path / "x")
    assert again.stdout.strip().splitlines()[-2:] == [first, _json({"a.py": "a"})]


def test_the_state_folder_is_never_in_a_snapshot(live: LiveService) -> None:
    out = live.run(
        """
        import zipfile
        from azureml.core import Experiment, Workspace
        run = Experiment(Workspace.from_config(), "e").start_logging(snapshot_directory="project")
        run.complete()
        names = zipfile.ZipFile(run.restore_snapshot(path="restored")).namelist()
        print("FILES", sorted(name for name in names if not name.endswith("/")))
        """,
        files={"project/main.py": "1", "project/.amlbridge/secret": "x", "project/deep/.amlbridge/records.db": "y"},
    ).stdout
    assert "FILES ['main.py']" in out
