"""Documents that several clients change at once: each change counts up their ``revision``.

The client changes a document by reading it, changing its copy and sending the whole back, with the Etag that it read. A
change that rests on an older state is refused: it would undo what came in between.
"""

from __future__ import annotations

import hashlib

from amlbridge.engine.records.resources import Resource
from amlbridge.v1.graph_reading import Fields
from amlbridge.wire.errors import conflict


def etag(record: Resource) -> str:
    """Differs after each change, however quick."""
    text = f"{record.name}/{record.body['revision']}"
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


def check(record: Resource, body: Fields, label: str) -> None:
    """Raises a 409 :class:`ServiceError` when the body rests on an older state; one without an Etag rests on none."""
    seen = body.text("Etag")
    if seen and seen != etag(record):
        raise conflict(
            f"{label} was changed by someone else since it was read: get it again and repeat the change",
            "ChangedMeanwhile",
        )
