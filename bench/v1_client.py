"""A program of SDK v1 that does what it is told: one JSON request a line, one JSON answer a line.

Runs in the folder of a config.json with the variables of ``amlbridge env``; :class:`bench.live.Client` drives it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineParameter, PipelineRun
from azureml.pipeline.steps import PythonScriptStep

_COMPUTE = "bench-cluster"


class Program:
    """One workspace and what is done in it. Times are in seconds."""

    def __init__(self) -> None:
        self.workspace = Workspace.from_config()
        self.experiment = Experiment(self.workspace, "bench")
        self.store = self.workspace.get_default_datastore()
        try:
            self.compute = ComputeTarget(workspace=self.workspace, name=_COMPUTE)
        except ComputeTargetException:
            wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2)
            self.compute = ComputeTarget.create(self.workspace, _COMPUTE, wanted)
            self.compute.wait_for_completion()

    def submit(self, folder: str, steps: int) -> dict[str, Any]:
        """Submits a chain of steps that run main.py of a folder; ``seconds`` are those of ``Experiment.submit``."""
        chain: list[PythonScriptStep] = []
        for index in range(steps):
            step = PythonScriptStep(
                "main.py",
                name=f"step{index}",
                compute_target=self.compute,
                source_directory=folder,
                runconfig=RunConfiguration(),
                allow_reuse=False,
            )
            if chain:
                step.run_after(chain[-1])
            chain.append(step)
        pipeline = Pipeline(self.workspace, steps=chain)
        seconds, run = _timed(lambda: self.experiment.submit(pipeline))
        return {"seconds": seconds, "run_id": run.id, "workspace_id": self.workspace._workspace_id}

    def publish(self, folder: str) -> dict[str, Any]:
        """Publishes a pipeline of one step that runs main.py of a folder with a parameter."""
        value = PipelineParameter("value", 1)
        step = PythonScriptStep(
            "main.py",
            arguments=["--value", value],
            compute_target=self.compute,
            source_directory=folder,
            runconfig=RunConfiguration(),
            allow_reuse=False,
        )
        published = Pipeline(self.workspace, steps=[step]).publish("bench", "one step", "1")
        return {"endpoint": published.endpoint, "workspace_id": self.workspace._workspace_id}

    def metrics(self, run_id: str) -> dict[str, Any]:
        """The metrics of every step of a pipeline run: step name -> metrics."""
        run = PipelineRun(self.experiment, run_id)
        return {step.name: step.get_metrics() for step in run.get_steps()}

    def upload(self, path: str, target: str) -> dict[str, Any]:
        """Uploads a file to the default datastore."""
        seconds, _ = _timed(
            lambda: self.store.upload_files([path], target_path=target, overwrite=True, show_progress=False)
        )
        return {"seconds": seconds}

    def download(self, folder: str, prefix: str) -> dict[str, Any]:
        """Downloads what lies below a prefix of the default datastore."""
        seconds, count = _timed(lambda: self.store.download(folder, prefix=prefix, overwrite=True, show_progress=False))
        return {"seconds": seconds, "files": count}


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = function()
    return time.perf_counter() - began, found


def main() -> None:
    """Answers until its input ends. What the SDK prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    program = Program()
    answers.write(json.dumps({"ready": True}) + "\n")
    for line in sys.stdin:
        request = json.loads(line)
        answer = getattr(program, request.pop("do"))(**request)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
