"""Environments that a run only names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from amlbridge.engine.plan import Environment, Node, Plan
from amlbridge.server.assembly import build_service
from amlbridge.server.home import Home
from amlbridge.v1 import environments, run_environments
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = build_service(Home(tmp_path / "home"))
    yield made
    made.records.close()


def test_a_named_environment_is_the_registered_one(service: Service) -> None:
    workspace = service.records.workspaces.ensure("s", "g", "w")
    for version in ("1", "2"):
        content = {
            "python": {"condaDependencies": {"dependencies": [f"numpy={version}"]}},
            "environmentVariables": {"FROM": "registered", "BOTH": "registered"},
            "docker": {"baseDockerfile": f"FROM {version}"},
        }
        assert environments.ensure(service, workspace, "mine", content) == version

    def resolved(environment: Environment) -> Node:
        plan = Plan((Node("a", "a", environment=environment, variables={"BOTH": "step"}),))
        return run_environments.resolved(service, workspace, plan).nodes[0]

    first, latest = resolved(Environment("mine", "1")), resolved(Environment("mine"))
    assert first.environment.conda == {"dependencies": ["numpy=1"]}
    assert latest.environment.conda == {"dependencies": ["numpy=2"]}
    assert first.variables == {"FROM": "registered", "BOTH": "step"}
    assert first.options == {"dockerfile": "FROM 1"}
    assert resolved(Environment("AzureML-Tutorial")).environment.user_managed
    # What a step says itself is not replaced, and no name is nothing to look for.
    own = Environment("mine", "1", conda={"dependencies": ["six"]})
    assert resolved(own).environment == own
    assert resolved(Environment("default-environment")).environment.conda is None
    for missing, text in ((Environment("mine", "9"), "mine version 9"), (Environment("other"), "other is not")):
        with pytest.raises(ServiceError, match=text) as caught:
            resolved(missing)
        assert caught.value.status == 400


def test_urls_of_private_wheels(service: Service) -> None:
    service.blobs.put("account", "azureml", "wheels/x.whl", b"wheel")
    found = run_environments.stored_wheel(service, "https://account.blob.x@127.0.0.1:5/azureml/wheels/x.whl")
    assert found is not None and found.read_bytes() == b"wheel"
    for url in (
        "https://account.blob.x@127.0.0.1:5/azureml/wheels/y.whl",
        "https://account.blob.x@elsewhere.example:5/azureml/wheels/x.whl",
        "https://account.blob.x@127.0.0.1:5/azureml/../../secret",
        "https://127.0.0.1:5/azureml/wheels/x.whl",
        "https://[",
        "pandas==1.0",
    ):
        assert run_environments.stored_wheel(service, url) is None
