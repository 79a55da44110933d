"""Errors of the engine. Each message says what happened and, where one can, what to do."""


class EngineError(Exception):
    """The base of what the engine raises on purpose."""


class PlanError(EngineError):
    """A Plan that is malformed or cannot be run."""


class NotFoundError(EngineError):
    """A record or a blob that is not there."""


class ConflictError(EngineError):
    """A change that contradicts what is recorded."""


class InvalidNameError(EngineError):
    """A name that would leave its folder or that no file system can hold."""


class StateError(EngineError):
    """The state folder cannot be used: another service holds it, it is read-only, or it is of a newer version."""
