"""How a parallel run works, in neither SDK's words: parsed from arguments, checked, kept as JSON.

Both SDKs hand most settings to Azure's driver as arguments of the command (``--mini_batch_size 10``): v1 writes them
itself, v2's users may write them among their ``program_arguments``. The defaults are those of Microsoft's public
documentation of ParallelRunConfig and of the parallel job's YAML schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

#: What a setting is, and its bounds: least, most.
_COUNT, _SECONDS, _PERCENT = (0, 2**31 - 1), (0.001, 259200.0), (0.0, 100.0)
_SIZE = re.compile(r"(\d+)\s*([kmg]b)?", re.IGNORECASE)
_UNITS = {"": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30}
LEVELS = ("DEBUG", "INFO", "WARNING")
ACTIONS = ("append_row", "summary_only")
#: The most processes of one step: more is a slip of the pen, and would bring the machine down.
MOST_PROCESSES = 128


class SettingsError(ValueError):
    """A setting that cannot be: the message names it and says what it must be."""


@dataclass(frozen=True)
class ParallelSettings:
    """The settings of a parallel run.

    ``entry_script`` is a path in the step's code; None: the MLflow model of the input ``model`` scores the files.
    ``inputs`` are the names of the inputs that are cut into mini batches, ``tables`` those of them that are described
    by a definition (rows, or files with partition keys) instead of a path. ``output`` is the output that the rows are
    written to: a file, or a folder that gets ``append_row_file_name``; None: no rows are written.

    ``mini_batch_size`` counts files, or bytes of a table (None: 10 files, 1 MB). ``error_threshold`` is the most items
    that may fail, ``allowed_failed_count`` and ``allowed_failed_percent`` the most mini batches; -1 is any number.
    Times are seconds. ``processes`` are those of one node, None: as many as the machine has cores.
    """

    entry_script: str | None = None
    model: str | None = None
    inputs: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    output: str | None = None
    output_action: str = "append_row"
    append_row_file_name: str = "parallel_run_step.txt"
    mini_batch_size: int | None = None
    partition_keys: tuple[str, ...] = ()
    error_threshold: int = -1
    allowed_failed_count: int = -1
    allowed_failed_percent: float = 100.0
    run_invocation_timeout: float = 60.0
    run_max_try: int = 3
    task_overhead_timeout: float = 600.0
    progress_update_timeout: float | None = None
    first_task_creation_timeout: float | None = None
    processes: int | None = None
    nodes: int = 1
    logging_level: str = "INFO"
    rank_mini_batch_count: int = 0

    def to_json(self) -> dict[str, Any]:
        """As JSON; only what differs from the defaults."""
        defaults = ParallelSettings()
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != getattr(defaults, name)
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ParallelSettings:
        """The settings of :meth:`to_json`. Raises SettingsError for a field that there is not."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(content) - known)
        if unknown:
            raise SettingsError(f"there is no setting {unknown[0]!r} of a parallel run")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
        }
        return cls(**values)

    def with_texts(self, texts: Mapping[str, str]) -> ParallelSettings:
        """These settings with those of Azure's driver, by name (``mini_batch_size``). Raises SettingsError."""
        values: dict[str, Any] = {}
        for name, text in texts.items():
            if name in _READERS:
                field, read = _READERS[name]
                values[field] = read(name, text)
        return replace(self, **values)

    def worker_count(self, cores: int, batches: int) -> int:
        """How many processes work on so many mini batches. Nodes are all this machine: they do not multiply beyond its
        cores what is asked for one of them."""
        wanted = self.processes if self.processes is not None else cores
        return max(1, min(wanted * self.nodes, max(wanted, cores), batches))


def split(arguments: Sequence[str]) -> dict[str, str]:
    """The settings among arguments: ``--name value`` and ``--name=value``; the first of a name counts, as the clients
    write theirs before the user's."""
    found: dict[str, str] = {}
    for index, text in enumerate(arguments):
        name, equals, value = text[2:].partition("=")
        if not text.startswith("--") or name not in _READERS:
            continue
        if not equals:
            if index + 1 == len(arguments):
                raise SettingsError(f"--{name} has no value")
            value = arguments[index + 1]
        found.setdefault(name, value)
    return found


def is_setting(name: str) -> bool:
    """Whether an argument of this name (without dashes) is a setting that is read here."""
    return name in _READERS


def byte_count(name: str, text: str) -> int:
    """``1024``, ``10KB``, ``1MB`` or ``1GB`` as a number of bytes (or files), at least 1. Raises SettingsError."""
    match = _SIZE.fullmatch(text.strip())
    count = int(match.group(1)) * _UNITS[(match.group(2) or "").lower()] if match else 0
    if not 1 <= count <= 2**50:
        raise SettingsError(f"{name} must be a number of files, or a size such as 1024, 10KB or 1MB, not {text!r}")
    return count


def _whole(least: int) -> Any:
    def read(name: str, text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= _COUNT[1]:
            raise SettingsError(f"{name} must be a whole number, at least {least}, not {text!r}")
        return value

    return read


def _number(bounds: tuple[float, float]) -> Any:
    def read(name: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not bounds[0] <= value <= bounds[1]:
            least = f"more than 0 and at most {bounds[1]:g}" if bounds[0] else f"from 0 to {bounds[1]:g}"
            raise SettingsError(f"{name} must be {least}, not {text!r}")
        return value

    return read


def _choice(known: tuple[str, ...]) -> Any:
    def read(name: str, text: str) -> str:
        for value in known:
            if value.lower() == text.strip().lower():
                return value
        raise SettingsError(f"{name} must be one of {', '.join(known)}, not {text!r}")

    return read


def _keys(name: str, text: str) -> tuple[str, ...]:
    try:
        found = json.loads(text) if text.strip() else []
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
        raise SettingsError(f"{name} must be a list of column names, not {text!r}")
    return tuple(found)


def _processes(name: str, text: str) -> int:
    count: int = _whole(1)(name, text)
    if count > MOST_PROCESSES:
        raise SettingsError(f"{name} wants {count} processes; amlbridge starts at most {MOST_PROCESSES} for a step")
    return count


def file_name(name: str, text: str) -> str:
    """The name of a file, without a folder. Raises SettingsError."""
    if not text or text in (".", "..") or "/" in text or "\\" in text or "\0" in text:
        raise SettingsError(f"{name} must be the name of a file, without a folder, not {text!r}")
    return text


#: Name of the argument -> field and reader.
_READERS: dict[str, tuple[str, Any]] = {
    "mini_batch_size": ("mini_batch_size", byte_count),
    "error_threshold": ("error_threshold", _whole(-1)),
    "allowed_failed_count": ("allowed_failed_count", _whole(-1)),
    "allowed_failed_percent": ("allowed_failed_percent", _number(_PERCENT)),
    "output_action": ("output_action", _choice(ACTIONS)),
    "append_row_file_name": ("append_row_file_name", file_name),
    "logging_level": ("logging_level", _choice(LEVELS)),
    "run_invocation_timeout": ("run_invocation_timeout", _number(_SECONDS)),
    "run_max_try": ("run_max_try", _whole(1)),
    "process_count_per_node": ("processes", _processes),
    "partition_keys": ("partition_keys", _keys),
    "task_overhead_timeout": ("task_overhead_timeout", _number(_SECONDS)),
    "progress_update_timeout": ("progress_update_timeout", _number(_SECONDS)),
    "first_task_creation_timeout": ("first_task_creation_timeout", _number(_SECONDS)),
    "rank_mini_batch_count": ("rank_mini_batch_count", _whole(-(2**31))),
}
