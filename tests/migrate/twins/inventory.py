"""What is in a workspace, as values that two workspaces can be compared by: read from the service, without an SDK.

Left out is what the service or a client makes up (names of jobs, anonymous assets, times, addresses, log files), and
what is in every workspace (curated environments). A job is known by its experiment and by what it left behind.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import isodate
import yaml

from tests.migrate.twins import served
from tests.support.live import LiveService

_VERSION = {"api-version": "2024-04-01"}
#: How the tags and properties begin that the service or a client sets by itself.
_OWN = ("mlflow.", "azureml.", "_aml_system", "_azureml", "ContentSnapshotId", "ProcessInfoFile", "StatusFile")
#: The folders that the service itself writes into each run.
_LOGS = ("user_logs", "system_logs", "azureml-logs", "logs")
#: SDK v1 registers the environment of a run that names none; SDK v2 takes a curated one.
_MADE_UP = ("AzureML-", "default-environment")
#: The folders of a datastore that a client or the service names.
_MADE_FOLDERS = ("azureml/", "azureml-datasets/", "dataset/", "LocalUpload/", "managed-dataset/")
Values = dict[str, Any]


class Inventory:
    """Reads one workspace."""

    def __init__(self, live: LiveService, workspace: str) -> None:
        self._scope = live.scope(workspace)
        self._client = live.client()
        self._blobs = live.home.blobs

    def read(self) -> Values:
        """Everything of the workspace, by kind and name."""
        with self._client:
            datastores = {item["name"]: item["properties"] for item in self._list("datastores")}
            default = next(item for item in datastores.values() if item["isDefault"])
            return {
                "models": self._assets("models", _model),
                "data": self._assets("data", lambda asset: {"type": asset["dataType"]}),
                "environments": self._assets("environments", _environment),
                "computes": {item["name"]: _compute(item) for item in self._list("computes")},
                "datastores": {name: _datastore(item) for name, item in datastores.items()},
                "jobs": self._jobs(),
                "outputs": _outputs(self._blobs / default["accountName"] / default["containerName"]),
                "stored": self._stored(datastores),
                "services": served.services(self._client, self._scope, self._list),
                "published": served.published(self._client, self._scope, self._list),
                "schedules": served.schedules(self._client, self._scope, self._list),
            }

    def _list(self, path: str) -> Iterator[Values]:
        url, query = f"{self._scope}/{path}", {**_VERSION, "listViewType": "All"}
        while url:
            answer = self._client.get(url, params=query)
            answer.raise_for_status()
            page = answer.json()
            yield from page["value"]
            url, query = page.get("nextLink") or "", {}

    def _stored(self, datastores: Mapping[str, Values]) -> dict[str, str]:
        """The files at paths of datastores that a program has chosen, by datastore and path."""
        found = {}
        for name, item in datastores.items():
            if item["datastoreType"] != "AzureBlob" or name == "workspaceartifactstore":
                continue
            files = _files(self._blobs / item["accountName"] / item["containerName"])
            found |= {f"{name}/{path}": file for path, file in files.items() if not path.startswith(_MADE_FOLDERS)}
        return found

    def _assets(self, kind: str, more: Callable[[Values], Values]) -> Values:
        found: Values = {}
        for container in self._list(kind):
            name = container["name"]
            if name.startswith(_MADE_UP):
                continue
            for item in self._list(f"{kind}/{name}/versions"):
                asset = item["properties"]
                common = {key: asset[key] or "" for key in ("description", "isArchived")}
                own = {key: _user(asset[key]) for key in ("tags", "properties")}
                found.setdefault(name, {})[item["name"]] = {**common, **own, **more(asset)}
        return found

    # Jobs -----------------------------------------------------------------------------------------------------------

    def _mlflow(self, path: str, body: Values) -> Values:
        answer = self._client.post(f"/mlflow/v2.0{self._scope}/api/2.0/mlflow/{path}/search", json=body)
        answer.raise_for_status()
        content: Values = answer.json()
        return content

    def _jobs(self) -> Values:
        experiments = self._mlflow("experiments", {"max_results": 1000}).get("experiments", [])
        return {item["name"]: self._tree(item["experiment_id"]) for item in experiments}

    def _tree(self, experiment: str) -> list[Values]:
        """The jobs of an experiment with their children, in an order that does not depend on names or times."""
        runs = self._mlflow("runs", {"experiment_ids": [experiment], "max_results": 1000}).get("runs", [])
        below: dict[str, list[Values]] = defaultdict(list)
        for run in runs:
            tags = {tag["key"]: tag["value"] for tag in run["data"].get("tags", [])}
            below[tags.get("mlflow.parentRunId", "")].append(run)

        def tree(run: Values) -> Values:
            children = sorted(map(tree, below[run["info"]["run_id"]]), key=repr)
            return {**_job(run), "children": children}

        return sorted(map(tree, below[""]), key=repr)


def _user(tags: Values | None) -> Values:
    """Tags or properties that a program has set."""
    return {key: value for key, value in sorted((tags or {}).items()) if not key.startswith(_OWN)}


def _job(run: Values) -> Values:
    data = run["data"]
    return {
        "status": run["info"]["status"],
        "metrics": {item["key"]: item["value"] for item in data.get("metrics", [])},
        "params": {item["key"]: item["value"] for item in data.get("params", [])},
        "tags": _user({item["key"]: item["value"] for item in data.get("tags", [])}),
        "files": _files(Path(run["info"]["artifact_uri"])),
    }


def _files(folder: Path) -> dict[str, str]:
    """The hash of each file below a folder by its path, without logs."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: _hash(path) for name, path in names.items() if name.split("/")[0] not in _LOGS}


def _outputs(store: Path) -> list[dict[str, str]]:
    """The files of each output of a job that has a place of its own (``azureml/JOB/OUTPUT``), whatever its name."""
    folders = [*store.glob("azureml/*/*"), *store.glob("dataset/*/*")]
    return sorted(({path.name: _hash(path)} if path.is_file() else _files(path) for path in folders), key=repr)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


# Properties of resources --------------------------------------------------------------------------------------------


def _model(asset: Values) -> Values:
    return {"type": asset["modelType"], "file": asset["modelUri"].rstrip("/").rsplit("/", 1)[-1]}


def _environment(asset: Values) -> Values:
    packages = yaml.safe_load(asset["condaFile"])["dependencies"] if asset.get("condaFile") else []
    return {"image": asset["image"], "packages": packages}


def _compute(item: Values) -> Values:
    properties = item["properties"]
    detail = properties.get("properties") or {}
    names = ("vmSize", "vmPriority", "subnet", "identity", "address", "sshPort", "administratorAccount", "namespace")
    return {
        "type": properties["computeType"],
        "resource": (properties["resourceId"] or "").lower(),
        "description": properties["description"] or "",
        "tags": item["tags"] or {},
        **{name: detail.get(name) for name in names},
        "scaleSettings": {name: _period(value) for name, value in (detail.get("scaleSettings") or {}).items()},
    }


def _period(value: Any) -> Any:
    """A duration in seconds; anything else as it is."""
    return isodate.parse_duration(value).total_seconds() if str(value).startswith("PT") else value


def _datastore(properties: Values) -> Values:
    names = ("datastoreType", "isDefault", "description", "tags", "endpoint", "protocol")
    credentials = properties["credentials"]["credentialsType"]
    return {"credentials": credentials, **{name: properties.get(name) or "" for name in names}}
