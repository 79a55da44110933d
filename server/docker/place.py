"""Where the Docker API listens, and whether a client is led there."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from amlbridge.engine.errors import StateError

#: Docker's own variable and its own socket.
VARIABLE, SYSTEM = "DOCKER_HOST", Path("/var/run/docker.sock")
#: The system's limit for the path of a socket, in bytes, with its end.
_LONGEST = 100


def of(root: Path) -> Path:
    """The socket of a state folder: in it, or in a private folder below the temporary one when its path is too long
    for a socket."""
    path = root.resolve() / "docker.sock"
    if len(os.fsencode(path)) <= _LONGEST:
        return path
    digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"amlbridge-{os.getuid()}-{digest}" / "docker.sock"


def variables(root: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """DOCKER_HOST for a client of the service of a state folder; nothing when it does not listen, or when the user has
    a Docker of his own: DOCKER_HOST or DOCKER_CONTEXT set, or Docker's socket there to be used."""
    path = of(root)
    ours = f"unix://{path}"
    own = environ.get(VARIABLE) not in (None, "", ours) or bool(environ.get("DOCKER_CONTEXT"))
    if own or not path.is_socket() or usable(SYSTEM):
        return {}
    return {VARIABLE: ours}


def usable(path: Path) -> bool:
    """Whether something answers at a socket."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            probe.connect(str(path))
    except OSError:
        return False
    return True


def listen(path: Path) -> socket.socket:
    """A listening socket that only this user can connect to. Raises :class:`StateError`."""
    folder = path.parent
    try:
        if folder.parent == Path(tempfile.gettempdir()):
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
                raise StateError(f"{folder} is not a private folder of yours: remove it")
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Before it listens: no one could have connected with wider rights.
        listening.bind(str(path))
        path.chmod(0o600)
        listening.listen(128)
    except OSError as error:
        raise StateError(f"the socket {path} of the Docker API cannot be made: {error.strerror or error}") from error
    return listening


def leave(path: Path) -> None:
    """Removes a socket, and the private folder that :func:`listen` made for it."""
    path.unlink(missing_ok=True)
    folder = path.parent
    if folder.parent == Path(tempfile.gettempdir()) and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
