"""The account of the Azure CLI, as a signed-in `az` keeps it: for our `az` and for ``AzureCliAuthentication``.

SDK v1's ``AzureCliAuthentication`` needs the package azure-cli-core, and reads ``azureProfile.json`` in
AZURE_CONFIG_DIR through it. An account of the kind "managed identity" makes azure-cli-core take its tokens from
IDENTITY_ENDPOINT, which is ours: nothing is patched. Measured with azure-cli-core 2.86 and azureml-core 1.61, which
also wants the script's subscription in the profile and the profile's tenant to be that of the token.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from amlbridge.server.home import CONFIG_PLACES, Home
from amlbridge.wire.identity import TENANT
from amlbridge.wire.subscription_names import subscriptions_named
from amlbridge.wire.tenant_names import tenant_named

_FILE = "azureProfile.json"
_MOST = 100


def prepare(home: Home, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Signs the Azure CLI in for a command that is about to run in ``folder``, and returns the variables that make it
    find our `az`."""
    _write_profile(home, command, environment, folder)
    home.tools.mkdir(mode=0o700, exist_ok=True)
    tool = home.tools / "az"
    command_line = f"{shlex.quote(sys.executable)} -m amlbridge.server.az"
    content = f'#!/bin/sh\nAMLBRIDGE_AZ={shlex.quote(str(tool))} exec {command_line} "$@"\n'
    if not tool.exists() or tool.read_text() != content:
        aside = tool.with_name(f"az.{os.getpid()}")
        aside.write_text(content)
        aside.chmod(0o700)
        aside.replace(tool)
    path = environment.get("PATH", os.defpath).split(os.pathsep)
    return {"PATH": os.pathsep.join([str(home.tools), *(item for item in path if item != str(home.tools))])}


def _write_profile(home: Home, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
    """Adds what this command names to the subscriptions of earlier ones; its own come first."""
    tenant = tenant_named(command, environment, folder) or TENANT
    named = [name for name in subscriptions_named(command, environment, folder) if name.lower() != tenant.lower()]
    first = _configured(folder)
    names = dict.fromkeys([*first, *named, *_earlier(home)])
    accounts = [_account(name, tenant, default=index == 0) for index, name in enumerate(list(names)[:_MOST])]
    content = {"installationId": "00000000-0000-0000-0000-000000000000", "subscriptions": accounts}
    aside = home.azure_config / f"{_FILE}.{os.getpid()}"
    aside.write_text(json.dumps(content))
    aside.replace(home.azure_config / _FILE)


def _configured(folder: Path) -> list[str]:
    """The subscription of the config.json that the SDK would find."""
    for place in (folder, *folder.parents):
        for name in CONFIG_PLACES:
            try:
                content = json.loads((place / name).read_text(encoding="utf-8-sig"))
            except (OSError, ValueError):
                continue
            found = content.get("subscription_id") if isinstance(content, dict) else None
            if found is None and isinstance(content, dict):  # what Workspace.write_config writes
                found = str(content.get("Scope", "")).removeprefix("/subscriptions/").partition("/")[0]
            if isinstance(found, str) and found:
                return [found]
    return []


def _earlier(home: Home) -> list[str]:
    try:
        content = json.loads((home.azure_config / _FILE).read_text(encoding="utf-8-sig"))
        return [item["id"] for item in content["subscriptions"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _account(subscription: str, tenant: str, *, default: bool) -> dict[str, Any]:
    return {
        "id": subscription,
        "name": f"amlbridge ({subscription})",
        "state": "Enabled",
        "user": {"name": "systemAssignedIdentity", "type": "servicePrincipal", "assignedIdentityInfo": "MSI"},
        "isDefault": default,
        "tenantId": tenant,
        "homeTenantId": tenant,
        "environmentName": "AzureCloud",
        "managedByTenants": [],
    }
