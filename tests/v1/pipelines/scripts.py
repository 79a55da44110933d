"""What the client scripts of these tests begin with, and small steps for them."""

from __future__ import annotations

HEAD = """
import os, time
from azureml.core import Workspace, Dataset, Experiment, RunConfiguration
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.data import OutputFileDatasetConfig
from azureml.data.data_reference import DataReference
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, PipelineRun, StepSequence
from azureml.pipeline.steps import CommandStep, PythonScriptStep
ws = Workspace.from_config()
settings = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
cpu = ComputeTarget.create(ws, "cpu", settings)
cpu.wait_for_completion()
store = ws.get_default_datastore()
exp = Experiment(ws, "exp")

def step(script, name, **more):
    return PythonScriptStep(script, name=name, source_directory="src", compute_target=cpu, **more)

def run(steps, parameters=None, **more):
    done = exp.submit(Pipeline(ws, steps), pipeline_parameters=parameters, **more)
    done.wait_for_completion(show_output=False, raise_on_error=False)
    return done

def statuses(done):
    return sorted((item.name, item.get_status()) for item in done.get_steps())

def attempt(label, function):
    try:
        function()
        print(label, "DONE")
    except Exception as error:
        print(label, "ERROR", type(error).__name__, str(error).replace(chr(10), " "))
"""

FILES = {
    "data.csv": "a,b\n1,2\n3,4\n",
    "more.csv": "a,b\n5,6\n",
    "src/ok.py": "import sys\nprint('ok', sys.argv[1:])\n",
    "src/bad.py": "print('before')\nraise ValueError('boom in step')\n",
}


def lines(output: str, label: str) -> list[str]:
    """What the script printed after ``label``."""
    return [line.removeprefix(label).strip() for line in output.splitlines() if line.startswith(label + " ")]
