"""The programs and modules that a step finds first, so that what it installs goes into an overlay of its own."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from amlbridge.engine.environments import overlay_guard
from amlbridge.engine.environments.overlay_settings import saved

_PROGRAMS = ("pip", "pip3", "conda", "mamba", "micromamba", "uv", *(f"pip3.{minor}" for minor in range(7, 16)))
_TOOL = """\
import sys
from pathlib import Path
sys.path.extend(item for item in {path!r} if item not in sys.path)
from amlbridge.engine.environments.overlay_tool import main
sys.exit(main(Path(__file__).parent, sys.argv[1:]))
"""
_MAIN = """\
import sys
from pip import main
sys.exit(main())
"""
#: Sourced instead of conda's own: with or without an argument it changes nothing.
_ACTIVATE = """\
echo "amlbridge: activate $1: skipped, amlbridge chose the interpreter of this step: $(command -v python)" >&2
"""
#: Read by each bash that runs without a terminal. Only texts that activate something get the function.
_BASH = """\
_amlbridge_text=${BASH_EXECUTION_STRING-}
if [ -z "$_amlbridge_text" ] && [ -f "$0" ] && [ -r "$0" ]; then
    { _amlbridge_text=$(<"$0"); } 2>/dev/null
fi
case $_amlbridge_text in
*activate*|*conda.sh*)
    source() {
        local _amlbridge_file=$1
        case $_amlbridge_file in
        */conda.sh|*/mamba.sh) return 0;;
        */activate)
            if [ -e "${_amlbridge_file%/*}/conda" ] || { [ ! -e "$_amlbridge_file" ] &&
                { [ $# -gt 1 ] || [[ $_amlbridge_file == *conda* || $_amlbridge_file == *mamba* ]]; }; }; then
                echo "amlbridge: source $*: skipped, amlbridge chose the interpreter of this step:" \\
                    "$(command -v python)" >&2
                return 0
            fi;;
        esac
        shift
        builtin source "$_amlbridge_file" "$@"
    }
    .() { source "$@"; }
    ;;
esac
unset _amlbridge_text
"""


class Shims:
    """The folder of the programs, and what a step's environment needs to find them. ``overlays``: where overlays go."""

    def __init__(self, folder: Path, overlays: Path) -> None:
        """Writes the folder. Raises OSError."""
        self._folder = folder
        self._programs = folder / "bin"
        self._python = folder / "python"
        self._empty = folder / "empty"
        package = self._python / "pip"
        for place in (self._programs, package, self._empty):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(folder / "settings.json", json.dumps({"root": str(overlays), "variables": saved(os.environ)}))
        _write(folder / "tool.py", _TOOL.format(path=[item for item in sys.path if item]))
        _write(folder / "bash_env", _BASH)
        _write(self._programs / "activate", _ACTIVATE)
        _write(package / "__main__.py", _MAIN)
        start = f"{shlex.quote(sys.executable)} -I {shlex.quote(str(folder / 'tool.py'))}"
        for name in _PROGRAMS:
            program = "pip" if name.startswith("pip") else name
            _write(self._programs / name, f'#!/bin/sh\nexec {start} {program} "$@"\n', mode=0o700)
        link, target = package / "__init__.py", Path(overlay_guard.__file__)
        if not link.is_symlink() or link.resolve() != target.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(target)

    def with_overlay(self, env: Mapping[str, str], scratch: Path, *, command: bool) -> dict[str, str]:
        """The environment of a step with the place of its overlay, which is made in ``scratch``, and the programs.
        ``command``: the step is one for the shell, not a Python script."""
        place = _made(scratch, self._empty)
        # The guard comes first: an overlay may hold a pip.
        found = {
            **env,
            overlay_guard.PACKAGES: place,
            "PATH": _joined(str(self._programs), f"{place}/bin", env.get("PATH") or os.defpath),
            "PYTHONPATH": _joined(str(self._python), place, env.get("PYTHONPATH")),
        }
        if command:
            found.setdefault("BASH_ENV", str(self._folder / "bash_env"))
        return found


def _made(scratch: Path, empty: Path) -> str:
    """The place of a step's overlay. For every step: no pathlib, and no more files than needed."""
    place = f"{scratch}/.packages"
    try:
        os.symlink(empty, place, target_is_directory=True)  # noqa: PTH211
    except FileNotFoundError:
        os.makedirs(scratch)  # noqa: PTH103
        os.symlink(empty, place, target_is_directory=True)  # noqa: PTH211
    except FileExistsError:
        # The same attempt asked before; what was installed since stays.
        pass
    return place


def _joined(*places: str | None) -> str:
    return os.pathsep.join(filter(None, places))


def _write(path: Path, content: str, mode: int = 0o600) -> None:
    """Whole or not at all: a service that still runs steps may have written it before."""
    if path.exists() and path.read_text() == content:
        return
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.write_text(content)
    aside.chmod(mode)
    aside.replace(path)
