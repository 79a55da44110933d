"""Certificates for hosts that the service answers in the name of others.

The authority is made when the service starts and its private key never leaves the service's memory: whoever copies the
state folder cannot make a certificate that a script would trust. Its certificate is appended to the bundle of the
clients (:mod:`amlbridge.server.certificates`), so only processes that `amlbridge` starts trust it, and a program that
read the bundle before a restart of the service has to be started again to reach intercepted hosts.
"""

from __future__ import annotations

import os
import ssl
from datetime import datetime, timedelta, timezone

import trustme

_LIFETIME = timedelta(days=365)
#: Contexts that are kept: one for each host name.
_MOST = 1000


class IssuingAuthority:
    """Makes the TLS settings of any host, once each."""

    def __init__(self) -> None:
        self._authority = trustme.CA(organization_name="amlbridge interception (in memory)")
        self._contexts: dict[str, ssl.SSLContext] = {}

    @property
    def certificate(self) -> bytes:
        """The authority's certificate, PEM."""
        content: bytes = self._authority.cert_pem.bytes()
        return content

    def context(self, host: str) -> ssl.SSLContext:
        """The TLS settings of a server that is ``host``. Raises ValueError for what can be no host name."""
        found = self._contexts.get(host)
        if found is None:
            if len(self._contexts) >= _MOST:
                self._contexts.clear()
            found = self._contexts[host] = self._make(host)
        return found

    def _make(self, host: str) -> ssl.SSLContext:
        leaf = self._authority.issue_cert(host, not_after=datetime.now(timezone.utc) + _LIFETIME)
        content = leaf.private_key_pem.bytes() + b"".join(part.bytes() for part in leaf.cert_chain_pems)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # The ssl module reads keys from files only: this one has no name and never touches a disk.
        descriptor = os.memfd_create("amlbridge")
        try:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(content)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return context
