"""`amlbridge verify`, the command: a real v1 pipeline is migrated, both are run, and the verdict is told."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from amlbridge.engine.records.store import Records
from amlbridge.server.home import Home
from tests.support.command import Command
from tests.support.patience import PATIENCE, until

pytestmark = pytest.mark.slow

STEP = """
    import argparse, os, pickle
    from sklearn.linear_model import LinearRegression
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float)
    parser.add_argument("--out")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "model.pkl"), "wb") as file:
        pickle.dump(LinearRegression().fit([[1.0], [2.0], [3.0]], [args.rate, 2 * args.rate, 3 * args.rate]), file)
    with open(os.path.join(args.out, "table.csv"), "w") as file:
        file.write(f"id,value\\n1,{args.rate}\\n")
    for name in ("notes.json", "gone.txt"):
        with open(os.path.join(args.out, name), "w") as file:
            file.write("{}")
"""
PIPELINE = """
    import sys
    from azureml.core import Experiment, Workspace
    from azureml.pipeline.core import Pipeline, PipelineData
    from azureml.pipeline.steps import PythonScriptStep
    ws = Workspace.from_config()
    out = PipelineData("out", datastore=ws.get_default_datastore())
    step = PythonScriptStep(
        "train.py", name="train", arguments=["--rate", sys.argv[1], "--out", out], outputs=[out],
        compute_target="cpu-cluster", source_directory="src",
    )
    run = Experiment(ws, "verified").submit(Pipeline(ws, steps=[step]))
    run.wait_for_completion(show_output=False)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Command:
    command = Command(tmp_path_factory.mktemp("project"))
    command.write("src/train.py", STEP)
    command.write("pipeline.py", PIPELINE)
    return command


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "report" not in path.name
    }


def test_a_pipeline_is_the_same_after_its_migration(project: Command, tmp_path: Path) -> None:
    before = _files(project.folder)
    keep = tmp_path / "kept"
    done = project("verify", "--keep", str(keep), "--report", "report.html", "--json", "pipeline.py", "0.5", code=None)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found = json.loads(done.stdout)
    assert found["verdict"] == "same"
    (run,) = found["runs"]
    assert [(step["left"], step["verdict"]) for step in run["steps"]] == [("train", "same")]
    subjects = {check["subject"] for check in run["steps"][0]["checks"]}
    assert {"output out: table.csv", "output out: model.pkl", "option --rate"} <= subjects
    assert not any("reused" in step["facts"] for step in run["steps"]), "both sides have to run"
    assert "pipeline.py 0.5, migrated" in done.stderr
    assert (project.folder / "report.html").read_text().count("<svg") == 2
    # Nothing of the user's has changed, nothing was started for him.
    assert _files(project.folder) == before
    assert not project.home.root.exists()
    assert "azureml" not in (keep / "v2" / "pipeline.py").read_text().replace("azureml://", "").replace("azureml:", "")
    assert not (keep / "v2-state" / "service.json").exists(), "the services were stopped"

    # The kept states can be compared again; models by the table that they are given.
    ids = [run[side].split()[1] for side in ("left", "right")]
    homes = ("--left-home", str(keep / "v1-state"), "--right-home", str(keep / "v2-state"))
    probe = project.write("probe_report.csv", "x\n1.5\n7\n")
    again = json.loads(project("compare", *ids, *homes, "--probe", str(probe), "--json").stdout)
    assert again["verdict"] == "same"
    other = json.loads(project("compare", ids[0], ids[0], *homes[:2], "--right-home", str(keep / "v1-state"),
                               "--json").stdout)  # fmt: skip
    assert other["verdict"] == "same"
    assert "cannot be compared" in project("compare", *ids, *homes[:2], "--right-home", homes[1], code=2).stderr

    # What is damaged is told, and everything else is compared all the same.
    _damage(next((keep / "v2-state" / "blobs").rglob("model.pkl")).parent)
    told = project("compare", *ids, *homes, code=1)
    for words in (
        "model.pkl: not compared: model.pkl cannot be compared: its class cannot be imported: there is no module gone",
        "notes.json: not compared: notes.json is no JSON",
        "table.csv: different",
        "gone.txt: different: the file is missing on the right",
    ):
        assert words in told.stdout, words
    assert "Traceback" not in told.stdout + told.stderr
    _resume(keep / "v2-state", ids[1])
    assert "the run on the right has not ended: it is Running" in project("compare", *ids, *homes, code=1).stdout


def _damage(output: Path) -> None:
    """A model whose class is nowhere, a document that is none, a table with another row, a file that is not there."""
    (output / "model.pkl").write_bytes(b"cgone.module\nModel\n.")
    (output / "notes.json").write_text("{")
    (output / "table.csv").write_text("id,value\n1,0.5\n2,0.5\n")
    (output / "gone.txt").unlink()


def _resume(home: Path, run_id: str) -> None:
    """Makes a run one that goes on."""
    records = Records(Home(home).records_url)
    for workspace in records.workspaces.list():
        if records.runs.find(workspace.id, run_id) is not None:
            records.runs.set(workspace.id, run_id, status="Running", ended=None)
    records.close()


def test_a_script_that_fails_is_a_verdict(project: Command) -> None:
    project.write(
        "broken.py", "from azureml.core import Workspace\nws = Workspace.from_config()\nraise OSError('no disk')"
    )
    done = project("verify", "broken.py", code=2)
    assert "it fails with and without its migration: OSError: no disk" in done.stdout
    assert "verdict: not compared" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_wrong_usage(tmp_path: Path) -> None:
    command = Command(tmp_path / "project")
    command.folder.mkdir()
    command.write("empty/readme.py", "print('nothing of Azure')")
    command.write("script.py", "print(1)")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("mine")
    for arguments, told in (
        (("missing.py",), "does not exist"),
        (("empty",), "no file below it submits or publishes anything"),
        (("--first", "other.py", "script.py"), "there is no other.py in the project"),
        (("--report", "a.doc", "script.py"), "no report with the suffix"),
        (("--keep", str(tmp_path / "kept"), "script.py"), "is not empty"),
        (("--project", "empty", "script.py"), "it is not below empty"),
        (("--tolerance", "x=1", "script.py"), "is no tolerance"),
        (("empty", "--more"), "a folder takes no arguments"),
    ):
        stderr = command("verify", *arguments, code=2).stderr
        assert told in stderr and "Traceback" not in stderr


WAITING = """
    import time
    from azureml.core import Workspace
    Workspace.from_config()
    open("under-way", "w").close()
    time.sleep(3600)
"""


def test_what_it_has_started_ends_with_it(tmp_path: Path) -> None:
    """SIGTERM, as `timeout` and CI systems send it: no service and no script is left behind, nor a copy."""
    command = Command(tmp_path / "project")
    command.folder.mkdir()
    command.write("waiting.py", WAITING)
    copies = tmp_path / "copies"
    copies.mkdir()
    process = command.start("verify", "waiting.py", env={**command.environment, "TMPDIR": str(copies)})
    until(lambda: list(copies.rglob("under-way")))
    started = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 143
    _gone, alive = psutil.wait_procs(started, timeout=PATIENCE)
    assert not alive
    until(
        lambda: (
            not [one for one in psutil.process_iter(["cmdline"]) if str(copies) in " ".join(one.info["cmdline"] or [])]
        )
    )
    assert not list(copies.glob("*/waiting*"))
