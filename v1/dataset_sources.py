"""The files that the sources of a file dataset are, as the dataset engine would find them.

Measured with rslex 2.24 and azureml-core 1.61 (``FileDataset.to_path``):

* a source without wildcard is the file of that name, or else the folder; ``*`` matches within a segment, ``**`` and
  ``**/`` anything; a slash at the end takes all below; what stands behind a ``?`` is a query and is dropped;
* files of one source lie below its root: the folder, or what stands before the segment with the first wildcard;
* files of several sources lie at ``{datastore}/{path on the datastore}``;
* the order is that of the blobs' names, source by source.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.dataflow import Source
from amlbridge.wire import storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request, not_found

#: The name of the shared part (``service.parts``) that maps a URL to a local file or folder: a function of the URL that
#: returns its path, or None for a URL that the user did not map.
URL_MAP = "url_map"
UrlMap = Callable[[str], Path | None]


@dataclass(frozen=True)
class Item:
    """One file of a dataset: where it lies, and its place in the dataset (slashes, none in front)."""

    path: Path
    relative: str


@dataclass(frozen=True)
class Found:
    """What a dataset's sources are: a whole folder (``folder``), a single file (``single``), or any files."""

    items: tuple[Item, ...]
    folder: Path | None = None
    single: bool = False


def find(service: Service, workspace: Workspace, sources: Sequence[Source]) -> Found:
    """The files of all sources, each once. Raises a 4xx :class:`ServiceError` when a source has none."""
    if len(sources) == 1:
        return _find(service, workspace, sources[0])[0]
    items: dict[Path, Item] = {}
    for source in sources:
        found, prefix = _find(service, workspace, source)
        for item in found.items:
            items.setdefault(item.path, Item(item.path, prefix + item.relative))
    return Found(tuple(items.values()))


def _find(service: Service, workspace: Workspace, source: Source) -> tuple[Found, str]:
    """The files of one source, and what stands before their places in a dataset of several."""
    if source.datastore is None:
        return _mapped(service, source)
    home = service.records.workspaces.ensure(*source.scope) if source.scope else workspace
    store = storage.datastore(service, home, source.datastore)
    path = source.path.lstrip("/")
    base, wildcard = path, ""
    if "*" in path:
        head, _, tail = path.partition("*")
        base = head.rpartition("/")[0]
        wildcard = path[len(base) :].lstrip("/") if tail or head else path
    name = storage.normal(base)
    place = storage.resolve(service, home, store, name)
    prefix = f"{store.name}/{name}/" if name else f"{store.name}/"
    if wildcard:
        return _globbed(place, wildcard, f"{source.path!r} of the datastore {store.name}"), prefix
    if place.is_file() and not path.endswith("/"):
        return Found((Item(place, place.name),), single=True), prefix.removesuffix(f"{place.name}/")
    if not place.is_dir():
        raise not_found(f"the datastore {store.name} has neither a file nor a folder {name!r}", "UserError")
    return Found(tuple(_below(place)), folder=place), prefix


def _below(folder: Path) -> Iterator[Item]:
    """Every file below a folder, in the order of their names."""
    found = [
        Path(directory, file).relative_to(folder).as_posix()
        for directory, _folders, names in os.walk(folder)
        for file in names
    ]
    for name in sorted(found):
        yield Item(folder / name, name)


def _globbed(base: Path, wildcard: str, label: str) -> Found:
    items = tuple(_below(base)) if base.is_dir() else ()
    if wildcard != "**":
        regex = _regex(wildcard)
        items = tuple(item for item in items if regex.fullmatch(item.relative))
    if not items:
        raise not_found(f"there are no files {label}", "UserError")
    return Found(items, folder=base if wildcard == "**" else None)


def _regex(wildcard: str) -> re.Pattern[str]:
    pieces = []
    for piece in re.split(r"(\*\*/?|\*)", wildcard):
        if piece.startswith("**"):
            pieces.append(".*")
        else:
            pieces.append("[^/]*" if piece == "*" else re.escape(piece))
    if wildcard.endswith("/"):
        pieces.append(".*")
    return re.compile("".join(pieces), re.DOTALL)


def _mapped(service: Service, source: Source) -> tuple[Found, str]:
    parts = urlsplit(source.uri)
    if parts.scheme in ("file", ""):
        raise bad_request(f"the dataset reads {source.uri}, a path of the machine that made it: upload the files first")
    mapping: UrlMap | None = service.parts.get(URL_MAP)
    place = mapping(source.uri) if mapping is not None else None
    if place is None:
        raise ServiceError(
            400,
            "UserError",
            f"the dataset reads {source.uri}, and amlbridge fetches nothing from the network: map this URL to a local "
            "file, or upload the data to a datastore",
        )
    name = unquote(parts.path).strip("/")
    host = f"{parts.scheme}/{parts.netloc}/"
    if place.is_file():
        folder, slash, last = name.rpartition("/")
        return Found((Item(place, last or place.name),), single=True), host + folder + slash
    if not place.is_dir():
        raise not_found(f"{source.uri} is mapped to {place}, which does not exist", "UserError")
    return Found(tuple(_below(place)), folder=place), f"{host}{name}/" if name else host
