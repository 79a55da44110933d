"""Follows the runs that a script starts: a line for each change, a table at the end."""

from __future__ import annotations

import http.client
import shlex
import sys
import threading
from typing import Any
from urllib.parse import urlencode

from amlbridge.cli.output import Failure, duration, say
from amlbridge.cli.run_table import FINAL, first_line, show_run
from amlbridge.cli.service_client import WorkspaceNames, configured_workspace
from amlbridge.server import lifecycle
from amlbridge.server.home import Home

_INTERVAL = 0.5
_MOST_UNFOUND = 5


class Progress:
    """Runs created at ``since`` (seconds since the epoch) or later, whichever process of this workspace created them.

    ``wanted`` None: progress lines only when standard error is a terminal.
    """

    def __init__(self, home: Home, address: lifecycle.Address, wanted: bool | None, since: float) -> None:
        self._address = address
        self._since = since
        self._wanted = sys.stderr.isatty() if wanted is None else wanted
        self._token = lifecycle.token(home)
        self._told: dict[str, str] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to print progress, if that is wanted."""
        if self._wanted:
            self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the progress lines."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5)

    def show_runs(self) -> None:
        """The table of each run, to standard error."""
        for run in self._runs():
            print(file=sys.stderr)
            show_run(run, err=True)
            if run["status"] in FINAL:
                continue
            if run["kind"] == "interactive":
                say("the script did not end this run (run.complete()), so that it stays as it is, as in Azure")
            elif run["kind"] == "local":
                say(
                    "this run goes on in a process of its own, which the SDK has started; "
                    f"`amlbridge status {run['id']}` shows it"
                )
            else:
                say(f"this run goes on in the service; `amlbridge status {run['id']}` shows it")

    def show_assumed_computes(self) -> None:
        """The clusters that were made because the script took them for granted."""
        made: dict[str, list[str]] = {}
        for item in self._asked("assumed_computes"):
            made.setdefault(item["workspace"], []).append(item["name"])
        for workspace, names in made.items():
            say(
                f"the script names {' and '.join(names)} and makes no compute, so the workspace {workspace} has "
                f"{'it' if len(names) == 1 else 'them'} from now on, as Azure's articles take for granted; every "
                "compute is this machine (`amlbridge compute list`)"
            )

    def show_unfound(self, *, failed: bool) -> None:
        """When the script or one of its runs failed: what was not there in registered datastores, and where it goes;
        and which computes were not there, and how they are added."""
        runs = self._runs()
        if not failed and all(run["status"] != "Failed" for run in runs):
            return
        self._show_unfound_computes(before_any_run=failed and not runs)
        found = self._asked("unfound")
        for item in found[:_MOST_UNFOUND]:
            what = f"nothing at {item['path']}" if item["path"] else "nothing in it"
            say(
                f"the datastore {item['datastore']} has {what}: it stands for the container {item['container']} of the "
                f"account {item['account']}, and here for a folder of this machine, which you fill",
                style="yellow",
            )
            print(f"  do:   copy the container's files into {item['folder']}", file=sys.stderr)
        if len(found) > _MOST_UNFOUND:
            say(f"and {len(found) - _MOST_UNFOUND} more that was not found", style="yellow")

    def _show_unfound_computes(self, *, before_any_run: bool) -> None:
        names: dict[tuple[str, str], list[str]] = {}
        for item in self._asked("unfound_computes"):
            place = item["workspace"], _options(item)
            if item["name"] is not None:
                names.setdefault(place, []).append(item["name"])
            elif before_any_run or not item["there"]:
                # What it looked for in the list is not known. Once there was a run, it will have found it.
                there = f"only {', '.join(item['there'])}" if item["there"] else "none"
                say(
                    f"the script listed the computes of the workspace {place[0]}, which has {there}: if another one "
                    "was meant, add it by its name; every compute is this machine",
                    style="yellow",
                )
                print(f"  do:   amlbridge compute add{place[1]} NAME", file=sys.stderr)
        for (workspace, options), missing in names.items():
            say(
                f"the workspace {workspace} has no compute {', '.join(missing)}: what was made in Azure is added here "
                "once, by its name; every compute is this machine",
                style="yellow",
            )
            print(f"  do:   amlbridge compute add{options} {shlex.join(missing)}", file=sys.stderr)

    def _follow(self) -> None:
        while not self._ended.wait(_INTERVAL):
            for run in self._runs():
                self._tell(run, run["kind"])
                for step in run["steps"]:
                    self._tell(step, "step")

    def _tell(self, item: dict[str, Any], kind: str) -> None:
        status = item["status"]
        if self._told.get(item["id"]) == status or status in ("NotStarted", "Queued"):
            return
        self._told[item["id"]] = status
        parts = [f"{kind} {item['name']}", status]
        if status in FINAL:
            parts += [duration(item["started"], item["ended"]), "reused" if item["reused"] else ""]
            parts.append(first_line(item["error"]))
        say(" · ".join(part for part in parts if part))

    def _runs(self) -> list[dict[str, Any]]:
        return self._asked("runs")

    def _asked(self, what: str) -> list[dict[str, Any]]:
        """What the service has since the script began; nothing when it does not answer: the guard tells that."""
        path = f"/amlbridge/{what}?{urlencode({'since': self._since})}"
        try:
            answer: dict[str, list[dict[str, Any]]] = lifecycle.get_json(self._address, path, token=self._token)
        except (OSError, LookupError, ValueError, http.client.HTTPException):
            return []
        return answer[what]


def _options(item: dict[str, Any]) -> str:
    """The options with which a command that is given here finds the workspace of ``item``."""
    theirs = WorkspaceNames(item["subscription_id"], item["resource_group"], item["workspace"])
    try:
        ours = configured_workspace()
    except Failure:
        ours = None  # the script itself has said what is wrong with the config.json
    if ours is not None and ours.scope.lower() == theirs.scope.lower():
        return ""
    options = ("--workspace", theirs.workspace_name, "--resource-group", theirs.resource_group)
    return " " + shlex.join((*options, "--subscription", theirs.subscription_id))
