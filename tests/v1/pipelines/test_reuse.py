"""Steps that are unchanged are not run again, as the real client sees it."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD

pytestmark = pytest.mark.slow

_FILES = {
    **FILES,
    "src/prepare.py": """
        import os, sys
        import pandas as pd
        from azureml.core import Run
        run = Run.get_context()
        frame = run.input_datasets["raw"].to_pandas_dataframe()
        run.log("rows", len(frame))
        run.log_list("columns", list(frame.columns))
        run.tag("kind", "prepared")
        os.makedirs(sys.argv[1], exist_ok=True)
        frame.to_csv(os.path.join(sys.argv[1], "clean.csv"), index=False)
        os.makedirs("outputs", exist_ok=True)
        open("outputs/note.txt", "w").write("noted")
        print("prepared", len(frame))
    """,
    "src/train.py": """
        import sys
        from azureml.core import Run
        text = open(sys.argv[1] + "/clean.csv").read()
        Run.get_context().log("rate", float(sys.argv[2]))
        print("trained with", sys.argv[2], len(text))
        open(sys.argv[3], "w").write(text + sys.argv[2])
    """,
    "other/free.py": "print('free')\n",
}

_PIPELINE = """
import json, sys
if "upload" in sys.argv:
    files = [sys.argv[sys.argv.index("upload") + 1]]
    store.upload_files(files, target_path="reuse", overwrite=True, show_progress=False)
raw = Dataset.Tabular.from_delimited_files((store, "reuse/*.csv"))
def build(**more):
    clean = OutputFileDatasetConfig("clean", destination=(store, "reuse_clean/{run-id}"))
    clean = clean.register_on_complete("clean_data")
    scored = PipelineData("scored", datastore=store)
    rate = PipelineParameter("rate", default_value=1)
    prepare = step("prepare.py", "prepare", arguments=[clean], inputs=[raw.as_named_input("raw")], outputs=[], **more)
    train = step("train.py", "train", arguments=[clean.as_input("clean"), rate, scored], outputs=[scored])
    free = PythonScriptStep("free.py", name="free", source_directory="other", compute_target=cpu)
    return [prepare, train, free]

def show(label, done):
    facts = {}
    for item in done.get_steps():
        properties = item.get_properties()
        facts[item.name] = {
            "reused": properties.get("azureml.isreused"), "of": properties.get("azureml.reusedrunid"),
            "of_pipeline": properties.get("azureml.reusedpipelinerunid"), "client": item._is_reused,
            "id": item.id, "status": item.get_status(), "metrics": item.get_metrics(),
            "tags": item.get_tags().get("kind"),
            "read": len(item.get_details()["inputDatasets"]), "wrote": len(item.get_details()["outputDatasets"]),
            "files": [name for name in item.get_file_names() if name.startswith("outputs")],
            "log": item.get_stdout_log(), "start": item.get_details().get("startTimeUtc"),
            "end": item.get_details().get("endTimeUtc"),
        }
    print(label, {"id": done.id, "status": done.get_status(), "steps": facts})
"""


class Client:
    """Runs scripts against one service in one folder, so that the next script finds the files of the one before."""

    def __init__(self, live: LiveService, folder: Path) -> None:
        self.live, self.folder = live, folder
        self.files: dict[str, str] | None = dict(_FILES)

    def __call__(self, script: str, *arguments: str) -> str:
        done = self.live.run(HEAD + _PIPELINE + script, *arguments, folder=self.folder, files=self.files, timeout=120)
        self.files = None
        return done.stdout

    def show(self, script: str, *arguments: str) -> dict[str, Any]:
        """Runs a script that shows runs: label -> facts."""
        found = {}
        for line in self(script, *arguments).splitlines():
            label, _, rest = line.partition(" ")
            if label.startswith("RUN"):
                found[label] = ast.literal_eval(rest)
        return found


@pytest.fixture
def client(live: LiveService, tmp_path: Path) -> Iterator[Client]:
    yield Client(live, tmp_path)


def reused(run: dict[str, Any]) -> dict[str, bool]:
    assert run["status"] == "Finished"
    return {name: facts["reused"] == "true" for name, facts in run["steps"].items()}


def test_the_same_pipeline_twice(client: Client, live: LiveService) -> None:
    shown = client.show(
        """
