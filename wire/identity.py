"""Who may call. Tokens are JWTs signed with the workspace secret: a file of the state folder that only its owner reads.

The clients get their tokens from ``MSI_ENDPOINT``; its URL carries a key derived from the secret, so only processes
that were given the environment of ``amlbridge env`` (or ``run``, ``exec``) can ask for one.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from amlbridge.engine.clock import Clock, system_clock

#: The tenant and user that tokens name unless a script asks for another tenant.
TENANT = "11111111-1111-1111-1111-111111111111"
USER = "11111111-1111-1111-1111-111111111111"
USER_NAME = "amlbridge local user"
#: How long a token is good, in seconds, unless somebody asks for another time.
LIFETIME = 30 * 24 * 3600


@dataclass(frozen=True)
class Identity:
    """A caller whose token was good. ``run_id`` is set for a token that was issued to a step, ``environments`` for one
    of a session that says how its runs get their environments."""

    subject: str
    tenant: str
    run_id: str | None = None
    environments: str | None = None


def load_secret(path: Path) -> bytes:
    """The workspace secret, made on first use with mode 0600."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all, and never over one that another process has just made.
    aside = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    aside.touch(mode=0o600)
    try:
        aside.write_bytes(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink()
    return path.read_bytes()


class TokenIssuer:
    """Issues and checks tokens, signatures and derived keys."""

    def __init__(self, secret: bytes, clock: Clock = system_clock) -> None:
        self._secret = secret
        self._clock = clock
        # A client shows one token with each of its requests, and to check it takes 0.1 ms.
        self._known = functools.lru_cache(maxsize=256)(self._claims)

    def _derive(self, purpose: str) -> bytes:
        return hmac.new(self._secret, purpose.encode(), hashlib.sha256).digest()

    @property
    def msi_key(self) -> str:
        """The path segment of MSI_ENDPOINT."""
        return self._derive("msi").hex()

    def issue(
        self,
        audience: str,
        *,
        tenant: str = TENANT,
        run_id: str | None = None,
        environments: str | None = None,
        lifetime: int = LIFETIME,
    ) -> tuple[str, int]:
        """A bearer token and its expiry in seconds since the epoch, ``lifetime`` seconds from now. It has the claims
        that the clients decode."""
        now = int(self._clock())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant}/",
            "iat": now,
            "nbf": now - 300,
            "exp": now + lifetime,
            "tid": tenant,
            "oid": USER,
            "sub": USER,
            "upn": "local@amlbridge",
            "name": USER_NAME,
            "appid": USER,
            "idp": "amlbridge",
        }
        if run_id is not None:
            claims["runid"] = run_id
        if environments is not None:
            claims["environments"] = environments
        return jwt.encode(claims, self._derive("token"), algorithm="HS256"), now + lifetime

    def verify(self, token: str) -> Identity | None:
        """The caller behind a token; None when it was not issued here or has expired."""
        claims = self._known(token)
        if claims is None or claims["exp"] < self._clock():
            return None
        return Identity(claims["sub"], claims["tid"], claims.get("runid"), claims.get("environments"))

    def _claims(self, token: str) -> dict[str, Any] | None:
        """What a token says that was issued here, whenever that was."""
        options: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            found: dict[str, Any] = jwt.decode(token, self._derive("token"), algorithms=["HS256"], options=options)
        except jwt.PyJWTError:
            return None
        return found

    def account_key(self, account: str) -> str:
        """The key of a storage account, base64 as Azure gives it (64 bytes)."""
        first = self._derive(f"account/{account}/0")
        return base64.b64encode(first + self._derive(f"account/{account}/1")).decode()

    def sign(self, text: str) -> str:
        """A signature for a URL."""
        return hmac.new(self._derive("url"), text.encode(), hashlib.sha256).hexdigest()

    def check(self, text: str, signature: str) -> bool:
        """Whether :meth:`sign` made this signature."""
        # As bytes: it takes strings only when they are ASCII, and a stranger's may be anything.
        return hmac.compare_digest(self.sign(text).encode(), signature.encode("utf-8", "surrogatepass"))
