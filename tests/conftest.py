"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.launch import deferred, preload
from tests.support import bytecode, warm_clients
from tests.support.live import LiveService, SharedService
from tests.support.warm_clients import WarmClients

with bytecode.kept():
    from hypothesis import HealthCheck, settings

# How fast a machine is must not decide whether a property holds.
settings.register_profile("amlbridge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("amlbridge")

#: The files whose tests take longest, the longest first: all that take more than half a minute (`--durations`).
_LONGEST = (
    "samples/test_verified_samples.py",
    "migrate/twins/test_run_scripts.py",
    "migrate/twins/test_searches.py",
    "migrate/twins/test_services.py",
    "samples/test_v2_samples.py",
    "cli/test_trace.py",
    "seeds/test_004_automl.py",
    "v1/test_execution.py",
    "faults/test_malformed.py",
    "migrate/twins/test_pipelines.py",
    "migrate/twins/test_runs.py",
    "migrate/twins/test_programs.py",
    "migrate/twins/test_assets.py",
    "samples/test_publish.py",
    "compare/mutation/test_mutations.py",
    "v1/test_parallel_run.py",
    "migrate/rules/test_automl_live.py",
    "v1/test_automl_runs.py",
    "seeds/test_000_credit_defaults.py",
    "v1/pipelines/test_reuse.py",
    "v1/test_datasets.py",
    "v2/jobs/test_automl.py",
    "migrate/signatures/test_table.py",
    "faults/test_malformed_published.py",
    "samples/test_v1_samples.py",
    "migrate/rules/test_run_scripts_live.py",
    "v1/test_automl_steps.py",
    "cli/test_verify.py",
    "cli/test_published_archive.py",
    "v2/jobs/test_bad_input.py",
    "cli/test_compute.py",
    "seeds/test_001_image_classification.py",
    "v1/test_automl_bad_input.py",
    "v2/jobs/test_parallel.py",
    "cli/test_service.py",
    "wire/test_blob_clients.py",
    "migrate/rules/test_sweeps.py",
    "faults/test_restart.py",
    "v2/online/test_endpoints.py",
    "v1/test_hyperdrive.py",
    "cli/test_published.py",
    "cli/test_compare.py",
    "v1/test_run_environments.py",
    "samples/test_migrated_samples.py",
    "migrate/rules/test_deployments.py",
    "cli/test_environments.py",
    "cli/test_run.py",
    "v1/pipelines/test_published_rest.py",
    "v2/schedules/test_operations.py",
    "v1/test_distributed_runs.py",
    "v2/batch/test_models.py",
    "v2/jobs/test_sweeps.py",
)


_CLIENTS = pytest.StashKey[WarmClients]()


@contextmanager
def _asked_during_import(folder: Path) -> Iterator[dict[str, str]]:
    service = LiveService(folder / "service")
    yield service.environment()
    service.stop()


def pytest_configure(config: pytest.Config) -> None:
    """What there is once and not in each process of xdist: the bytecode, and what clients are forked from."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell starts what it puts into the background so, and processes that tests interrupt would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # No client has a reason to trust anybody else: to read 140 certificates is 0.03 s of each connection with TLS.
    os.environ["AMLBRIDGE_CA_BUNDLE"] = str(Path(__file__).with_name("support") / "no_authorities.pem")
    # Tests that import MLflow take a second less.
    for package in preload.DEFERRED:
        deferred.defer(package)
    if hasattr(config, "workerinput"):
        warm_clients.use(config.workerinput["clients"])
        return
    bytecode.compile_all(clients=config.option.markexpr != "not slow")
    config.stash[_CLIENTS] = clients = WarmClients(_asked_during_import)
    warm_clients.use(clients.python)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a process of xdist."""
    node.workerinput["clients"] = warm_clients.python()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """How clients were started: those that were not forked cost seconds each."""
    started = config.stash[_CLIENTS].started if _CLIENTS in config.stash else {}
    for reason, count in sorted(started.items()):
        terminalreporter.write_line(f"clients: {count} {f'started afresh: {reason}' if reason else 'forked'}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends what clients are forked from."""
    if _CLIENTS in config.stash:
        config.stash[_CLIENTS].close()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With ``-m slow`` modules without a slow test are not imported: each process of xdist would import mlflow, both
    SDKs and scikit-learn for tests that it does not run."""
    if config.option.markexpr != "slow" or not collection_path.match("test_*.py"):
        return None
    return True if b"mark.slow" not in collection_path.read_bytes() else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keeps the bytecode of the tests, and looks for no garbage among what lasts as long as the tests."""
    gc.disable()
    try:
        with bytecode.kept():
            return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest begin first, so that at the end no process of xdist is left alone with one."""
    folder = Path(__file__).parent
    rank = {folder / name: number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture(scope="session")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The service that most modules share, one for each process of xdist."""
    service = LiveService(tmp_path_factory.mktemp("shared"))
    yield service
    service.stop()


@pytest.fixture(scope="module")
def live(shared_service: LiveService, request: pytest.FixtureRequest) -> LiveService:
    """An empty resource group for the tests of one module, in a service that other modules use, too."""
    name = request.module.__name__.removeprefix("tests.").replace(".", "-").replace("_", "-")
    return SharedService(shared_service, name)


@pytest.fixture
def empty_live(shared_service: LiveService, request: pytest.FixtureRequest) -> LiveService:
    """The same for one test."""
    return SharedService(shared_service, request.node.name.replace("_", "-")[:60])


@pytest.fixture(scope="module")
def module_live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service of one module, for tests of what belongs to no workspace."""
    service = LiveService(tmp_path_factory.mktemp("live"))
    yield service
    service.stop()


@pytest.fixture
def own_live(tmp_path: Path) -> Iterator[LiveService]:
    """A service of one test, which may kill and restart it."""
    service = LiveService(tmp_path)
    yield service
    if service.process is not None and service.process.poll() is None:
        service.stop()
