"""Who may score: keys and tokens of endpoints."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError
from amlbridge.wire.serving.records import Endpoint

#: Seconds that a token is good, and after which a client should ask for the next one (Azure's own times).
TOKEN_LIFETIME, REFRESH_AFTER = 8 * 3600, 6 * 3600


def token(service: Service, endpoint: Endpoint) -> tuple[str, int]:
    """A token for this endpoint alone, and its expiry in seconds since the epoch. It is no token of the workspace."""
    expiry = int(service.clock()) + TOKEN_LIFETIME
    return f"{expiry}.{_sign(service, endpoint, expiry)}", expiry


def _sign(service: Service, endpoint: Endpoint, expiry: int) -> str:
    place = f"{endpoint.workspace}/{endpoint.flavor}/{endpoint.name}".lower()
    # The keys are part of it: tokens of an endpoint that was deleted are not good for the next one of that name.
    return service.issuer.sign(f"serving?{place}?{endpoint.primary}?{expiry}")


def check(service: Service, endpoint: Endpoint, headers: Mapping[str, str]) -> None:
    """Raises a 401 or 403 ServiceError unless the caller may score."""
    if endpoint.auth == "none":
        if "origin" in headers or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise ServiceError(
                403,
                "Forbidden",
                "this endpoint has no authentication, so requests of web pages are refused: enable authentication",
            )
        return
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and given and _good(service, endpoint, given.strip()):
        return
    asked = {"key": "one of its keys", "token": "a token of it", "aad": "a token of this workspace"}[endpoint.auth]
    raise ServiceError(
        401,
        "Unauthorized",
        f"the endpoint {endpoint.name} needs the header Authorization: Bearer with {asked}; this request has "
        f"{'another one' if given else 'none'}",
    )


def _good(service: Service, endpoint: Endpoint, given: str) -> bool:
    if endpoint.auth == "aad":
        return service.issuer.verify(given) is not None
    if endpoint.auth == "token":
        expiry, _, signature = given.partition(".")
        if not expiry.isdecimal() or len(expiry) > 12 or int(expiry) < service.clock():
            return False
        return _same(_sign(service, endpoint, int(expiry)), signature)
    # Both are compared, so that the time says nothing.
    found = [_same(key, given) for key in (endpoint.primary, endpoint.secondary)]
    return any(found)


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
