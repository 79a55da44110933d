"""Artifacts are files: container ``azureml`` of the workspace's storage account, ``{origin}/{container}/{path}``.

So what a step writes to its run's folder is an artifact as soon as it is there, and an upload to a signed URL is one
as soon as it is complete; there is no second book to keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from amlbridge.engine.blobs import Blob
from amlbridge.engine.clock import iso
from amlbridge.engine.errors import InvalidNameError, NotFoundError
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request, not_found

#: The origin of what runs write; `LocalUpload` is that of models and assets from the user's disk.
RUN_ORIGIN = "ExperimentRun"
CONTAINER = "azureml"
DATASTORE = "workspaceartifactstore"


class Artifacts:
    """The artifacts of one origin and container in a workspace."""

    def __init__(self, service: Service, workspace: Workspace, origin: str, container: str) -> None:
        self._blobs = service.blobs
        self._service = service
        self._account = workspace.storage_account
        self.origin = origin
        self.container = container
        self._blobs.path(self._account, CONTAINER, self._root)

    @property
    def _root(self) -> str:
        return f"{self.origin}/{self.container}"

    def blob_name(self, path: str) -> str:
        """The blob of an artifact. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError` for a path that no file
        can have."""
        try:
            self._blobs.path(self._account, CONTAINER, f"{self._root}/{normal(path)}")
        except InvalidNameError as error:
            raise bad_request(f"{path!r} cannot be the path of an artifact: {error}", "InvalidPath") from error
        return f"{self._root}/{normal(path)}"

    def find(self, prefix: str = "", *, folder: bool = False, after: str = "") -> Iterator[tuple[str, Blob]]:
        """Paths that start with ``prefix`` and their blobs, in name order. ``folder``: whole segments only. ``after``:
        only paths behind this one; those before it are not looked at."""
        prefix = normal(prefix) + ("/" if prefix.endswith("/") and normal(prefix) else "")
        if prefix:
            self.blob_name(prefix)
        start = f"{self._root}/"
        for blob in self._blobs.list(self._account, CONTAINER, start + prefix, start + after):
            path = blob.name[len(start) :]
            if after and path <= after:
                continue
            if not folder or path == prefix.rstrip("/") or path.startswith(prefix.rstrip("/") + "/"):
                yield path, blob

    def paths(self, prefix: str = "") -> list[str]:
        """Paths that start with ``prefix``, in name order."""
        return [path for path, _blob in self.find(prefix)]

    def exists(self, path: str) -> bool:
        """Whether there is a file at the path. Raises a 400 for a path that no file can have."""
        return self._blobs.path(self._account, CONTAINER, self.blob_name(path)).is_file()

    def stat(self, path: str) -> Blob:
        """The blob of an artifact. Raises a 404 :class:`~amlbridge.wire.errors.ServiceError`."""
        try:
            return self._blobs.stat(self._account, CONTAINER, self.blob_name(path))
        except NotFoundError:
            raise not_found(
                f"there is no artifact {normal(path)} in {self._root}: look at what the run has (run.get_file_names())",
                "ArtifactNotFound",
            ) from None

    def read(self, path: str) -> bytes:
        """The content of a small artifact. Raises a 404 :class:`~amlbridge.wire.errors.ServiceError`."""
        self.stat(path)
        return self._blobs.path(self._account, CONTAINER, self.blob_name(path)).read_bytes()

    def write(self, path: str, content: bytes) -> Blob:
        """Writes a small artifact at once."""
        return self._blobs.put(self._account, CONTAINER, self.blob_name(path), content)

    def delete(self, path: str) -> None:
        """Deletes the file. Raises a 404 :class:`~amlbridge.wire.errors.ServiceError`."""
        self.stat(path)
        self._blobs.delete(self._account, CONTAINER, self.blob_name(path))

    def uri(self, path: str) -> str:
        """A URL to read and write the artifact, whether it exists or not.

        The v1 client uploads to the path of this URL as it stands, quoted once more, and reads with requests, which
        quotes what is not quoted: so only what would end the path is quoted.
        """
        name = self.blob_name(path)
        bare = re.sub("[%?#;]", lambda match: quote(match.group()), name)
        return self._service.blob_url(self._account, CONTAINER, name).replace(quote(name), bare, 1)

    def readable(self, path: str) -> str:
        """A URL for those who read the artifact with any HTTP library. It has no userinfo, which urllib (and with it
        azureml-widgets) takes for a part of the host; clients that write make an account of it."""
        return re.sub("//[^/@]*@", "//", self.uri(path), count=1)

    def dto(self, path: str, blob: Blob | None) -> dict[str, Any]:
        """An ArtifactDto; ``blob`` is None for one that is announced and not yet uploaded."""
        path = normal(path)
        name = f"{self._root}/{path}"
        return {
            "artifactId": name,
            "origin": self.origin,
            "container": self.container,
            "path": path,
            "etag": blob.etag if blob else None,
            "createdTime": iso(blob.modified if blob else self._service.clock()),
            "dataPath": {"dataStoreName": DATASTORE, "relativePath": name, "sqlDataPath": None},
            "tags": {},
        }

    def content_dto(self, path: str) -> dict[str, Any]:
        """An ArtifactContentInformationDto."""
        found = {"origin": self.origin, "container": self.container, "path": normal(path), "tags": {}}
        return {"contentUri": self.uri(path), **found}


def normal(path: str) -> str:
    """An artifact path as it is kept: ``./logs//a.txt`` and ``logs\\a.txt`` are ``logs/a.txt``.

    The clients join paths carelessly (``outputs//``), and upload what the user named ``./outputs/x`` as it stands.
    """
    segments = re.split(r"[/\\]+", path)
    return "/".join(segment for segment in segments if segment not in ("", "."))
