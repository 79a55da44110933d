"""Which names, attributes and keywords SDK v1 and SDK v2 have: tables made from the installed packages.

``python -m amlbridge.migrate.signatures`` makes them; whoever reads them needs no Azure package.
"""

from __future__ import annotations

from amlbridge.migrate.signatures.check import Problem, check_generated
from amlbridge.migrate.signatures.table import Entry, Table, canonical, v1_table, v2_table

__all__ = ["Entry", "Problem", "Table", "canonical", "check_generated", "v1_table", "v2_table"]
