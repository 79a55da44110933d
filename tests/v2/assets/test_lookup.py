"""Assets by reference, as jobs name them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import lookup, paths, versions
from amlbridge.v2.assets.codes import CODES, snapshots
from amlbridge.v2.assets.components import COMPONENTS
from amlbridge.v2.assets.data import DATA
from amlbridge.v2.assets.environments import ENVIRONMENTS
from amlbridge.v2.assets.models import MODELS
from amlbridge.v2.assets.places import registry
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError
from tests.v2.assets.places import service_and_workspace


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Service, Workspace]]:
    service, workspace = service_and_workspace(tmp_path)
    yield service, workspace
    service.records.close()


def test_environments(place: tuple[Service, Workspace]) -> None:
    service, workspace = place
    for version, image in (("1", "a"), ("2", "b")):
        versions.put(service, workspace, ENVIRONMENTS, "e", version, {"properties": {"image": image}})
    images = {
        reference: lookup.environment(service, workspace, reference)["properties"]["image"]
        for reference in ("azureml:e:1", "e@latest", f"{workspace.scope}/environments/e/versions/2", "azureml:e")
    }
    assert list(images.values()) == ["a", "b", "b", "b"]
    microsoft = lookup.environment(service, workspace, "azureml://registries/azureml/environments/x-1.0/labels/latest")
    assert microsoft["properties"]["environmentType"] == "Curated"
    assert microsoft["id"] == "azureml://registries/azureml/environments/x-1.0/versions/1"
    assert (
        lookup.environment(service, workspace, "azureml:AzureML-x@latest")["properties"]["environmentType"] == "Curated"
    )


def test_what_is_not_there_is_named(place: tuple[Service, Workspace]) -> None:
    service, workspace = place
    functions = (lookup.component, lookup.environment, lookup.data, lookup.model, lookup.code)
    for function in functions:
        for reference in ("azureml:none:7", f"azureml://registries/r/{_plural(function)}/none/versions/7"):
            with pytest.raises(ServiceError) as caught:
                function(service, workspace, reference)
            assert caught.value.status == 404
            assert reference in caught.value.message
    with pytest.raises(ServiceError, match="names one of the data") as caught:
        lookup.model(service, workspace, "azureml://registries/r/data/d/versions/1")
    assert caught.value.status == 400


def _plural(function: object) -> str:
    name = function.__name__  # type: ignore[attr-defined]
    return name if name == "data" else f"{name}s"


def test_components_of_a_registry_and_of_another_workspace(place: tuple[Service, Workspace]) -> None:
    service, workspace = place
    shelf = registry(service, "shelf")
    other = service.records.workspaces.ensure("s", "g", "other")
    for where, command in ((shelf, "in registry"), (other, "elsewhere"), (workspace, "here")):
        spec = {"type": "command", "command": command}
        versions.put(service, where, COMPONENTS, "c", "1", {"properties": {"componentSpec": spec}})
    references = (
        "azureml://registries/shelf/components/c/versions/1",
        f"{other.scope}/components/c/versions/1",
        f"azureml://locations/local/workspaces/{other.id}/components/c/versions/1",
        "c:1",
    )
    commands = [
        lookup.component(service, workspace, item)["properties"]["componentSpec"]["command"] for item in references
    ]
    assert commands == ["in registry", "elsewhere", "elsewhere", "here"]


def test_code_is_taken_over(place: tuple[Service, Workspace]) -> None:
    service, workspace = place
    service.blobs.put(workspace.storage_account, "upload", "src/a.py", b"print(1)")
    uri = f"https://{workspace.storage_account}.blob.core.windows.net/upload/src"
    versions.put(service, workspace, CODES, "u", "1", {"properties": {"codeUri": uri}})
    digest = lookup.code(service, workspace, f"azureml:{workspace.scope}/codes/u/versions/1")
    service.blobs.delete(workspace.storage_account, "upload", "src/a.py")
    assert [item.name for item in snapshots(service).files(workspace.id, digest)] == ["a.py"]
    with pytest.raises(ServiceError, match="upload is not complete"):
        versions.put(service, workspace, CODES, "u", "2", {"properties": {"codeUri": f"{uri}/none"}})
    with pytest.raises(ServiceError, match="does not reach"):
        versions.put(service, workspace, CODES, "u", "2", {"properties": {"codeUri": "git+https://example.com/x"}})
    assert CODES.find(service, workspace, "u", "2") is None


def test_a_number_of_a_model_is_never_given_twice(place: tuple[Service, Workspace]) -> None:
    service, workspace = place
    service.blobs.put(workspace.storage_account, "azureml", "LocalUpload/x/m.pkl", b"1")
    uri = "azureml://datastores/workspaceartifactstore/paths/LocalUpload/x/m.pkl"
    for version in ("1", "5"):
        versions.put(service, workspace, MODELS, "m", version, {"properties": {"modelUri": uri}})
    MODELS.delete(service, workspace, "m", "5")
    found = versions.container(service, workspace, MODELS, "m")
    assert found is not None
    assert (found["properties"]["latestVersion"], found["properties"]["nextVersion"]) == ("1", "6")
    assert lookup.model(service, workspace, "m@latest")["name"] == "1"


def test_paths(place: tuple[Service, Workspace]) -> None:
    service, workspace = place
    other = service.records.workspaces.ensure("s", "g", "other")
    long = "azureml://subscriptions/s/resourcegroups/g/workspaces/{}/datastores/workspaceblobstore/paths/a/b.csv"
    here = paths.local(service, workspace, long.format("W"))
    assert here == paths.local(service, workspace, "azureml://datastores/workspaceblobstore/paths//a/b.csv")
    there = paths.local(service, workspace, long.format("other"))
    assert there is not None
    assert other.storage_account in there.parts
    assert paths.local(service, workspace, long.format("none")) is None
    assert paths.local(service, workspace, "https://example.com/a.csv") is None
    with pytest.raises(ServiceError):
        paths.local(service, workspace, "azureml://datastores/workspaceblobstore/paths/../../x")


def test_data_of_a_label(place: tuple[Service, Workspace]) -> None:
    service, workspace = place
    for version in ("1", "2"):
        body = {"properties": {"dataType": "uri_file", "dataUri": f"https://example.com/{version}"}}
        versions.put(service, workspace, DATA, "d", version, body)
    archived = {"properties": {"dataType": "uri_file", "dataUri": "https://example.com/2", "isArchived": True}}
    versions.put(service, workspace, DATA, "d", "2", archived)
    assert lookup.data(service, workspace, "azureml:d@latest")["name"] == "1"
    assert lookup.data(service, workspace, "azureml:d:2")["properties"]["isArchived"] is True
