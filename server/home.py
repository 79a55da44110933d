"""The state folder: everything that one local workspace service keeps."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amlbridge.engine.errors import StateError

VARIABLE = "AMLBRIDGE_HOME"
FOLDER = ".amlbridge"


@dataclass(frozen=True)
class Home:
    """The layout of a state folder."""

    root: Path

    @property
    def records_url(self) -> str:
        """The SQLAlchemy URL of the records."""
        return f"sqlite:///{self.root / 'records.db'}"

    @property
    def secret(self) -> Path:
        """The workspace secret, mode 0600."""
        return self.root / "secret"

    @property
    def blobs(self) -> Path:
        """Storage accounts and their containers."""
        return self.root / "blobs"

    @property
    def snapshots(self) -> Path:
        """Code snapshots, a folder each."""
        return self.root / "snapshots"

    @property
    def work(self) -> Path:
        """Working folders of steps."""
        return self.root / "work"

    @property
    def certificates(self) -> Path:
        """Our certificate authority, the service's certificate and the bundle for the clients."""
        return self.root / "certificates"

    @property
    def azure_config(self) -> Path:
        """AZURE_CONFIG_DIR of the clients: they cache the cloud's endpoints there."""
        return self.root / "azure-config"

    @property
    def log(self) -> Path:
        """What the service logs."""
        return self.root / "service.log"

    @property
    def lock(self) -> Path:
        """Locked by the service that uses this folder."""
        return self.root / "service.lock"

    @property
    def address(self) -> Path:
        """JSON: pid, ports and version of the running service."""
        return self.root / "service.json"

    def read_address(self) -> dict[str, Any] | None:
        """What :attr:`address` holds; None when no service wrote it (or is writing it)."""
        try:
            content = json.loads(self.address.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def create(self) -> None:
        """Makes the folder, closed to other users. Raises :class:`StateError` when that is not possible."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.blobs, self.snapshots, self.work, self.certificates, self.azure_config):
                folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise StateError(f"cannot use the state folder {self.root}: {error.strerror}") from error
        ignore = self.root / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")


def find(start: Path | None = None) -> Home:
    """The state folder: ``AMLBRIDGE_HOME``, else ``.amlbridge`` beside the nearest config.json (looked for upwards from
    ``start``, in each folder and its ``.azureml`` and ``aml_config``, as the SDK does), else in the current folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Home(Path(named).absolute())
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if any((folder / place / "config.json").is_file() for place in ("", ".azureml", "aml_config")):
            return Home(folder / FOLDER)
        if (folder / FOLDER).is_dir():
            return Home(folder / FOLDER)
    return Home(here / FOLDER)
