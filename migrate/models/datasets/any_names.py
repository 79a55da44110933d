"""Data assets that are looked up by a name which only the running code knows: any that is registered may be the one."""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter

_READING = frozenset({"Dataset.to_pandas_dataframe", "Dataset.to_spark_dataframe", "Dataset.take", "Dataset.filter"})
#: What is to be checked where the rows of one are read.
ASSUMED = (
    "only the running code knows which data asset this is: assumed that it is an mltable, as tables of SDK v1 are "
    "(mltable.from_delimited_files reads a uri_file)"
)


def reads_any_table_here(to: Rewriter) -> bool:
    """Whether a module reads the rows of a data asset that it looks up by such a name."""
    if "reads any table" not in to.memory:
        to.memory["reads any table"] = False  # which of them are tables is not asked meanwhile
        to.memory["reads any table"] = any(_reads_any(use, to) for use in to.uses)
    return bool(to.memory["reads any table"])


def _reads_any(use: Use, to: Rewriter) -> bool:
    from amlbridge.migrate.models.datasets.data import follow, is_any_asset

    if use.symbols[-1] not in _READING or use.receiver is None:
        return False
    data = follow(use.receiver, to)
    return data is not None and is_any_asset(data, to)
