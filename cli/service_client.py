"""Requests of the command to the running service, in the workspace that the user means."""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from amlbridge.cli.config_file import DEFAULT
from amlbridge.cli.output import EXIT_UNAVAILABLE, Failure, Waiting
from amlbridge.server import home as homes
from amlbridge.server import lifecycle
from amlbridge.server.home import Home

#: Seconds without an answer after which the service counts as gone; an import of many files takes its time.
_PATIENCE = 3600.0


class RefusedError(Exception):
    """An error that the service answered: ``message`` says what is wrong and what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class WorkspaceNames:
    """The names of a workspace."""

    subscription_id: str
    resource_group: str
    workspace_name: str

    @property
    def scope(self) -> str:
        """The workspace's ARM id, quoted for a path."""
        names = (quote(name, safe="") for name in (self.subscription_id, self.resource_group, self.workspace_name))
        return ("/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}").format(
            *names
        )


@dataclass(frozen=True)
class ServiceClient:
    """The running service of this project."""

    home: Home
    address: lifecycle.Address
    token: str

    @classmethod
    def find(cls) -> ServiceClient:
        """Raises :class:`Failure` when it is not up."""
        home = homes.find()
        found = lifecycle.find(home)
        if found.state != "up" or found.address is None:
            raise Failure(
                "there is no running service to ask",
                why=f"no service answers for {home.root}",
                do="start it with `amlbridge up`",
                code=EXIT_UNAVAILABLE,
            )
        return cls(home, found.address, lifecycle.token(home))

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that the service answers. Raises :class:`RefusedError`, and :class:`Failure` when it is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.address.http_port, timeout=_PATIENCE)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            content = json.loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Failure(
                "the service did not answer", why=str(error), do=f"look into {self.home.log}", code=EXIT_UNAVAILABLE
            ) from error
        finally:
            connection.close()
        if answer.status >= 400:
            message = content["error"]["message"] if isinstance(content, dict) else text.decode(errors="replace")
            raise RefusedError(answer.status, message)
        return content

    def send_waiting(self, what: str, method: str, path: str, body: Any = None) -> Any:
        """:meth:`send`, which tells that it goes on when it takes more than a second."""
        results: list[Any] = []
        errors: list[Exception] = []

        def work() -> None:
            try:
                results.append(self.send(method, path, body))
            except (RefusedError, Failure) as error:
                errors.append(error)

        waiting, began = Waiting(what), time.monotonic()
        thread = threading.Thread(target=work, name="request", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.25)
            waiting(time.monotonic() - began)
        if errors:
            raise errors[0]
        return results[0]

    def workspace(self, asked: AskedWorkspace, *, new: bool = False) -> WorkspaceNames:
        """The workspace that the user means: the one that the options name, else that of the nearest config.json, else
        the only one that there is. ``new``: it need not be there yet. Raises :class:`Failure`."""
        status: dict[str, Any] = self.send("GET", "/amlbridge/status")
        listed = status["workspaces"]
        known = [WorkspaceNames(item["subscription_id"], item["resource_group"], item["name"]) for item in listed]
        configured = configured_workspace()
        if asked.is_empty and configured is not None:
            return configured if new else _one([item for item in known if _same(item, configured)], known, configured)
        fitting = [item for item in known if asked.fits(item)]
        if configured is not None and len(fitting) > 1:
            # Several of this name: the one beside the project's own.
            fitting = [item for item in fitting if _beside(item, configured)] or fitting
        if len(fitting) == 1:
            return fitting[0]
        base = configured or WorkspaceNames(**DEFAULT)
        if not fitting and new:
            return asked.completed(base)
        return _one(fitting, known, asked.completed(base))


@dataclass(frozen=True)
class AskedWorkspace:
    """What the options say of the workspace; None where they say nothing."""

    workspace_name: str | None
    resource_group: str | None
    subscription_id: str | None

    @property
    def is_empty(self) -> bool:
        """Whether no option was given."""
        return self == AskedWorkspace(None, None, None)

    def fits(self, names: WorkspaceNames) -> bool:
        """Whether a workspace may be meant; names are compared without case, as in Azure."""
        return all(
            value is None or value.lower() == getattr(names, field).lower() for field, value in vars(self).items()
        )

    def completed(self, base: WorkspaceNames) -> WorkspaceNames:
        """What is not said taken from another workspace."""
        return WorkspaceNames(
            self.subscription_id or base.subscription_id,
            self.resource_group or base.resource_group,
            self.workspace_name or base.workspace_name,
        )


def _same(one: WorkspaceNames, other: WorkspaceNames) -> bool:
    return one.scope.lower() == other.scope.lower()


def _beside(one: WorkspaceNames, other: WorkspaceNames) -> bool:
    return (one.subscription_id.lower(), one.resource_group.lower()) == (
        other.subscription_id.lower(),
        other.resource_group.lower(),
    )


def _one(found: list[WorkspaceNames], known: list[WorkspaceNames], wanted: WorkspaceNames) -> WorkspaceNames:
    if len(found) == 1:
        return found[0]
    there = [f"{item.workspace_name} ({item.resource_group}, {item.subscription_id})" for item in found or known]
    if found:
        raise Failure(
            "it is not clear which workspace is meant",
            why=f"there are {', '.join(there)}",
            do="name it with --workspace, and --resource-group or --subscription if that is not enough",
        )
    raise Failure(
        f"there is no workspace {wanted.workspace_name} (resource group {wanted.resource_group}, subscription "
        f"{wanted.subscription_id})",
        why=f"this service has {', '.join(there)}" if there else "this service has no workspace yet",
        do="name one with --workspace, or run this in the project's folder" if there else "run a script that makes one",
    )


def configured_workspace() -> WorkspaceNames | None:
    """The workspace of the nearest config.json; None without one. Raises :class:`Failure` for one that names none."""
    path = homes.find_config(Path.cwd())
    if path is None:
        return None
    try:
        content = json.loads(path.read_text())
        if isinstance(content.get("Scope"), str):
            # project.json of the SDK's early days: /subscriptions/S/resourceGroups/R/.../workspaces/W/...
            parts = content["Scope"].strip("/").split("/")
            return WorkspaceNames(parts[1], parts[3], parts[7])
        return WorkspaceNames(**{name: _text(content[name]) for name in DEFAULT})
    except (OSError, ValueError, AttributeError, LookupError) as error:
        raise Failure(
            f"{path} names no workspace",
            why=f"{type(error).__name__}: {error}",
            do=f"it is a JSON object with {', '.join(DEFAULT)}; or name the workspace with --workspace",
        ) from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is no name")
    return value


def workspace_options(function: Any) -> Any:
    """The options that name a workspace; the command gets ``asked``."""
    import functools

    @functools.wraps(function)
    def command(
        *arguments: Any, workspace: str | None, resource_group: str | None, subscription: str | None, **options: Any
    ) -> Any:
        return function(*arguments, asked=AskedWorkspace(workspace, resource_group, subscription), **options)

    for option in (
        click.option("--subscription", metavar="ID", help="Its subscription."),
        click.option("--resource-group", metavar="NAME", help="Its resource group."),
        click.option("--workspace", metavar="NAME", help="The workspace (default: that of the nearest config.json)."),
    ):
        command = option(command)
    return command
