"""Other tools that run the same steps, each in the environment ``build/bench-venv``: their pins and ours do not mix."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType

from ..machine import ROOT, say

_HERE = Path(__file__).resolve().parent
_REQUIREMENTS = _HERE / "requirements.txt"
_ENVIRONMENT = ROOT / "build" / "bench-venv"


class Peers:
    """The peers' environment, made on first use. What cannot be installed or run is said in the table."""

    def __init__(self, *, wanted: bool = True) -> None:
        self._wanted = wanted

    @cached_property
    def _python(self) -> Path | str:
        """The interpreter of the environment, or why there is none."""
        if not self._wanted:
            return "not asked for"
        python, stamp = _ENVIRONMENT / "bin" / "python", _ENVIRONMENT / "requirements.txt"
        if stamp.exists() and stamp.read_bytes() == _REQUIREMENTS.read_bytes():
            return python
        say("making the peers' environment")
        uv = Path(sys.executable).with_name("uv")
        tool = str(uv) if uv.exists() else "uv"
        commands = (
            [tool, "venv", "--quiet", "--clear", "--python", sys.executable, str(_ENVIRONMENT)],
            [tool, "pip", "install", "--quiet", "--python", str(python), "--requirement", str(_REQUIREMENTS)],
        )
        for command in commands:
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                say(f"  {error}")
                return "not installed"
            if done.returncode != 0:
                say(f"  {done.stderr.strip()[-500:]}")
                return "not installed"
        stamp.write_bytes(_REQUIREMENTS.read_bytes())
        return python

    def program(self, name: str) -> Path | str:
        """A program of the environment, or why there is none."""
        if isinstance(self._python, str):
            return self._python
        return self._python.with_name(name)

    def versions(self) -> str:
        """The peers with their versions, for RESULTS.md."""
        if isinstance(self._python, str):
            return self._python
        return ", ".join(line.replace("==", " ") for line in _REQUIREMENTS.read_text().split() if line)

    @contextmanager
    def chain(self, scripts: Sequence[Path], *, chain: bool, workers: int) -> Iterator[dict[str, Peer | str]]:
        """Each peer, ready to run the steps in these folders, or why it cannot."""
        settings = json.dumps(
            {"chain": chain, "workers": workers, "python": sys.executable, "scripts": [str(path) for path in scripts]}
        )
        with ExitStack() as stack:
            found: dict[str, Peer | str] = {}
            for name, program in (("Luigi", "luigi_chain.py"), ("kfp local", "kfp_chain.py")):
                if isinstance(self._python, str):
                    found[name] = self._python
                    continue
                found[name] = stack.enter_context(Peer([str(self._python), str(_HERE / program), settings]))
            yield found


class Peer:
    """A program that runs the steps once for each line it is sent, and answers with the seconds."""

    def __init__(self, command: Sequence[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="amlbridge-peer-")
        folder = Path(self._folder.name)
        path = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"
        self._log = (folder / "peer.log").open("w+")
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._folder.cleanup()

    def run(self) -> float:
        """One round. Raises RuntimeError when the program has ended instead."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write("go\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            said = [line for line in self._log.read().splitlines() if line.strip()]
            raise RuntimeError(said[-1][:200] if said else "it said nothing")
        return float(line)
