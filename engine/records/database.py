"""Opens the records and serialises writers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.exc import DatabaseError, OperationalError

from amlbridge.engine.errors import StateError, StorageError
from amlbridge.engine.records import schema

#: As many connections as there can be threads that answer requests, and then some.
_MOST_THREADS = 60
#: What SQLite says when the disk takes no more: SQLITE_FULL, SQLITE_IOERR (a quota), SQLITE_READONLY, SQLITE_CANTOPEN.
_NO_ROOM = ("database or disk is full", "disk i/o error", "readonly database", "unable to open database file")


class Database:
    """The records behind one state folder.

    ``url`` is a SQLAlchemy URL (``sqlite:////folder/records.db`` or ``postgresql+psycopg://…``). A transaction is
    durable before :meth:`write` returns: SQLite runs in WAL mode with ``synchronous=NORMAL``, which survives a killed
    process; ``power_safe`` chooses FULL, which survives a power loss too and costs 1.3 ms more a commit.
    """

    def __init__(self, url: str, *, power_safe: bool = False) -> None:
        self.url = url
        self._power_safe = power_safe
        self._writer = threading.RLock()
        self._local = threading.local()
        self.engine: Engine = create_engine(
            url, connect_args=self._connect_args(url), pool_size=10, max_overflow=_MOST_THREADS
        )
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", self._configure_sqlite)
        try:
            self._upgrade()
        except DatabaseError as error:
            self.engine.dispose()
            raise StateError(f"cannot open the records at {url}: {error.orig}") from error

    @staticmethod
    def _connect_args(url: str) -> dict[str, Any]:
        return {"check_same_thread": False, "timeout": 30} if url.startswith("sqlite") else {}

    def _configure_sqlite(self, connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if self._power_safe else 'NORMAL'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.close()

    def _upgrade(self) -> None:
        with self.engine.begin() as connection:
            if not inspect(connection).has_table("schema_version"):
                schema.metadata.create_all(connection)
                connection.execute(schema.schema_version.insert().values(version=schema.VERSION))
                return
            found = connection.execute(select(schema.schema_version.c.version)).scalar_one()
            if found > schema.VERSION:
                raise StateError(
                    f"the records at {self.url} have schema {found}, this amlbridge knows {schema.VERSION}: "
                    "use the newer amlbridge, or another state folder"
                )
            for version in range(found + 1, schema.VERSION + 1):
                for statement in schema.UPGRADES[version]:
                    connection.execute(text(statement))
                connection.execute(schema.schema_version.update().values(version=version))

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may change records. Nested calls of one thread join the outer transaction.

        Raises :class:`StorageError` when the disk has no room for it: then nothing is changed.
        """
        with self._writer:
            outer: Connection | None = getattr(self._local, "connection", None)
            if outer is not None:
                yield outer
                return
            try:
                with self.engine.begin() as connection:
                    self._local.connection = connection
                    try:
                        yield connection
                    finally:
                        self._local.connection = None
            except OperationalError as error:
                said = str(error.orig)
                if not any(words in said.lower() for words in _NO_ROOM):
                    raise
                raise StorageError(
                    f"the records of the state folder cannot be written ({said}): free some space on its disk, "
                    "then try again"
                ) from error

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside :meth:`write`."""
        return getattr(self._local, "connection", None) is not None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; inside :meth:`write` of the same thread it sees that transaction."""
        outer: Connection | None = getattr(self._local, "connection", None)
        if outer is not None:
            yield outer
            return
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()
