"""Runs a script of the target "local": started by the client, in the background, in the client's copy of the project.

``python -m amlbridge.v1.local_run FOLDER/azureml-setup/run.json``. The file is what :mod:`amlbridge.v1.execution_local`
has written. The run's `outputs` and `logs` are its artifacts at once, as for every step. `ScriptRun.cancel` writes
`azureml-setup/killfile`.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from amlbridge.engine import failure
from amlbridge.engine.launch.base import Launch, Outcome, Rank
from amlbridge.engine.launch.pool import LauncherPool

#: How often to look for the killfile, in seconds.
_LOOK = 0.3
#: How long to try to tell the service of the end, in seconds: it may be restarting.
_PATIENCE = 120.0
_RESOURCE = "https://management.azure.com/"


class Service:
    """The workspace service, asked with the token that the client's own environment leads to."""

    def __init__(self, url: str, msi_endpoint: str) -> None:
        self._url = url
        self._msi_endpoint = msi_endpoint
        # Nothing between this process and the loopback address.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def post(self, tail: str, content: dict[str, Any]) -> dict[str, Any]:
        """Posts JSON until the service answers. Raises OSError when it does not, or says no."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._post(tail, content)
            except urllib.error.HTTPError as error:
                raise OSError(f"the service answered {error.code}: {error.read().decode(errors='replace')}") from error
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1.0)

    def _post(self, tail: str, content: dict[str, Any]) -> dict[str, Any]:
        form = urllib.parse.urlencode({"resource": _RESOURCE}).encode()
        with self._opener.open(self._msi_endpoint, form, timeout=30) as answer:
            token = json.load(answer)["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}/{tail}", json.dumps(content).encode(), headers)
        with self._opener.open(request, timeout=60) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
        return found


def main(path: str) -> int:
    """Runs what the file says. Returns the exit code: 0 when the service knows how the run ended."""
    setup = Path(path).resolve().parent
    told = json.loads(Path(path).read_text(encoding="utf-8"))
    if os.getpgrp() != os.getpid():
        # The run outlives the client's terminal.
        os.setsid()
    service = Service(told["url"], os.environ["MSI_ENDPOINT"])
    folder = Path(told["log"]).parent
    folder.mkdir(parents=True, exist_ok=True)
    # Until this process ends.
    held = _hold(folder)
    secrets = service.post("start", {"locked": held is not None})["variables"]
    try:
        for name, target in told["artifacts"].items():
            _link(setup.parent / name, Path(target))
        launch = _launch(told, setup.parent, secrets)
        outcome = asyncio.run(_run(launch, setup))
    except OSError as error:
        end = {"error": failure.from_exception(error), "canceled": False}
    else:
        end = {"error": failure.from_outcome(outcome, launch), "canceled": outcome.cancelled}
    service.post("end", end)
    return 0


def _hold(folder: Path) -> int | None:
    """Locks a folder until this process ends, for :mod:`amlbridge.v1.local_watch`. None when its file system has no
    locks."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _launch(told: dict[str, Any], project: Path, secrets: dict[str, str]) -> Launch:
    log = Path(told["log"])
    env = {**os.environ, **told["env"], **secrets}
    for name, places in told["before"].items():
        env[name] = os.pathsep.join(filter(None, (places, env.get(name))))
    if told["root_on_path"]:
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (env.get("PYTHONPATH"), str(project))))
    return Launch(
        argv=tuple(told["argv"]),
        python=told["python"],
        cwd=project,
        env=env,
        stdout=log,
        stderr=log,
        step_id=told["run_id"],
        timeout=told["timeout"],
        prelude=Path(told["prelude"]) if told["prelude"] else None,
        ranks=tuple(Rank(rank["label"], rank["env"], Path(rank["log"]), rank["helper"]) for rank in told["ranks"]),
    )


async def _run(launch: Launch, setup: Path) -> Outcome:
    pool = LauncherPool(launcher="subprocess", folder=setup / "launch")
    try:
        running = await pool.start(launch)
        end = asyncio.ensure_future(running.wait())
        while not end.done():
            await asyncio.wait({end}, timeout=_LOOK)
            if (setup / "killfile").exists():
                await running.cancel()
        return await end
    finally:
        await pool.close()


def _link(place: Path, target: Path) -> None:
    """Makes a folder of the project the run's artifacts; what lies in it already is one of them."""
    target.mkdir(parents=True, exist_ok=True)
    if place.is_dir() and not place.is_symlink():
        shutil.copytree(place, target, dirs_exist_ok=True)
        shutil.rmtree(place)
    elif place.exists():
        return
    place.symlink_to(target, target_is_directory=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
