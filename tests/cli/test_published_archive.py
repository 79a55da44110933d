"""`amlbridge published export` and `import`: into the same state folder, another workspace, and another machine's."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.published import WORKSPACE, publish
from tests.support.command import Command

pytestmark = pytest.mark.slow

#: What the other workspace has: a compute of another name, and the data at the same place of another datastore.
OTHER = """
    from azureml.core import Workspace, Datastore
    from azureml.core.compute import AmlCompute, ComputeTarget
    ws = Workspace.from_config()
    settings = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
    ComputeTarget.create(ws, "big", settings)
    store = Datastore.register_azure_blob_container(ws, "lake", "container", "account", account_key="a2V5")
    store.upload_files(["data.csv", "more.csv"], target_path="in", show_progress=False)
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Command, Path]]:
    """The command where the client has published, and the archive of its newest pipeline."""
    command = Command(tmp_path_factory.mktemp("exported"))
    try:
        publish(command)
        yield command, command.folder / "nightly.amlpipeline"
    finally:
        command("down", code=None)


def _shown(command: Command, run: dict[str, list[dict[str, str]]]) -> str:
    logs = command.home.root.rglob(f"*{run['steps'][0]['id']}/**/70_driver_log.txt")
    text = "".join(path.read_text() for path in logs)
    return next(line for line in text.splitlines() if line.startswith("SHOW "))


def test_export_tells_what_goes_away(exported: tuple[Command, Path]) -> None:
    command, archive = exported
    done = command("published", "export", "stable", archive.name)
    for told in ("show.py", "helper.py", ".env", "mine:1", "large:1", "MINE", "workspaceblobstore/in/data.csv"):
        assert told in done.stdout, done.stdout
    assert "may hold secrets: .env" in done.stderr
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert "exists already" in command("published", "export", "stable", archive.name, code=1).stderr
    content = command.json("published", "export", "stable", archive.name, "--overwrite", "--json")
    assert content["needs"]["computes"] == ["cpu"] and content["sensitive"] == [".env"]
    assert "cannot write" in command("published", "export", "stable", "none/x.amlpipeline", code=1).stderr
    with zipfile.ZipFile(archive) as file:
        text = file.read("manifest.json").decode()
        assert not any(b"a,b\n1,2" in file.read(name) for name in file.namelist()), "the data itself is not in it"
    assert json.loads(text)["pipeline"]["Version"] == "2.0"


def test_import_into_another_state_folder_runs(exported: tuple[Command, Path], amlbridge: Command) -> None:
    command, archive = exported
    if not archive.exists():
        command("published", "export", "stable", archive.name)
    amlbridge.write("config.json", json.dumps({**WORKSPACE, "workspace_name": "second", "subscription_id": "22"}))
    for name in ("data.csv", "more.csv"):
        amlbridge.write(name, (command.folder / name).read_text())
    amlbridge.write("other.py", OTHER)
    amlbridge("run", "--no-progress", "other.py")
    (command.folder / "src").rename(command.folder / "moved")  # what is imported must not need it

    lacking = amlbridge("published", "import", str(archive), code=1).stderr
    assert (
        "there is no compute 'cpu' in the workspace second (it has: big)" in lacking and "--compute cpu=NAME" in lacking
    )
    wrong = amlbridge("published", "import", str(archive), "--compute", "gpu=big", code=1).stderr
    assert "names no compute 'gpu'; it names: cpu" in wrong
    assert amlbridge.json("published", "list", "--all", "--json") == {"pipelines": [], "endpoints": []}

    names = ["--compute", "cpu=big", "--datastore", "workspaceblobstore=lake"]
    content = amlbridge.json("published", "import", str(archive), *names, "--name", "mine", "--json")
    assert content["missing_data"] == [] and content["id"] != content["exported_id"]
    done = amlbridge.json("published", "run", "mine", "--wait", "--json")
    assert done["status"] == "Completed"
    assert _shown(amlbridge, done) == "SHOW ['dflt', 2, 1, ['data.csv', 'more.csv'], '3', 'helped']"
    steps = amlbridge.json("published", "show", "mine", "--json")["steps"]
    assert steps == [{"name": "show", "runs": "show.py", "compute": "big", "environment": "mine"}]

    # Once more: what is there is used again, and the client reads what was imported.
    again = amlbridge("published", "import", str(archive), *names).stdout
    assert "published nightly, version 2.0" in again and "large:1: was there" in again and "mine:1: was there" in again
    script = """
        from azureml.core import Dataset, Environment, Workspace
        from azureml.pipeline.core import PublishedPipeline
        ws = Workspace.from_config()
        found = PublishedPipeline.list(ws)
        print("LIST", [(item.name, item.version, item.get_step_names()) for item in found])
        print("GRAPH", sorted(found[0].get_graph().params))
        print("LARGE", len(Dataset.get_by_name(ws, "large").to_pandas_dataframe()))
        run = found[0].submit(ws, "by_sdk", pipeline_parameters={"text": "sdk"})
        run.wait_for_completion(show_output=False)
        print("ZIP", run.find_step_run("show")[0].restore_snapshot(path="restored").endswith(".zip"))
        print("RUN", run.get_status(), Environment.get(ws, "mine").environment_variables)
    """
    amlbridge.write("read.py", script)
    out = amlbridge("run", "--no-progress", "read.py").stdout
    assert "LIST [('nightly', '2.0', ['show']), ('mine', '2.0', ['show'])]" in out
    assert "GRAPH ['count', 'path', 'text']" in out or "table_param" in out
    assert "LARGE 2" in out and "ZIP True" in out
    assert "RUN Finished {'MINE': 'yes'}" in out


def test_import_into_a_new_workspace_beside_it(exported: tuple[Command, Path]) -> None:
    command, archive = exported
    if not archive.exists():
        command("published", "export", "stable", archive.name)
    failed = command("published", "import", archive.name, "--workspace", "fresh", code=1).stderr
    assert "there is no compute 'cpu' in the workspace fresh (it has: none)" in failed
    # The same workspace: everything is there, and the pipeline gets another id.
    content = command.json("published", "import", archive.name, "--name", "copy", "--json")
    assert [item["registered"] for item in content["datasets"]] == [False] * len(content["datasets"])
    assert command.json("published", "run", content["id"], "--wait", "--json")["status"] == "Completed"


def test_a_damaged_archive_changes_nothing(exported: tuple[Command, Path]) -> None:
    command, archive = exported
    if not archive.exists():
        command("published", "export", "stable", archive.name)
    before = command.json("published", "list", "--all", "--json")
    content = archive.read_bytes()
    command.folder.joinpath("half.amlpipeline").write_bytes(content[: len(content) // 2])
    assert "is damaged" in command("published", "import", "half.amlpipeline", code=1).stderr
    assert "there is no file" in command("published", "import", "none.amlpipeline", code=1).stderr
    assert command.json("published", "list", "--all", "--json") == before
