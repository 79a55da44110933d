"""Good requests that are wrong in one place: never a 5xx, and no record that poisons a later answer of either SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest

from amlbridge.v2.services import ASSETS
from tests.faults import valid
from tests.faults.malformed import Malformer
from tests.faults.test_malformed import SCOPE, WS, Target, target, wrong  # noqa: F401  # a fixture

pytestmark = pytest.mark.slow

_FILES = "azureml://datastores/workspaceartifactstore/paths/LocalUpload/x"
_SPEC = {
    "type": "command",
    "command": "x",
    "inputs": {"a": {"type": "number", "default": "1"}},
    "outputs": {"o": {"type": "uri_folder"}},
    "environment": "e",
    "code": "c",
}
_STORE = {
    "datastoreType": "AzureBlob",
    "accountName": "acc",
    "containerName": "ccc",
    "credentials": {"credentialsType": "AccountKey", "secrets": {"key": "k"}},
    "isDefault": False,
    "tags": {},
}
_DATA = {"dataType": "uri_file", "dataUri": _FILES, "tags": {"a": "b"}, "properties": {"a": "b"}, "isArchived": False}
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "data/d/versions/1", {"properties": _DATA}),
    ("PUT", "environments/d/versions/1", {"properties": {"image": "i", "condaFile": "dependencies: [a]", "tags": {}}}),
    ("PUT", "environments/e/versions/1", {"properties": {"build": {"contextUri": _FILES, "dockerfilePath": "x"}}}),
    ("PUT", "components/d/versions/1", {"properties": {"componentSpec": _SPEC}}),
    ("PUT", "models/d/versions/1", {"properties": {"modelUri": _FILES, "stage": "Production", "jobName": "j"}}),
    ("PUT", "codes/d/versions/1", {"properties": {"codeUri": _FILES, "properties": {"hash_sha256": "x"}}}),
    ("PUT", "data/d", {"properties": {"description": "x", "tags": {"a": "b"}, "isArchived": True}}),
    ("PUT", "datastores/dd", {"properties": _STORE}),
    ("POST", "datastores/workspaceblobstore/listSecrets", {"expirableSecret": True, "expireAfterHours": 1}),
    ("POST", "codes/z/versions/1/startPendingUpload", {"pendingUploadType": "TemporaryBlobReference"}),
]
#: What reads all that was recorded, in both SDKs.
READS = (
    *(f"{WS}/{kind}{tail}" for kind in ("data", "environments", "components", "models", "codes")
      for tail in ("", "/d", "/d/versions", "/d/labels/latest")),
    f"{WS}/datastores",
    f"/environment/v1.0{WS}/environments",
    f"/modelmanagement/v1.0{WS}/models",
    f"/datastore/v1.0{WS}/datastores",
)  # fmt: skip


def test_no_request_wrong_in_one_place_is_a_server_error(target: Target) -> None:  # noqa: F811
    maker = Malformer(7, target.victim)
    workspace = target.service.records.workspaces.ensure("s", "g", "w")
    target.service.blobs.put(workspace.storage_account, "azureml", "LocalUpload/x/MLmodel", b"flavors: {a: {b: 1}}")
    found: dict[str, str] = {}
    good = 0
    for method, path, content in REQUESTS:
        first = target.ask(method, f"{WS}/{path}", "", json.dumps(content).encode())
        assert first.status < 300, first.body
        for number in range(100):
            # Half of them change what is there, the others make something new.
            place = path.replace("versions/1", f"versions/{number}") if number % 2 else path
            body = json.dumps(valid.mutate(content, maker.random, lambda: maker.value(()))).encode()
            answer = target.ask(method, f"{WS}/{place}", "", body)
            good += answer.status < 300
            if answer.status >= 500:
                found.setdefault(f"{method} {place}: {answer.status} {answer.body[:300]!r}", f"{body[:500]!r}")
    for path in READS:
        answer = target.ask("GET", path)
        if answer.status >= 500:
            found[f"GET {path}"] = repr(answer.body[:300])
    assert not found, "\n".join(f"{key}\n    {value}" for key, value in found.items())
    assert good > 150
    assert target.outside() == target.before


def test_no_malformed_request_is_a_server_error(target: Target) -> None:  # noqa: F811
    maker = Malformer(20261120, target.victim)
    target.service.records.workspaces.ensure("s", "g", "w")
    maker.known += ["w", "1", "workspaceblobstore", "azureml"]
    scope = {**SCOPE, "registry": "r", "group": "g"}
    for operation in (item for routes in ASSETS for item in routes if item.refused is None):
        for number, body in enumerate(maker.bodies(operation, {}, 12)):
            path = maker.path(operation, scope, wild=number % 3 == 0)
            answer = target.ask(operation.method, path, maker.query(()), body, **maker.headers())
            assert wrong(operation, answer) is None, (operation.name, path[-100:], body[:300])
    assert target.outside() == target.before
