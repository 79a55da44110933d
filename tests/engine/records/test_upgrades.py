"""A state folder of an earlier version is led to the present one, and is then like a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, select, text

from amlbridge.engine.records import schema
from amlbridge.engine.records.store import Records

#: The tables that each version has added.
_ADDED = {2: ("reuse",)}


def _described(url: str) -> dict[str, Any]:
    engine = create_engine(url)
    found = inspect(engine)
    described = {}
    for name in found.get_table_names():
        described[name] = (
            [(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(name)],
            found.get_pk_constraint(name)["constrained_columns"],
            sorted((index["name"], tuple(index["column_names"])) for index in found.get_indexes(name)),
            [key["referred_table"] for key in found.get_foreign_keys(name)],
        )
    engine.dispose()
    return described


@pytest.mark.parametrize("version", range(1, schema.VERSION))
def test_an_upgraded_folder_is_like_a_new_one(tmp_path: Path, version: int) -> None:
    old, new = (f"sqlite:///{tmp_path / name}" for name in ("old.db", "new.db"))
    Records(new).close()
    engine = create_engine(old)
    later = {name for number in range(version + 1, schema.VERSION + 1) for name in _ADDED.get(number, ())}
    with engine.begin() as connection:
        tables = [table for table in schema.metadata.sorted_tables if table.name not in later]
        schema.metadata.create_all(connection, tables)
        connection.execute(schema.schema_version.insert().values(version=version))
        workspace = {"id": "w", "key": "k", "subscription_id": "s", "resource_group": "g", "name": "n", "created": 1.0}
        connection.execute(schema.workspace.insert().values(**workspace, properties={}))
    engine.dispose()
    records = Records(old)
    assert records.workspaces.get("w").name == "n"
    with records.database.read() as connection:
        assert connection.execute(select(schema.schema_version.c.version)).scalar_one() == schema.VERSION
        assert connection.execute(text("select count(*) from reuse")).scalar() == 0
    records.close()
    assert _described(old) == _described(new)
