"""What an AutoML run is made of on the wire: the body of CreateParentRun, of experiments and of pipeline steps.

Protocol facts: the body is camelCase for experiments; an AutoMLStep carries it in snake_case as the metadata parameter
``AutoMLConfig``. Settings and data are JSON in strings; that of the data has its quotes escaped once more. The data
are ``{name: {"datasetId": id}}``, or, for the old ``X`` and ``y``, ``{name: dataflow JSON}``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.v1 import automl_settings
from amlbridge.v1.graph_reading import Fields, checked_json, parse
from amlbridge.wire.errors import ServiceError, bad_request

#: The tables that a search can read, and what the old interface has in their place.
TABLES = ("training_data", "validation_data", "test_data")
SPLIT = ("X", "y", "sample_weight", "X_valid", "y_valid", "sample_weight_valid")
_STRUCTURE = ("datasets", "activities")


@dataclass(frozen=True)
class Request:
    """The settings as the client sent them, the engine's settings, and each table: a dataset's id or its dataflow."""

    text: str
    content: Mapping[str, Any]
    settings: AutoMLSettings
    data_text: str | None
    data: Mapping[str, Any]


def read(body: Mapping[str, Any], names: frozenset[str] = frozenset()) -> Request:
    """A CreateParentRun in either spelling; ``names`` are tables that come another way (a step's inputs). Raises a 400
    :class:`ServiceError`."""
    said = Fields(body, "the AutoML run")
    text = said.text("amlSettingsJsonString") or said.text("aml_settings_json_string")
    if not text:
        raise _invalid("the AutoML run has no settings (amlSettingsJsonString)")
    content = _object(text, "amlSettingsJsonString")
    data_text = said.text("dataPrepJsonString") or said.text("data_prep_json_string")
    data = _data(data_text) if data_text else {}
    return Request(text, content, _settings(content, names | data.keys()), data_text, data)


def read_flat(parameters: Mapping[str, str], names: frozenset[str]) -> Request:
    """The same from the parameters of a step of an old client, which are Python literals, one for each setting."""
    content = {name: _literal(value) for name, value in parameters.items()}
    for name in ("whitelist_models", "blacklist_algos", "blacklist_models"):
        if isinstance(content.get(name), str):
            content[name] = [item for item in content[name].split(",") if item]
    content.setdefault("blacklist_algos", content.get("blacklist_models"))
    return Request(json.dumps(content), content, _settings(content, names), None, {})


def _settings(content: Mapping[str, Any], names: frozenset[str]) -> AutoMLSettings:
    unknown = sorted(names - set(TABLES) - set(SPLIT))
    if unknown:
        raise _invalid(f"AutoML cannot use {', '.join(unknown)}: for own folds, name cv_split_column_names")
    split = "X" in names
    if split and "y" not in names:
        raise _invalid("X comes without y: pass training_data and label_column_name")
    return automl_settings.settings(content, split=split, weighted=split and "sample_weight" in names)


def _object(text: str, spot: str) -> Mapping[str, Any]:
    try:
        found = checked_json(parse(text, spot), spot)
    except ValueError as error:
        raise _invalid(f"{spot} is not JSON: {error}") from error
    if not isinstance(found, Mapping):
        raise _invalid(f"{spot} must be a JSON object")
    return found


def _data(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        # The client escapes quotes and backslashes, as if the text stood in another one.
        found = _object(text.replace('\\"', '"').replace("\\\\", "\\"), "dataPrepJsonString")
    if not isinstance(found, Mapping):
        raise _invalid("dataPrepJsonString must be a JSON object")
    return {str(name): value for name, value in found.items() if name not in _STRUCTURE and value is not None}


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _invalid(message: str) -> ServiceError:
    return bad_request(message, "InvalidAutoMLRun")
