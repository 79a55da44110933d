"""All records of a state folder behind one object."""

from __future__ import annotations

from amlbridge.engine.clock import Clock, system_clock
from amlbridge.engine.records.database import Database
from amlbridge.engine.records.metrics import Metrics
from amlbridge.engine.records.plans import Plans
from amlbridge.engine.records.resources import Resources
from amlbridge.engine.records.reuse import ReuseRecords
from amlbridge.engine.records.runs import Experiments, Runs
from amlbridge.engine.records.workspaces import Workspaces


class Records:
    """Workspaces, experiments, runs, metrics, plans and the services' documents. Safe to use from several threads."""

    def __init__(self, url: str, *, clock: Clock = system_clock, power_safe: bool = False) -> None:
        self.clock = clock
        self.database = Database(url, power_safe=power_safe)
        self.workspaces = Workspaces(self.database, clock)
        self.experiments = Experiments(self.database, clock)
        self.runs = Runs(self.database, clock)
        self.metrics = Metrics(self.database)
        self.plans = Plans(self.database)
        self.reuse = ReuseRecords(self.database)
        self.resources = Resources(self.database, clock)

    def close(self) -> None:
        """Closes the records."""
        self.database.close()
