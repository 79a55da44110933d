"""Inputs and outputs as a v1 script finds them in its environment (protocol notes, section 6).

``Run.get_context().input_datasets['x']`` reads ``AZUREML_DATASET_ENVIRONMENT_VARS``, a list of ``name:Mode``; the
variable of that name holds the id of a dataset (Direct) or a local path.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from amlbridge.engine.host import StepContext
from amlbridge.v1 import command_prelude

_MODES = {"direct": "Direct", "mount": "Mount", "download": "Download", "upload": "Mount"}


def variables(context: StepContext) -> dict[str, str]:
    """The variables for the inputs and outputs of a step."""
    env: dict[str, str] = {}
    inputs = []
    for name, value in context.inputs.items():
        item = context.node.inputs[name]
        if name not in context.references:
            continue
        inputs.append(f"{name}:{_MODES[item.mode]}")
        env[name] = value
        env[f"AZUREML_DATAREFERENCE_{name}"] = value
    for name, place in context.outputs.items():
        env[f"AZUREML_DATAREFERENCE_{name}"] = str(place.written)
        env[name] = str(place.written)
    if inputs:
        env["AZUREML_DATASET_ENVIRONMENT_VARS"] = ",".join(inputs)
    if context.outputs:
        env["AZUREML_DATASET_FILE_OUTPUTS"] = ";".join(context.outputs)
    return env


def site(folder: Path) -> Path:
    """Makes the folder that is put into the path of commands: what they start as ``python`` runs our prelude."""
    link, target = folder / "sitecustomize.py", Path(command_prelude.__file__)
    folder.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink() or link.resolve() != target.resolve():
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    return folder


def with_paths(context: StepContext, env: Mapping[str, str], site_folder: Path) -> dict[str, str]:
    """The environment of a step with where its Python looks for modules.

    A command gets the folder that :func:`site` has made. A script in a folder of its source directory finds the modules
    of the source directory's root too, behind those beside it: public projects (MLOpsPython's ``evaluate/``) import so.
    """
    script, own = context.node.command.script, env.get("PYTHONPATH")
    if context.as_program or context.node.kind == "automl":
        # Its driver starts nothing of the user's, and no warm interpreter takes a step with a sitecustomize of its own.
        return dict(env)
    if script is None:
        return {**env, "PYTHONPATH": _joined(str(site_folder), own)}
    if not needs_root(script):
        return dict(env)
    return {**env, "PYTHONPATH": _joined(own, str(context.work))}


def needs_root(script: str) -> bool:
    """Whether Python finds the modules of the source directory's root for this script only when it is told to."""
    return Path(script).parent != Path()


def _joined(*places: str | None) -> str:
    return os.pathsep.join(filter(None, places))
