"""The real ``amlbridge`` command in real processes."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from amlbridge.server.client_environment import PROXY_VARIABLES
from amlbridge.server.home import Home
from amlbridge.server.home_places import place_of
from tests.support import warm_clients
from tests.support.live import SET_BY_IMPORTS

_DROPPED = {
    "AMLBRIDGE_HOME",
    "XDG_STATE_HOME",
    "NO_COLOR",
    "NO_PROXY",
    "no_proxy",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    *PROXY_VARIABLES,
}


def _dropped(name: str) -> bool:
    return name in _DROPPED or name.startswith(SET_BY_IMPORTS)


def python_with(module: str) -> str:
    """An interpreter that has ``module`` beside azureml-core: this one, or the one that AMLBRIDGE_TEST_AZURE_PYTHON
    names. Skips the test without one: azure-cli-core pins older packages than our environment has."""
    try:
        if importlib.util.find_spec(module) is not None:
            return sys.executable
    except ModuleNotFoundError:
        pass  # its parent package is not there either
    named = os.environ.get("AMLBRIDGE_TEST_AZURE_PYTHON")
    if named is None:
        pytest.skip(f"{module} is not installed: AMLBRIDGE_TEST_AZURE_PYTHON may name an interpreter that has it")
    return named


class Command:
    """``amlbridge`` in one folder, with a HOME of its own. The scripts that it runs are forked; ``--python
    sys.executable`` has them run in a fresh interpreter, as the user's are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not _dropped(name)}
        # Tests of the command start dozens of services: none needs a warm interpreter.
        # A HOME inside the project would be uploaded with it.
        home = folder.with_name(f"{folder.name}-home")
        home.mkdir(exist_ok=True)
        self.environment = {**kept, "HOME": str(home), "AMLBRIDGE_PREWARM": "0"}
        self.environment["AMLBRIDGE_PYTHON"] = warm_clients.python()
        self.home = Home(place_of(folder, self.environment))

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Starts the command and does not wait."""
        command = [sys.executable, "-m", "amlbridge.cli.main", *arguments]
        settings: dict[str, Any] = {"cwd": self.folder, "env": self.environment, "stdin": subprocess.DEVNULL}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, text=True, **{**settings, **pipes, **options})

    def __call__(self, *arguments: str, code: int | None = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs the command; ``code`` is the exit code that it must have."""
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=300)
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
