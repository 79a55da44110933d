"""The real ``amlbridge`` command in real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from amlbridge.server.client_environment import PROXY_VARIABLES
from amlbridge.server.home import Home

_DROPPED = {
    "AMLBRIDGE_HOME",
    "NO_COLOR",
    "NO_PROXY",
    "no_proxy",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    *PROXY_VARIABLES,
}


class Command:
    """``amlbridge`` in one folder, with a HOME of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / ".amlbridge")
        kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
        # Tests of the command start dozens of services: none needs a warm interpreter.
        self.environment = {**kept, "HOME": str(folder), "AMLBRIDGE_PREWARM": "0"}

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Starts the command and does not wait."""
        command = [sys.executable, "-m", "amlbridge.cli.main", *arguments]
        settings: dict[str, Any] = {"cwd": self.folder, "env": self.environment, "stdin": subprocess.DEVNULL}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, text=True, **{**settings, **pipes, **options})

    def __call__(self, *arguments: str, code: int | None = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs the command; ``code`` is the exit code that it must have."""
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=120)
        assert code is None or process.returncode == code, f"{process.returncode}\n{out}\n{err}"
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def json(self, *arguments: str, code: int = 0) -> Any:
        """What it prints as JSON."""
        return json.loads(self(*arguments, code=code).stdout)

    def write(self, name: str, content: str) -> Path:
        """Writes a file of the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content))
        return path
