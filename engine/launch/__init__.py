"""How a step's process is started, watched and stopped. The scheduler needs `LauncherPool`, `Launch` and `Outcome`."""

from __future__ import annotations

from amlbridge.engine.launch.base import MARK, Launch, Launcher, Outcome, Running
from amlbridge.engine.launch.pool import LauncherPool
from amlbridge.engine.launch.processes import kill_leftovers

__all__ = ["MARK", "Launch", "Launcher", "LauncherPool", "Outcome", "Running", "kill_leftovers"]
