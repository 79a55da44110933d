"""What ``pip``, ``uv`` and ``conda`` are in a step: they leave the user's environments alone.

Started by the programs that :mod:`amlbridge.engine.environments.overlay_shims` writes, with the service's interpreter.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from packaging.utils import canonicalize_name

from amlbridge.engine.environments import build, conda, overlay_build, overlay_guard, overlay_installed, overlay_words
from amlbridge.engine.environments.overlay_settings import file_settings
from amlbridge.engine.errors import EngineError

_CONDA_TOLERATED = frozenset({"activate", "deactivate", "init", "shell.bash", "shell.posix", "shell.zsh", "config"})
_CONDA_WITH_VALUE = frozenset({"-c", "--channel", "-n", "--name", "-p", "--prefix", "--solver", "--file"})
#: pip is ours in a step: a newer one of itself changes nothing.
_OURS = frozenset({"pip", "uv", "conda"})


def say(text: str) -> None:
    """A line in the step's log."""
    overlay_build.log_line(text, sys.stderr)


def main(shims: Path, words: Sequence[str]) -> int:
    """Acts as the program ``words[0]``. Returns its exit code."""
    program, *rest = words
    os.environ["PATH"] = os.pathsep.join(
        item for item in os.environ.get("PATH", os.defpath).split(os.pathsep) if item != str(shims / "bin")
    )
    try:
        if program == "uv":
            return _uv(shims, rest)
        if program in ("conda", "mamba", "micromamba"):
            return _conda(shims, program, rest)
        return _pip(shims, rest, os.environ.get("AMLBRIDGE_PIP_PYTHON") or _python())
    except EngineError as error:
        say(f"{' '.join(words)}: {error}")
        return 1


def _python() -> str:
    """What ``python`` is for the shell that called."""
    found = shutil.which("python") or shutil.which("python3")
    if found is None:
        raise EngineError("there is no python on PATH")
    return found


def _place() -> Path:
    found = overlay_guard.place(os.environ)
    if found is None:
        raise EngineError(
            "this process has lost the variables of its step, so that nobody knows where its packages go; start it "
            "with the step's environment (env={**os.environ, ...})"
        )
    return Path(found)


def _pip(shims: Path, words: list[str], python: str) -> int:
    command = overlay_guard.command_of(words)
    if overlay_guard.reads_only(words) or _asks(words):
        _real_pip(python, words)
    rest = words[words.index(command) + 1 :]
    if command == "uninstall":
        say(f"pip {' '.join(words)}: ignored, a step changes no environment")
        return 0
    if command in ("cache", "config"):
        say(f"pip {' '.join(words)}: ignored. A step does not change the user's {command}")
        return 0
    if command != "install":
        raise EngineError(f"a step has no pip {command}")
    before = words[: words.index(command)]
    return _install(shims, [*before, *rest], python, words)


def _asks(words: Sequence[str]) -> bool:
    """Whether a command line only reads the user's cache or configuration."""
    command, _, rest = " ".join(words).partition(" ")
    return rest.split(" ")[0] in {"cache": ("dir", "info", "list"), "config": ("list", "get", "debug")}.get(command, ())


def _real_pip(python: str, words: Sequence[str]) -> NoReturn:
    """The interpreter's own pip, or uv's when it has none."""
    os.environ[overlay_guard.PASSED] = "1"
    probe = "import importlib.util, sys; sys.exit(not importlib.util.find_spec('pip'))"
    if os.spawnv(os.P_WAIT, python, [python, "-I", "-c", probe]) == 0:
        os.execv(python, [python, "-m", "pip", *words])
    uv = build.find_uv()
    if not overlay_guard.command_of(words):
        os.execv(uv, [uv, "--version"])
    os.execv(uv, [uv, "pip", *words, "--python", python])


def _install(shims: Path, words: list[str], python: str, whole: Sequence[str]) -> int:
    wish = overlay_words.read(words)
    if wish.elsewhere:
        _real_pip(python, whole)
    if not wish.words:
        raise EngineError("it names nothing to install")
    place = _place()
    with overlay_build.lock_of(place):
        return _into_overlay(shims, wish, overlay_installed.look(python, place, shims))


def _into_overlay(shims: Path, wish: overlay_words.Wish, python: overlay_installed.Interpreter) -> int:
    _without_ours(wish)
    missing = python.lacks(wish.requirements, wish.constraints)
    if not wish.words or (wish.whole and not missing and not (wish.upgrade or wish.again)):
        if not wish.quiet and wish.requirements:
            say(f"pip install: already there: {', '.join(str(item) for item in wish.requirements)}")
        return 0
    for note in wish.notes:
        say(f"pip install: {note}")
    settings = json.loads((shims / "settings.json").read_text())
    try:
        found = overlay_build.provide(wish, python, Path(settings["root"]), _environment(settings["variables"]))
    except overlay_build.NotInstalledError as error:
        if error.unreachable and wish.whole and not missing:
            say("pip install --upgrade: no package index can be reached; what is installed stays as it is")
            return 0
        asked = missing or [word for word in wish.words if not word.startswith("-")]
        say(f"pip install: cannot install {', '.join(asked)}:\n{error}\n{_advice(error, asked)}")
        return 1
    if found is None:
        if not wish.quiet:
            say("pip install: nothing is missing")
        return 0
    overlay_build.switch(python.place, found.folder)
    what = overlay_build.note_of(found, python)
    say(f"pip install: {what}: {'taken from' if found.found else 'put into'} {found.folder}, for this step only")
    return 0


