"""Found as the package ``pip`` by the Python processes of a step: what would change an interpreter goes to the overlay.

Linked as ``pip/__init__.py`` into a folder of the steps' PYTHONPATH. It becomes the interpreter's own pip, but for
``pip._internal.cli.main.main``, through which ``python -m pip``, ``pip.main`` and the programs ``pip`` beside every
interpreter pass (since pip 19.3). Standard library only, for any interpreter from 3.7 on.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

#: Commands that read, or that write only where they are told to.
READ_ONLY = frozenset(
    "check completion debug download freeze hash help index inspect list search show wheel".split()  # noqa: SIM905
)
#: pip's options that stand before its command and take the next word.
_WITH_VALUE = frozenset(
    "--cache-dir --cert --client-cert --default-timeout --exists-action --keyring-provider --log --proxy --python "  # noqa: SIM905
    "--retries --timeout --trusted-host --use-deprecated --use-feature".split()
)
#: Set by the tool when it starts the interpreter's own pip.
PASSED = "AMLBRIDGE_PIP_PASSED"
PACKAGES = "AMLBRIDGE_PACKAGES"
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
_MAIN = "pip._internal.cli.main"


def command_of(words: Sequence[str]) -> str:
    """The command of a command line of pip ("" when there is none)."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            return word
        if word in _WITH_VALUE and rest:
            rest.pop(0)
    return ""


def reads_only(words: Sequence[str]) -> bool:
    """Whether a command line of pip leaves the interpreter's packages as they are."""
    command = command_of(words)
    return command in READ_ONLY or not command or "--help" in words or "-h" in words


def place(env: Mapping[str, str]) -> str | None:
    """Where the step's overlay is linked; None outside of a step."""
    found = env.get(PACKAGES)
    if not found:
        entries = [item for item in env.get("PYTHONPATH", "").split(os.pathsep) if item.endswith("/.packages")]
        found = entries[0] if entries else None
    return found


def began(where: str) -> float:
    """When the step began: as old as its link, or the lock that took over its age (:func:`overlay_build.lock_of`)."""
    try:
        return os.stat(where + ".lock").st_mtime  # noqa: PTH116
    except OSError:
        return os.lstat(where).st_mtime


def made_by_step(prefix: str, where: str) -> bool:
    """Whether an interpreter is a virtual environment that was made while the step ran: the step's own affair."""
    try:
        return os.stat(os.path.join(prefix, "pyvenv.cfg")).st_mtime >= began(where)  # noqa: PTH116, PTH118
    except OSError:
        return False


def _guarded(real: Callable[[list[str]], int] | None) -> Callable[..., int]:
    def main(args: Sequence[str] | None = None) -> int:
        words = list(sys.argv[1:] if args is None else args)
        where = place(os.environ)
        own = where is not None and made_by_step(sys.prefix, where)
        if real is not None and (os.environ.get(PASSED) or own or reads_only(words)):
            # It would ask the index whether there is a newer pip.
            os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            return real(words)
        import subprocess

        sys.stdout.flush()
        tool = os.path.join(os.path.dirname(_HERE), "bin", "pip")  # noqa: PTH118, PTH120
        return subprocess.call([tool, *words], env={**os.environ, "AMLBRIDGE_PIP_PYTHON": sys.executable})

    return main


class _Loader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module: Any) -> None:
        """Loads what pip needs to run only if it is to run: that takes longer than to install nothing."""

        def real(words: list[str]) -> int:
            super(_Loader, self).exec_module(module)
            found, module.main = module.main, main
            code: int = found(words)
            return code

        main = module.main = _guarded(real)


class _Finder:
    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name != _MAIN:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(name, spec.origin)
        return spec


def _become_real() -> None:
    """Takes the place of the interpreter's own pip; without one there is only :func:`main`."""
    # A package may have brought a pip of its own into the overlay; it would lead past us.
    passed_over = (_HERE, place(os.environ))
    places = [item for item in sys.path if os.path.abspath(item or ".") not in passed_over]  # noqa: PTH100
    spec = importlib.machinery.PathFinder.find_spec("pip", places)
    space = globals()
    if spec is None or spec.origin is None:
        space["main"] = _guarded(None)
        return
    space["__path__"] = list(spec.submodule_search_locations or ())
    space["__file__"] = spec.origin
    sys.meta_path.insert(0, _Finder)
    with open(spec.origin, "rb") as file:  # noqa: PTH123
        exec(compile(file.read(), spec.origin, "exec", dont_inherit=True), space)


if __name__ == "pip":
    _become_real()
