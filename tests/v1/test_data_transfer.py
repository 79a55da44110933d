"""DataTransferStep as the real client submits it, and the steps that need machines elsewhere."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

SCRIPT = """
import contextlib, io, os
from azureml.core import Datastore, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget, DataFactoryCompute
from azureml.core.runconfig import RunConfiguration
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import DataTransferStep, PythonScriptStep
ws = Workspace.from_config()
factory = ComputeTarget.create(ws, "factory", DataFactoryCompute.provisioning_configuration())
factory.wait_for_completion()
print("FACTORY", type(ws.compute_targets["factory"]).__name__)
cpu = ComputeTarget.create(ws, "cpu", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2))
store = ws.get_default_datastore()
other = Datastore.register_azure_blob_container(ws, "other", "container", "account", account_key="a2V5")
os.makedirs("data/deep")
for name in ("a.txt", "deep/b.txt"):
    open("data/" + name, "w").write(name)
with contextlib.redirect_stdout(io.StringIO()):
    store.upload("data", "from", show_progress=False)

def reference(datastore, name, path):
    return DataReference(datastore, data_reference_name=name, path_on_datastore=path)

def copy(name, source, target, **types):
    places = reference(store, "source", source), reference(other, "target", target)
    return DataTransferStep(name, *places, factory, **types)

folder = copy("folder", "from", "to/folder")
file = copy("file", "from/a.txt", "to/file", source_reference_type="file", destination_reference_type="directory")
wrong = copy("wrong", "nothing", "to/x")
first, second = folder.get_output(), file.get_output().as_input("second")
reader = PythonScriptStep("read.py", arguments=[first, second], inputs=[first, second], source_directory="src",
                          compute_target=cpu)

def run(*steps):
    submitted = Experiment(ws, "copies").submit(Pipeline(ws, list(steps)))
    with contextlib.redirect_stdout(io.StringIO()):
        submitted.wait_for_completion(raise_on_error=False)
    return submitted

done = run(reader)
print("STATUS", done.get_status())
log = done.find_step_run("read.py")[0].get_stdout_log()
print("READ", next(line for line in log.splitlines() if line.startswith("[")))
with contextlib.redirect_stdout(io.StringIO()):
    other.download("copied", "to", show_progress=False)
print("THERE", sorted(os.path.relpath(os.path.join(at, name), "copied") for at, _, names in os.walk("copied")
                      for name in names))
failed = run(wrong)
print("WRONG", failed.find_step_run("wrong")[0].get_details()["error"]["error"]["message"].splitlines()[0])
"""


def test_copies_between_datastores(live: LiveService) -> None:
    out = live.run(
        SCRIPT,
        files={
            "src/read.py": """
            import os, sys
            print(sorted(os.path.relpath(os.path.join(at, name), place) for place in sys.argv[1:]
                         for at, _, names in os.walk(place) for name in names))
            """
        },
    ).stdout
    assert "FACTORY DataFactoryCompute" in out
    assert "STATUS Finished" in out, out
    assert "READ ['a.txt', 'a.txt', 'deep/b.txt']" in out
    assert "THERE ['to/file/a.txt', 'to/folder/a.txt', 'to/folder/deep/b.txt']" in out
    assert "WRONG the data transfer failed after 0 files: there is nothing at the source" in out
