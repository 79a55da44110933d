"""Files of runs with the real v1 client, and the artifact service by itself."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from amlbridge.engine.records.store import Records
from amlbridge.wire.artifact_files import normal
from tests.support.live import SUBSCRIPTION, LiveService

slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("path", "expected"),
    [("outputs//", "outputs"), ("./a/./b", "a/b"), ("/a", "a"), ("a\\b", "a/b"), ("a/../b", "a/../b"), ("", "")],
)
def test_careless_paths(path: str, expected: str) -> None:
    assert normal(path) == expected


@slow
def test_files_of_a_run(live: LiveService) -> None:
    done = live.run(
        """
        import io, json, os
        from azureml.core import Experiment, Workspace
        run = Experiment(Workspace.from_config(), "files").start_logging(snapshot_directory=None)
        os.makedirs("folder/sub")
        for name in ("a b.txt", "sub/ü.txt", "a+b&c=d.txt"):
            open(f"folder/{name}", "w").write(name)
        open("big.bin", "wb").write(os.urandom(9_000_000))
        run.upload_file("outputs/model.pkl", "big.bin")
        run.upload_file("./outputs/empty", io.BytesIO(b""))
        run.upload_folder("copy", "folder")
        run.upload_files(["many/1", "many/2"], ["folder/a b.txt", "folder/sub/ü.txt"])
        run.upload_file("outputs/again", io.BytesIO(b"first"))
        out = {"names": run.get_file_names()}
        run.download_file("outputs/model.pkl", "back.bin")
        out["same"] = open("back.bin", "rb").read() == open("big.bin", "rb").read()
        run.download_file("outputs/again", "again.txt")
        out["again"] = open("again.txt").read()
        run.download_file("outputs/empty", "empty.bin")
        out["empty"] = os.path.getsize("empty.bin")
        run.download_files(prefix="copy", output_directory="down", append_prefix=False)
        out["down"] = {name: open(os.path.join(top, name)).read()
                       for top, _, names in os.walk("down") for name in names}
        run.download_files(prefix="many", output_directory="kept")
        out["kept"] = sorted(os.listdir("kept/many"))
        run.download_files(output_directory="all")
        out["all"] = sum(len(names) for _, _, names in os.walk("all"))
        try:
            run.upload_file("outputs/again", io.BytesIO(b"second"))
        except Exception as error:
            out["conflict"] = str(error)
        for wrong in ("../escape", "a/../../b"):
            try:
                run.upload_file(wrong, io.BytesIO(b"x"))
            except Exception as error:
                out[wrong] = str(error)
        try:
            run.download_file("never")
        except Exception as error:
            out["missing"] = str(error)
        try:
            run.upload_file("x", "big.bin", datastore_name="elsewhere")
        except Exception as error:
            out["elsewhere"] = str(error)
        run.complete()
        print(json.dumps(out))
        """
    )
    out: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    copied = ["copy/a b.txt", "copy/a+b&c=d.txt", "copy/sub/ü.txt"]
    outputs = ["outputs/again", "outputs/empty", "outputs/model.pkl"]
    assert out["names"] == [*copied, "many/1", "many/2", *outputs]
    assert (out["same"], out["again"], out["empty"]) == (True, "first", 0)
    assert out["down"] == {name.rpartition("/")[2]: name for name in ("a b.txt", "sub/ü.txt", "a+b&c=d.txt")}
    assert out["kept"] == ["1", "2"]
    assert out["all"] == 8
    assert "outputs/again already exists" in out["conflict"]
    assert "cannot be the path of an artifact" in out["../escape"]
    assert "cannot be the path of an artifact" in out["a/../../b"]
    assert "available files include: " in out["missing"] and "outputs/again" in out["missing"]
    assert "workspaceartifactstore" in out["elsewhere"]


@slow
def test_a_file_whose_name_has_to_be_quoted(live: LiveService) -> None:
    done = live.run(
        """
        import io
        from azureml.core import Experiment, Workspace
        run = Experiment(Workspace.from_config(), "quoted").start_logging(snapshot_directory=None)
        for name in ("outputs/100%.txt", "outputs/a;b c+d.txt", "outputs/ü.txt"):
            run.upload_file(name, io.BytesIO(name.encode()))
            run.download_file(name, "back.txt")
            assert open("back.txt").read() == name
        print(run.get_file_names())
        """
    )
    assert done.stdout.strip() == "['outputs/100%.txt', 'outputs/a;b c+d.txt', 'outputs/ü.txt']"


@slow
def test_a_running_step_may_upload_what_its_outputs_folder_holds(http: httpx.Client, live: LiveService) -> None:
    """Scripts dump a model to `outputs/m` and upload that file, too; the folder is the run's artifacts already."""
    history = f"{live.url}/history/v1.0{live.scope('raw')}/experiments/e/runs"
    announced = {"paths": [{"path": "outputs/m"}]}
    http.patch(f"{history}/own", json={"status": "Running"})
    for run_id in ("own", "of-a-step"):
        http.post(f"content/ExperimentRun/dcid.{run_id}/outputs/m", content=b"x")
    own = http.post("batch/metadata/ExperimentRun/dcid.own", json=announced).json()
    assert own["artifacts"] == {} and "already exists" in own["errors"]["outputs/m"]["error"]["message"]
    records = Records(live.home.records_url)
    own_run = http.get(f"{history}/own").json()
    workspace = records.workspaces.ensure(SUBSCRIPTION, live.group, "raw")
    records.runs.add(workspace.id, own_run["experimentId"], "of-a-step", "step", status="Running")
    step = http.post("batch/metadata/ExperimentRun/dcid.of-a-step", json=announced).json()
    assert step["errors"] == {} and list(step["artifacts"]) == ["outputs/m"]
    records.runs.set(workspace.id, "of-a-step", status="Completed")
    records.close()
    done = http.post("batch/metadata/ExperimentRun/dcid.of-a-step", json=announced).json()
    assert list(done["errors"]) == ["outputs/m"]


