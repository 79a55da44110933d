"""The state folder: everything that one local workspace service keeps."""

from __future__ import annotations

import json
import os
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amlbridge.engine.errors import StateError
from amlbridge.server.home_places import FOLDER, VARIABLE, place_of

__all__ = ["FOLDER", "VARIABLE", "Home", "find", "find_config", "find_project", "local"]

#: The version of the folder's layout; the records have a version of their own.
LAYOUT = 1
#: Where the SDKs look for a config.json, in each folder from the current one upwards.
CONFIG_PLACES = tuple(
    f"{folder}{name}" for folder in (".azureml/", "aml_config/", "") for name in ("config.json", "project.json")
)
#: What a folder may hold before it is marked as ours.
_EARLY = {"secret", "service.out", ".gitignore", "up.lock", "service.lock", "service.log"}


@dataclass(frozen=True)
class Home:
    """The layout of a state folder. ``project``: the folder whose state it is to be; None when nobody knows here."""

    root: Path
    project: Path | None = None

    @property
    def marker(self) -> Path:
        """JSON that says that this folder is ours, of which layout, its id, and its project's folder if it has one."""
        return self.root / "amlbridge.json"

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
    def launch(self) -> Path:
        """What the warm interpreters of the steps were started from."""
        return self.root / "launch"

    @property
    def environments(self) -> Path:
        """Virtual environments for steps, a folder for each specification; and their locks."""
        return self.root / "environments"

    @property
    def certificates(self) -> Path:
        """Our certificate authority, the service's certificate and the bundle for the clients."""
        return self.root / "certificates"

    @property
    def azure_config(self) -> Path:
        """AZURE_CONFIG_DIR of the clients: they cache the cloud's endpoints there."""
        return self.root / "azure-config"

    @property
    def docker(self) -> Path:
        """What the containers of local deployments hold (:mod:`amlbridge.server.docker`)."""
        return self.root / "docker"

    @property
    def url_map(self) -> Path:
        """JSON: the URLs that stand for files of this machine (:mod:`amlbridge.server.url_map`)."""
        return self.root / "url-map.json"

    @property
    def tools(self) -> Path:
        """Commands that scripts find first on their PATH: `az`."""
        return self.root / "tools"

    @property
    def log(self) -> Path:
        """What the service logs."""
        return self.root / "service.log"

    @property
    def lock(self) -> Path:
        """Locked by the service that uses this folder."""
        return self.root / "service.lock"

    @property
    def up_lock(self) -> Path:
        """Locked by the command that is starting a service, so that two of them start one."""
        return self.root / "up.lock"

    @property
    def address(self) -> Path:
        """JSON: pid, ports and version of the running service; removed when it stops."""
        return self.root / "service.json"

    @property
    def last_ports(self) -> Path:
        """JSON: the ports of last time, so that clients which still poll find the next service there."""
        return self.root / "ports.json"

    def read_address(self) -> dict[str, Any] | None:
        """What :attr:`address` holds; None when no service wrote it (or is writing it)."""
        return _read_object(self.address)

    def read_ports(self) -> dict[str, Any]:
        """What :attr:`last_ports` holds; {} when it is not there."""
        return _read_object(self.last_ports) or {}

    def is_ours(self) -> bool:
        """Whether a service of ours made this folder."""
        content = _read_object(self.marker)
        return content is not None and content.get("kind") == "amlbridge state folder"

    def read_project(self) -> Path | None:
        """The folder of the project that this state belongs to, as recorded; None when it was made for no project, by
        its name in AMLBRIDGE_HOME."""
        recorded = (_read_object(self.marker) or {}).get("project")
        if isinstance(recorded, str):
            return Path(recorded)
        return self.root.parent if self.root.name == FOLDER else None

    def create(self) -> None:
        """Makes the folder, closed to other users, or checks the one that is there.

        Raises :class:`StateError` when it cannot be written, belongs to someone else, is of a newer layout, or holds
        files that are not ours (so that ``reset`` never removes what we did not make).
        """
        try:
            # Each alone: the mode of mkdir(parents=True) is for the last of them only.
            for folder in (self.root.parent, self.root):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.check()
            for folder in (self.blobs, self.snapshots, self.work, self.certificates, self.azure_config):
                folder.mkdir(exist_ok=True, mode=0o700)
            if not self.marker.exists():
                self._mark()
            ignore = self.root / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
        except OSError as error:
            raise StateError(
                f"cannot use the state folder {self.root}: {error.strerror}: "
                f"make it writable, or set {VARIABLE} to another folder"
            ) from error

    def check(self) -> None:
        """Checks a folder that is there; see :meth:`create`. Changes nothing."""
        if not os.access(self.root, os.R_OK | os.W_OK | os.X_OK):
            raise StateError(
                f"cannot write to the state folder {self.root}: make it writable, or set {VARIABLE} to another folder"
            )
        if self.root.stat().st_uid != os.geteuid():
            raise StateError(
                f"the state folder {self.root} belongs to another user, who could read your tokens: "
                f"set {VARIABLE} to a folder of your own"
            )
        content = _read_object(self.marker)
        if content is None:
            self._check_unmarked()
        elif content.get("layout", 0) > LAYOUT:
            raise StateError(
                f"the state folder {self.root} has layout {content['layout']}, this amlbridge knows {LAYOUT}: "
                "use the newer amlbridge, or another state folder"
            )
        elif self.is_of_another():
            raise StateError(
                f"the state folder {self.root} belongs to the project {content['project']}, not to {self.project}: "
                f"set {VARIABLE} to another folder"
            )

    def is_of_another(self) -> bool:
        """Whether this folder is recorded to be another project's (two paths with the same digest, or a copy)."""
        recorded = (_read_object(self.marker) or {}).get("project")
        return None not in (recorded, self.project) and recorded != str(self.project)

    def _check_unmarked(self) -> None:
        ours = {path.name for path in (self.blobs, self.snapshots, self.work, self.certificates, self.azure_config)}
        strange = sorted(
            path.name
            for path in self.root.iterdir()
            if path.name not in ours | _EARLY and not path.name.startswith(("amlbridge.json.", "records.db"))
        )
        # Whoever marked it since we looked has checked it.
        if strange and _read_object(self.marker) is None:
            raise StateError(
                f"{self.root} is not a state folder of amlbridge and holds other files ({', '.join(strange[:3])}): "
                f"set {VARIABLE} to a new folder"
            )

    def _mark(self) -> None:
        """Two processes may do this at once: a link is made by one of them only."""
        # A folder that the user made is open to all by default.
        self.root.chmod(0o700)
        aside = self.root / f"amlbridge.json.{os.getpid()}.{threading.get_ident()}"
        content = {"kind": "amlbridge state folder", "layout": LAYOUT, "id": str(uuid.uuid4())}
        if self.project is not None:
            content["project"] = str(self.project)
        aside.write_text(json.dumps(content))
        try:
            os.link(aside, self.marker)
        except FileExistsError:
            pass
        finally:
            aside.unlink()


