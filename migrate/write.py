"""The results of a run on disk: each file replaced as a whole, or not at all; and whether git could give it back."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from amlbridge.migrate.findings import FileReport


class WriteError(Exception):
    """A file that was not written: which one, and why."""


def write_all(reports: Iterable[FileReport], roots: Sequence[Path], *, overwrite: bool = False) -> list[Path]:
    """Writes what changed; returns the paths. ``overwrite``: whether created files may replace others. Raises
    WriteError before anything is written when a file could not be, or was changed meanwhile."""
    changed = [report for report in reports if report.changed]
    planned: dict[Path, bytes] = {}
    for report in changed:
        for path, content in report.created.items():
            planned[_checked(path, content, roots, planned, overwrite=overwrite)] = content
    for report in changed:
        if report.after != report.before:
            target = Path(os.path.realpath(report.path))
            if target.read_bytes() != report.before:
                raise WriteError(f"{report.path} was changed while it was converted: nothing is written; run it again")
            if not os.access(target, os.W_OK):
                raise WriteError(f"{report.path} must not be written: nothing is written; change its permissions")
            planned[target] = report.after
    for path, content in planned.items():
        try:
            write(path, content)
        except OSError as error:
            raise WriteError(f"{path} could not be written: {error.strerror or error}") from error
    return list(planned)


def write(path: Path, content: bytes) -> None:
    """Replaces a file as a whole: whoever reads it sees the old content or the new one, also after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        else:
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _checked(path: Path, content: bytes, roots: Sequence[Path], planned: dict[Path, bytes], *, overwrite: bool) -> Path:
    target = Path(os.path.realpath(path))
    if not any(target.is_relative_to(os.path.realpath(root)) for root in roots):
        raise WriteError(f"{path} would be created outside of the folders given: nothing is written; add its folder")
    if planned.get(target, content) != content:
        raise WriteError(
            f"two files would create {path} with different contents: nothing is written; convert one at a time"
        )
    if target.exists() and not overwrite and (not target.is_file() or target.read_bytes() != content):
        raise WriteError(
            f"{path} is there already, with other contents: nothing is written; move it away, or use --force"
        )
    return target


def is_free(path: Path, text: str) -> bool:
    """Whether there is no file, or one with this text: an earlier run has written it."""
    try:
        return path.read_text(encoding="utf-8") == text
    except FileNotFoundError:
        return True
    except (OSError, UnicodeDecodeError):
        return False  # something else is there


def uncommitted(paths: Iterable[Path]) -> list[str]:
    """What git could not give back if ``paths`` were written: changes in the work trees that hold them which are not
    committed, and those of ``paths`` that git does not know. Raises WriteError when git cannot tell. Files outside of
    any work tree do not count."""
    found: list[str] = []
    wanted: dict[Path, set[Path]] = {}
    for path in paths:
        target = Path(os.path.realpath(path))
        top = next((folder for folder in target.parents if (folder / ".git").exists()), None)
        if top is not None:
            wanted.setdefault(top, set()).add(target)
    for top, files in wanted.items():
        for code, name in _status(top):
            if code != "??" or top / name in files:
                found.append(f"{code} {top / name}")
    return found


def _status(top: Path) -> list[tuple[str, str]]:
    command = ["git", "-C", str(top), "-c", "core.fsmonitor=false"]
    command += ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise WriteError(f"git cannot be asked whether {top} has uncommitted changes: {error.strerror}") from error
    if done.returncode != 0:
        text = done.stderr.decode(errors="replace").strip()
        raise WriteError(f"git cannot be asked whether {top} has uncommitted changes: {text}")
    entries = os.fsdecode(done.stdout).split("\0")
    return [(entry[:2], entry[3:]) for entry in entries if entry]
