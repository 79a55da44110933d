"""What amlbridge cannot do reaches the user of the real client as a reason and a way out, and nothing is recorded."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

_HEAD = """
import contextlib, io
from azureml.core import Dataset, Environment, Experiment, Model, ScriptRunConfig, Workspace
from azureml.core.runconfig import RunConfiguration
ws = Workspace.from_config()
store = ws.get_default_datastore()
def attempt(label, call):
    try:
        print(label, "DONE", call())
    except Exception as error:
        print(label, type(error).__name__, str(error).replace("\\n", " "))
"""


def _line(text: str, label: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{label} "))


def test_runs_that_need_what_is_not_here(live: LiveService) -> None:
    done = live.run(
        _HEAD
        + """
from azureml.core.environment import RSection
from azureml.core.runconfig import DatacacheConfiguration
experiment = Experiment(ws, "refused")
def submit(change):
    settings = RunConfiguration()
    change(settings)
    return experiment.submit(ScriptRunConfig("src", "a.py", run_config=settings))
def transient(settings):
    settings.target, settings.amlcompute.vm_size = "amlcompute", "STANDARD_D1_V2"
def r(settings):
    settings.framework, settings.environment.r = "R", RSection()
def cache(settings):
    settings.datacaches = [DatacacheConfiguration("store", "id", mode="mount", path_on_compute="/x")]
for label, change in (("TRANSIENT", transient), ("R", r), ("CACHE", cache)):
    attempt(label, lambda: submit(change))
print("RUNS", len(list(experiment.get_runs())))
""",
        files={"src/a.py": "print(1)"},
    )
    out = done.stdout
    assert "a run cannot make its own cluster here: create one with ComputeTarget.create()" in _line(out, "TRANSIENT")
    assert "run it as a command, `Rscript your_script.R`" in _line(out, "R")
    assert "needs a data cache of Azure: use as_mount() or as_download()" in _line(out, "CACHE")
    assert _line(out, "RUNS") == "RUNS 0"


def test_caches_and_profiles(live: LiveService) -> None:
    done = live.run(
        _HEAD
        + """
from azureml.core.model import InferenceConfig
from azureml.core.profile import ModelProfile
from azureml.data.datacache import DatacacheStore
attempt("STORES", lambda: DatacacheStore.list(ws))
attempt("STORE", lambda: DatacacheStore.get_by_name(ws, "x"))
with contextlib.redirect_stdout(io.StringIO()):
    model = Model.register(ws, model_path="model.pkl", model_name="m")
    store.upload_files(["in.csv"], target_path="samples", show_progress=False)
sample = Dataset.Tabular.from_delimited_files((store, "samples/in.csv"), separator="\\t")
config = InferenceConfig(entry_script="score.py", environment=Environment("e"))
attempt("PROFILE", lambda: Model.profile(ws, "p", [model], config, input_dataset=sample, cpu=1.0, memory_in_gb=0.5))
attempt("PROFILED", lambda: ModelProfile(ws, "p"))
""",
        files={"model.pkl": "weights", "score.py": "def init(): pass\n", "in.csv": 'x\n"{""a"": 1}"\n'},
    )
    out = done.stdout
    for label in ("STORES", "STORE"):
        assert "use dataset.as_mount() or as_download() instead of as_cache()" in _line(out, label)
    assert "call run() of your scoring script with a sample and time it" in _line(out, "PROFILE")
    assert "there is no model profile p" in _line(out, "PROFILED")
