"""``python submit.py SETTINGS.json``: asks Databricks for a run, as its step starts it, and waits for it. Standard
library only.

DATABRICKS_HOST and DATABRICKS_TOKEN say where and as whom. SIGTERM cancels the run there. Exit codes: 0, or that of
:data:`amlbridge.engine.kinds.SAID_WHY` with a sentence as the last line on standard error.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

_SAID_WHY = 113
#: SDK v1 hands these to every run. The token of this workspace stays on this machine: its value is empty.
_RUN = (
    *("AZUREML_RUN_TOKEN", "AZUREML_RUN_TOKEN_EXPIRY", "AZUREML_RUN_ID", "AZUREML_ARM_SUBSCRIPTION"),
    *("AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME", "AZUREML_ARM_PROJECT_NAME"),
    *("AZUREML_SERVICE_ENDPOINT", "AZUREML_WORKSPACE_ID", "AZUREML_EXPERIMENT_ID"),
)
_SECRET = "AZUREML_RUN_TOKEN"
_SCRIPT_FOLDER = "AZUREML_SCRIPT_DIRECTORY_NAME"
_JOBS = "/api/2.1/jobs/runs"
_ENDED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")
#: Seconds for one request, between two looks at the run (the first and the longest), and for the word to cancel it.
_PATIENCE, _FIRST, _LONGEST, _FAREWELL = 60.0, 0.2, 10.0, 4.0
#: How many looks in a row may fail.
_MOST_FAILURES = 10
#: Bytes of a file in one request: the API takes a megabyte at most.
_BLOCK = 500_000


class DatabricksError(Exception):
    """Why there is no result, in words for the user. ``passing``: it may be different the next time."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class _NoRedirects(HTTPRedirectHandler):
    """The access token is for one host."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


class Api:
    """The API of one workspace of Databricks."""

    def __init__(self, host: str, token: str) -> None:
        self._host = host.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._opener = build_opener(_NoRedirects)

    def get(self, path: str, **query: object) -> Any:
        """The answer to a question. Raises :class:`DatabricksError`."""
        return self._send(Request(f"{self._host}{path}?{urlencode(query)}", headers=self._headers))

    def post(self, path: str, body: object, patience: float = _PATIENCE) -> Any:
        """The answer to an order. Raises :class:`DatabricksError`."""
        data = json.dumps(body).encode()
        return self._send(Request(f"{self._host}{path}", data, self._headers, method="POST"), patience)

    def _send(self, request: Request, patience: float = _PATIENCE) -> Any:
        try:
            with self._opener.open(request, timeout=patience) as answer:
                text = answer.read()
        except HTTPError as error:
            raise _refused(error, self._host) from error
        except (URLError, HTTPException, OSError) as error:
            raise DatabricksError(f"{self._host} cannot be reached: {error}", passing=True) from error
        try:
            return json.loads(text or b"{}")
        except ValueError as error:
            raise DatabricksError(f"{self._host} does not answer as Databricks does: {text[:80]!r}") from error


def _refused(error: HTTPError, host: str) -> DatabricksError:
    if error.code in (401, 403):
        return DatabricksError(
            f"Databricks refuses the access token of the compute ({error.code}): attach it again with one that is "
            f"valid for {host}"
        )
    try:
        said = json.loads(error.read())
        words = f"{said['error_code']}: {said['message']}"
    except (ValueError, KeyError, TypeError, OSError):
        words = str(error.reason)
    return DatabricksError(f"Databricks answers {error.code}: {words}", passing=error.code == 429 or error.code >= 500)


def complete(task: dict[str, Any], folder: str | None) -> None:
    """Adds what SDK v1 tells each run of the run and the workspace that it belongs to."""
    known = {name: "" if name == _SECRET else os.environ.get(name, "") for name in _RUN}
    if folder is not None:
        known[_SCRIPT_FOLDER] = folder
    if "notebook_task" in task:
        task["notebook_task"]["base_parameters"].update(known)
        return
    what = task.get("spark_python_task") or task["spark_jar_task"]
    what["parameters"] += [word for name, value in known.items() for word in (f"--{name}", value)]


def upload(api: Api, folder: str, source: Path) -> int:
    """Copies the step's files to a folder of DBFS; returns how many. Raises :class:`DatabricksError`."""
    count = 0
    for path in _files(source):
        handle = api.post(
            "/api/2.0/dbfs/create", {"path": f"/{folder}/{path.relative_to(source).as_posix()}", "overwrite": True}
        )["handle"]
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                data = base64.b64encode(block).decode()
                api.post("/api/2.0/dbfs/add-block", {"handle": handle, "data": data})
        api.post("/api/2.0/dbfs/close", {"handle": handle})
        count += 1
    return count


