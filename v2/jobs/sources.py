"""What a job refers to outside of itself; :mod:`amlbridge.v2.jobs.assets` finds it in a workspace."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from amlbridge.engine.plan import DataReference, DataType, Environment


class Assets(Protocol):
    """Assets by reference. Each raises a ServiceError that names the reference when it is not there, and ``spot``, the
    place in the job."""

    def component(self, reference: str, spot: str) -> tuple[str, Mapping[str, Any]]:
        """The id and the specification of a component."""

    def environment(self, reference: str, spot: str) -> Environment:
        """An environment's definition."""

    def code(self, reference: str, spot: str) -> str:
        """The digest of a code asset's files."""

    def files(self, digest: str) -> Collection[str]:
        """The names of the files of a code asset."""

    def data(self, uri: str, wanted: DataType, spot: str) -> DataReference:
        """Data or a model by path, URL, job output or asset id; the type is the asset's own where it has one."""

    def default_datastore(self) -> str:
        """The name of the workspace's default datastore."""

    def datastore(self, reference: str, spot: str) -> str:
        """The name of a datastore, which is there."""

    def output(self, uri: str, spot: str) -> tuple[str, str]:
        """The datastore and path at which an output shall lie."""
