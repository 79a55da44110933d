"""`amlbridge env`: the variables for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import click

from amlbridge.cli.output import EXIT_UNAVAILABLE, Failure, print_json
from amlbridge.server import home as homes
from amlbridge.server import lifecycle


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
def env_command(form: str, as_json: bool, guard: bool) -> int:
    """Print the variables that lead the Azure ML SDKs to the running service.

    They hold a key: whoever has them can run code as you. They are good until the service comes up on other ports.

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
    from amlbridge.server.client_environment import UNSET, forget_cached_cloud, variables

    forget_cached_cloud(home)
    address = found.address
    guard_port = address.guard_port if guard else None
    values = variables(home, address.http_port, address.https_port, guard_port=guard_port)
    if as_json or form == "json":
        print_json({**values, **dict.fromkeys(UNSET)})
    else:
        click.echo("\n".join(_FORMS[form](values, UNSET)))
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
