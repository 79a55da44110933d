"""Types and modes of inputs and outputs, as the client names them."""

from __future__ import annotations

from typing import get_args

from amlbridge.engine.plan import DataType, Mode
from amlbridge.v2.jobs import literals
from amlbridge.v2.jobs.reading import Section, invalid

#: Data types of v2 that a Plan knows under another name; ``path`` is v1's word in old component files.
_ALIASES: dict[str, DataType] = {"path": "any", "triton_model": "custom_model", "any": "any"}
_KNOWN: dict[str, DataType] = {name: name for name in get_args(DataType)}
#: Modes, without case and underscores: ``ro_mount``, ``RoMount`` and ``ReadOnlyMount`` are one.
_MODES: dict[str, Mode] = {
    "mount": "mount",
    "romount": "mount",
    "rwmount": "mount",
    "readonlymount": "mount",
    "readwritemount": "mount",
    "evalmount": "mount",
    "download": "download",
    "evaldownload": "download",
    "upload": "upload",
    "direct": "direct",
}
_INPUT_MODES = ("mount", "download", "direct")
_OUTPUT_MODES = ("mount", "upload", "direct")
#: Outputs of these types may be read where the other type is expected: what a folder holds is the reader's business.
_FOLDERS = frozenset({"uri_folder", "mltable", "mlflow_model", "custom_model"})


def data_type(text: str | None, spot: str, default: DataType = "uri_folder") -> DataType:
    """The type of data that a text names. Raises a 400."""
    if text is None:
        return default
    found = _KNOWN.get(text.lower()) or _ALIASES.get(text.lower())
    if found is None:
        raise invalid(spot, f"{text!r} is no type of data: {', '.join(sorted(_KNOWN))}", "InvalidType")
    return found


def output_type(text: str | None, spot: str) -> DataType:
    """The type of an output: one that is declared as a literal (a function's ``-> str``) is a file with its text.
    Raises a 400."""
    return "uri_file" if literals.is_literal(text) else data_type(text, spot)


def input_mode(spot: str, *names: str | None) -> Mode:
    """The mode of an input: the first that is given; mounted by default. Raises a 400."""
    return _mode(spot, names, _INPUT_MODES)


def is_evaluated(*names: str | None) -> bool:
    """Whether an input gives the files that its MLTable lists: by the first mode that is given."""
    return next((item for item in names if item), "").lower().startswith("eval")


def output_mode(spot: str, *names: str | None) -> Mode:
    """The mode of an output: the first that is given; mounted by default. Raises a 400."""
    return _mode(spot, names, _OUTPUT_MODES)


def _mode(spot: str, names: tuple[str | None, ...], allowed: tuple[str, ...]) -> Mode:
    name = next((item for item in names if item), "mount")
    found = _MODES.get(name.lower().replace("_", ""))
    if found is None or found not in allowed:
        raise invalid(spot, f"{name!r} is no mode here: {', '.join(allowed)}", "InvalidMode")
    return found


def check_fit(given: DataType, wanted: DataType, spot: str, source: str) -> None:
    """Raises a 400 when an input cannot read what ``source`` gives it: one is a file, the other a folder."""
    if "any" in (given, wanted) or given == wanted:
        return
    if (given in _FOLDERS) != (wanted in _FOLDERS):
        raise invalid(spot, f"wants {wanted}, but {source} is {given}", "TypeMismatch")


def kind_of(section: Section) -> str | None:
    """The type that an input or output of a job says it has; ``literal`` for a literal or a reference."""
    return section.text("job_input_type", "jobInputType", "job_output_type", "jobOutputType", "type")