def _files(source: Path) -> Iterator[Path]:
    """The files of the step's source directory; its folders for outputs and logs are links."""
    for folder, names, files in os.walk(source):
        names.sort()
        for name in sorted(files):
            yield Path(folder, name)


def wait(api: Api, run: int, stop: threading.Event) -> Any:
    """What Databricks says of a run when it has ended; it is cancelled when ``stop`` is set. Raises
    :class:`DatabricksError`."""
    pause, failures, told = _FIRST, 0, ""
    while not stop.is_set():
        try:
            found = api.get(f"{_JOBS}/get", run_id=run)
            failures = 0
        except DatabricksError as error:
            failures += 1
            if not error.passing or failures >= _MOST_FAILURES:
                raise
            print(f"databricks: {error}; asking again", file=sys.stderr, flush=True)
            stop.wait(pause)
            continue
        state = found["state"]["life_cycle_state"]
        if state != told:
            page = f": {found.get('run_page_url', '')}" if not told else ""
            print(f"databricks: run {run} is {state}{page}", flush=True)
            told = state
        if state in _ENDED:
            return found
        stop.wait(pause)
        pause = min(pause * 1.5, _LONGEST)
    api.post(f"{_JOBS}/cancel", {"run_id": run}, _FAREWELL)
    raise DatabricksError(f"the run {run} on Databricks was cancelled")


def tell(api: Api, run: Any) -> None:
    """Prints what the run has left, as far as Databricks gives it."""
    tasks = run.get("tasks") or [run]
    try:
        found = api.get(f"{_JOBS}/get-output", run_id=tasks[0]["run_id"])
    except DatabricksError as error:
        print(f"databricks: there is no output to show: {error}", file=sys.stderr, flush=True)
        return
    for text in (found.get("logs"), (found.get("notebook_output") or {}).get("result"), found.get("error_trace")):
        if text:
            print(text, flush=True)
    if found.get("error"):
        run["state"]["state_message"] = found["error"]


def main(path: str) -> int:
    """Runs what the settings at ``path`` say. Returns the exit code."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    said = json.loads(Path(path).read_text(encoding="utf-8"))
    api = Api(os.environ["DATABRICKS_HOST"], os.environ["DATABRICKS_TOKEN"])
    try:
        complete(said["body"]["tasks"][0], said["folder"])
        if said["folder"] is not None:
            print(f"databricks: copied {upload(api, said['folder'], Path.cwd())} files to dbfs:/{said['folder']}")
        number = api.post(f"{_JOBS}/submit", said["body"])["run_id"]
        run = wait(api, number, stop)
        tell(api, run)
    except DatabricksError as error:
        print(error, file=sys.stderr, flush=True)
        return _SAID_WHY
    state = run["state"]
    if state.get("result_state") == "SUCCESS":
        return 0
    result, words = state.get("result_state") or state["life_cycle_state"], state.get("state_message")
    print(f"the run {number} on Databricks ended as {result}: {words}", file=sys.stderr, flush=True)
    return _SAID_WHY


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
