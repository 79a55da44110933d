"""Code snapshots: how a v1 client uploads a source directory, and gets it back (protocol notes, section 4)."""

from __future__ import annotations

import hashlib
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from amlbridge.engine.blobs import check_name
from amlbridge.engine.clock import iso
from amlbridge.engine.errors import ConflictError, InvalidNameError, NotFoundError
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.snapshots import SnapshotFile, SnapshotStore
from amlbridge.wire.context import Call, Service, typed
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.routing import REST, Reply, Routes

routes = Routes("snapshots")

#: A client without a local cache starts from this snapshot, which has no files.
EMPTY = "00000000-0000-0000-0000-000000000000"
#: Where clients put files before they are a snapshot, and where they fetch archives and files of snapshots.
_UPLOADS, _DOWNLOADS = "snapshot-uploads", "snapshots"
_UPLOAD = re.compile(r"[0-9a-f-]{36}/\d+")
#: Uploads that never became a snapshot are removed after a day.
_UPLOAD_LIFETIME = 24 * 3600


#: The service's own folder, which lies in the user's and is uploaded with it unless an ignore file says otherwise. It
#: changes while it is read, and holds secrets: it is never a part of a snapshot.
_STATE_FOLDER = ".amlbridge"


def store(service: Service) -> SnapshotStore:
    """The snapshots of the service."""
    return service.part("snapshots", lambda: SnapshotStore(service.home / "snapshots"))


def digest(service: Service, workspace: Workspace, snapshot_id: str) -> str:
    """The hash of a snapshot's names and contents, for Plans and reuse; ``store(service).checkout`` takes it, too.

    Raises :class:`amlbridge.engine.errors.NotFoundError`.
    """
    return store(service).digest(workspace.id, snapshot_id)


@routes.get("/content/{api}/WS/snapshots/latest/metadata")
def latest_metadata(call: Call) -> Reply:
    """Where a client without a cache starts: at a snapshot without files, so that it uploads everything.

    A client with an empty folder (``path`` of most AutoMLConfigs) uploads nothing and names this one.
    """
    snapshots = store(call.service)
    if not snapshots.exists(call.workspace.id, EMPTY):
        created = iso(call.service.clock())
        details: dict[str, Any] = {"parent": EMPTY, "root": {}, "properties": {}, "tags": {}, "created": created}
        snapshots.name(call.workspace.id, EMPTY, snapshots.create(()), details)
    return {"id": EMPTY, "root": {}}


@routes.post("/content/{api}/WS/snapshots/getblob")
def upload_urls(call: Call) -> Reply:
    """A signed blob URL for each file that a client is about to upload."""
    names = [_text(name, "FileNames") for name in typed(_folded(call.object), "fileNames", list)]
    account = call.workspace.storage_account
    _remove_stale_uploads(call.service, account)
    batch = str(uuid.uuid4())
    nodes = []
    for number, name in enumerate(names):
        if _STATE_FOLDER in _clean(name).split("/"):
            continue  # a client uploads what it gets a URL for
        # A number and not the name: the client's upload encodes the path of the URL, encoded as it is, once more.
        nodes.append({"fullName": name, "blobUri": call.service.blob_url(account, _UPLOADS, f"{batch}/{number}")})
    return {"fileNodes": nodes}


@routes.operation(
    "POST",
    "/content/{api}/WS/snapshots/uri/{snapshot_id}",
    refused="A snapshot of a git repository would have to be fetched from the network: clone it and submit the folder.",
)
def create_from_git(call: Call) -> Reply:
    """A snapshot of a git repository."""


@routes.post("/content/v2.0/WS/snapshots/{snapshot_id}")
def create(call: Call) -> Reply:
    """Makes a snapshot of the parent's files and the uploaded ones, as the directory tree in the request says."""
    content = _folded(call.object)
    parent_id = typed(content, "parentSnapshotId", str, EMPTY)
    tree = typed(content, "dirTreeNode", dict, {})
    if _made_already(call, parent_id, tree):
        return None
    uploads = _uploads(call, content)
    parent = _Parent.load(call, parent_id)
    wanted = dict(_leaves(tree)) if tree else dict.fromkeys([*parent.files, *uploads], "")
    for name, expected in wanted.items():
        if name in uploads:
            _check_upload(uploads[name], name, expected)
        else:
            parent.check(name, expected)
    snapshots = store(call.service)
    files = [
        _stored(snapshots, name, uploads[name]) if name in uploads else parent.files[name] for name in sorted(wanted)
    ]
    details = {
        "parent": parent_id,
        "root": tree,
        "properties": typed(content, "properties", dict, {}),
        "tags": typed(content, "tags", dict, {}),
        "created": iso(call.service.clock()),
    }
    snapshots.name(call.workspace.id, call.params["snapshot_id"], snapshots.create(files), details)
    for batch in {path.parent for path in uploads.values()}:
        shutil.rmtree(batch, ignore_errors=True)  # it is in the snapshot now; what stays is removed after a day
    return None


