"""json and yaml: by their values, wherever the keys stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from amlbridge.compare.errors import UnreadableError
from amlbridge.compare.files.finding import Finding
from amlbridge.compare.files.walk import Walk
from amlbridge.compare.references import References
from amlbridge.compare.rules import Rules


def compare(left: Path, right: Path, rules: Rules, references: References) -> Finding:
    """The differences of two documents. Raises :class:`UnreadableError`."""
    one, other = _read(left), _read(right)
    walk = Walk(rules, references)
    walk.values(one, other)
    return Finding(walk.count, tuple(walk.kept), walk.spread)


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.name == "MLmodel":
            return [_without_size(document) for document in _plain(_yaml(text))]
        if path.suffix.lower() in (".yml", ".yaml"):
            return _plain(_yaml(text))
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{path.name} is no {'YAML' if 'y' in path.suffix else 'JSON'}: {error}") from error


def _without_size(model: Any) -> Any:
    """An MLflow model's description without the bytes of its files: a pickle of the same model may be some bytes longer
    the next time, and the files are compared themselves."""
    return (
        {key: value for key, value in model.items() if key != "model_size_bytes"} if isinstance(model, dict) else model
    )


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return list(YAML(typ="safe", pure=True).load_all(text))
    except YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def _plain(value: Any) -> Any:
    """Without the types that only YAML has: dates and the like as texts."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
