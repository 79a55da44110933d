"""AutoML and HyperDrive: what `experiment.submit` of an AutoMLConfig or a HyperDriveConfig asks for.

Both are refused until their engines are there. With 400 and not 501, because these two clients repeat a 501 for seconds
(AutoML) or show nothing of it but its status (HyperDrive reads a `code` that is a number, and no message without one).
"""

from __future__ import annotations

from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply, Routes

automl = Routes("automl", "/jasmine/v1.0/WS/experimentids/{experiment}")
hyperdrive = Routes("hyperdrive", "/hyperdrive/v1.0")
services = (automl, hyperdrive)

_INSTEAD = (
    "Until then, train with a script of your own: ScriptRunConfig in an experiment, or PythonScriptStep in a pipeline"
)
_NO_AUTOML = f"AutoML (AutoMLConfig) does not run on amlbridge in this release. {_INSTEAD}"
_NO_SWEEP = (
    "Hyperparameter sweeps (HyperDriveConfig) do not run on amlbridge in this release. "
    f"{_INSTEAD}, once for each choice of parameters"
)


def _submit_automl_run(call: Call) -> Reply:
    """Begins an AutoML run, or looks whether its settings are right."""


for _path in ("/validation", "/validateManyModelsRun", "/run", "/runs/{run}/submitSnapshotRun", "/jobs/create"):
    automl.operation("POST", _path, refused=_NO_AUTOML, refused_as=(400, "NotSupported"))(_submit_automl_run)


def _submit_sweep(call: Call) -> Reply:
    """Begins a hyperparameter sweep."""


_EXPERIMENT = "/WS/experiments/{experiment}"
for _path in ("/runs", "/runs/{run}", "/hdruns/{run}"):
    hyperdrive.operation("POST", _EXPERIMENT + _path, refused=_NO_SWEEP, refused_as=(400, "400"))(_submit_sweep)
