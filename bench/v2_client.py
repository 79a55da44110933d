"""A program of SDK v2 that does what it is told: one JSON request a line, one JSON answer a line.

Runs in the folder of a config.json with the variables of ``amlbridge env``; :class:`bench.live.Client` drives it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import Any

from azure.ai.ml import Input, MLClient, Output, command, dsl
from azure.identity import DefaultAzureCredential

_ENVIRONMENT = "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest"


class Program:
    """One workspace and what is done in it. Times are in seconds."""

    def __init__(self) -> None:
        logging.disable(logging.WARNING)
        self.client = MLClient.from_config(DefaultAzureCredential())

    def register(self, folder: str) -> dict[str, Any]:
        """Registers a component that runs main.py of a folder."""
        made = self.client.components.create_or_update(
            command(
                name="bench",
                code=folder,
                environment=_ENVIRONMENT,
                command="python main.py ${{outputs.out}} $[[--data ${{inputs.data}}]]",
                inputs={"data": Input(type="uri_folder", optional=True)},
                outputs={"out": Output(type="uri_folder")},
            ).component
        )
        self.component = self.client.components.get(made.name, version=made.version)
        return {"version": made.version}

    def submit(self) -> dict[str, Any]:
        """Submits a pipeline of two steps of that component; ``seconds`` are those of ``jobs.create_or_update``."""

        @dsl.pipeline(experiment_name="bench")  # type: ignore[untyped-decorator]
        def two_steps() -> None:
            first = self.component()
            self.component(data=first.outputs.out)

        job = two_steps()
        job.settings.default_compute = "serverless"
        job.settings.force_rerun = True
        began = time.perf_counter()
        self.job = self.client.jobs.create_or_update(job)
        return {"seconds": time.perf_counter() - began, "run_id": self.job.name}

    def stream(self) -> dict[str, Any]:
        """Follows the job; ``returned`` is when that came back, in seconds since the epoch."""
        self.client.jobs.stream(self.job.name)
        return {"returned": time.time()}

    def run(self, folder: str) -> dict[str, Any]:
        """Runs main.py of a folder as a command job and waits for its end."""
        job = command(code=folder, command="python main.py", environment=_ENVIRONMENT, compute="serverless")
        made = self.client.jobs.create_or_update(job, experiment_name="bench")
        self.client.jobs.stream(made.name)
        return {"run_id": made.name}


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
