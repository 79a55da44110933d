"""Inputs and outputs as a v1 script finds them in its environment (protocol notes, section 6).

``Run.get_context().input_datasets['x']`` reads ``AZUREML_DATASET_ENVIRONMENT_VARS``, a list of ``name:Mode``; the
variable of that name holds the id of a dataset (Direct) or a local path.
"""

from __future__ import annotations

from amlbridge.engine.host import StepContext

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
