"""What the scheduler calls: chooses how each step is started, and owns the warm interpreters."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from amlbridge.engine.launch import preload, scan, settings
from amlbridge.engine.launch.base import Launch, Running
from amlbridge.engine.launch.direct import SubprocessLauncher
from amlbridge.engine.launch.handle import Failed, obstacle
from amlbridge.engine.launch.warm import Zygote, ZygoteError
from amlbridge.engine.launch.watch import Watch

_log = logging.getLogger(__name__)

Kind = Literal["auto", "warm", "subprocess"]
Tier = Literal["light", "heavy"]


class LauncherPool:
    """Implements `base.Launcher`. To be made and used within one event loop.

    `launcher` forces a choice; with `warm` a step that cannot run warm fails with the reason.
    A warm interpreter gets the interpreter settings (see `settings.py`) of the step that it is first started for, or of
    `prewarm`. `import_env` is added: variables that all steps have and that libraries read when they are imported.
    `heavy` and `light` are the modules to preload, see `preload.py`: those that the steps name, all after `prewarm`.
    `folder` is where the warm interpreters live: one of the owner's, so that a killed process leaves nothing in the
    system's folder for temporary files. By default it is a temporary one, removed by `close`.
    `step_memory` is the most memory of one step in bytes; a step that takes more is ended.
    `most_interpreters` limits how many interpreters are kept warm at once; a heavy one takes 370 MB.
    """

    name = "auto"

    def __init__(
        self,
        *,
        launcher: Kind = "auto",
        import_env: Mapping[str, str] | None = None,
        heavy: Sequence[str] = preload.HEAVY,
        light: Sequence[str] = preload.LIGHT,
        standbys: int = 2,
        most_interpreters: int = 4,
        step_memory: int | None = None,
        folder: Path | None = None,
    ) -> None:
        """Start nothing yet but make the neutral folder that the warm interpreters live in. Raises OSError."""
        self._launcher = launcher
        self._import_env = dict(import_env or {})
        self._modules: dict[Tier, tuple[str, ...]] = {"light": tuple(light), "heavy": tuple(heavy)}
        self._standbys = standbys
        self._most = most_interpreters
        # Removed also when nobody calls `close`.
        self._temporary = None
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="amlbridge-launch-")
            folder = Path(self._temporary.name)
        self._folder = folder
        self._folder.mkdir(exist_ok=True, mode=0o700)
        here = Path(__file__).parent
        # The names make the warnings module skip our frames, see `zygote.py`.
        self._links = {name: self._folder / f"importlib_bootstrap_{name}.py" for name in ("zygote", "bootstrap")}
        for name, link in self._links.items():
            _lead(link, here / f"{name}.py")
        self.step_memory = step_memory
        self._watch = Watch(step_memory)
        self._direct = SubprocessLauncher(self._watch, self._links["bootstrap"])
        self._zygotes: dict[tuple[str, Tier], asyncio.Task[Zygote | None]] = {}
        self._retired: set[Zygote] = set()
        self._closed = False

    async def start(self, launch: Launch) -> Running:
        """See `base.Launcher.start`."""
        if self._closed:
            raise RuntimeError("the launcher is closed")
        cold = launch.python is None or bool(launch.ranks)
        if self._launcher == "subprocess" or (cold and self._launcher == "auto"):
            return await self._direct.start(launch)
        if problem := obstacle(launch):
            return Failed(problem)
        if launch.ranks:
            return Failed("the step cannot run warm: it is several processes")
        zygote, reason = await self.select(launch)
        if zygote is not None:
            running = await zygote.start(launch)
            if running is not None:
                return running
            reason = "the warm interpreter ended"
        if self._launcher == "warm":
            return Failed(f"the step cannot run warm: {reason}")
        _log.debug("step %s runs in a process of its own: %s", launch.step_id, reason)
        return await self._direct.start(launch)

    async def select(self, launch: Launch) -> tuple[Zygote | None, str]:
        """Return the warm interpreter that behaves like a fresh one for this step, or None and the reason."""
        python = launch.python
        if python is None:
            return None, "it is not a Python step"
        if not Path(python).is_absolute():
            return None, "the interpreter is not given by its full path"
        program = scan.inspect(launch)
        if program.refusal:
            return None, program.refusal
        reason = ""
        tiers: tuple[Tier, ...] = ("heavy", "light") if program.heavy else ("light",)
        for tier in tiers:
            zygote = await self._zygote(python, tier, launch.env)
            if zygote is None:
                reason = f"{python} cannot be kept warm"
                continue
            reason = _obstacle(launch, program, zygote, tier)
            if not reason and tier == "heavy":
                if program.modules:
                    await zygote.imported(name for name in program.modules if _top(name) not in program.names)
                else:
                    zygote.import_all()
                reason = _obstacle(launch, program, zygote, tier)
            if not reason:
                return zygote, ""
        return None, reason

    async def prewarm(self, python: str, env: Mapping[str, str] | None = None, *, wait: bool = False) -> None:
        """Start the warm interpreters of a Python; with `wait`, return when everything is imported.

        `env` is like the environment that steps will have, by default ours.
        """
        tiers: tuple[Tier, ...] = ("light", "heavy")
        for tier in tiers:
            zygote = await self._zygote(python, tier, os.environ if env is None else env)
            if zygote is not None:
                zygote.import_all()
                if wait:
                    await asyncio.wait({zygote.warmed})

    async def close(self) -> None:
        """Kill what is running, end the warm interpreters, remove the folder."""
        if self._closed:
            return
        self._closed = True
        zygotes = {zygote for zygote in await asyncio.gather(*self._zygotes.values()) if zygote is not None}
        await asyncio.gather(self._direct.close(), *(zygote.close() for zygote in zygotes | self._retired))
        self._watch.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    async def _zygote(self, python: str, tier: Tier, env: Mapping[str, str]) -> Zygote | None:
        """Return a living warm interpreter, a new one if need be; None if this Python has none."""
        key = (python, tier)
        task = self._zygotes.get(key)
        if task is not None and task.done():
            zygote = task.result()
            if zygote is None or (zygote.alive and zygote.threads is None and not zygote.outdated()):
                return zygote
            self._replace(zygote, tier)
            task = None
        if task is None:
            if python not in {known for known, _ in self._zygotes} and len({k for k, _ in self._zygotes}) >= self._most:
                return None
            task = self._zygotes[key] = asyncio.ensure_future(self._open(python, tier, env))
        return await asyncio.shield(task)

    def _replace(self, zygote: Zygote, tier: Tier) -> None:
        if zygote.threads is not None:
            _log.warning("%s: importing %s starts threads, it is not preloaded", zygote.python, zygote.threads)
            self._modules[tier] = tuple(name for name in self._modules[tier] if name != zygote.threads)
        self._retired = {old for old in self._retired if old.alive}
        if zygote.alive:
            _log.info("%s: a new warm interpreter replaces the old one", zygote.python)
            self._retired.add(zygote)

    async def _open(self, python: str, tier: Tier, env: Mapping[str, str]) -> Zygote | None:
        zygote = Zygote(python, env, self._import_env, self._watch)
        modules = self._modules[tier]
        first = preload.wanted(modules, ())
        later = [name for name in modules if name not in first]
        try:
            await zygote.open(self._links["zygote"], first, self._standbys, later=later)
        except ZygoteError as error:
            _log.warning("steps of %s run in processes of their own from now on: %s", python, error)
            return None
        return zygote


def _lead(link: Path, target: Path) -> None:
    """Make a symbolic link; one that is there may lead to an installation that is gone."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _top(name: str) -> str:
    return name.partition(".")[0]


def _obstacle(launch: Launch, program: scan.Program, zygote: Zygote, tier: Tier) -> str:
    """Say why a step would behave differently in this warm interpreter; an empty text if it would not."""
    facts = zygote.facts
    if len(os.fsencode(launch.step_id)) > facts.room:
        return "the step id is too long"
    if program.code and facts.version >= (3, 13):
        return "since 3.13 the interpreter shows the source of -c in tracebacks"
    shadowed = program.names & ((facts.modules - facts.fresh) | {"*", "sitecustomize", "usercustomize"})
    if shadowed:
        return f"its own module {min(shadowed)} has the name of a preloaded one"
    reads = facts.reads if tier == "heavy" else ()
    return settings.conflict(launch.environment(), zygote.env, reads, facts.user_site) or ""
