"""Puts the service together: every module's operations, the blob endpoint, the engine."""

from __future__ import annotations

import logging

from amlbridge.engine.blobs import BlobStore
from amlbridge.engine.clock import Clock, system_clock
from amlbridge.engine.records.store import Records
from amlbridge.server import published, shared_assets, status, studio
from amlbridge.server.home import Home
from amlbridge.v1 import (
    automl_runs,
    data_versions,
    datacaches,
    datadrift,
    datasets,
    datastores,
    environments,
    execution,
    execution_local,
    hyperdrive,
    model_assets,
    models,
    pipelines,
    secrets,
    snapshots,
)
from amlbridge.v1.webservices import images as service_images
from amlbridge.v1.webservices import packages
from amlbridge.v1.webservices import routes as webservices
from amlbridge.v2.batch.services import BATCH
from amlbridge.v2.jobs import outputs
from amlbridge.v2.jobs.services import JOBS
from amlbridge.v2.online.services import ONLINE
from amlbridge.v2.schedules import operations as schedules
from amlbridge.v2.services import ASSETS
from amlbridge.wire import arm, bootstrap, capacity, computes, deployments, linked_services, run_services, workspaces
from amlbridge.wire.application import Application
from amlbridge.wire.blob import BlobEndpoint
from amlbridge.wire.context import Service
from amlbridge.wire.file_share import FileShareEndpoint
from amlbridge.wire.identity import TokenIssuer, load_secret
from amlbridge.wire.mlflow.services import SERVICES as MLFLOW
from amlbridge.wire.routing import Router, Routes
from amlbridge.wire.serving import scoring

log = logging.getLogger(__name__)


def services() -> list[Routes]:
    """The operations of every service, in the order of the coverage table."""
    return [
        bootstrap.routes,
        status.routes,
        published.routes,
        studio.routes,
        # Before arm: its GET of a workspace knows one that `Workspace.create` is about to make.
        workspaces.routes,
        arm.routes,
        *run_services.SERVICES,
        *MLFLOW,
        deployments.routes,
        computes.routes,
        linked_services.routes,
        capacity.routes,
        datastores.routes,
        datasets.routes,
        data_versions.routes,
        datacaches.routes,
        datadrift.routes,
        snapshots.routes,
        environments.routes,
        model_assets.routes,
        models.routes,
        webservices.routes,
        service_images.routes,
        packages.routes,
        secrets.routes,
        execution.routes,
        execution_local.routes,
        hyperdrive.routes,
        automl_runs.routes,
        *pipelines.services,
        *ASSETS,
        *JOBS,
        schedules.routes,
        *BATCH,
        *ONLINE,
        scoring.routes,
    ]


def build_service(home: Home, *, clock: Clock = system_clock, host: str = "127.0.0.1") -> Service:
    """Opens the state folder. Raises :class:`amlbridge.engine.errors.StateError`."""
    home.create()
    blobs = BlobStore(home.blobs)
    left = blobs.clear_staging()
    if left:
        log.info("removed %s unfinished writes of an earlier service", left)
    service = Service(
        home=home.root,
        records=Records(home.records_url, clock=clock),
        blobs=blobs,
        issuer=TokenIssuer(load_secret(home.secret), clock),
        host=host,
        clock=clock,
    )
    shared_assets.attach(service)
    outputs.attach(service)
    return service


def build_application(service: Service) -> Application:
    """The ASGI application of an open service."""
    return Application(service, Router(*services()), FileShareEndpoint(service, BlobEndpoint(service)))
