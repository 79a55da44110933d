"""Plans as they were submitted."""

from __future__ import annotations

import hashlib

from sqlalchemy import bindparam, insert, select

from amlbridge.engine import plan_json
from amlbridge.engine.errors import NotFoundError
from amlbridge.engine.plan import Plan
from amlbridge.engine.records.database import Database
from amlbridge.engine.records.schema import plan as table

_BODY = select(table.c.body).where(table.c.id == bindparam("of_id"))
_KNOWN = select(table.c.id).where(table.c.id == bindparam("of_id"))


class Plans:
    """Plans by the digest of their text: the same Plan is stored once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, plan: Plan) -> str:
        """Records a Plan and returns its id."""
        text = plan_json.dumps(plan)
        plan_id = hashlib.sha256(text.encode()).hexdigest()
        with self._database.write() as connection:
            if connection.execute(_KNOWN, {"of_id": plan_id}).first() is None:
                fingerprint = plan_json.fingerprint(plan)
                connection.execute(insert(table).values(id=plan_id, fingerprint=fingerprint, body=text))
        return plan_id

    def get(self, plan_id: str) -> Plan:
        """The Plan of this id. Raises :class:`NotFoundError`."""
        with self._database.read() as connection:
            body = connection.execute(_BODY, {"of_id": plan_id}).scalar()
        if body is None:
            raise NotFoundError(f"there is no plan {plan_id}")
        return plan_json.loads(body)
