"""The processes of a distributed step as the launcher sees them: one process, which `ranks.py` is, and its report."""

from __future__ import annotations

import dataclasses
import json
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from amlbridge.engine.launch.base import Launch
from amlbridge.engine.launch.handle import Exit

_RANKS = Path(__file__).with_name("ranks.py")


class Group:
    """What is to be started, and where the report will be; `folder` is the launcher's own."""

    def __init__(self, launch: Launch, command: Sequence[str], folder: Path) -> None:
        """Write the specification that `ranks.py` reads. Raises OSError."""
        name = uuid.uuid4().hex
        self._report = folder / f"{name}.report"
        self._specification = folder / f"{name}.ranks"
        ranks = [
            {"label": rank.label, "env": dict(rank.env), "log": str(rank.log.absolute()), "helper": rank.helper}
            for rank in launch.ranks
        ]
        content: dict[str, Any] = {"command": list(command), "ranks": ranks, "report": str(self._report)}
        self._specification.write_text(json.dumps(content), encoding="utf-8")

    @property
    def command(self) -> list[str]:
        """The command line of the process that stands for all."""
        return [sys.executable, "-S", "-E", str(_RANKS), str(self._specification)]

    def settle(self, exit_: Exit) -> tuple[Exit, OSError | None]:
        """The end with the rank that failed and how, and the error when it could not even be started."""
        self._specification.unlink(missing_ok=True)
        try:
            told = json.loads(self._report.read_bytes())
        except FileNotFoundError:
            # All went well, or the process that stands for all was killed itself.
            return exit_, None
        self._report.unlink()
        if "errno" in told:
            return exit_, OSError(told["errno"], told["text"])
        return dataclasses.replace(exit_, status=told["status"], rank=told["rank"]), None
