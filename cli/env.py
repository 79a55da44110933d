"""`amlbridge env`: the variables for a shell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from amlbridge.cli.output import EXIT_UNAVAILABLE, Failure, print_json
from amlbridge.cli.service_client import configured_workspace
from amlbridge.server import home as homes
from amlbridge.server import lifecycle
from amlbridge.server.network_options import NetworkOptions


@click.command("env")
@click.option(
    "--format",
    "form",
    type=click.Choice(["shell", "json", "dotenv", "powershell"]),
    default="shell",
    show_default=True,
    help="json maps a variable that must not be set to null.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--guard", is_flag=True, help="Also stop connections to Azure hosts, as `run` and `exec` do.")
@click.option(
    "--intercept",
    is_flag=True,
    help="Also answer Azure's own hosts here, as `run --intercept` does. (Always after `up --intercept`.)",
)
def env_command(form: str, as_json: bool, guard: bool, intercept: bool) -> int:
    """Print the variables that lead the Azure ML SDKs to the running service.

    They hold a key: whoever has them can run code as you. They are good until the service comes up on other ports.
    Beside a config.json, MLflow tracks to the workspace that it names.
    A shell's PATH gets the `az` that signs in to the local workspace.
    After `amlbridge up --intercept` they hold the proxy, too, that answers Azure's own hosts; no other traffic leaves
    then, unless `up` was given --allow-host or --allow-network.

    \b
    Examples:
      eval "$(amlbridge env)"
      amlbridge env --format dotenv > .env
      amlbridge env --format powershell | Out-String | Invoke-Expression
    """
    home = homes.find()
    found = lifecycle.find(home)
    if found.state != "up" or found.address is None:
        raise Failure(
            "there is no running service to lead to",
            why=f"no service answers for {home.root}",
            do="start it with `amlbridge up`",
            code=EXIT_UNAVAILABLE,
        )
    from amlbridge.server import az_profile, client_packages
    from amlbridge.server.client_environment import (
        SERVICE_PRINCIPAL,
        UNSET,
        forget_cached_cloud,
        intercepting,
        variables,
    )
    from amlbridge.server.network_guard.upstream import SESSION_PREFIX

    forget_cached_cloud(home)
    address = found.address
    network = NetworkOptions.from_address(home.read_address())
    intercept = intercept or network.intercept
    guard_port = address.guard_port if guard or intercept else None
    session = f"{SESSION_PREFIX}env"
    session = intercepting(session) if intercept else session
    configured = configured_workspace()
    scope = configured.scope if configured is not None else None
    ports = (address.http_port, address.https_port)
    values = variables(home, *ports, guard_port=guard_port, session=session, scope=scope)
    # Signs the Azure CLI in. A file of variables may be read where the paths are others: only shells get ours.
    tools = {**az_profile.prepare(home, (), os.environ, Path.cwd()), **client_packages.variables(home.root)}
    unset = [name for name in UNSET if not (intercept and name in SERVICE_PRINCIPAL)]
    if as_json or form == "json":
        print_json({**values, **dict.fromkeys(unset)})
    else:
        own = tools if form in ("shell", "powershell") else {}
        click.echo("\n".join(_FORMS[form]({**values, **own}, unset)))
    return 0


def _shell(values: Mapping[str, str], unset: Sequence[str]) -> list[str]:
    return [*(f"export {name}={shlex.quote(value)}" for name, value in values.items()), f"unset {' '.join(unset)}"]


def _dotenv(values: Mapping[str, str], unset: Sequence[str]) -> list[str]:
    lines = []
    for name, value in values.items():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{name}="{escaped}"')
    return [*lines, f"# must not be set: {' '.join(unset)}"]


def _powershell(values: Mapping[str, str], unset: Sequence[str]) -> list[str]:
    lines = []
    for name, value in values.items():
        escaped = value.replace("'", "''")
        lines.append(f"$env:{name} = '{escaped}'")
    return [*lines, *(f"Remove-Item Env:{name} -ErrorAction SilentlyContinue" for name in unset)]


_FORMS = {"shell": _shell, "dotenv": _dotenv, "powershell": _powershell}
