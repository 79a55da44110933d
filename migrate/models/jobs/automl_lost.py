"""Settings of AutoML that SDK v2 has nothing for, and that change what is trained: each is told of at its place."""

from __future__ import annotations

from collections.abc import Mapping

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.cleanup.told import comment
from amlbridge.migrate.findings import Status
from amlbridge.migrate.rewriter import Rewriter

#: What to do instead of some of them.
_INSTEAD = {
    "drop_column_names": "drop these columns from the table",
    "drop_columns": "drop these columns from the table",
    "group_column_names": "AutoML of SDK v2 groups no series, its many-models components do",
    "short_series_handling": "say short_series_handling_config",
    "max_time_sec": "say trial_timeout_minutes in set_limits",
    "positive_label": "set it with set_training of a ClassificationJob",
}


def tell_lost(lost: Mapping[str, str], use: Use, to: Rewriter) -> None:
    """Tells of the settings that an object had, and its job has not. ``lost``: their code, by name."""
    for name, code in lost.items():
        value = code if len(code) <= _LONG and "\n" not in code else "..."
        message = f"{name}={value} is lost: {_INSTEAD.get(name, 'SDK v2 has no setting for it')}"
        to.note(use.node, "automl", f"{use.symbol}.{name}", message, Status.NO_EQUIVALENT)
        comment(use.node, "automl", message, to)


#: Longer values are not repeated in a comment.
_LONG = 60
