"""AutoML: what `experiment.submit` of an AutoMLConfig asks for.

It is refused until its engine is there. With 400 and not 501, because this client repeats a 501 for seconds.
"""

from __future__ import annotations

from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply, Routes

automl = Routes("automl", "/jasmine/v1.0/WS/experimentids/{experiment}")
services = (automl,)

_INSTEAD = (
    "Until then, train with a script of your own: ScriptRunConfig in an experiment, or PythonScriptStep in a pipeline"
)
_NO_AUTOML = f"AutoML (AutoMLConfig) does not run on amlbridge in this release. {_INSTEAD}"


def _submit_automl_run(call: Call) -> Reply:
    """Begins an AutoML run, or looks whether its settings are right."""


for _path in ("/validation", "/validateManyModelsRun", "/run", "/runs/{run}/submitSnapshotRun", "/jobs/create"):
    automl.operation("POST", _path, refused=_NO_AUTOML, refused_as=(400, "NotSupported"))(_submit_automl_run)
