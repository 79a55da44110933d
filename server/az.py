"""The `az` that scripts find: answers what credentials ask it (``AzureCliCredential``) from the local workspace.

`amlbridge run` and `exec` put it first on the PATH. It serves the commands about the account; any other goes to the
next `az` on the PATH, if there is one. The account lies in ``azureProfile.json`` of AZURE_CONFIG_DIR
(:mod:`amlbridge.server.az_profile`), as the Azure CLI itself keeps it.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

_VERSION = "2.60.0"
_DEFAULT_RESOURCE = "https://management.core.windows.net/"


class _RefusedError(Exception):
    """What the user is told; the exit code is 1, as the Azure CLI's."""


def main(arguments: Sequence[str]) -> int:
    """Runs one command."""
    words, options = _parse(arguments)
    command = _COMMANDS.get(" ".join(words))
    if command is None:
        return _pass_on(arguments)
    try:
        result = command(options)
        if result is not None:
            print(_format(result, options))
    except _RefusedError as refused:
        print(f"ERROR: amlbridge: {refused}", file=sys.stderr)
        return 1
    return 0


def _parse(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    words: list[str] = []
    options: dict[str, str] = {}
    name = ""
    for argument in arguments:
        if argument.startswith("-"):
            name, _, value = argument.partition("=")
            name = _SHORT.get(name, name)
            options[name] = value
        elif name and not options[name]:
            options[name] = argument
        elif name == "--scope":
            options[name] += f" {argument}"
        else:
            words.append(argument)
    return words or ([arguments[0]] if arguments else []), options


_SHORT = {"-o": "--output", "-t": "--tenant", "-s": "--subscription", "-n": "--name", "--scopes": "--scope"}


def _profile() -> list[dict[str, Any]]:
    path = Path(os.environ.get("AZURE_CONFIG_DIR", "~/.azure")).expanduser() / "azureProfile.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        return list(content["subscriptions"])
    except (OSError, ValueError, KeyError) as error:
        raise _RefusedError("Please run 'az login' to setup account: there is no account of amlbridge here") from error


def _account(options: dict[str, str]) -> dict[str, Any]:
    wanted = (options.get("--subscription") or options.get("--name") or "").lower()
    for item in _profile():
        if (not wanted and item["isDefault"]) or wanted in (item["id"].lower(), item["name"].lower()):
            return item
    raise _RefusedError(f"The subscription of '{wanted}' doesn't exist in cloud 'AzureCloud'.")


def _get_access_token(options: dict[str, str]) -> dict[str, Any]:
    account = _account(options)
    tenant = options.get("--tenant") or account["tenantId"]
    resource = options.get("--resource") or options.get("--scope", "").removesuffix("/.default") or _DEFAULT_RESOURCE
    endpoint = os.environ.get("IDENTITY_ENDPOINT")
    if endpoint is None:
        raise _RefusedError("the variables of the local workspace are not set: use `amlbridge run` or `amlbridge exec`")
    url = f"{endpoint}?{urllib.parse.urlencode({'resource': resource, 'tenant': tenant})}"
    try:
        # Straight to loopback: the proxies of the environment are for other hosts.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=30) as answer:
            token = json.load(answer)
    except (urllib.error.URLError, ValueError) as error:
        raise _RefusedError(f"the local workspace service gives no token: {error}") from error
    expires = int(token["expires_on"])
    return {
        "accessToken": token["access_token"],
        "expiresOn": datetime.fromtimestamp(expires).strftime("%Y-%m-%d %H:%M:%S.%f"),
        "expires_on": expires,
        "subscription": account["id"],
        "tenant": tenant,
        "tokenType": "Bearer",
    }


def _show(options: dict[str, str]) -> dict[str, Any]:
    return _account(options)


def _list(options: dict[str, str]) -> list[dict[str, Any]]:
    return _profile()


def _signed_in(options: dict[str, str]) -> list[dict[str, Any]]:
    return _profile()


def _nothing(options: dict[str, str]) -> None:
    """There is nothing to do: everyone here is signed in."""


def _set(options: dict[str, str]) -> None:
    _account(options)


def _version(options: dict[str, str]) -> dict[str, Any]:
    return {"azure-cli": _VERSION, "azure-cli-core": _VERSION, "extensions": {}}


_COMMANDS: dict[str, Any] = {
    "account get-access-token": _get_access_token,
    "account show": _show,
    "account list": _list,
    "account set": _set,
    "account clear": _nothing,
    "login": _signed_in,
    "logout": _nothing,
    "version": _version,
    "--version": _version,
}


def _format(result: Any, options: dict[str, str]) -> str:
    query = options.get("--query", "")
    if query:
        if not query.replace("_", "").isalnum() or not isinstance(result, dict):
            raise _RefusedError(f"--query takes the name of one field here, not {query!r}")
        result = result.get(query)
    output = options.get("--output") or "json"
    if output in ("json", "jsonc"):
        return json.dumps(result, indent=2)
    if output == "tsv" and not isinstance(result, (dict, list)):
        return "" if result is None else str(result)
    if output == "none":
        return ""
    raise _RefusedError(f"--output {output} is not served here: take json, or tsv with --query FIELD")


def _pass_on(arguments: Sequence[str]) -> int:
    """The user's own `az`, with all that it was asked."""
    ours = os.environ.get("AMLBRIDGE_AZ", "")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        candidate = Path(folder) / "az"
        if str(candidate) != ours and candidate.is_file() and os.access(candidate, os.X_OK):
            os.execv(candidate, [str(candidate), *arguments])
    served = ", ".join(name for name in _COMMANDS if not name.startswith("-"))
    print(
        f"ERROR: amlbridge: 'az {' '.join(arguments[:2])}' needs the Azure CLI, which is not installed; served here: "
        f"{served}",
        file=sys.stderr,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
