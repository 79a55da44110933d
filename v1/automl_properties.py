"""The properties with which the client recognises an AutoML run and reads its settings."""

from __future__ import annotations

import json
from typing import Any

from amlbridge.v1.automl_request import Request

#: The settings as the client sent them, and the data.
RAW_SETTINGS, DATA = "RawAMLSettingsString", "DataPrepJsonString"
_SETTINGS = "AMLSettingsJsonString"
#: How many iterations the console shows at one look, of which it takes one every 10 s
#: (``RemoteConsoleInterface.print_scores``): as many as the settings say that run at once.
_SHOWN = 10


def of_request(request: Request, target: str | None) -> dict[str, str]:
    """The properties of the run that a request makes, or of the step."""
    made = request.settings
    found: dict[str, Any] = {
        "num_iterations": request.content.get("iterations"),
        "training_type": "TrainFull" if made.n_cross_validations is None else "MeanCrossValidation",
        "primary_metric": made.primary_metric,
        "num_cross_validation": made.n_cross_validations,
        "train_split": made.validation_size or 0,
        "task_type": request.content.get("task_type"),
        "display_task_type": made.task,
        "target": target,
        "runTemplate": "AutoML",
        _SETTINGS: json.dumps(_shown(request)),
        RAW_SETTINGS: request.text,
        DATA: request.data_text,
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def _shown(request: Request) -> dict[str, Any]:
    """The settings as the client reads them back. It prints no more iterations at one look than run at once."""
    own = request.content.get("max_concurrent_iterations") or 1
    return {**request.content, "max_concurrent_iterations": max(own, _SHOWN)}
