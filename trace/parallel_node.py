"""A ParallelRunStep as a parallel component of SDK v2."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from amlbridge.engine.parallel.settings import ParallelSettings, is_setting
from amlbridge.engine.parallel.task import OPTION
from amlbridge.engine.plan import Argument, Command, InputRef, Node, OutputRef, Piece, Value
from amlbridge.trace import commands
from amlbridge.trace.model import Step

#: Arguments that SDK v1 writes for Azure's driver, besides its settings.
_DRIVER = ("--scoring_module_name", "--output", "--input_fds_", "--input_ds_", "--input")


def component(
    node: Node, step: Step, content: dict[str, Any], environment: str, names: Mapping[Piece, str]
) -> dict[str, Any]:
    """The component. Raises ValueError where SDK v2 has no equal."""
    settings = ParallelSettings.from_json(node.options[OPTION])
    if len(settings.inputs) != 1 or settings.entry_script is None:
        raise ValueError("a parallel component of SDK v2 splits one input; this step splits several, or none")
    task: dict[str, Any] = {"type": "run_function"}
    if "code" in content:
        task["code"] = content.pop("code")
    task |= {"entry_script": settings.entry_script, "environment": environment}
    arguments = " ".join([commands.line(_own(node.command), names), *_of_driver(settings)]).strip()
    if arguments:
        task["program_arguments"] = arguments
    if settings.output is not None:
        task["append_row_to"] = names[OutputRef(settings.output)]
    content["input_data"] = names[InputRef(settings.inputs[0])]
    content |= _settings(settings)
    if node.resources.nodes != 1:
        content["resources"] = {"instance_count": node.resources.nodes}
    content["task"] = task
    return content


def _of_driver(settings: ParallelSettings) -> Iterator[str]:
    """Settings that have no field: Azure's driver reads them of the arguments."""
    for name in ("append_row_file_name", "allowed_failed_percent"):
        value = getattr(settings, name)
        if value != getattr(ParallelSettings(), name):
            yield f"--{name} {shlex.quote(f'{value:g}' if isinstance(value, float) else value)}"


def _settings(settings: ParallelSettings) -> dict[str, Any]:
    found: dict[str, Any] = {
        "mini_batch_size": str(settings.mini_batch_size or 10),
        "error_threshold": settings.error_threshold,
        "mini_batch_error_threshold": settings.allowed_failed_count,
        "logging_level": settings.logging_level,
    }
    if settings.partition_keys:
        del found["mini_batch_size"]
        found["partition_keys"] = json.dumps(list(settings.partition_keys))
    if settings.processes is not None:
        found["max_concurrency_per_instance"] = settings.processes
    tries = {"max_retries": settings.run_max_try - 1, "timeout": int(settings.run_invocation_timeout)}
    return {**found, "retry_settings": tries}


def _own(command: Command) -> Command:
    """The user's own arguments: without those of Azure's driver and their values."""
    kept: list[Any] = []
    skip = False
    for item in command.arguments:
        if skip:
            skip = False
            continue
        name = _flag(item)
        if name is not None and (name.startswith(_DRIVER) or is_setting(name.removeprefix("--"))):
            skip = True
            continue
        kept.append(item)
    return Command(tuple(kept))


def _flag(item: object) -> str | None:
    if isinstance(item, Argument) and len(item.pieces) == 1 and isinstance(item.pieces[0], Value):
        text = str(item.pieces[0].value)
        return text if text.startswith("--") else None
    return None
