"""All calls of docs/v1-calls.md, by the part of the SDK that they belong to."""

from __future__ import annotations

from amlbridge.v1 import calls_data, calls_pipelines, calls_runs
from amlbridge.v1.call_table import V1Call

#: Section of the page -> its calls. Data of ``tests/server/test_v1_calls.py``, too.
SECTIONS: dict[str, tuple[V1Call, ...]] = {
    "Workspace and authentication": calls_runs.WORKSPACE,
    "Experiments and runs, from outside": calls_runs.CONTROL,
    "Run scripts": calls_runs.RUN_SCRIPTS,
    "Data": calls_data.DATA,
    "Computes": calls_pipelines.COMPUTE,
    "Environments and run configurations": calls_pipelines.ENVIRONMENT,
    "Submitting": calls_pipelines.SUBMIT,
    "Steps": calls_pipelines.STEPS,
    "Pipelines and publishing": calls_pipelines.PIPELINES,
    "AutoML and sweeps": calls_pipelines.AUTOML,
    "Models and deployment": calls_pipelines.MODELS,
}
