"""What a script seems to take for granted, by the words in it: for `amlbridge trace --permissive`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from amlbridge.cli.polling import TooMuchError, beside

_FILES = re.compile(r"\.(as_mount|as_download|mount|download|to_path)\(")
_TABLES = re.compile(
    r"\.(to_pandas_dataframe|random_split|keep_columns|drop_columns|take|take_sample)\(|\bAutoMLConfig\("
)
#: ``raw = Dataset.get_by_name(ws, "raw")`` and ``raw = ws.datasets["raw"]``.
_NAMED = re.compile(
    r"\b(\w+)\s*=\s*(?:\w+\.)?(?:Dataset|FileDataset|TabularDataset)\.get_by_name\(\s*[\w.]+\s*,\s*"
    r"(?:name\s*=\s*)?[\"']([^\"'\n]+)[\"']\s*[,)](?!\.)|\b(\w+)\s*=\s*[\w.]+\.datasets\[[\"']([^\"'\n]+)[\"']\](?!\.)"
)
_NAME = r"([A-Za-z][A-Za-z0-9-]{2,23})"
#: ``compute_target="cpu"`` and ``ws.compute_targets["cpu"]``.
_COMPUTE = re.compile(rf"compute_target\s*=\s*[\"']{_NAME}[\"']|compute_targets\[\s*[\"']{_NAME}[\"']\s*\]")
#: ``"compute_target": "cpu"`` in JSON, ``cluster: cpu`` in YAML.
_SETTING = re.compile(rf"(?i:[\w.-]*(?:compute|cluster)[\w.-]*)[\"']?\s*:\s*[\"']?{_NAME}[\"']?\s*(?=[,}}#\n]|$)")
_VARIABLE = re.compile(r"(?i)(compute|cluster)")
_NO_NAMES = frozenset({"true", "false", "null", "none", "local", "yes", "amlcompute", "dedicated", "lowpriority"})
_SETTINGS = ("*.json", "*.yml", "*.yaml", "*/*.json", "*/*.yml", "*/*.yaml")
#: More files of settings, or larger ones, are not looked at.
_MOST, _LARGEST = 200, 200_000


def guesses(script: Path) -> str:
    """What stands in for what is missing, as the service reads it: JSON with ``type`` (of datasets: file or tabular),
    ``types`` (by their names) and ``computes`` (names)."""
    try:
        texts = [text.decode("utf-8", "replace") for text in beside(script)]
    except (OSError, TooMuchError):
        texts = []
    own = texts[0].replace('\\"', '"') if texts else ""
    return json.dumps(
        {"type": _type(own, texts), "types": _types(own), "computes": sorted(_computes(own, texts, script))}
    )


def _type(own: str, texts: list[str]) -> str:
    """The type of most datasets: by what the script does, else by what the modules beside it do."""
    for text in (own, "\n".join(texts)):
        if bool(_FILES.search(text)) != bool(_TABLES.search(text)):
            return "file" if _FILES.search(text) else "tabular"
    return "tabular" if "AutoMLConfig(" in own or not _FILES.search("\n".join(texts)) else "file"


def _types(text: str) -> dict[str, str]:
    """The types of datasets whose variables tell them."""
    found = {}
    for match in _NAMED.finditer(text):
        variable, name = match[1] or match[3], match[2] or match[4]
        for kind, used in (("file", _FILES), ("tabular", _TABLES)):
            if re.search(rf"\b{variable}(\.as_named_input\([^)]*\))?(?={used.pattern})", text):
                found[name] = kind
    return found


def _computes(own: str, texts: list[str], script: Path) -> set[str]:
    found = {name for text in (own, *texts) for match in _COMPUTE.finditer(text) for name in match.groups() if name}
    for text in _settings(script):
        found.update(match[1] for match in _SETTING.finditer(text))
    for variable, value in os.environ.items():
        if _VARIABLE.search(variable) and re.fullmatch(_NAME, value):
            found.add(value)
    return {name for name in found if name.lower() not in _NO_NAMES and not name.lower().startswith("standard")}


def _settings(script: Path) -> Iterator[str]:
    folders = dict.fromkeys((script.resolve().parent, Path.cwd().resolve()))
    paths = [path for folder in folders for pattern in _SETTINGS for path in sorted(folder.glob(pattern))]
    for path in paths[:_MOST]:
        try:
            if path.stat().st_size <= _LARGEST:
                yield path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # what cannot be read tells nothing
