"""What the Docker Engine API answers instead of a result."""

from __future__ import annotations

from amlbridge.engine.errors import EngineError


class DockerError(EngineError):
    """``status`` and a message, as the client shows it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def no_image(name: str) -> DockerError:
    """A 404 by whose words the Python client knows that it is the image."""
    return DockerError(404, f"No such image: {name}")


def no_container(name: str) -> DockerError:
    """A 404 for a container."""
    return DockerError(404, f"No such container: {name}")
