"""A parallel node's settings: its own fields, its component's, and those among its program arguments.

Wire facts (azure-ai-ml 1.35, ``Parallel._to_rest_object``): the fields are snake_case, on the node and in the
specification of its component, and the node's count; ``partition_keys`` is JSON in a text; ``mini_batch_size`` is a
number, 0 for none. What Azure documents as predefined arguments (``--allowed_failed_percent`` and so on) stands in
``program_arguments``.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Mapping
from typing import Any

from amlbridge.engine.parallel.settings import ParallelSettings, SettingsError, file_name, split
from amlbridge.engine.plan import Input, Output
from amlbridge.v2.jobs import bindings
from amlbridge.v2.jobs.graph import Scope
from amlbridge.v2.jobs.reading import Section, invalid, scalar_text, seconds

#: What a task may be; ``model`` has no script: an MLflow model scores the files.
_SCRIPTS, _MODEL = ("run_function", "function"), "model"
#: Field of the node -> the argument of Azure's driver that says the same.
_FIELDS = {
    "mini_batch_size": "mini_batch_size",
    "error_threshold": "error_threshold",
    "mini_batch_error_threshold": "allowed_failed_count",
    "logging_level": "logging_level",
    "max_concurrency_per_instance": "process_count_per_node",
}


def task_of(node: Section, spec: Section) -> Section:
    """The task: the component's with what the node says otherwise."""
    own = {name: item for name, item in node.section("task").content.items() if item is not None}
    return Section({**spec.section("task").content, **own}, node.at("task"))


def command_line(task: Section) -> str | None:
    """The entry script with its arguments as a command; None for a task without a script. Raises a 400."""
    kind = (task.text("type") or _SCRIPTS[0]).lower()
    if kind == _MODEL:
        return None
    if kind not in _SCRIPTS:
        raise invalid(task.at("type"), f"must be {_SCRIPTS[0]} or {_MODEL}, not {kind!r}")
    arguments = task.text("program_arguments", "programArguments") or ""
    return f"python {_entry(task)} {arguments}".strip()


def settings(
    scope: Scope,
    node: Section,
    spec: Section,
    *,
    inputs: Mapping[str, Input],
    outputs: Mapping[str, Output],
    literals: Mapping[str, str],
    files: Collection[str],
    nodes: int,
) -> ParallelSettings:
    """The settings of a node. ``literals`` are the texts of its literal inputs, ``files`` those of its code.

    Raises a 400 ServiceError that names the field.
    """
    task = task_of(node, spec)
    said = Section(
        {**spec.content, **{name: item for name, item in node.content.items() if item is not None}}, node.spot
    )
    entry = _entry(task) if command_line(task) is not None else None
    if entry is not None and entry not in files:
        raise invalid(task.at("entry_script"), f"the script {entry!r} is not in the code of the node", "ScriptNotFound")
    name = _port(said, "input_data", "inputs", inputs)
    if name is None:
        raise invalid(said.at("input_data"), "is missing: write ${{inputs.NAME}} of the input to split", "MissingInput")
    given = inputs[name]
    model = _port(task, "model", "inputs", inputs)
    if entry is None and model is None:
        raise invalid(task.at("model"), "must be ${{inputs.NAME}} of an input of the type mlflow_model")
    output = _port(task, "append_row_to", "outputs", outputs)
    is_table = given.type == "mltable" or given.mode == "direct"
    found = ParallelSettings(
        entry_script=entry,
        model=model,
        inputs=(name,),
        tables=(name,) if is_table else (),
        output=output,
        output_action="append_row" if output is not None else "summary_only",
        nodes=nodes,
    )
    try:
        found = found.with_texts({**_arguments(task, literals), **_texts(scope, said)})
    except SettingsError as error:
        raise invalid(node.spot, str(error), "InvalidParallelRun") from error
    if found.partition_keys and given.type != "mltable":
        raise invalid(said.at("partition_keys"), f"needs an mltable; the input {name!r} is of the type {given.type}")
    return found


def _entry(task: Section) -> str:
    return task.required("entry_script", "entryScript").removeprefix("./")


def _port(holder: Section, field: str, part: str, known: Collection[str]) -> str | None:
    """The port that a field is bound to. Raises a 400 for a binding to nothing."""
    text = holder.text(field)
    if text is None:
        return None
    reference = bindings.whole(text)
    if reference is None or reference.kind != part or reference.name not in known:
        names = ", ".join(sorted(known)) or "none"
        raise invalid(holder.at(field), f"must be ${{{{{part}.NAME}}}}, not {text!r}; there are: {names}")
    return reference.name


def _texts(scope: Scope, said: Section) -> dict[str, str]:
    """The fields as texts; each may be bound to an input of the pipeline."""
    found = {argument: text for field, argument in _FIELDS.items() if (text := _text(scope, said, field)) is not None}
    if found.get("mini_batch_size") == "0":
        del found["mini_batch_size"]
    keys = said.get("partition_keys")
    if keys:
        found["partition_keys"] = keys if isinstance(keys, str) else json.dumps(keys)
    retry = said.section("retry_settings")
    tries = _text(scope, retry, "max_retries")
    if tries is not None:
        if not tries.isdecimal():
            raise invalid(retry.at("max_retries"), f"must be a whole number, at least 0, not {tries!r}")
        found["run_max_try"] = str(int(tries) + 1)
    timeout = _text(scope, retry, "timeout")
    if timeout is not None:
        found["run_invocation_timeout"] = timeout if _is_number(timeout) else str(seconds(timeout, retry.at("timeout")))
    action = said.text("output_action")
    if action is not None:
        found["output_action"] = action
    name = said.text("append_row_file_name")
    if name is not None:
        found["append_row_file_name"] = file_name(said.at("append_row_file_name"), name)
    return found


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _text(scope: Scope, holder: Section, field: str) -> str | None:
    value: Any = holder.get(field)
    if value is None or value == "":
        return None
    text = scalar_text(value, holder.at(field))
    if not bindings.has_any(text):
        return text
    bound = scope.bind(text, holder.at(field))
    return bound.text if bound is not None else None


def _arguments(task: Section, literals: Mapping[str, str]) -> dict[str, str]:
    """The settings among the program arguments."""
    line = ""
    for item in bindings.split(task.text("program_arguments", "programArguments") or ""):
        if isinstance(item, str):
            line += item.replace("$[[", " ").replace("]]", " ")
        else:
            line += shlex.quote(literals.get(item.name, "") if item.kind == "inputs" else "")
    try:
        return split(shlex.split(line))
    except ValueError as error:  # a SettingsError is one, too
        raise invalid(task.at("program_arguments"), str(error)) from error
