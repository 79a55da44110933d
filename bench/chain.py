"""A chain and a fan of 50 trivial Python steps: ours, bare ``subprocess.run`` of the same scripts, Luigi, kfp."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from .local import LocalEngine, cores
from .machine import processor_time, say
from .measure import Contestant, Row, Series, Target, interleave, timed
from .peers import Peer, Peers

_STEPS = 50
_TARGET = Target(0.6)
_NOTE = (
    "from the call of submit to the finished run in the records (checked through another connection); each step has "
    "a code snapshot of its own, a working folder, artifacts and a log; the floor runs the same scripts in place, "
    "without any of that. Luigi: a scheduler process with its history in SQLite, ExternalProgramTask. kfp: "
    "SubprocessRunner(use_venv=False), which runs one step at a time"
)
_PROCESSOR_NOTE = (
    "user and system time of the scheduler, the warm interpreters and the steps, which other load hardly changes"
)


def rows(quick: bool, peers: Peers) -> Iterator[Row]:
    """Cold first step, chain, fan."""
    rounds = 3 if quick else 5
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as folder, ExitStack() as stack:
        scripts = _scripts(Path(folder) / "steps")
        ours = stack.enter_context(LocalEngine(Path(folder) / "auto"))
        first = Series.of([ours.run(ours.nodes(scripts[:1], chain=True))])
        yield Row("first step after the start of the engine", ours=first, note="no interpreter is warm yet")
        if not ours.wait_until_warm():
            raise RuntimeError("the warm interpreters were not ready after 60 s")
        fresh = stack.enter_context(LocalEngine(Path(folder) / "fresh", "subprocess"))
        for chain in (True, False):
            yield from _shape(ours, fresh, scripts, chain, rounds, peers)


def _shape(
    ours: LocalEngine, fresh: LocalEngine, scripts: list[Path], chain: bool, rounds: int, peers: Peers
) -> Iterator[Row]:
    name = f"chain of {_STEPS} trivial steps" if chain else f"fan of {_STEPS} trivial steps on {cores()} cores"
    say(f"  {name}")
    workers = 1 if chain else cores()
    warm_nodes, fresh_nodes = ours.nodes(scripts, chain=chain), fresh.nodes(scripts, chain=chain)
    pairs: dict[str, Contestant] = {"ours": lambda: ours.run(warm_nodes), "floor": lambda: _floor(scripts, workers)}
    contestants: dict[str, Contestant] = {**pairs, "subprocess": lambda: fresh.run(fresh_nodes)}
    with peers.chain(scripts, chain=chain, workers=workers) as others:
        beside = {name: _first_round(other) for name, other in others.items()}
        contestants |= {name: found for name, found in beside.items() if not isinstance(found, str)}
        interleave(pairs, 2)
        found = interleave(contestants, rounds)
    peer_series = {name: problem if isinstance(problem, str) else found[name] for name, problem in beside.items()}
    yield Row(
        name, ours=found["ours"], floor=found["floor"], peers=peer_series, target=_TARGET, note=_NOTE if chain else ""
    )
    yield Row(f"{name}, `subprocess` launcher", ours=found["subprocess"], floor=found["floor"])
    if chain:
        used = interleave({key: partial(processor_time, run) for key, run in pairs.items()}, rounds)
        yield Row(f"{name}, processor time", ours=used["ours"], floor=used["floor"], note=_PROCESSOR_NOTE)


def _first_round(peer: Peer | str) -> Contestant | str:
    """The peer as a contestant once it has run the steps (so its imports do not count), or why it is none."""
    if isinstance(peer, str):
        return peer
    try:
        peer.run()
    except RuntimeError as error:
        say(f"    {error}")
        return "failed"
    return peer.run


def _scripts(root: Path) -> list[Path]:
    """Folders with a main.py each, all of them different."""
    folders = [root / f"step{index:02}" for index in range(_STEPS)]
    for index, folder in enumerate(folders):
        folder.mkdir(parents=True)
        (folder / "main.py").write_text(f'print("step {index}")\n')
    return folders


def _floor(scripts: list[Path], workers: int) -> float:
    def run(folder: Path) -> None:
        subprocess.run([sys.executable, "main.py"], cwd=folder, stdout=subprocess.DEVNULL, check=True)

    def all_of_them() -> None:
        if workers == 1:
            for folder in scripts:
                run(folder)
            return
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, scripts))

    return timed(all_of_them)
