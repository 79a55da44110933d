"""What a traced script asks for and is not there, made up: `amlbridge trace --permissive`.

Nothing is made up but in the temporary workspace of a trace, which runs no step.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from amlbridge.engine.errors import EngineError
from amlbridge.engine.records.resources import Resource
from amlbridge.v1 import dataflow, dataset_records, datasets, datastores, environments, models, secrets
from amlbridge.v1.pipelines import published, submissions
from amlbridge.wire import compute_bodies, computes, model_registry, storage, unfound
from amlbridge.wire.application import STAND_INS
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError
from amlbridge.wire.routing import Handler

#: What is missing is stood in for, as this JSON says: datasets by one of a ``type`` (file or tabular; ``types``: by
#: their names), and ``computes`` where a script lists them all and looks for one itself. Empty: nothing is.
PERMISSIVE = "AMLBRIDGE_PERMISSIVE"
_FILE = "stand-ins.json"
_FOLDER = "amlbridge-stand-ins"
#: The table of a dataset that stands in for another.
_TABLE = b"column\n1\n"
_ROW, _ROWS = b'{"column": 1}\n', (".json", ".jsonl")
_COMPUTE = re.compile(r"there is no compute target '([^']+)'")
_ENVIRONMENT = re.compile(r"the environment (\S+?)(?: version (\S+))? is not registered")
#: An environment that takes what is there.
_DEFINITION = {"python": {"userManagedDependencies": True}}


class StandIns:
    """Makes what is missing. ``dataset_type``: tabular or file; ``types``: the same by names of datasets; ``clusters``:
    the computes that a list of all has."""

    def __init__(
        self, service: Service, dataset_type: str, types: Mapping[str, str] | None = None, clusters: Iterable[str] = ()
    ) -> None:
        self._service = service
        self._dataset_type = dataset_type
        self._types = types or {}
        self._clusters = tuple(clusters)
        self._lock = threading.Lock()
        self._made: list[str] = []
        self._missing: Mapping[Handler, Callable[[Call], str]] = {
            computes.get_compute: self._compute_of_path,
            datasets.get_dataset_by_name: self._dataset,
            datastores.get_datastore: self._datastore,
            environments.get_latest: self._environment,
            environments.get_version: self._environment,
            environments.get_by_label: self._environment,
            secrets.get_secret: self._secret,
        }

    def before(self, handler: Handler, call: Call) -> None:
        """Makes what a request asks for that would answer an empty list."""
        if handler is computes.list_computes:
            for wanted in self._clusters:
                if not computes.exists(self._service, call.workspace, wanted):
                    self._note(self._compute(call, wanted))
        name = call.query.get("name")
        if handler is models.list_models and name and not model_registry.versions(self._service, call.workspace, name):
            self._note(self._model(call, name))
        if handler is secrets.get_secrets:
            for item in call.object.get("secrets", []):
                name = str(item.get("name", "")) if isinstance(item, dict) else ""
                if name and call.records.resources.find(call.workspace.id, "secret", name.lower()) is None:
                    self._note(self._put_secret(call, name))

    def after(self, handler: Handler, call: Call, error: ServiceError | EngineError) -> bool:
        """Makes what a request has not found. True: the request is to be tried again."""
        if handler in (submissions.create_unsubmitted_run, published.create_published_pipeline):
            return self._in_graph(call, str(error))
        make = self._missing.get(handler)
        if make is None or (isinstance(error, ServiceError) and error.status != 404):
            return False
        return self._note(make(call))

    def _note(self, text: str) -> bool:
        """False for what was made before: it did not help."""
        with self._lock:
            if text in self._made:
                return False
            self._made.append(text)
            (self._service.home / _FILE).write_text(json.dumps(self._made))
            return True

    def _in_graph(self, call: Call, message: str) -> bool:
        if found := _COMPUTE.search(message):
            return self._note(self._compute(call, found[1]))
        if found := _ENVIRONMENT.search(message):
            return self._note(self._put_environment(call, found[1], found[2]))
        return False

    # -- each kind --------------------------------------------------------------------------------------------------

    def _compute_of_path(self, call: Call) -> str:
        return self._compute(call, call.params["name"])

    def _compute(self, call: Call, name: str) -> str:
        location = call.workspace.properties.get("location", "local")
        body = compute_bodies.create(name, {"properties": {"computeType": compute_bodies.CLUSTER}}, location=location)
        call.records.resources.put(call.workspace.id, compute_bodies.KIND, name, body)
        return f"compute {name}"

    def _dataset(self, call: Call) -> str:
        name = call.params["name"]
        account, container = call.workspace.storage_account, storage.built_in(call.workspace)[storage.DEFAULT].container
        path = f"{_FOLDER}/{name}/data.csv"
        self._service.blobs.put(account, container, path, _TABLE)
        location = dataflow.uri(call.workspace, storage.DEFAULT, path)
        content = {"type": "mltable", "paths": [{"file": location}], "transformations": []}
        kind = self._types.get(name, self._dataset_type)
        if kind == "tabular":
            content["transformations"] = [{"read_delimited": {"delimiter": ",", "header": "all_files_same_headers"}}]
        made = dataset_records.of_yaml(kind, dataflow.dump(content))
        dataset_records.register(self._service, call.workspace, name, made)
        return f"dataset {name} ({kind})"

    def blob(self, account: str, container: str, name: str) -> bool:
        """Makes a file of a registered datastore that the dataset engine looks for: a table, where the name is one of a
        file, or a folder with one. True: it is there now."""
        store = self._store(account, container)
        if store is None or not (name.endswith("/") or Path(name).suffix):
            return False
        path = f"{name}data.csv" if name.endswith("/") else name
        self._service.blobs.put(account, container, path, _ROW if Path(path).suffix in _ROWS else _TABLE)
        return self._note(f"data {store}/{name}")

    def _store(self, account: str, container: str) -> str | None:
        for workspace in self._service.records.workspaces.list():
            for store in storage.datastores(self._service, workspace):
                if not store.built_in and store.has_folder and (store.account, store.container) == (account, container):
                    return store.name
        return None

    def _datastore(self, call: Call) -> str:
        name = call.params["name"]
        section = {"accountName": "standin", "containerName": f"of-{name.lower().replace('_', '-')}"[:63]}
        storage.register(self._service, call.workspace, name, storage.BLOB, section, {})
        return f"datastore {name}"

    def _environment(self, call: Call) -> str:
        return self._put_environment(call, call.params["name"], call.params.get("version"))

    @staticmethod
    def _put_environment(call: Call, name: str, version: str | None) -> str:
        body = {"definition": _DEFINITION, "labels": []}
        call.records.resources.add(call.workspace.id, environments.KIND, name, body, version or "1")
        return f"environment {name}{f' version {version}' if version else ''} (without packages)"

    def _secret(self, call: Call) -> str:
        return self._put_secret(call, call.params["name"])

    @staticmethod
    def _put_secret(call: Call, name: str) -> str:
        body = {"name": name, "value": f"stand-in for {name}", "contentType": "application/NotProvided"}
        call.records.resources.put(call.workspace.id, "secret", name.lower(), body)
        return f"secret {name}"

    def _model(self, call: Call, name: str) -> str:
        body = {"url": f"aml://artifact/LocalUpload/{_FOLDER}/{name}", "unpack": False, "derivedModelIds": []}
        made: Resource = model_registry.add(self._service, call.workspace, name, body)
        return f"model {made.name}"


def attach(service: Service, guessed: str) -> None:
    """Lets a service stand in for what is missing, as :data:`PERMISSIVE` says it; "" lets it be."""
    if guessed:
        said = json.loads(guessed)
        made = StandIns(service, said["type"], said["types"], said["computes"])
        service.parts[STAND_INS] = made
        service.parts[unfound.STAND_IN] = made.blob


def listed(home: Path) -> list[str]:
    """What was stood in for in a state folder, a line each."""
    path = home / _FILE
    found: list[str] = json.loads(path.read_text()) if path.is_file() else []
    return found
