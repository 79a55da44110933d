"""Which hosts are answered here, and with what certificates."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest

from amlbridge.server.interception.authority import IssuingAuthority
from amlbridge.server.interception.hosts import Role, role


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("acct.blob.core.windows.net", Role("blob", "acct")),
        ("acct.file.core.windows.net", Role("file", "acct")),
        ("acct.blob.core.chinacloudapi.cn", Role("blob", "acct")),
        ("kv.vault.azure.net", Role("vault", "kv")),
        ("westeurope.api.azureml.ms", Role("workspace", "westeurope.api")),
        ("management.azure.com", Role("arm", "")),
        ("login.microsoftonline.com", Role("login", "")),
        # Not served: these stay stopped.
        ("acct.dfs.core.windows.net", None),
        ("acct.queue.core.windows.net", None),
        ("graph.microsoft.com", None),
        ("x.management.azure.com", None),
        ("blob.core.windows.net", None),
        ("a.b.blob.core.windows.net", None),
        ("acct.blob.core.windows.net.example.com", None),
        ("notlogin.microsoftonline.com", None),
        ("example.com", None),
    ],
)
def test_role_of_a_host(host: str, expected: Role | None) -> None:
    assert role(host) == expected


def test_certificate_is_for_its_host_and_only_our_authority_vouches_for_it() -> None:
    authority, other = IssuingAuthority(), IssuingAuthority()
    assert authority.context("a.blob.core.windows.net") is authority.context("a.blob.core.windows.net")
    for trusted, host, good in (
        (authority, "a.blob.core.windows.net", True),
        (authority, "b.blob.core.windows.net", False),
        (other, "a.blob.core.windows.net", False),
    ):
        near, far = socket.socketpair()
        context = authority.context("a.blob.core.windows.net")

        def serve(end: socket.socket = far, context: ssl.SSLContext = context) -> None:
            try:
                context.wrap_socket(end, server_side=True).close()
            except OSError:
                end.close()

        thread = threading.Thread(target=serve)
        thread.start()
        client = ssl.create_default_context(cadata=trusted.certificate.decode())
        try:
            if good:
                client.wrap_socket(near, server_hostname=host).close()
            else:
                with pytest.raises(ssl.SSLCertVerificationError):
                    client.wrap_socket(near, server_hostname=host)
        finally:
            near.close()
            thread.join(60)
