"""Folders of packages that steps asked for beyond what their interpreter has: built once, shared, never changed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from amlbridge.engine.environments import build, overlay_guard
from amlbridge.engine.environments.overlay_installed import Interpreter
from amlbridge.engine.environments.overlay_words import Wish
from amlbridge.engine.errors import EngineError

#: In an overlay that is whole: what it was made for.
MARKER = "amlbridge-overlay.json"
PREFIX = "overlay-"
_TORCH = frozenset({"torch", "torchvision", "torchaudio"})
_UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|dns error|tcp connect|[Cc]onnection refused|timed out|Could not connect|"
    r"[Nn]etwork connectivity is disabled|network was disabled"
)
_CHANGE = re.compile(r"^ [+~] (\S.*)$", re.MULTILINE)
_TAIL = 30
# Bytecode of one version of a file may pass for that of another one: wheels have no times of their own.
_LEFT_OUT = shutil.ignore_patterns(MARKER, "__pycache__")


class NotInstalledError(EngineError):
    """uv could not install what was asked for. ``unreachable``: because no index answered."""

    def __init__(self, said: str) -> None:
        lines = [line for line in said.strip().splitlines() if not line.startswith("Using ")]
        super().__init__("\n".join(lines[-_TAIL:]))
        self.unreachable = bool(_UNREACHABLE.search(said))


@dataclass(frozen=True)
class Overlay:
    """A folder of packages. ``changes`` are what it adds, as uv says (``name==version``)."""

    folder: Path
    changes: tuple[str, ...]
    found: bool


def provide(wish: Wish, python: Interpreter, root: Path, env: Mapping[str, str]) -> Overlay | None:
    """The overlay with what the step has already and what it wishes, built below ``root`` unless it is there. None when
    nothing is to be installed. ``env`` is uv's environment. Raises :class:`EngineError`."""
    before = python.place.resolve()
    before_key = before.name if (before / MARKER).exists() else ""
    # What builds on an overlay of one step alone is that step's alone.
    shared = wish.shared and (not before_key or before.parent == root.resolve())
    folder = _folder(wish, python, root, before_key) if shared else _own_folder(python)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(folder.with_name(f"{folder.name}.lock")) as lock:
        if shared and (folder / MARKER).exists():
            content = json.loads((folder / MARKER).read_text())
            return Overlay(folder, tuple(content["changes"]), found=True)
        aside = folder.with_name(f"{folder.name}.new")
        for rest in (aside, folder):
            if rest.exists():
                shutil.rmtree(rest)
        try:
            changes = _build(aside, wish, python, before if before_key else None, _Uv(env, lock))
            if changes is None:
                return None
            told = {"changes": changes, "words": wish.words, "python": python.prefix, "built": time.time()}
            (aside / MARKER).write_text(json.dumps(told, indent=1))
            aside.replace(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return Overlay(folder, tuple(changes), found=False)


def _folder(wish: Wish, python: Interpreter, root: Path, before: str) -> Path:
    asked = sorted(str(item) for item in wish.requirements) if wish.whole else wish.words
    named = [word for word in wish.words if not word.startswith("-")]
    content = [python.base, before, asked, named if not wish.whole else [], wish.options, wish.content]
    key = hashlib.sha256(json.dumps([*content, wish.upgrade, wish.again, wish.no_deps]).encode()).hexdigest()[:16]
    return root / f"{PREFIX}{key}"


def _own_folder(python: Interpreter) -> Path:
    """For a folder of the step's own code: built for this step alone, and removed with it."""
    parent = python.place.parent
    return parent / f".{PREFIX}{len(list(parent.glob(f'.{PREFIX}*[0-9]')))}"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def lock_of(place: Path) -> contextlib.AbstractContextManager[int]:
    """Held while the overlay of one step changes: its processes may install at the same time."""
    lock, began = Path(f"{place}.lock"), overlay_guard.began(str(place))
    lock.touch()
    os.utime(lock, (began, began))
    return _locked(lock)


def switch(place: Path, folder: Path) -> None:
    """Makes a folder the overlay of a step: at once for every process that is started from now on, and for the import
    statements of those that run."""
    aside = place.with_name(f".packages.{os.getpid()}")
    aside.symlink_to(folder, target_is_directory=True)
    aside.replace(place)


class _Uv:
    """Runs uv, which holds the lock too: when this process is killed, the next one waits until uv has ended."""

    def __init__(self, env: Mapping[str, str], lock: int) -> None:
        self._env = env
        self._lock = lock
        self._program = build.find_uv()

    def pip_install(self, arguments: Sequence[str]) -> str:
        """What it said. Raises :class:`NotInstalledError`."""
        command = [self._program, "pip", "install", *arguments]
        done = subprocess.run(
            command,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            pass_fds=(self._lock,),
            check=False,
        )
        if done.returncode:
            raise NotInstalledError(done.stdout)
        return done.stdout


def _build(aside: Path, wish: Wish, python: Interpreter, before: Path | None, uv: _Uv) -> list[str] | None:
    """Finds out what is missing, then installs just that; None when nothing is."""
    aside.mkdir(parents=True)
    options = [*_how(wish), "--python", python.executable]
    installed = aside / ".installed"
    _metadata(installed, python)
    resolving = [*options, *(["--upgrade"] if wish.upgrade else []), *(["--reinstall"] if wish.again else [])]
    said = uv.pip_install([*resolving, "--dry-run", "--target", str(installed), *wish.words])
    shutil.rmtree(installed)
    changes = [_plain(item) for item in _CHANGE.findall(said)]
    if wish.again:
        changes = [item for item in changes if _asked(item, wish) or not _has(python, item)]
    if not changes:
        return None
    if before is not None:
        shutil.rmtree(aside)
        _copy(before, aside)
    words = wish.words if wish.hashes else changes
    uv.pip_install([*options, "--no-deps", "--target", str(aside), *words])
    return changes


def _how(wish: Wish) -> list[str]:
    options = list(wish.options)
    if wish.no_deps:
        options.append("--no-deps")
    if "--extra-index-url" in options and "--index-strategy" not in options:
        # As pip does: the best version of all indexes, not the first index that knows the name.
        options += ["--index-strategy", "unsafe-best-match"]
    own = {"--index-url", "--default-index", "--no-index", "--torch-backend"}
    if wish.names & _TORCH and not own & set(options):
        options += ["--torch-backend", "cpu"]
    return options


def _metadata(folder: Path, python: Interpreter) -> None:
    """A folder that looks to uv as if all that the step has were installed there: copies of the descriptions alone, so
    that nothing of the user's can be removed."""
    folder.mkdir()
    for item in python.distributions.values():
        target = folder / f"{item.name.replace('-', '_')}-{item.version}.dist-info"
        target.mkdir(exist_ok=True)
        try:
            shutil.copyfile(item.metadata, target / "METADATA")
        except OSError:
            # A broken installation: as good as none.
            target.rmdir()


def _plain(change: str) -> str:
    """``name==1.0 (from file:///x)`` of older versions of uv as ``name @ file:///x``."""
    found = re.fullmatch(r"(\S+)==\S+ \(from (.+)\)", change)
    return f"{found[1]} @ {found[2]}" if found else change


def _name(change: str) -> str:
    return re.split(r"==| @ ", change)[0]


def _asked(change: str, wish: Wish) -> bool:
    return _name(change) in wish.names or " @ " in change


def _has(python: Interpreter, change: str) -> bool:
    found = python.distributions.get(_name(change))
    return found is not None and change == f"{found.name}=={found.version}"


def _copy(source: Path, target: Path) -> None:
    """A copy that shares the files: uv replaces files and never writes into them."""

    def linked(one: str, two: str) -> str:
        try:
            os.link(one, two)
        except OSError:
            shutil.copy2(one, two)
        return two

    shutil.copytree(source, target, copy_function=linked, symlinks=True, ignore=_LEFT_OUT)


def note_of(overlay: Overlay, python: Interpreter) -> str:
    """What an overlay brings, in words: which packages of the interpreter it hides."""
    parts = []
    for change in overlay.changes:
        there = python.distributions.get(_name(change))
        parts.append(
            f"{change} (instead of {there.version})" if there and change != f"{there.name}=={there.version}" else change
        )
    return ", ".join(parts)


def log_line(text: str, to: IO[str]) -> None:
    """A line of ours in the step's log."""
    to.write(f"amlbridge: {text}\n")
    to.flush()
