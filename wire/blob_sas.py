"""Shared access signatures that the service hands to clients: signed with the account's key, as a user's own are."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from amlbridge.wire.context import Service

#: Before 2020-12-06, which added a field to what is signed.
_VERSION = "2019-12-12"
_EXPIRY = "2099-01-01T00:00:00Z"
_PERMISSIONS = "rwdlac"


def account_sas(service: Service, account: str) -> str:
    """A query string that allows everything with the blobs and containers of an account."""
    fields = {"sp": _PERMISSIONS, "ss": "b", "srt": "sco", "se": _EXPIRY, "sv": _VERSION}
    order = ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")
    text = "\n".join((account, *(fields.get(name, "") for name in order))) + "\n"
    return _signed(service, account, fields, text)


def container_sas(service: Service, account: str, container: str) -> str:
    """A query string that allows everything with the blobs of one container."""
    fields = {"sp": _PERMISSIONS, "se": _EXPIRY, "sv": _VERSION, "sr": "c"}
    head = (_PERMISSIONS, "", _EXPIRY, f"/blob/{account}/{container}")
    # Identifier, addresses, protocol, version, resource, snapshot, and five response headers.
    text = "\n".join((*head, "", "", "", _VERSION, "c", "", "", "", "", "", ""))
    return _signed(service, account, fields, text)


def container_url(service: Service, account: str, container: str) -> str:
    """The URL of a container for clients that take a whole URL: its host is ours, behind the userinfo."""
    return f"https://{account}.blob.core.windows.net@{service.host}:{service.https_port}/{container}"


def plain_url(account: str, container: str, name: str = "") -> str:
    """The URL of a blob as Azure writes it: for records, and for clients that put our host in by themselves."""
    return f"https://{account}.blob.core.windows.net/{container}" + (f"/{name}" if name else "")


def _signed(service: Service, account: str, fields: dict[str, str], text: str) -> str:
    key = base64.b64decode(service.issuer.account_key(account))
    signature = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
    return urlencode({**fields, "sig": signature})
