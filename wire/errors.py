"""Errors as the Azure ML services phrase them."""

from __future__ import annotations

from typing import Any

from amlbridge.engine.errors import (
    ConflictError,
    EngineError,
    InvalidNameError,
    NotFoundError,
    PlanError,
    StateError,
    StorageError,
)


class ServiceError(Exception):
    """An answer that is an error. ``status`` is the HTTP status, ``code`` the service's error code.

    Answer 4xx wherever the request is at fault: the clients retry 5xx with seconds of backoff.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, Any]:
        """The JSON body. ``details`` must be a list: the v1 client iterates it and crashes on null."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "details": [], "innerError": None}
        return {
            "error": error,
            # The pipelines service writes PascalCase; its client finds no message in anything else.
            "Error": {"Code": self.code, "Message": self.message, "Details": []},
            "message": self.message,
            "code": self.code,
            "statusCode": self.status,
            "details": [],
        }


def bad_request(message: str, code: str = "UserError") -> ServiceError:
    """400: the request is wrong in itself."""
    return ServiceError(400, code, message)


def not_found(message: str, code: str = "NotFound") -> ServiceError:
    """404: what the request names is not there."""
    return ServiceError(404, code, message)


def conflict(message: str, code: str = "Conflict") -> ServiceError:
    """409: the request contradicts what is recorded."""
    return ServiceError(409, code, message)


_STATUS: dict[type[EngineError], tuple[int, str]] = {
    NotFoundError: (404, "NotFound"),
    ConflictError: (409, "Conflict"),
    InvalidNameError: (400, "InvalidName"),
    PlanError: (400, "InvalidGraph"),
    # 4xx: the client would repeat a 507 for minutes.
    StorageError: (409, "InsufficientStorage"),
    # The service is stopping: the client's own retry reaches the next one.
    StateError: (503, "ServiceUnavailable"),
}


def from_engine(error: EngineError) -> ServiceError:
    """The answer for an error of the engine."""
    status, code = next((answer for cls, answer in _STATUS.items() if isinstance(error, cls)), (500, "InternalError"))
    return ServiceError(status, code, str(error))