def _without_ours(wish: overlay_words.Wish) -> None:
    """``pip install --upgrade pip`` stands in front of many commands."""
    ours = [word for word in wish.words if not word.startswith("-") and _names_ours(word)]
    if ours:
        say(f"pip install {' '.join(ours)}: skipped, a step's pip is amlbridge's")
    wish.words = [word for word in wish.words if word not in ours]
    wish.requirements = [item for item in wish.requirements if canonicalize_name(item.name) not in _OURS]


def _names_ours(word: str) -> bool:
    for at, letter in enumerate(word):
        if not (letter.isalnum() or letter in "-_."):
            return canonicalize_name(word[:at]) in _OURS
    return canonicalize_name(word) in _OURS


def _advice(error: overlay_build.NotInstalledError, asked: list[str]) -> str:
    names = " ".join(f"'{item}'" for item in asked)
    if error.unreachable:
        return (
            f"No package index can be reached from here. Install it beforehand (pip install {names}, into the "
            "environment that amlbridge runs in), or give wheels of it: pip install --no-index --find-links FOLDER."
        )
    return (
        f"Correct the requirement, or install it beforehand (pip install {names}, into the environment that amlbridge "
        "runs in)."
    )


def _environment(saved: dict[str, str]) -> dict[str, str]:
    """uv's: the user's indexes and certificates as the service was started with, the step's own settings before."""
    for name in ("PYTHONPATH", "PYTHONHOME", "SSL_CERT_FILE"):
        os.environ.pop(name, None)
    for name, value in {**file_settings(os.environ), **saved}.items():
        os.environ.setdefault(name, value)
    return build.uv_environment()


def _uv(shims: Path, words: list[str]) -> int:
    if words[:1] == ["pip"] and words[1:2] in (["install"], ["uninstall"], ["sync"]):
        python = _python_of_uv(words)
        place = _place()
        if not overlay_guard.made_by_step(str(Path(python).parent.parent), str(place)):
            if words[1] == "sync":
                raise EngineError("uv pip sync is refused: it would remove packages; use uv pip install -r FILE")
            return _pip(shims, words[1:], python)
    uv = build.find_uv()
    return os.spawnv(os.P_WAIT, uv, [uv, *words])


def _python_of_uv(words: list[str]) -> str:
    for at, word in enumerate(words):
        if word.startswith("--python="):
            return word.partition("=")[2]
        if word in ("--python", "-p") and at + 1 < len(words):
            return words[at + 1]
    places = [os.environ.get("VIRTUAL_ENV"), ".venv"]
    for place in filter(None, places):
        if os.access(Path(place) / "bin" / "python", os.X_OK) and "--system" not in words:
            return str(Path(place).absolute() / "bin" / "python")
    return _python()


def _conda(shims: Path, program: str, words: list[str]) -> int:
    command = next((word for word in words if not word.startswith("-")), "")
    whole = " ".join([program, *words])
    if command in _CONDA_TOLERATED or words[:1] == ["shell"]:
        if not command.startswith("shell"):
            say(f"{whole}: skipped, amlbridge chose the interpreter of this step: {_python()}")
        return 0
    if command == "install":
        return _conda_install(shims, whole, words)
    if command == "run":
        return _conda_run(whole, words)
    if command in ("list", "info", "search", "") and shutil.which(program):
        os.execvp(program, [program, *words])
    if command == "list":
        _real_pip(_python(), ["list"])
    if command in ("", "info") or (command == "env" and "list" in words):
        say(f"{whole}: there is no {program} here; this step runs with {_python()}")
        return 0
    raise EngineError(
        "refused: a step changes no conda environment, and runs in the one that amlbridge chose. Put the "
        "packages into the Environment of the step"
    )


def _conda_install(shims: Path, whole: str, words: list[str]) -> int:
    wanted = []
    rest = list(words)
    rest.remove("install")
    while rest:
        word = rest.pop(0)
        if word in ("-p", "--prefix", "--file"):
            raise EngineError(f"refused: {word} has no meaning here")
        if word in _CONDA_WITH_VALUE and rest:
            rest.pop(0)
        elif not word.startswith("-"):
            wanted.append(word.strip("'\""))
    packages = {word: conda.parse(word) for word in wanted}
    odd = [word for word, item in packages.items() if item is None or item.version is None or item.native]
    if odd or any(item is not None and item.name == "python" for item in packages.values()):
        names = ", ".join(odd) or "python"
        raise EngineError(f"refused: pip cannot install {names}, and amlbridge runs no conda in a step")
    lines = [item.requirement for item in packages.values() if item is not None and item.name not in _OURS]
    if not lines:
        say(f"{whole}: nothing to install")
        return 0
    say(f"{whole}: taken as pip install {' '.join(lines)}")
    return _install(shims, lines, _python(), ["install", *lines])


def _conda_run(whole: str, words: list[str]) -> int:
    rest = words[words.index("run") + 1 :]
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word in ("-n", "--name", "-p", "--prefix", "--cwd") and rest:
            rest.pop(0)
    if not rest:
        raise EngineError("it names no program")
    say(f"{whole}: amlbridge chose the interpreter of this step: {_python()}")
    try:
        os.execvp(rest[0], rest)
    except OSError as error:
        raise EngineError(f"{rest[0]} cannot be started: {error.strerror}") from error
