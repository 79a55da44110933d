"""Errors as MLflow's clients read them: ``error_code`` and ``message``."""

from __future__ import annotations

from typing import Any

from amlbridge.engine.errors import EngineError
from amlbridge.wire.errors import ServiceError, from_engine

#: Names of ErrorCode in MLflow's databricks.proto. Clients compare them: register_model goes on after ALREADY_EXISTS.
INVALID = "INVALID_PARAMETER_VALUE"
MISSING = "RESOURCE_DOES_NOT_EXIST"
EXISTS = "RESOURCE_ALREADY_EXISTS"
NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
_CODES = {
    400: INVALID,
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: MISSING,
    409: "RESOURCE_CONFLICT",
    501: NOT_IMPLEMENTED,
    503: "TEMPORARILY_UNAVAILABLE",
}


class MlflowError(ServiceError):
    """An answer that is an error of MLflow. ``code`` is an ErrorCode by name."""

    def body(self) -> dict[str, Any]:
        """The JSON body: RestException takes these two."""
        return {"error_code": self.code, "message": self.message}


def invalid(message: str) -> MlflowError:
    """400: the request is wrong in itself."""
    return MlflowError(400, INVALID, message)


def missing(message: str) -> MlflowError:
    """404: what the request names is not there."""
    return MlflowError(404, MISSING, message)


def exists(message: str) -> MlflowError:
    """400, as MLflow's own server answers: the name is taken."""
    return MlflowError(400, EXISTS, message)


def converted(error: ServiceError | EngineError) -> MlflowError:
    """Any error of the service in MLflow's form."""
    found = error if isinstance(error, ServiceError) else from_engine(error)
    if isinstance(found, MlflowError):
        return found
    return MlflowError(found.status, _CODES.get(found.status, "INTERNAL_ERROR"), found.message)