@slow
def test_logs_show_while_they_are_written(live: LiveService) -> None:
    """What a step writes into its run's folder is a log of the run at once; its own logs/ folder is not."""
    with live.client() as http:
        base = f"{live.url}/history/v1.0{live.scope('logs')}"
        http.patch(f"{base}/experiments/e/runs/step", json={"status": "Running"})
        posted = _post(http, live, "batch/metadata/ExperimentRun/dcid.step", {"paths": [{"path": "logs/own.txt"}]})
        account = posted["artifactContentInformation"]["logs/own.txt"]["contentUri"].split("//")[1].split(".")[0]
        folder = live.home.blobs / account / "azureml" / "ExperimentRun" / "dcid.step"
        for name in ("azureml-logs/70_driver_log.txt", "logs/azureml/x.log", "logs/own.txt", "outputs/a"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("so far")
    done = live.run(
        """
        import json
        from azureml.core import Run, Workspace
        run = Run.get(Workspace.from_config(), "step")
        print(json.dumps(run.get_details_with_logs()["logFiles"]))
        """,
        workspace="logs",
    )
    logs = json.loads(done.stdout.strip().splitlines()[-1])
    assert logs == {"azureml-logs/70_driver_log.txt": "so far", "logs/azureml/x.log": "so far"}


def _post(http: httpx.Client, live: LiveService, path: str, body: Any) -> dict[str, Any]:
    answer = http.post(f"{live.url}/artifact/v2.0{live.scope('logs')}/artifacts/{path}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def http(live: LiveService) -> Iterator[httpx.Client]:
    with live.client() as client:
        client.base_url = httpx.URL(f"{live.url}/artifact/v2.0{live.scope('raw')}/artifacts/")
        yield client


@slow
def test_small_content_straight_through_the_service(http: httpx.Client) -> None:
    place = "LocalUpload/abc/dir/note.txt"
    made = http.post(f"content/{place}", json="first ")
    assert made.json()["artifactId"] == place and made.json()["dataPath"]["relativePath"] == place
    assert http.post(f"content/{place}", content=b"second", params={"append": "true"}).status_code == 200
    assert http.get(f"content/{place}").content == b"first second"
    assert http.get(f"metadata/{place}").json()["path"] == "dir/note.txt"
    registered = {"origin": "LocalUpload", "container": "abc", "path": "dir/note.txt"}
    assert http.post("metadata", json=registered).status_code == 200
    assert http.post("metadata", json={**registered, "path": "none"}).status_code == 404
    for listing in ("LocalUpload/abc", "LocalUpload/abc/dir", "LocalUpload/abc/dir/note.txt"):
        assert [item["path"] for item in http.get(listing).json()["value"]] == ["dir/note.txt"], listing
    assert http.get("LocalUpload/abc/di").json()["value"] == []
    for prefix, count in (("", 1), ("/", 1), ("/di", 1), ("/dir/", 1), ("/dir//", 1), ("/di/", 0), ("/x", 0)):
        found = http.get(f"prefix/contentinfo/LocalUpload/abc{prefix}")
        assert len(found.json()["value"]) == count, prefix
    assert http.delete(f"metadata/{place}").status_code == 501
    assert http.delete(f"metadata/{place}", params={"hardDelete": "true"}).status_code == 200
    assert http.get(f"contentinfo/{place}").status_code == 404
    assert http.get(f"write/{place}").json()["contentUri"].startswith("https://")


@slow
def test_lists_come_in_pages(http: httpx.Client) -> None:
    names = [f"{number:04}" for number in range(1001)]
    for name in names:
        assert http.post(f"content/LocalUpload/paged/{name}", content=b"x").status_code == 200
    for listing in ("LocalUpload/paged", "prefix/contentinfo/LocalUpload/paged/"):
        seen: list[str] = []
        token: str | None = ""
        pages = 0
        while token is not None:
            page = http.get(listing, params={"continuationToken": token} if token else {}).json()
            seen += [item["path"] for item in page["value"]]
            token, pages = page["continuationToken"], pages + 1
        assert (seen, pages) == (names, 3)
    assert http.delete("batch/LocalUpload/paged", params={"hardDelete": "true"}).status_code == 200
    assert http.get("LocalUpload/paged").json()["value"] == []


@slow
def test_blobs_of_a_container_become_artifacts(http: httpx.Client, live: LiveService) -> None:
    first = http.post("content/LocalUpload/src/in/a.txt", content=b"A").json()
    uri = http.get(f"contentinfo/{first['artifactId']}").json()["contentUri"]
    container = uri.partition("/LocalUpload/")[0]
    command = {"containerUri": container, "containerSas": "", "prefix": "LocalUpload/src/in/", "artifactPrefix": "got"}
    taken = http.post("batch/ingest/containersas/ExperimentRun/dcid.x", json=command)
    assert [item["path"] for item in taken.json()["value"]] == ["got/a.txt"]
    assert http.get("content/ExperimentRun/dcid.x/got/a.txt").content == b"A"
    for foreign in ("https://acct.blob.core.windows.net/c", "file:///etc", "x"):
        answer = http.post("batch/ingest/containersas/A/b", json={**command, "containerUri": foreign})
        assert answer.status_code == 400


@slow
def test_a_signed_url_opens_one_blob_only(http: httpx.Client, live: LiveService) -> None:
    for name in ("a", "b"):
        http.post(f"content/LocalUpload/signed/{name}", content=name.encode())
    uri = http.get("contentinfo/LocalUpload/signed/a").json()["contentUri"]
    ours = uri.partition("@")[2]
    trust = ssl.create_default_context(cafile=live.environment()["REQUESTS_CA_BUNDLE"])
    with httpx.Client(verify=trust) as anyone:
        assert anyone.get(f"https://{ours}").content == b"a"
        assert anyone.get(f"https://{ours}".replace("signed/a", "signed/b")).status_code == 403


@slow
def test_artifacts_through_run_history(live: LiveService) -> None:
    with live.client() as http:
        base = f"{live.url}/history/v1.0{live.scope('raw')}/experiments/e/runs/r"
        http.patch(base, json={})
        made = http.post(f"{base}/artifacts/batch/metadata", json={"paths": [{"path": "o/x"}, {"path": "../y"}]})
        assert (list(made.json()["artifacts"]), list(made.json()["errors"])) == (["o/x"], ["../y"])
        assert http.get(f"{base}/artifacts").json()["value"] == []
        content = f"{live.url}/artifact/v2.0{live.scope('raw')}/artifacts/content/ExperimentRun/dcid.r/o/x"
        http.post(content, content=b"1")
        assert [item["path"] for item in http.get(f"{base}/artifacts").json()["value"]] == ["o/x"]
        for tail in ("contentinfo/o/x", "path/o", "artifacturi/o/x", "prefix/contentinfo/o"):
            assert "o/x" in http.get(f"{base}/artifacts/{tail}").text
        for tail in ("contentinfo", "path", "artifacturi", "metadata", "prefix/contentinfo"):
            assert "o/x" in http.get(f"{base}/artifacts/{tail}", params={"path": "o/x"}).text
        assert http.get(f"{base}/artifacts/contentinfo/none").status_code == 404
        assert http.get(f"{base}/artifacts/metadata").status_code == 400


@slow
@pytest.mark.parametrize("path", ["a/../../b", "..", "a\x00b", "x" * 300])
def test_paths_that_no_file_can_have(http: httpx.Client, path: str) -> None:
    made = http.post("batch/metadata/ExperimentRun/dcid.r", json={"paths": [{"path": path}]}).json()
    assert made["errors"][path]["error"]["details"] == [] and made["artifacts"] == {}
    answer = http.post("metadata", json={"origin": "ExperimentRun", "container": "dcid.r", "path": path})
    assert answer.status_code == 400
    wrong = http.post("metadata", json={"origin": "..", "container": "dcid.r", "path": "a"})
    assert wrong.status_code == 400
