"""The codemod: a tree of 100,000 lines of which 5 % of the files use SDK v1, and two modules of 3,000 lines."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from . import v1_tree
from .machine import say
from .measure import Row, Series, Target, interleave, timed
from .peers import Peers

_NOTE = (
    "the whole command, start of Python included; the floor reads and parses every module with `ast`, in one process; "
    "ours parses only those with the bytes `azureml`. bump-pydantic is measured on a twentieth of the tree and "
    "multiplied by 20, its start excepted: it takes the same time for each file"
)
_MODULE_NOTE = "the whole command; the module is v1 code from end to end"
_PARTLY_NOTE = (
    "the whole command; the module is the one above and a call that SDK v2 has no way for, so that it stays partly "
    "SDK v1 and is converted again, until that changes nothing more"
)
#: Code that stays SDK v1, below a module that has ``ws``.
_STAYS = '\n\nws.update(friendly_name="Research")\n'
_PART = 20
_FLOOR = """
import ast, pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*.py"):
    ast.parse(path.read_bytes())
"""


def rows(quick: bool, peers: Peers) -> Iterator[Row]:
    """The measures."""
    rounds = 3 if quick else 6
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as root:
        tree, part = Path(root) / "tree", Path(root) / "part"
        module, partly = Path(root) / "module.py", Path(root) / "partly.py"
        lines = v1_tree.make(tree, 100_000)
        v1_tree.make(part, 100_000 // _PART)
        module.write_text(v1_tree.v1(3000))
        partly.write_text(v1_tree.v1(3000) + _STAYS)
        say(f"  a tree of {lines:,} lines")
        found = interleave({"ours": lambda: _ours(tree), "floor": lambda: _floor(tree)}, rounds)
        say("  bump-pydantic")
        beside = {"bump-pydantic": _bump_pydantic(peers, part)}
        name = f"migrate: {lines:,} lines, 5 % of the files with v1"
        yield Row(name, ours=found["ours"], floor=found["floor"], peers=beside, target=Target(5.0, "ours"), note=_NOTE)
        say("  modules of 3,000 lines")
        alone = interleave({"ours": lambda: _ours(module), "partly": lambda: _ours(partly)}, rounds)
        name = "migrate: one v1 module of 3,000 lines"
        yield Row(name, ours=alone["ours"], target=Target(2.0, "ours"), note=_MODULE_NOTE)
        name = "migrate: one module of 3,000 lines that stays partly v1"
        yield Row(name, ours=alone["partly"], target=Target(2.0, "ours"), note=_PARTLY_NOTE)


def _ours(path: Path) -> float:
    """Raises RuntimeError when the command did not find v1 code, which would be quick."""
    command = [sys.executable, "-m", "amlbridge.cli.main", "migrate", "--check", "--quiet", str(path)]
    codes: list[int] = []

    def run() -> None:
        codes.append(subprocess.run(command, capture_output=True, check=False).returncode)

    seconds = timed(run)
    if codes != [1]:
        raise RuntimeError(f"amlbridge migrate ended with {codes[0]}, not 1")
    return seconds


def _floor(path: Path) -> float:
    command = [sys.executable, "-c", _FLOOR, str(path)]
    return timed(lambda: subprocess.run(command, check=True))


def _bump_pydantic(peers: Peers, part: Path) -> Series | str:
    """The seconds that bump-pydantic would take for the whole tree, or why that is not known."""
    program = peers.program("bump-pydantic")
    if isinstance(program, str):
        return program

    def run(argument: str) -> float:
        # It takes relative paths only.
        command = [str(program), argument]
        return timed(lambda: subprocess.run(command, capture_output=True, check=True, cwd=part.parent))

    start = run("--version")
    return Series.of([start + _PART * (run(part.name) - start)])
