"""What SDK v1 and v2 write in different ways for steps of the same kind: parallel runs and sweeps.

The client of v1 writes the settings of a parallel run into the arguments of Azure's driver, v2 into fields of their
own; a Plan has them among its options on both sides. Hyperparameters of v1 are arguments that each trial is given in
addition, those of v2 stand in the command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.parallel.settings import is_setting
from amlbridge.engine.plan import Node

#: Arguments that v1 writes for Azure's driver and that are no settings.
_DRIVER = re.compile(
    r"--(client_sdk_version|scoring_module_name|create_snapshot_at_runtime|output|input(_(f?ds|pipeline_param)_)?\d*)"
)
#: Seconds. What azureml-core asks for by itself: ``max_run_duration_seconds`` of a run, ``max_duration_minutes`` of a
#: sweep.
_RUN_TIMEOUT, _SWEEP_TIMEOUT = 30 * 86400.0, 7 * 86400.0

#: The cores of a trial of AutoML when nobody says how many: azureml-train-automl-client sends 1, azure-ai-ml nothing.
CORES = (1, None)


def without_driver(node: Node, options: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The options of a command that are the user's own."""
    if node.kind != "parallel":
        return dict(options)
    return {name: words for name, words in options.items() if not (_DRIVER.fullmatch(name) or is_setting(name[2:]))}


def with_hyperparameters(node: Node, options: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The options of a command as a trial of a sweep is given them: each hyperparameter with its value."""
    sweep = node.options.get("sweep")
    if not isinstance(sweep, Mapping):
        return dict(options)
    names = [_plain(item[0]) for item in sweep.get("space", ())]
    found = {**options, **({f"--{name}": (f"<input {name}>",) for name in names} if sweep.get("append") else {})}
    # Names of inputs are written small in SDK v2.
    small = {f"<input {name}>": f"<input {name.lower()}>" for name in names}
    return {name: tuple(small.get(word, word) for word in words) for name, words in found.items()}


def setting(name: str, value: Any) -> Any:
    """A setting of a step, but for what the SDKs fill in by themselves."""
    if name == "parallel" and isinstance(value, Mapping):
        # Whether rows are read or files is compared as the mode of the input; an MLTable that lists files is both.
        return {key: item for key, item in value.items() if key != "tables"}
    if name != "sweep" or not isinstance(value, Mapping):
        return value
    # How a trial gets its values, and that SDK v1 runs a sweep below its step, is told by neither SDK's user.
    found = {key: item for key, item in value.items() if key not in ("append", "nested")}
    for key, own in (("max_duration", _SWEEP_TIMEOUT), ("trial_timeout", _RUN_TIMEOUT)):
        if found.get(key) == own:
            del found[key]
    found["space"] = [[_plain(item[0]).lower(), *item[1:]] for item in found.get("space", ())]
    if isinstance(found.get("policy"), Mapping):
        # Each SDK has one way of counting ended trials and no argument for it.
        found["policy"] = {key: item for key, item in found["policy"].items() if key != "exclude_finished"}
    return found


def search(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of AutoML. A trial that may take as long as the whole has no limit of its own: SDK v2 has one unless
    somebody names it."""
    found = dict(settings)
    trial, whole = found.get("trial_timeout_minutes"), found.get("timeout_minutes")
    if trial is not None and whole is not None and trial >= whole:
        found["trial_timeout_minutes"] = None
    return found


def timeout(node: Node) -> float | None:
    """The timeout that somebody has asked for, in seconds."""
    return None if node.timeout == _RUN_TIMEOUT else node.timeout


def _plain(hyperparameter: object) -> str:
    return str(hyperparameter).lstrip("-")
