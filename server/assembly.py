"""Puts the service together: every module's operations, the blob endpoint, the engine."""

from __future__ import annotations

from amlbridge.engine.blobs import BlobStore
from amlbridge.engine.clock import Clock, system_clock
from amlbridge.engine.records.store import Records
from amlbridge.server.home import Home
from amlbridge.wire import arm, bootstrap
from amlbridge.wire.application import Application
from amlbridge.wire.context import Service
from amlbridge.wire.identity import TokenIssuer, load_secret
from amlbridge.wire.routing import Router, Routes


def services() -> list[Routes]:
    """The operations of every service, in the order of the coverage table."""
    return [bootstrap.routes, arm.routes]


def build_service(home: Home, *, clock: Clock = system_clock, host: str = "127.0.0.1") -> Service:
    """Opens the state folder. Raises :class:`amlbridge.engine.errors.StateError`."""
    home.create()
    return Service(
        home=home.root,
        records=Records(home.records_url, clock=clock),
        blobs=BlobStore(home.blobs),
        issuer=TokenIssuer(load_secret(home.secret), clock),
        host=host,
        clock=clock,
    )


def build_application(service: Service) -> Application:
    """The ASGI application of an open service."""
    return Application(service, Router(*services()))
