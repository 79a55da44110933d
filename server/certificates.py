"""The certificate of the service and the bundle that its clients trust."""

from __future__ import annotations

import os
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

_CA, _LEAF, _BUNDLE = "ca.pem", "service.pem", "bundle.pem"


def ensure(folder: Path, *more: bytes) -> None:
    """Makes a certificate authority and a certificate for 127.0.0.1 and localhost, once; the authority's private key is
    not kept. The bundle is the user's own CA bundle plus ours, or the user's own https would break; ``more`` are the
    PEM certificates of further authorities in it."""
    if not (folder / _LEAF).exists() or not (folder / _CA).exists():
        _make(folder)
    bundle = _trusted_bundle().read_bytes().rstrip() + b"\n" + b"".join([(folder / _CA).read_bytes(), *more])
    target = folder / _BUNDLE
    if not target.exists() or target.read_bytes() != bundle:
        aside = folder / f"{_BUNDLE}.{os.getpid()}"
        aside.write_bytes(bundle)
        aside.replace(target)


def _make(folder: Path) -> None:
    import trustme  # 0.2 s that only the first start needs

    authority = trustme.CA(organization_name="amlbridge local workspace")
    expiry = datetime.now(timezone.utc) + timedelta(days=3650)
    leaf = authority.issue_cert("127.0.0.1", "localhost", not_after=expiry)
    content = leaf.private_key_pem.bytes() + b"".join(part.bytes() for part in leaf.cert_chain_pems)
    descriptor = os.open(folder / _LEAF, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    (folder / _CA).write_bytes(authority.cert_pem.bytes())


def _trusted_bundle() -> Path:
    for variable in ("AMLBRIDGE_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        named = os.environ.get(variable)
        if named and Path(named).is_file() and Path(named).name != _BUNDLE:
            return Path(named)
    import certifi

    return Path(certifi.where())


def bundle(folder: Path) -> Path:
    """The CA bundle for the clients."""
    return folder / _BUNDLE


def leaf(folder: Path) -> Path:
    """The service's key and certificate chain."""
    return folder / _LEAF


def server_context(folder: Path) -> ssl.SSLContext:
    """The TLS settings of the https port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf(folder))
    return context
