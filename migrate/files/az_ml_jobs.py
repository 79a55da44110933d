"""Runs that ``az ml run submit-script`` of the extension azure-cli-ml submits, and what reads their metadata.

The extension ml submits a job in YAML, which is written for each run configuration; options of the call become fields
that ``--set`` changes. What was written into a file of metadata (``-t``) is the answer of the new command.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from amlbridge.migrate.files import runconfig

#: Options of ``submit-script`` -> what they say. Those without a value: ``_ALONE``.
_SUBMIT = {
    "-c": "config", "--run-configuration-name": "config", "--ct": "compute", "-e": "experiment",
    "--experiment-name": "experiment", "--source-directory": "code", "-t": "metadata",
    "--output-metadata-file": "metadata", "-g": "--resource-group", "--resource-group": "--resource-group",
    "-w": "--workspace-name", "--workspace-name": "--workspace-name",
    "--subscription-id": "--subscription", "--subscription": "--subscription",
}  # fmt: skip
_ALONE = frozenset({"--async", "-v", "--no-wait"})
_REGISTER = {
    "-n": "name", "--name": "name", "-f": "metadata", "--run-metadata-file": "metadata", "--asset-path": "asset",
    "-t": "output", "--output-metadata-file": "output", "-d": "--description", "--description": "--description",
    "-g": "--resource-group", "--resource-group": "--resource-group",
    "-w": "--workspace-name", "--workspace-name": "--workspace-name", "--subscription-id": "--subscription",
}  # fmt: skip
_QUOTES = "'\""
_FILE = re.compile(r"[\w./-]+")


@dataclass
class Context:
    """The file that calls stand in. ``roots``: the folders in which files that calls name are looked for; ``nested``:
    whether ``$(...)`` is a command of the shell there; ``written``: the files that converted calls write the answers
    of the extension ml into."""

    roots: Sequence[Path] = ()
    nested: bool = True
    written: set[str] = field(default_factory=set)


def submitted(arguments: list[str], context: Context) -> str | None:
    """``az ml run submit-script`` as ``az ml job create`` of the YAML that is written for its run configuration."""
    said, shared, rest = _options(arguments, _SUBMIT)
    metadata, name = said.get("metadata", ""), said.get("config", "").strip(_QUOTES)
    if rest is None or not rest or not name or (metadata and not (context.nested and _FILE.fullmatch(metadata))):
        return None
    job = _job_of(name, context.roots)
    if job is None or any(set(word) & set(_QUOTES) for word in rest):
        return None
    path, command = job
    changes = [f"experiment_name={said['experiment']}"] if "experiment" in said else []
    changes += [f"compute=azureml:{said['compute']}"] if "compute" in said else []
    changes += [f"code={said['code']}"] if "code" in said else []
    changes += [f'command="python {" ".join(rest)}"'] if ["python", *rest] != command.split() else []
    streams = "--async" not in arguments and "--no-wait" not in arguments
    words = ["az ml job create --file", path, *shared, *(["--stream"] if streams and not metadata else [])]
    words += ["--set", *changes] if changes else []
    if metadata:
        context.written.add(metadata)
        words += ["> " + metadata]
        words += [f'&& az ml job stream --name "$(jq -r .name {metadata})"', *shared] if streams else []
    return " ".join(words)


def registered(arguments: list[str], context: Context) -> str | None:
    """``az ml model register`` of a file of the run whose metadata a call above has written."""
    said, shared, rest = _options(arguments, _REGISTER)
    metadata, asset = said.get("metadata", ""), said.get("asset", "").strip(_QUOTES)
    if rest != [] or metadata not in context.written or not asset or "name" not in said:
        return None
    job = f"azureml://jobs/$(jq -r .name {metadata})/outputs/artifacts/paths"
    text = " ".join(["az ml model create --name", said["name"], f'--path "{job}/{asset}"', *shared])
    if "output" in said:
        context.written.add(said["output"])
        text += f" > {said['output']}"
    return text


def _options(arguments: list[str], known: dict[str, str]) -> tuple[dict[str, str], list[str], list[str] | None]:
    """What options say, those that stay with their new names, and the words behind them; None for those where an
    option is unknown."""
    said: dict[str, str] = {}
    shared: list[str] = []
    index = 0
    while index < len(arguments):
        option, sign, value = arguments[index].partition("=")
        if not option.startswith("-"):
            return said, shared, arguments[index:]
        index += 1
        if option in _ALONE:
            continue
        if option not in known or (not sign and index >= len(arguments)):
            return said, shared, None
        if not sign:
            value, index = arguments[index], index + 1
        if known[option].startswith("--"):
            shared += [known[option], value]
        else:
            said[known[option]] = value
    return said, shared, []


def _job_of(name: str, roots: Sequence[Path]) -> tuple[str, str] | None:
    """The path of the job that is written for a run configuration, from the folder that the call is made in, and its
    command; None where there is no such configuration, or several."""
    file = name if "." in posixpath.basename(name) else f"{name}.runconfig"
    found = [path for root in roots for path in root.rglob(posixpath.basename(file)) if path.is_file()]
    if len(found) != 1 or not _FILE.fullmatch(name):
        return None
    try:
        text = found[0].read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    made = runconfig.job(found[0], text) if runconfig.is_runconfig(found[0], text) else None
    if made is None:
        return None
    inside = found[0].parent.name in runconfig.CONFIG_FOLDERS
    folder = "" if inside else posixpath.dirname(name)
    return posixpath.join(folder, posixpath.basename(made[0])), str(made[1]["command"])
