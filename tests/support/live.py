"""A real service in its own process and real client scripts against it.

A :class:`LiveService` is a service of its own; a :class:`SharedService` is one resource group of a service that other
test modules use, too. Clients are forked from an interpreter that has imported the SDKs (`warm_clients.py`),
services from one that has imported the service (`warm_services.py`).
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import textwrap
import time
from pathlib import Path
from typing import Any

import httpx

from amlbridge.server import client_packages
from amlbridge.server.client_environment import UNSET, variables
from amlbridge.server.home import Home
from amlbridge.wire.identity import TokenIssuer, load_secret
from tests.support import warm_clients, warm_services

#: What scikit-learn, mldesigner and azure-ai-ml put into the environment of a process of pytest that imports them.
SET_BY_IMPORTS = ("KMP_", "AZURE_HTTP_USER_AGENT", "AZUREML_CURRENT_CLOUD")
#: For clients that use http only: httpx would read all authorities of the system for each, which takes 0.03 s.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SUBSCRIPTION = "22222222-2222-2222-2222-222222222222"
GROUP = "rg"
SCOPE = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}"


class LiveService:
    """One service process on its own state folder. ``intercept``: it answers Azure's own hosts, too."""

    #: The resource group of the workspaces that scripts and `scope` name.
    group = GROUP

    def __init__(self, folder: Path, *, intercept: bool = False) -> None:
        self.folder = folder
        self.intercept = intercept
        self.home = Home(folder / ".amlbridge")
        self.log = folder / "service.out"
        self.process: warm_services.Service | None = None
        self._scripts = 0
        self.start()

    def start(self) -> None:
        """Starts the service and waits until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arguments = [str(self.home.root), *(["--intercept"] if self.intercept else [])]
        # Most tests run no step: an interpreter is warmed when the first step wants one.
        env = {"AMLBRIDGE_PREWARM": "0", **os.environ}
        self.process = warm_services.start(arguments, log=self.log, env=env)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            address = self.home.read_address()
            if address and address["pid"] == self.process.pid and self._answers(address["http_port"]):
                self.http_port, self.https_port = address["http_port"], address["https_port"]
                self.guard_port = address["guard_port"] if self.intercept else None
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        raise AssertionError("the service did not start: " + self.log.read_text())

    @staticmethod
    def _answers(port: int) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/metadata/endpoints", timeout=5, verify=NO_TLS).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Ends the service as `amlbridge down` would."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(60)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    @property
    def url(self) -> str:
        """The http base URL."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def https_url(self) -> str:
        """The https base URL."""
        return f"https://127.0.0.1:{self.https_port}"

    @property
    def issuer(self) -> TokenIssuer:
        """Signs as the service does."""
        return TokenIssuer(load_secret(self.home.secret))

    def scope(self, workspace: str = "ws") -> str:
        """The ARM scope of a workspace."""
        return SCOPE.format(SUBSCRIPTION, self.group, workspace)

    def client(self, **options: Any) -> httpx.Client:
        """An HTTP client with a good token."""
        token, _ = self.issuer.issue("https://management.azure.com/")
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(**{"base_url": self.url, "headers": headers, "timeout": 60, "verify": NO_TLS, **options})

    def environment(self) -> dict[str, str]:
        """The environment of a client process."""
        env = {
            key: value for key, value in os.environ.items() if key not in UNSET and not key.startswith(SET_BY_IMPORTS)
        }
        ours = variables(self.home, self.http_port, self.https_port, guard_port=self.guard_port)
        return {**env, **ours, **client_packages.variables(self.home.root), "HOME": str(self.folder)}

    def run(
        self,
        script: str,
        *arguments: str,
        workspace: str = "ws",
        folder: Path | None = None,
        check: bool = True,
        timeout: float = 600,
        files: dict[str, str] | None = None,
        python: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a client script in a folder with a config.json; forked, unless ``python`` is an interpreter. ``check``:
        its exit code must be 0. Raises subprocess.TimeoutExpired."""
        self._scripts += 1
        place = folder or self.folder / f"script{self._scripts}"
        place.mkdir(parents=True, exist_ok=True)
        config = {"subscription_id": SUBSCRIPTION, "resource_group": self.group, "workspace_name": workspace}
        (place / "config.json").write_text(json.dumps(config))
        for name, content in (files or {}).items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(textwrap.dedent(content))
        (place / "main.py").write_text(textwrap.dedent(script))
        done = warm_clients.run(
            ["main.py", *arguments], cwd=place, env=self.environment(), timeout=timeout, python=python
        )
        if check:
            assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done


class SharedService(LiveService):
    """A resource group of its own in a service that is shared: to a module's tests an empty service, but for what
    belongs to no workspace (ports, logs, registries, the list of groups). It cannot be stopped."""

    def __init__(self, service: LiveService, name: str) -> None:
        self.group = f"rg-{name}"
        self.folder = service.folder / name
        self.home, self.log, self.process = service.home, service.log, service.process
        self._service = service
        self.http_port, self.https_port = service.http_port, service.https_port
        self._scripts = 0
        self.folder.mkdir()

    def start(self) -> None:
        """Refused."""
        raise AssertionError("this service belongs to other tests as well: take the fixture own_live or module_live")

    stop = kill = start

    def environment(self) -> dict[str, str]:
        """The environment of a client process: one for all modules."""
        return self._service.environment()