show("RUN1", run(build()))
second = exp.submit(Pipeline(ws, build()))
print("STREAM", repr(second.wait_for_completion(show_output=True)))
show("RUN2", second)
train = second.find_step_run("train")[0]
train.get_output("scored").get_port_data_reference().download("down")
print("RUNOUT", [open(os.path.join(top, name)).read() for top, _, names in os.walk("down") for name in names])
prepare = second.find_step_run("prepare")[0]
prepare.download_file("outputs/note.txt", "note.txt")
print("RUNNOTE", repr(open("note.txt").read()))
print("RUNVERSION", Dataset.get_by_name(ws, "clean_data").version)
print("RUNJOB", repr(train.get_job_log()))
""",
        "upload",
        "data.csv",
    )
    first, second = shown["RUN1"], shown["RUN2"]
    assert reused(first) == dict.fromkeys(("prepare", "train", "free"), False)
    assert reused(second) == dict.fromkeys(("prepare", "train", "free"), True)
    for name, facts in second["steps"].items():
        original = first["steps"][name]
        assert facts["of"] == original["id"] != facts["id"]
        assert facts["of_pipeline"] == first["id"]
        assert facts["client"] is True
        assert facts["status"] == "Finished"
        assert facts["metrics"] == original["metrics"]
        assert facts["files"] == original["files"]
        assert facts["tags"] == original["tags"]
        assert (facts["read"], facts["wrote"]) == (original["read"], original["wrote"])
        assert facts["start"]
        assert facts["end"]
        assert facts["log"].endswith(original["log"])
        assert f"reused from run {original['id']}" in facts["log"]
    assert second["steps"]["prepare"]["metrics"] == {"rows": 2, "columns": ["a", "b"]}
    assert (second["steps"]["prepare"]["read"], second["steps"]["prepare"]["wrote"]) == (1, 1)
    assert second["steps"]["prepare"]["files"] == ["outputs/note.txt"]
    assert shown["RUNOUT"] == ["a,b\n1,2\n3,4\n1"]
    assert shown["RUNNOTE"] == "noted"
    assert shown["RUNVERSION"] == 1
    assert "reused from run" in shown["RUNJOB"]
    with live.client() as http:
        told = http.get(f"/amlbridge/runs/{second['id']}").json()
    assert {item["name"]: item["reuse"]["hit"] for item in told["steps"]} == dict.fromkeys(second["steps"], True)


def test_what_makes_steps_run_again(client: Client, live: LiveService) -> None:
    shown = client.show(
        """
show("RUN1", run(build()))
show("RUN2", run(build(), {"rate": 2}))
show("RUN3", run(build(allow_reuse=False)))
show("RUN4", run(build(), regenerate_outputs=True))
show("RUN5", run(build()))
""",
        "upload",
        "data.csv",
    )
    assert reused(shown["RUN2"]) == {"prepare": True, "train": False, "free": True}
    assert shown["RUN2"]["steps"]["train"]["metrics"] == {"rate": 2.0}
    # The output of the step that ran again is the same: what reads it is unchanged.
    assert reused(shown["RUN3"]) == {"prepare": False, "train": True, "free": True}
    assert not any(reused(shown["RUN4"]).values())
    assert all(reused(shown["RUN5"]).values())
    assert shown["RUN5"]["steps"]["train"]["of"] == shown["RUN4"]["steps"]["train"]["id"]

    # A script of one snapshot changes: the steps of that snapshot run, and those that read what is new.
    (client.folder / "src" / "train.py").write_text((client.folder / "src" / "train.py").read_text() + "\n# new\n")
    changed = client.show('show("RUN", run(build()))')["RUN"]
    assert reused(changed) == {"prepare": False, "train": False, "free": True}
    assert why(live, changed, "prepare")["differs"] == ["the code: train.py changed"]

    # The content of an input changes, not its name.
    (client.folder / "data.csv").write_text("a,b\n1,2\n3,5\n")
    changed = client.show('show("RUN", run(build()))', "upload", "data.csv")["RUN"]
    assert reused(changed) == {"prepare": False, "train": False, "free": True}
    assert why(live, changed, "prepare")["differs"] == ["input raw: data.csv changed"]
    assert why(live, changed, "train")["differs"] == ["input clean: clean.csv changed"]

    # Damaged outputs.
    for harm, told in ((shutil.rmtree, "it is missing"), (truncate, "clean.csv changed")):
        harm(place(live, changed["steps"]["prepare"]["id"]))
        again = client.show('show("RUN", run(build()))')["RUN"]
        assert reused(again) == {"prepare": False, "train": True, "free": True}
        assert why(live, again, "prepare")["differs"] == [f"output clean: {told}"]
        changed = again


def why(live: LiveService, run: dict[str, Any], name: str) -> dict[str, Any]:
    with live.client() as http:
        steps = http.get(f"/amlbridge/runs/{run['id']}").json()["steps"]
    found: dict[str, Any] = next(item["reuse"] for item in steps if item["name"] == name)
    return found


def place(live: LiveService, run_id: str) -> Path:
    return next(path for path in live.home.root.glob(f"**/reuse_clean/{run_id}") if path.is_dir())


def truncate(folder: Path) -> None:
    (folder / "clean.csv").write_text("")
