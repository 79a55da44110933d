"""The Databricks workspace behind an attached compute: the address that its user gives, and the token to go there.

SDK v1 attaches a workspace by its name in Azure, which says nothing of its address; Azure looks that up. Here it is the
``workspaceUrl`` of the compute, which `amlbridge compute connect` sets. It decides where an access token goes to: so
it has to be https, or this machine, and nothing else may be in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from amlbridge.wire.context import typed
from amlbridge.wire.errors import bad_request

_HERE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Access:
    """The address of a workspace, without a slash at its end, and the access token for it."""

    host: str
    token: str


def properties(given: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    """What both SDKs read of a compute; ``old``: what was kept of the same workspace before. Raises a 400
    :class:`ServiceError`."""
    url = typed(given, "workspaceUrl", str, None)
    if url:
        return {"workspaceUrl": _checked(url)}
    return {"workspaceUrl": old.get("workspaceUrl") if old is not None else None}


def access(name: str, kept: Mapping[str, Any], secrets: Mapping[str, Any]) -> Access:
    """The way to the workspace of a compute. Raises a 400 :class:`ServiceError` when part of it is not known."""
    host, token = kept.get("workspaceUrl"), secrets.get("databricksAccessToken")
    if not token:
        raise bad_request(
            f"{name} was attached without an access token: attach it again with "
            "DatabricksCompute.attach_configuration(..., access_token=...)",
            "DatabricksTokenMissing",
        )
    if not host:
        raise bad_request(
            f"{name} is a Databricks workspace, of whose address the attach call says nothing: its steps run there "
            f"once you give it with `amlbridge compute connect {name} https://adb-....azuredatabricks.net`",
            "DatabricksAddressMissing",
        )
    return Access(host, token)


def _checked(url: str) -> str:
    """The address, as ``https://host``. Azure gives it without a scheme. Raises a 400 :class:`ServiceError`."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    extra = parts.username or parts.password or parts.path.strip("/") or parts.query or parts.fragment
    scheme = parts.scheme.lower()
    if not host or extra or not (scheme == "https" or (scheme == "http" and host in _HERE)):
        raise bad_request(
            f"{url!r} is no address of a Databricks workspace: give https://HOST without a path (http is for this "
            "machine only)",
            "InvalidWorkspaceUrl",
        )
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}{f':{port}' if port is not None else ''}"
