"""An AutoMLStep as a node of a Plan.

Protocol facts (section 5): the metadata parameter ``AutoMLConfig`` is the JSON of CreateParentRun, the parameters
beside it are the same settings one by one, which is all that old clients send. Tables are the inputs ``training_data``
and so on, which the engine reads itself. The step's snapshot is the folder in which the pipeline was built; no code of
it runs, so that it does not count for reuse either.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection

from amlbridge.engine.plan import Command, Environment, Input, Node, Resources
from amlbridge.v1 import automl_request
from amlbridge.v1.automl_request import Request
from amlbridge.v1.graph_reading import malformed, parse
from amlbridge.wire.errors import ServiceError, bad_request

CONFIG = "AutoMLConfig"
_TABLES = frozenset((*automl_request.TABLES, *automl_request.SPLIT))


def lower(node: Node, setting: Callable[[str], str | None], parameters: Collection[str]) -> Node:
    """The node with its search. ``setting`` gives the value of a module parameter. Raises a 400 :class:`ServiceError`
    that names the step."""
    spot = f"step {node.name!r}"
    request = read(setting, parameters, frozenset(node.inputs) & _TABLES, spot)
    if not {"training_data", "X"} & node.inputs.keys():
        raise malformed(spot, "has no training data: pass training_data and label_column_name to AutoMLConfig")
    return dataclasses.replace(
        node,
        command=Command(),
        code=None,
        inputs={name: _table(item) if name in _TABLES else item for name, item in node.inputs.items()},
        environment=Environment(),
        variables={},
        resources=Resources(node.resources.compute or _compute(setting, request)),
        distribution=None,
        options={
            **{name: node.options[name] for name in ("step_type", "backend") if name in node.options},
            "automl": request.settings.to_json(),
        },
    )


def _compute(setting: Callable[[str], str | None], request: Request) -> str | None:
    """This kind of step calls its compute target by another name than the others."""
    target = setting("target") or request.content.get("compute_target")
    return None if target in (None, "", "local") else str(target)


def read(
    setting: Callable[[str], str | None], parameters: Collection[str], tables: frozenset[str], spot: str
) -> Request:
    """What the parameters of a step ask for. Raises a 400 :class:`ServiceError`."""
    text = setting(CONFIG)
    try:
        if text:
            # The datasets stand in the inputs: what the text says of them may be out of date.
            return automl_request.read({**_object(text, spot), "data_prep_json_string": None}, tables)
        return automl_request.read_flat({name: setting(name) or "None" for name in parameters}, tables)
    except ServiceError as error:
        raise bad_request(f"{spot}: {error.message}", error.code) from error


def _object(text: str, spot: str) -> dict[str, object]:
    try:
        found = parse(text, f"{spot} {CONFIG}")
    except ValueError as error:
        raise malformed(f"{spot} {CONFIG}", f"is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise malformed(f"{spot} {CONFIG}", "must be a JSON object")
    return found


def _table(item: Input) -> Input:
    """A table is read by the engine and not by a script of the user's."""
    return dataclasses.replace(item, type="mltable", mode="mount", path_on_compute=None)
