"""What a failed script said last, in one line, and what the user can do about it.

Tables and the first line of an error show no more than a line: "exit code 1" alone would send everybody to the log.
"""

from __future__ import annotations

import re

from amlbridge.engine import old_packages

_HEADER = "Traceback (most recent call last):"
_MISSING_MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
#: What shells end with when a command cannot be executed, or is not there.
_NOT_EXECUTABLE, _NOT_THERE = 126, 127
#: What argparse and click end with after they have named the wrong argument.
_USAGE = 2
#: What Python says of a script that it cannot read; there is no traceback then.
_UNREADABLE = ("SyntaxError: ", "IndentationError: ", "TabError: ")
_LONGEST = 300
#: What runs components that are Python functions; there are pre-releases of it only, which nothing installs by itself.
_MLDESIGNER = re.compile(r"\bmldesigner: (?:command )?not found|No module named 'mldesigner'")


def cause(words: str, exit_code: int) -> str:
    """The line of a script's last words that says why it ended; "" when none can be told from the others.

    That is the exception of a traceback, or the last line where a shell could not execute a command or a parser of
    arguments refused one. ``words`` is what :func:`amlbridge.engine.failure.last_words` gives.
    """
    if words.startswith(_HEADER):
        return _short(_exception(words))
    last = words.strip().rpartition("\n")[2]
    if exit_code in (_NOT_EXECUTABLE, _NOT_THERE, _USAGE) or last.startswith(_UNREADABLE):
        return _short(last)
    return ""


def advice(words: str, exit_code: int, python: str | None) -> str:
    """What helps when something is missing on this machine, or a package is newer than the script; "" in all other
    cases. ``python`` ran the script."""
    exception = _exception(words) if words.startswith(_HEADER) else ""
    changed = old_packages.advice(exception)
    if changed:
        return changed
    if _MLDESIGNER.search(exception or (words if exit_code == _NOT_THERE else "")):
        where = f" into {python}" if python else " where the steps run"
        return f"Components of @command_component need a pre-release: pip install mldesigner==0.1.0b23{where}."
    missing = _MISSING_MODULE.match(exception)
    if missing is not None:
        where = f" ({python})" if python else ""
        return (
            f"If {missing[1]} is a package: install it into the Python that runs the steps{where}, or name it in the "
            "run's environment and use `--environments uv`. If it is your own: it must be in the source_directory."
        )
    if exit_code == _NOT_THERE:
        return "Steps run on this machine and without containers: what they call has to be installed here."
    return ""


def _exception(traceback: str) -> str:
    """The line that names the exception: the first one that is not indented. An exception of azureml says nothing in
    it, its message is on the next line."""
    lines = traceback.splitlines()[1:]
    found = next((number for number, line in enumerate(lines) if line and not line[0].isspace()), None)
    if found is None:
        return ""
    line = lines[found].strip()
    following = lines[found + 1].strip() if found + 1 < len(lines) else ""
    return f"{line} {following.removeprefix('Message: ')}".strip() if line.endswith(":") else line


def _short(line: str) -> str:
    line = line.strip().rstrip(".")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
