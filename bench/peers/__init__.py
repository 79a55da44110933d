"""Other tools that run the same steps, each in the environment ``build/bench-venv``: their pins and ours do not mix."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from ..machine import ROOT, say
from ..measure import Series

_HERE = Path(__file__).resolve().parent
_REQUIREMENTS = _HERE / "requirements.txt"
_ENVIRONMENT = ROOT / "build" / "bench-venv"
_PATIENCE = 180.0


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

    def versions(self) -> str:
        """The peers with their versions, for RESULTS.md."""
        if isinstance(self._python, str):
            return self._python
        return ", ".join(line.replace("==", " ") for line in _REQUIREMENTS.read_text().split() if line)

    def chain(self, scripts: Sequence[Path], *, chain: bool, workers: int, rounds: int) -> Mapping[str, Series | str]:
        """The seconds that each peer takes for the steps in these folders; imports and clean-up do not count."""
        settings = {"chain": chain, "workers": workers, "rounds": rounds, "python": sys.executable}
        found: dict[str, Series | str] = {}
        for name, program in (("Luigi", "luigi_chain.py"), ("kfp local", "kfp_chain.py")):
            found[name] = self._run(program, {**settings, "scripts": [str(folder) for folder in scripts]})
        return found

    def _run(self, program: str, settings: dict[str, object]) -> Series | str:
        if isinstance(self._python, str):
            return self._python
        say(f"    {program}")
        with tempfile.TemporaryDirectory(prefix="amlbridge-peer-") as folder:
            answer = Path(folder) / "answer.json"
            command = [str(self._python), str(_HERE / program), json.dumps(settings), str(answer)]
            environment = {**os.environ, "PATH": f"{self._python.parent}{os.pathsep}{os.environ['PATH']}"}
            try:
                done = subprocess.run(
                    command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False
                )
            except subprocess.TimeoutExpired:
                return f"not ready after {_PATIENCE:.0f} s"
            if done.returncode != 0:
                say(f"      {(done.stderr or done.stdout).strip()[-1500:]}")
                return f"failed with exit code {done.returncode}"
            return Series.of(json.loads(answer.read_text()))
