"""`amlbridge token`: a bearer token for other programs."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import click

from amlbridge.cli.output import EXIT_UNAVAILABLE, Failure, print_json
from amlbridge.server import home as homes

_LIFETIME = re.compile(r"(\d{1,9})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
#: What the SDK's own tokens are for; the service takes any.
_AUDIENCE = "https://management.azure.com/"
_LONGEST = 3650 * 86400


def _seconds(_ctx: click.Context, _parameter: click.Parameter, value: str) -> int:
    match = _LIFETIME.fullmatch(value.strip())
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < seconds <= _LONGEST:
        raise click.BadParameter(f"{value!r} is no time: give a number with s, m, h or d, like 90m or 12h, up to 3650d")
    return seconds


@click.command("token")
@click.option("--header", is_flag=True, help="Print the whole header: Authorization: Bearer TOKEN.")
@click.option(
    "--lifetime",
    callback=_seconds,
    default="30d",
    show_default=True,
    metavar="TIME",
    help="How long it is good: 90m, 12h, 7d.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON with the time at which it expires.")
def token_command(header: bool, lifetime: int, as_json: bool) -> int:
    """Print a token with which curl and programs in any language call the service.

    Whoever has it can run code as you until it expires. It is good for every workspace of this project's state folder,
    also after a restart, and is made without the service: that need not be up. Exit code 69: there is no state folder.

    \b
    Examples:
      TOKEN=$(amlbridge token)
      curl -H "$(amlbridge token --header)" -H 'Content-Type: application/json' -d '{"ExperimentName": "e"}' "$URL"
      amlbridge token --lifetime 12h --json
    """
    if header and as_json:
        raise click.UsageError("--header and --json: give one of them")
    from amlbridge.wire.identity import TokenIssuer, load_secret

    home = homes.find()
    if not home.is_ours():
        raise Failure(
            "there is no workspace that a token could be for",
            why=f"{home.root} is no state folder of amlbridge",
            do="run this in the project's folder, set AMLBRIDGE_HOME, or start the service with `amlbridge up`",
            code=EXIT_UNAVAILABLE,
        )
    home.check()
    token, expires = TokenIssuer(load_secret(home.secret)).issue(_AUDIENCE, lifetime=lifetime)
    if as_json:
        moment = datetime.fromtimestamp(expires, timezone.utc).isoformat()
        print_json({"token": token, "token_type": "Bearer", "expires_on": expires, "expires": moment})
    else:
        click.echo(f"Authorization: Bearer {token}" if header else token)
    return 0
