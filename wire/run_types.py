"""The kinds of runs of the engine and the ``runType`` that the clients know them by.

The v1 client picks the Python class of a run by it (``azureml.PipelineRun``, ``azureml.StepRun``, …); a run that
``start_logging`` made has none.
"""

from __future__ import annotations

from amlbridge.engine.records.runs import Run

#: Kind of the engine -> runType.
RUN_TYPES: dict[str, str] = {
    "pipeline": "azureml.PipelineRun",
    "step": "azureml.StepRun",
    "script": "azureml.scriptrun",
    "automl": "automl",
    "hyperdrive": "hyperdrive",
    # The child runs that a driver tells of (engine/child_runs.py).
    "trial": "azureml.scriptrun",
    "model_test": "automl.model_test",
}
#: A run that a client made by itself: nothing of ours executes it. What runType it gave is kept in ``extra``.
INTERACTIVE = "interactive"


def run_type(run: Run) -> str | None:
    """What the client gave, or else what follows from the kind."""
    own = run.extra.get("runType")
    return own if isinstance(own, str) else RUN_TYPES.get(run.kind)