@routes.operation(
    "POST",
    "/content/v1.0/WS/snapshots/{snapshot_id}",
    refused="Snapshots are created with version 2.0 of the content service, as azureml-core does since 1.0.",
)
def create_v1(call: Call) -> Reply:
    """A snapshot in one request with its files."""


@routes.post("/content/{api}/WS/snapshots/{snapshot_id}/zip")
def zip_url(call: Call) -> Reply:
    """The URL of a zip archive of the snapshot: what Run.restore_snapshot downloads."""
    return {"zipSasUri": _zip_url(call)}


@routes.get("/content/{api}/WS/snapshots/{snapshot_id}/metadata", others=REST)
def metadata(call: Call) -> Reply:
    """The snapshot's directory tree with hashes, and the git properties that were recorded with it."""
    details = store(call.service).details(*_place(call))
    return {
        "id": call.params["snapshot_id"],
        "root": details["root"],
        "parentSnapshotId": details["parent"],
        "properties": details["properties"],
        "tags": details["tags"],
        "createdTime": details["created"],
    }


@routes.get("/content/{api}/WS/snapshots/{snapshot_id}/sas", others=REST)
def file_urls(call: Call) -> Reply:
    """The snapshot's directory tree with a signed URL for each file."""
    return _tree_with_urls(call)


@routes.get("/content/{api}/WS/snapshots/{snapshot_id}/files", others=REST)
def list_files(call: Call) -> Reply:
    """The snapshot's files: names, sizes and hashes."""
    files = store(call.service).files(*_place(call))
    return {"value": [{"fullName": file.name, "fileSize": file.size, "sha256": file.sha256} for file in files]}


_NO_DIFF = "Snapshots are not compared by the service: Run.restore_snapshot gives both to compare them."


@routes.operation("GET", "/content/{api}/WS/snapshots/diff", refused=_NO_DIFF)
@routes.operation("POST", "/content/{api}/WS/snapshots/diff", refused=_NO_DIFF)
def compare(call: Call) -> Reply:
    """What differs between two snapshots."""


@routes.get("/content/{api}/WS/snapshots/{snapshot_id}", others=REST)
def zip_sas(call: Call) -> Reply:
    """The URL of a zip archive of the snapshot, as version 1.0 answers it."""
    return _zip_url(call)


@routes.operation(
    "DELETE",
    "/content/{api}/WS/snapshots/{snapshot_id}",
    refused="Snapshots are kept, because runs refer to them; `amlbridge reset` removes everything.",
)
def delete(call: Call) -> Reply:
    """Deletes a snapshot."""


def _made_already(call: Call, parent_id: str, tree: Mapping[str, Any]) -> bool:
    """Whether this very request was served before: its client missed the answer, and its uploads are gone."""
    snapshots, place = store(call.service), _place(call)
    if not snapshots.exists(*place):
        return False
    details = snapshots.details(*place)
    return bool(details["root"] == tree and details["parent"] == parent_id)


@dataclass
class _Parent:
    """The snapshot that a new one builds on."""

    snapshot_id: str
    files: dict[str, SnapshotFile]
    hashes: dict[str, str]

    @classmethod
    def load(cls, call: Call, snapshot_id: str) -> _Parent:
        """Raises a 404 for a parent that is not there: the client then forgets its cache and uploads everything."""
        if snapshot_id == EMPTY:
            return cls(snapshot_id, {}, {})
        snapshots, scope = store(call.service), call.workspace.id
        try:
            files = {file.name: file for file in snapshots.files(scope, snapshot_id)}
            return cls(snapshot_id, files, dict(_leaves(snapshots.details(scope, snapshot_id)["root"])))
        except NotFoundError:
            raise not_found(f"the parent snapshot {snapshot_id} is not in this workspace", "SnapshotNotFound") from None

    def check(self, name: str, expected: str) -> None:
        """Raises a 400 unless the parent has this file with the hash that the client expects."""
        if name not in self.files:
            raise bad_request(f"{name!r} was not uploaded, and the parent snapshot {self.snapshot_id} does not have it")
        known = self.hashes.get(name)
        if expected and known and expected.lower() != known.lower():
            raise bad_request(f"{name!r} differs from the parent snapshot {self.snapshot_id}, but was not uploaded")


