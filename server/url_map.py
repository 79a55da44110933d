"""Which URLs of the web are files or folders of this machine: what `amlbridge map` writes and the service reads.

The map is ``url-map.json`` of the state folder: ``{"version": 1, "urls": {URL: PATH}}``. A URL that is mapped to a file
stands for that file; one that is mapped to a folder stands for the folder and all below it. The longest one wins.
Scheme (http or https, also ``wasbs://container@host/path``), the case of the host and default ports do not matter. A
URL without a query is meant with any query (the signature of a SAS URL changes), one with a query only with that.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from amlbridge.engine.errors import StateError

_VERSION = 1
_WEB = ("http", "https")
#: Names of https with the container before the host: the dataset engine turns URLs of storage accounts into these.
_SCHEMES = (*_WEB, "wasb", "wasbs", "abfs", "abfss")


@dataclass(frozen=True)
class _Key:
    """A URL, normalised. ``path`` is decoded, without slashes at its ends."""

    host: str
    path: str
    query: str


class UrlMap:
    """The map in a file, read again whenever that has changed. Calling it gives the path of a URL."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._entries: dict[_Key, Path] = {}

    def __call__(self, url: str) -> Path | None:
        """The local path that a URL stands for, whether anything is there or not; None when it is not mapped.

        A path below a mapped folder never leaves that folder. Raises :class:`StateError` for a damaged map.
        """
        try:
            key = _key(url)
        except ValueError:
            return None
        best: tuple[int, Path] | None = None
        for entry, place in self._read().items():
            if entry.host != key.host or (entry.query and entry.query != key.query):
                continue
            rest = _below(entry.path, key.path)
            if rest is None or (rest and (not place.is_dir() or _leads_out(rest))):
                continue
            if best is None or len(entry.path) > best[0]:
                best = (len(entry.path), place / rest)
        return None if best is None else best[1]

    def below(self, url: str) -> dict[str, Path] | None:
        """Every file below a URL by its path from there, in the order of their names; None when the URL neither leads
        to a mapped one nor lies below one. Raises :class:`StateError` for a damaged map."""
        key = _key(url)
        found: dict[str, Path] = {}
        known = False
        for entry, place in sorted(self._read().items(), key=lambda item: len(item[0].path)):
            if entry.host != key.host:
                continue
            inner, outer = _below(key.path, entry.path), _below(entry.path, key.path)
            if inner is None and (outer is None or (outer and _leads_out(outer))):
                continue
            known = True
            base = place if inner is not None else place / (outer or "")
            prefix = f"{inner}/" if inner else ""
            if base.is_file() and inner:
                found[inner] = base
            for path in base.rglob("*") if base.is_dir() else ():
                if path.is_file():
                    found[prefix + path.relative_to(base).as_posix()] = path
        return dict(sorted(found.items())) if known else None

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of which some URL is mapped."""
        return frozenset(entry.host.partition(":")[0] for entry in self._read())

    def urls(self) -> dict[str, str]:
        """What the file says: URL -> path, sorted."""
        return dict(sorted(_load(self._file).items()))

    def add(self, url: str, place: Path) -> None:
        """Maps a URL, or maps it anew. Raises ValueError when it is no URL of the web or nothing is at ``place``."""
        key = _key(url)
        if not place.exists():
            raise ValueError(f"there is no file or folder {place}")
        self._change(lambda urls: {**_without(urls, key), url: str(place.resolve())})

    def remove(self, url: str) -> bool:
        """Forgets a URL; False when it was not mapped. Raises ValueError when it is no URL of the web."""
        key = _key(url)
        before = _load(self._file)
        self._change(lambda urls: _without(urls, key))
        return len(_without(before, key)) < len(before)

    def _change(self, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        content = {"version": _VERSION, "urls": change(_load(self._file))}
        aside = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        aside.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
        aside.replace(self._file)

    def _read(self) -> dict[_Key, Path]:
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            return {}
        mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        with self._lock:
            if mark != self._seen:
                self._entries = {_key(url): Path(place) for url, place in _load(self._file).items()}
                self._seen = mark
            return self._entries


def _load(file: Path) -> dict[str, str]:
    try:
        content: Any = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (ValueError, UnicodeDecodeError) as error:
        raise StateError(f"{file} is damaged ({error}): correct or delete it") from error
    urls = content.get("urls") if isinstance(content, dict) and content.get("version") == _VERSION else None
    if not isinstance(urls, dict) or not all(isinstance(place, str) for place in urls.values()):
        raise StateError(f"{file} is no URL map of version {_VERSION}: correct or delete it")
    try:
        for url in urls:
            _key(url)
    except ValueError as error:
        raise StateError(f"{file}: {error}") from error
    return dict(urls)


def _without(urls: dict[str, str], key: _Key) -> dict[str, str]:
    return {url: place for url, place in urls.items() if _key(url) != key}


def _key(url: str) -> _Key:
    parts = urlsplit(url)
    if parts.scheme.lower() not in _SCHEMES or not parts.hostname:
        raise ValueError(f"{url!r} is no http or https URL")
    host = parts.hostname.rstrip(".").lower()
    if parts.port not in (None, 80, 443):
        host = f"{host}:{parts.port}"
    path = unquote(parts.path).strip("/")
    if parts.scheme.lower() not in _WEB:
        path = f"{unquote(parts.username or '')}/{path}".strip("/")
    return _Key(host, path, parts.query)


def _below(folder: str, path: str) -> str | None:
    """What of ``path`` lies below ``folder``: "" for the folder itself, None when it does not."""
    if path == folder:
        return ""
    if not folder:
        return path
    return path[len(folder) + 1 :] if path.startswith(f"{folder}/") else None


def _leads_out(rest: str) -> bool:
    return "\0" in rest or any(part in ("", ".", "..") for part in rest.split("/"))
