"""What the driver of a parallel run is told: the settings of the node, with its inputs and outputs as paths."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from pathlib import Path

from amlbridge.engine.host import StepContext
from amlbridge.engine.parallel.settings import ParallelSettings
from amlbridge.engine.plan import Json, Node

#: The entry of :attr:`Node.options` that holds the settings.
OPTION = "parallel"
#: Where scripts of batch deployments find their model and their output folder.
_MODEL, _OUTPUT = "AZUREML_MODEL_DIR", "AZUREML_BI_OUTPUT_PATH"


def settings_of(node: Node) -> ParallelSettings:
    """The settings of a node of the kind ``parallel``."""
    return ParallelSettings.from_json(node.options[OPTION])


def tables(node: Node) -> Collection[str]:
    """The inputs that the driver wants as table definitions."""
    return settings_of(node).tables


def scripts(node: Node) -> tuple[str, ...]:
    """What the workers run: the entry script, or what scores with an MLflow model, and what reads rows."""
    settings, here = settings_of(node), Path(__file__)
    entry = settings.entry_script or str(here.with_name("entry.py"))
    return (entry, str(here.with_name("tables.py"))) if settings.tables else (entry,)


def document(context: StepContext, arguments: Sequence[str]) -> Json:
    """The driver's JSON; ``arguments`` are those of the entry script, filled in (one line for a shell's command)."""
    node, settings = context.node, settings_of(context.node)
    words = shlex.split(arguments[0])[2:] if node.command.shell else list(arguments)
    output, folder = _output(context, settings)
    variables = {_OUTPUT: folder} if folder else {}
    if settings.model is not None:
        variables[_MODEL] = str(_model_folder(context, settings.model))
    return {
        "settings": settings.to_json(),
        "arguments": words,
        "inputs": [
            {"name": name, **({"table": context.tables[name]} if name in context.tables else {"path": value})}
            for name in settings.inputs
            if (value := context.inputs.get(name)) is not None
        ],
        "output": output if settings.output_action == "append_row" else None,
        "output_folder": folder,
        "model": context.inputs[settings.model] if settings.model is not None else None,
        "variables": variables,
    }


def _output(context: StepContext, settings: ParallelSettings) -> tuple[str | None, str | None]:
    """The file for the rows, and the folder that it lies in."""
    if settings.output is None:
        return None, None
    place, kind = context.outputs[settings.output].written, context.node.outputs[settings.output].type
    if kind == "uri_file":
        return str(place), str(place.parent)
    return str(place / settings.append_row_file_name), str(place)


def _model_folder(context: StepContext, name: str) -> Path:
    """The folder that holds the model under its own name, as Azure's ``AZUREML_MODEL_DIR`` does."""
    holder = context.scratch / "model"
    holder.mkdir(parents=True, exist_ok=True)
    place = Path(context.inputs[name])
    link = holder / place.name
    if not link.is_symlink():
        link.symlink_to(place.absolute())
    return holder
