"""Stands for ``azureml.train.automl.runtime`` where Microsoft's package of that name is not installed.

The client loads a model (``AutoMLRun.get_output()``) and runs a search without a compute target only when it can import
that package. It is found as a namespace portion (:mod:`amlbridge.server.client_packages`) or by the steps' prelude, in
both cases after the real one. It knows nothing of amlbridge: models need none of its modules.
"""

from __future__ import annotations

from typing import Any

#: What old scripts import from here.
__all__ = ["AutoMLStep", "AutoMLStepRun"]


def __getattr__(name: str) -> Any:
    # Not at once: azureml.train.automl, which azureml.pipeline.steps imports, looks for this package first.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from azureml.pipeline import steps

    return getattr(steps, name)
