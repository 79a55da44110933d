"""Builds images, and creates, starts, stops and removes containers."""

from __future__ import annotations

import errno
import logging
import shutil
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from amlbridge.engine.environments.provider import Environments, Step
from amlbridge.engine.serving.contract import Program, Server, State
from amlbridge.engine.serving.fleet import Fleet
from amlbridge.server.docker import archives, containers, recipes, scoring
from amlbridge.server.docker.containers import Container, Image
from amlbridge.server.docker.errors import DockerError, no_container, no_image
from amlbridge.server.docker.known_images import Known
from amlbridge.server.docker.listeners import Listeners

log = logging.getLogger(__name__)

#: Seconds, as in Azure's images; and how many requests there may be at a time.
_REQUEST_TIMEOUT, _MOST_REQUESTS = 300.0, 100


class Daemon:
    """The images and containers of one service; they end with it. ``variables(key)`` lead the SDKs and connections of
    a scoring script; ``known(name)`` is what the service has as an image. Any thread may call."""

    def __init__(
        self,
        folder: Path,
        environments: Environments,
        variables: Callable[[str], Mapping[str, str]],
        known: Callable[[str], Known | None],
    ) -> None:
        self._folder = folder
        self._environments = environments
        self._variables = variables
        self._known = known
        self._lock = threading.RLock()
        self._images: dict[str, Image] = {}
        self._containers: dict[str, Container] = {}
        self.fleet = Fleet()
        self.listeners = Listeners()

    def start(self) -> None:
        """Removes what an earlier service left."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, mode=0o700)

    def close(self) -> None:
        """Ends all containers."""
        for container in self.containers():
            self._end_port(container)
        self.fleet.close()
        self.listeners.close()

    # -- images -------------------------------------------------------------------------------------------------------

    def build(self, context: IO[bytes], dockerfile: str, tag: str) -> Image:
        """Reads a build context. Raises :class:`DockerError` for a Dockerfile that needs a real Docker."""
        identifier = containers.new_id()
        folder = self._folder / "images" / identifier
        unpacked, files = folder / "context", folder / "files"
        try:
            archives.unpack(context, unpacked)
            path = unpacked.joinpath(*archives.inside(dockerfile))
            if not path.is_file():
                raise DockerError(400, f"Cannot locate specified Dockerfile: {dockerfile}")
            recipe = recipes.read(path.read_text(encoding="utf-8"), unpacked)
            files.mkdir(parents=True)
            if recipe.application is not None and recipe.application.is_dir():
                target = files.joinpath(*archives.inside(recipes.APP))
                target.parent.mkdir(parents=True)
                recipe.application.rename(target)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(unpacked)
        image = Image(f"sha256:{identifier}", recipe, files, [])
        with self._lock:
            for other in self._images.values():
                other.tags = [name for name in other.tags if name != _tagged(tag)]
            image.tags = [_tagged(tag)] if tag else []
            self._images[image.id] = image
        return image

    def pull(self, name: str) -> Image | None:
        """The image of a package, or of a web service of SDK v1, by its location; None for any other name."""
        found = self._known(name)
        if found is None:
            return None
        identifier = containers.new_id()
        files = self._folder / "images" / identifier / "files"
        target = files.joinpath(*archives.inside(recipes.APP))
        target.mkdir(parents=True)
        try:
            found.lay_out(target)
        except BaseException:
            shutil.rmtree(files.parent, ignore_errors=True)
            raise
        image = Image(f"sha256:{identifier}", found.recipe, files, [_tagged(name)])
        with self._lock:
            for other in self._images.values():
                other.tags = [tag for tag in other.tags if tag not in image.tags]
            self._images[image.id] = image
        return image

    def images(self) -> list[Image]:
        """All images."""
        with self._lock:
            return list(self._images.values())

    def image(self, name: str) -> Image:
        """An image by its id or tag. Raises a 404 :class:`DockerError`."""
        for image in self.images():
            short = image.id.removeprefix("sha256:")
            if _tagged(name) in image.tags or name == image.id or (len(name) >= 10 and short.startswith(name)):
                return image
        raise no_image(name)

    def remove_image(self, name: str) -> Image:
        """Forgets an image. Raises a 409 :class:`DockerError` for one that a container uses."""
        image = self.image(name)
        with self._lock:
            if any(item.image is image for item in self._containers.values()):
                raise DockerError(409, f"conflict: unable to delete {name}: a container uses it")
            del self._images[image.id]
        shutil.rmtree(image.files.parent, ignore_errors=True)
        return image

    # -- containers ---------------------------------------------------------------------------------------------------

    def containers(self) -> list[Container]:
        """All containers, the newest first."""
        with self._lock:
            return list(reversed(self._containers.values()))

    def container(self, name: str) -> Container:
        """A container by its id, the beginning of its id, or its name. Raises a 404 :class:`DockerError`."""
        for item in self.containers():
            if item.name == name or (len(name) >= 10 and item.id.startswith(name)):
                return item
        raise no_container(name)

    def create(self, body: Mapping[str, Any], name: str) -> Container:
        """A container that does not run yet. Raises :class:`DockerError`."""
        image = self.image(str(body.get("Image") or ""))
        root = self._folder / "containers" / containers.new_id() / "files"
        container = containers.requested(body, image, name or f"aml_{root.parent.name[:12]}", root)
        with self._lock:
            if any(item.name == container.name for item in self._containers.values()):
                raise DockerError(409, f'Conflict. The container name "/{container.name}" is already in use')
            self._containers[container.id] = container
        # Not linked: what a scoring script writes must not change the image.
        shutil.copytree(image.files, root)
        return container

    def put(self, container: Container, path: str, archive: IO[bytes]) -> None:
        """Writes files into a container. Raises a 400 :class:`DockerError`."""
        archives.unpack(archive, container.root.joinpath(*archives.inside(path)))

    def run(self, container: Container) -> bool:
        """Starts a container. Returns False when it runs already. Raises :class:`DockerError` for a port in use."""
        with self._lock:
            if container.status == "running":
                return False
            self._open_port(container)
            container.status, container.exit_code, container.error = "running", 0, ""

        def changed(state: State, error: str | None) -> None:
            if state == "failed":
                self._failed(container, error or "")

        self.fleet.put(self._server(container), changed)
        return True

    def stop(self, container: Container, code: int) -> bool:
        """Stops a container. Returns False when it does not run."""
        with self._lock:
            if container.status != "running":
                return False
            container.status, container.exit_code = "exited", code
        self.fleet.remove(_key(container))
        self._end_port(container)
        if container.auto_remove:
            self.remove(container, force=False)
        return True

    def remove(self, container: Container, *, force: bool) -> None:
        """Removes a container. Raises a 409 :class:`DockerError` for one that runs, unless ``force``."""
        if container.status == "running" and not force:
            raise DockerError(409, f"You cannot remove a running container {container.id}. Stop it first, or force it")
        if container.status == "running":
            self.stop(container, 137)
        with self._lock:
            self._containers.pop(container.id, None)
        self.fleet.remove(_key(container))
        self._end_port(container)
        shutil.rmtree(container.root.parent, ignore_errors=True)

    def _failed(self, container: Container, error: str) -> None:
        """The model server will not answer: as a container whose command has ended."""
        log.warning("the container %s: %s", container.name, error)
        with container.log.open("a", encoding="utf-8") as file:
            file.write(f"amlbridge | {error.partition(chr(10))[0]}\n")
        container.status, container.exit_code, container.error = "exited", 3, error

    def _server(self, container: Container) -> Server:
        def prepare(canceled: Callable[[], bool]) -> Program:
            variables = self._variables(_key(container))
            proxies = {name: value for name, value in variables.items() if name.lower().endswith("_proxy")}
            step = Step(container.log, canceled, proxies)
            return containers.program(container, self._environments, variables, step)

        return Server(
            key=_key(container),
            log=container.log,
            prepare=prepare,
            request_timeout=_REQUEST_TIMEOUT,
            most_requests=_MOST_REQUESTS,
        )

    def _open_port(self, container: Container) -> None:
        self._end_port(container)
        if containers.PORT not in container.bindings:
            return
        wanted = container.bindings[containers.PORT] or 0
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", wanted))
            listening.listen(128)
        except OSError as error:
            listening.close()
            # By these words the v1 client knows that the port is taken.
            why = "port is already allocated" if error.errno == errno.EADDRINUSE else str(error)
            raise DockerError(500, f"Bind for 127.0.0.1:{wanted} failed: {why}") from error
        container.port = listening.getsockname()[1]
        app = scoring.application(lambda: self.fleet.find(_key(container)))
        container.listener = self.listeners.serve(app, listening)

    def _end_port(self, container: Container) -> None:
        with self._lock:
            listener, container.listener, container.port = container.listener, None, None
        if listener is not None:
            listener.close()


def _key(container: Container) -> str:
    return f"container.{container.id[:12]}"


def _tagged(name: str) -> str:
    """A tag in full: ``name:latest`` when it names none."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