def _leaves(node: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Each file of a DirTreeNode with its hash ("" when it has none). Directories as such are not kept, as in Azure."""
    if depth > 200:
        raise bad_request("DirTreeNode is nested more than 200 levels deep")
    children = node.get("children") or {}
    if not isinstance(children, dict):
        raise bad_request("the children of a DirTreeNode must be an object")
    for name, child in children.items():
        if not isinstance(child, dict):
            raise bad_request(f"DirTreeNode: {name!r} must be an object")
        if "/" in name:
            raise InvalidNameError(f"DirTreeNode: {name!r} is not the name of a file or folder")
        if name == _STATE_FOLDER:
            continue
        check_name(name)
        if typed(child, "type", str, "File").lower() == "file":
            yield prefix + name, typed(child, "hash", str, "")
        else:
            yield from _leaves(child, f"{prefix}{name}/", depth + 1)


def _uploads(call: Call, content: Mapping[str, Any]) -> dict[str, Path]:
    """Each uploaded file and where its blob lies. Only blobs that :func:`upload_urls` gave out are taken."""
    revisions = _folded(typed(content, "fileRevisionList", dict, {}))
    found: dict[str, Path] = {}
    for item in typed(revisions, "fileNodes", list, []):
        if not isinstance(item, dict):
            raise bad_request("FileRevisionList.FileNodes must hold objects")
        node = _folded(item)
        full_name = typed(node, "fullName", str)
        name = _clean(full_name)
        if _STATE_FOLDER in name.split("/"):
            continue
        if name in found:
            raise bad_request(f"{full_name!r} comes twice in FileRevisionList")
        account = call.workspace.storage_account
        container, _, blob = unquote(urlsplit(typed(node, "blobUri", str)).path).lstrip("/").partition("/")
        if container != _UPLOADS or not _UPLOAD.fullmatch(blob):
            raise bad_request(f"the BlobUri of {full_name!r} was not given out by getblob")
        path = call.service.blobs.path(account, container, blob)
        if not path.is_file():
            raise bad_request(f"{full_name!r} has not been uploaded")
        size = typed(node, "fileSize", int, path.stat().st_size)
        if size != path.stat().st_size:
            raise bad_request(f"{full_name!r} has {size} bytes, but {path.stat().st_size} were uploaded")
        found[name] = path
    return found


def _check_upload(path: Path, name: str, expected: str) -> None:
    """Compares an upload with the client's hash: SHA-512 of the bytes, the file's name and the word File."""
    if not expected:
        return
    with path.open("rb") as source:
        found = hashlib.sha512()
        while chunk := source.read(1024 * 1024):
            found.update(chunk)
    found.update(name.rpartition("/")[2].encode())
    found.update(b"File")
    if found.hexdigest() != expected.lower():
        raise bad_request(f"what was uploaded of {name!r} is not what was announced: did it change meanwhile?")


def _stored(snapshots: SnapshotStore, name: str, path: Path) -> SnapshotFile:
    with path.open("rb") as source:
        return SnapshotFile(name, *snapshots.add(source))


def _place(call: Call) -> tuple[str, str]:
    return call.workspace.id, call.params["snapshot_id"]


def _zip_url(call: Call) -> str:
    snapshots, place = store(call.service), _place(call)
    account, name = call.workspace.storage_account, f"zip/{snapshots.digest(*place)}.zip"
    if not call.service.blobs.path(account, _DOWNLOADS, name).exists():
        with call.service.blobs.writing(account, _DOWNLOADS, name) as target:
            snapshots.zip(*place, target)
    return call.service.blob_url(account, _DOWNLOADS, name)


def _tree_with_urls(call: Call) -> dict[str, Any]:
    snapshots, place, blobs = store(call.service), _place(call), call.service.blobs
    account, folder = call.workspace.storage_account, f"files/{snapshots.digest(*place)}"
    target = blobs.path(account, _DOWNLOADS, folder)
    if not target.exists():
        aside = blobs.staging()
        snapshots.checkout(*place, aside)
        try:
            blobs.publish(aside, target)
        except ConflictError:
            if not target.is_dir():
                raise
            shutil.rmtree(aside)  # another request was faster
    sizes = {file.name: file.size for file in snapshots.files(*place)}

    def describe(node: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        children = {name: describe(child, f"{prefix}{name}/") for name, child in (node.get("children") or {}).items()}
        described = {**node, "children": children}
        name = prefix.rstrip("/")
        if name in sizes:
            url = call.service.blob_url(account, _DOWNLOADS, f"{folder}/{name}")
            described.update(sasUrl=url, sizeBytes=sizes[name])
        return described

    return describe(snapshots.details(*place)["root"], "")


def _remove_stale_uploads(service: Service, account: str) -> None:
    folder = service.blobs.container(account, _UPLOADS)
    if not folder.is_dir():
        return
    for batch in folder.iterdir():
        if service.clock() - batch.stat().st_mtime > _UPLOAD_LIFETIME:
            shutil.rmtree(batch, ignore_errors=True)  # a client may be writing into it after all


def _clean(name: str) -> str:
    """A client's file name as a path with slashes (Windows clients send backslashes)."""
    cleaned = name.replace("\\", "/")
    try:
        check_name(cleaned)
        cleaned.encode()
    except UnicodeEncodeError:
        raise bad_request(f"{name!r} is no file name: it has half of a surrogate pair") from None
    return cleaned


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise bad_request(f"{name} must hold strings")
    return value


def _folded(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields in camelCase: clients write them either way."""
    return {name[:1].lower() + name[1:]: value for name, value in content.items()}