def _read_object(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def find_config(start: Path) -> Path | None:
    """The nearest config.json from ``start`` upwards, where the SDK looks for it; None when there is none."""
    for folder in (start, *start.parents):
        for place in CONFIG_PLACES:
            if (folder / place).is_file():
                return folder / place
    return None


def find_project(start: Path | None = None) -> Path:
    """The project's folder: the nearest one with a config.json, looked for upwards from ``start`` (in each folder and
    its ``.azureml`` and ``aml_config``, as the SDK does) or with a state folder inside; else ``start`` itself."""
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if any((folder / place).is_file() for place in CONFIG_PLACES) or _has_state_inside(folder):
            return folder
    return here


def _has_state_inside(folder: Path) -> bool:
    try:
        return Home(folder / FOLDER).is_ours()
    except PermissionError:
        return False  # another user's


def find(start: Path | None = None) -> Home:
    """The state folder: ``AMLBRIDGE_HOME``, else ``.amlbridge`` in the project's folder if one was made there, else the
    project's own below the user's folder for state. Raises :class:`StateError` when there is no such folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Home(Path(named).absolute())
    project = find_project(start)
    if _has_state_inside(project):
        return Home(project / FOLDER)
    return Home(place_of(project), project.resolve())


def local(start: Path | None = None) -> Home:
    """The state folder inside of the project's folder, whether it is there or not."""
    return Home(find_project(start) / FOLDER)
