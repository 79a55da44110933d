"""The assets of a workspace, as jobs refer to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast, get_args

from amlbridge.engine.errors import InvalidNameError, NotFoundError
from amlbridge.engine.plan import DataReference, DataType, Environment
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.snapshots import SnapshotStore
from amlbridge.v2.assets import lookup, paths, references
from amlbridge.v2.jobs.reading import invalid
from amlbridge.wire import storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError

_MODELS = ("custom_model", "mlflow_model", "triton_model")
_CURATED = "Curated"
#: How the address of a place in the web begins.
WEB = ("http://", "https://", "wasb://", "wasbs://", "abfs://", "abfss://")


class WorkspaceAssets:
    """Implements :class:`amlbridge.v2.jobs.sources.Assets`. What was found once is not looked up again."""

    def __init__(self, service: Service, workspace: Workspace) -> None:
        self._service = service
        self._workspace = workspace
        self._components: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._environments: dict[str, Environment] = {}

    def component(self, reference: str, spot: str) -> tuple[str, Mapping[str, Any]]:
        """Name and specification."""
        if reference not in self._components:
            found = self._look_up(lookup.component, reference, spot, "ComponentNotFound")
            spec = found["properties"].get("componentSpec")
            if not isinstance(spec, Mapping):
                raise invalid(spot, f"the component {reference} has no specification")
            self._components[reference] = (str(spec.get("name") or references.parse(reference).name), spec)
        return self._components[reference]

    def environment(self, reference: str, spot: str) -> Environment:
        """Its conda specification and image; a curated one stands for the interpreter behind the client."""
        if reference not in self._environments:
            found = self._look_up(lookup.environment, reference, spot, "EnvironmentNotFound")
            self._environments[reference] = _environment(found, references.parse(reference).name, spot)
        return self._environments[reference]

    def code(self, reference: str, spot: str) -> str:
        """The digest. Raises a 400 when the code or its files are not there."""
        try:
            digest = lookup.code(self._service, self._workspace, reference)
            self._snapshots.files(self._workspace.id, digest)
        except (ServiceError, NotFoundError) as error:
            raise invalid(
                spot, f"the code {reference} is not there: submit again to upload it", "CodeNotFound"
            ) from error
        return digest

    def files(self, digest: str) -> Collection[str]:
        """File names."""
        return [file.name for file in self._snapshots.files(self._workspace.id, digest)]

    @property
    def _snapshots(self) -> SnapshotStore:
        found: SnapshotStore = self._service.parts["snapshots"]
        return found

    def data(self, uri: str, wanted: DataType, spot: str) -> DataReference:
        """A path of a datastore, a URL as it is, or the path of a data asset or a model."""
        place = self._place(uri, spot)
        if place is not None:
            return DataReference(datastore_uri(*place, folder=uri.endswith("/")), wanted)
        if uri.lower().startswith(WEB):
            return DataReference(self._own_blob(uri) or uri, wanted)
        parsed = references.parse(uri)
        if parsed.kind == "models" or (not parsed.kind and wanted in _MODELS):
            found = self._look_up(lookup.model, uri, spot, "ModelNotFound")["properties"]
            path, kind = found.get("modelUri"), found.get("modelType")
        else:
            found = self._look_up(lookup.data, uri, spot, "DataNotFound")["properties"]
            path, kind = found.get("dataUri"), found.get("dataType")
        known = kind if kind in get_args(DataType) else ("custom_model" if kind == "triton_model" else wanted)
        path = str(path)
        place = self._place(path, spot)
        if place is not None:
            return DataReference(datastore_uri(*place, folder=path.endswith("/")), cast(DataType, known))
        return DataReference(self._own_blob(path) or path, cast(DataType, known))

    def _place(self, uri: str, spot: str) -> tuple[str, str] | None:
        """Datastore and path of a URI that names them."""
        try:
            place = paths.datastore_path(self._service, self._workspace, uri)
            if place is not None:
                storage.resolve(self._service, self._workspace, *place)
        except ServiceError as error:
            raise invalid(spot, error.message, "DataNotFound") from error
        except InvalidNameError as error:
            raise invalid(spot, str(error), "InvalidPath") from error
        return place

    def _own_blob(self, url: str) -> str | None:
        """The datastore path of a blob of this workspace's own account; None for any other URL."""
        blob = paths.blob(self._service, url)
        if blob is None:
            return None
        account, container, name = blob
        for store in storage.datastores(self._service, self._workspace):
            if (store.account, store.container) == (account, container):
                return datastore_uri(store.name, name)
        return None

    def default_datastore(self) -> str:
        """The workspace's default datastore."""
        return storage.default_datastore(self._service, self._workspace).name

    def datastore(self, reference: str, spot: str) -> str:
        """A datastore by name or ARM id. Raises a 400."""
        name = reference.removeprefix("azureml:").rstrip("/").rpartition("/")[2]
        try:
            return storage.datastore(self._service, self._workspace, name).name
        except ServiceError as error:
            raise invalid(spot, error.message, "DatastoreNotFound") from error

    def output(self, uri: str, spot: str) -> tuple[str, str]:
        """Datastore and path. Raises a 400 for a URI that is none of a datastore."""
        place = self._place(uri, spot)
        if place is None:
            raise invalid(
                spot, f"{uri!r} is no path of a datastore: write azureml://datastores/NAME/paths/PATH", "InvalidPath"
            )
        return place

    def _look_up(self, find: Any, reference: str, spot: str, code: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = find(self._service, self._workspace, reference)
        except ServiceError as error:
            raise invalid(spot, error.message, code) from error
        return found


def datastore_uri(store: str, path: str, *, folder: bool = False) -> str:
    """The short URI of a path of a datastore."""
    return f"azureml://datastores/{store}/paths/{path}" + ("/" if folder and not path.endswith("/") else "")


def _environment(found: Mapping[str, Any], name: str, spot: str) -> Environment:
    properties, version = found["properties"], str(found["name"])
    if properties.get("environmentType") == _CURATED:
        return Environment(name, version)
    anonymous = bool(properties.get("isAnonymous"))
    return Environment(
        name=None if anonymous else name,
        version=None if anonymous else version,
        conda=_conda(properties.get("condaFile"), spot),
        image=properties.get("image"),
    )


def _conda(text: Any, spot: str) -> Any:
    """The conda file of an environment, which is YAML."""
    if not text:
        return None
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise invalid(spot, f"the conda file of the environment is not YAML: {error}") from error
    return content if isinstance(content, dict) else None
