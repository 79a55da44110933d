"""The warm interpreter: imports heavy libraries once, and forks a copy of itself for every step.

Run by path with the interpreter of the steps, so standard library only: `python zygote.py CONTROL_FD`. It is started
through a symbolic link with `importlib` and `_bootstrap` in its name: the warnings module then does not count our
frames, so that `warnings.warn(..., stacklevel=9)` in a script says what it says in a fresh interpreter.

Lines of JSON on a socket. From the service: one configuration, then one line for each step, and one with the number 0
for modules that are to be imported from now on. To the service: `hello`, `warm` after each import, `started` and `exit`
for each step. The end of the input is the end of the service.

One thread, no callbacks: fork happens only between two turns of the loop, never inside an import.
"""

from __future__ import annotations

import sys

_NAMES = tuple(globals())
_FRESH = frozenset(sys.modules)
_PROGRAM = sys.orig_argv[0]

import gc  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import select  # noqa: E402
import signal  # noqa: E402
import socket  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterable, Mapping  # noqa: E402
from typing import Any  # noqa: E402

_HERE = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120
sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != _HERE]


#: The file name of our frames, which the warnings module does not count.
_FRAMES = "<importlib_bootstrap: amlbridge>"


def _load(name: str) -> dict[str, Any]:
    """Return the namespace of a file beside this one."""
    with open(os.path.join(_HERE, name), "rb") as file:  # noqa: PTH118, PTH123
        source = file.read()
    space: dict[str, Any] = {"__name__": "amlbridge_" + name[:-3]}
    exec(compile(source, _FRAMES, "exec"), space)
    return space


_child = _load("child.py")
_runner = _load("runner.py")
_deferred = _load("deferred.py")


class Step:
    """A fork: a standby while `number` is None, then a step. `link` leads to it until the step has begun."""

    def __init__(self, pid: int, link: socket.socket) -> None:
        """Take over a fork and our end of its link."""
        self.pid = pid
        self.link = link
        self.number: int | None = None

    def close(self) -> str | None:
        """Close the link and return what the fork said: a sentence if it could not become the step."""
        try:
            self.link.setblocking(False)
            said = self.link.recv(65536)
        except BlockingIOError:
            said = b""
        self.link.close()
        return said.decode(errors="replace") or None


class Importer:
    """Imports one unit at a time and notes what that changes in the process."""

    def __init__(self, units: list[str], deferred: list[str]) -> None:
        """Take the names of modules, in the order of import, and of packages that need not run their own code."""
        self.units = list(units)
        self.deferred = list(deferred)
        self.reads: set[tuple[str, str]] = set()
        self.added: dict[str, str] = {}
        self.tops = {name.partition(".")[0] for name in sys.modules}

    def step(self) -> dict[str, Any]:
        """Import the next unit and describe what came of it. A library that is missing is simply not there."""
        unit = self.units.pop(0)
        begin, error = time.perf_counter(), None
        before = dict(os.environ)
        if unit.partition(".")[0] not in sys.stdlib_module_names:
            # An interpreter with libraries; the light one has no use for their packages.
            while self.deferred:
                _deferred["defer"](self.deferred.pop())
        handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
        restore = self._watch_environment()
        try:
            __import__(unit)
        except ModuleNotFoundError as missing:
            error = None if missing.name and unit.startswith(missing.name) else f"{unit}: {missing}"
        except BaseException as failure:  # noqa: BLE001  # a library may raise anything; the steps go on without it
            error = f"{unit}: {type(failure).__name__}: {failure}"
        restore()
        if not self.units:
            _know_modules()
            _know_kinds()
        self.added.update({name: value for name, value in os.environ.items() if before.get(name) != value})
        for number, handler in handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        os.chdir(_NEUTRAL)
        new = {name.partition(".")[0] for name in list(sys.modules)} - self.tops
        self.tops |= new
        if not self.units:
            gc.collect()
        gc.freeze()
        return {
            "op": "warm",
            "unit": unit,
            "seconds": round(time.perf_counter() - begin, 3),
            "modules": sorted(new),
            "reads": sorted(self.reads),
            "error": error,
            "threads": _python_threads(),
            "left": len(self.units),
        }

    def _watch_environment(self) -> Callable[[], None]:
        """Record which variables are read by name; reading all of them (to copy or list them) does not count."""
        kind: Any = type(os.environ)
        reads = self.reads
        original = kind.__getitem__

        def record(mapping: Any, name: Any) -> Any:
            frame: Any = sys._getframe(1)
            if frame.f_code.co_name not in ("__iter__", "copy") and isinstance(name, str):
                while frame and frame.f_globals.get("__name__") in ("os", "_collections_abc", "collections.abc"):
                    frame = frame.f_back
                reads.add((name, str(frame.f_globals.get("__name__")).partition(".")[0] if frame else ""))
            return original(mapping, name)

        kind.__getitem__ = record
        return lambda: setattr(kind, "__getitem__", original)


def _know_modules() -> None:
    """Let `inspect` find out which file each module is from, which takes a third of a second with heavy libraries: each
    step that asks for its stack would do so. Those are all that read a data set of SDK v1 or make a pipeline of v2."""
    inspect = sys.modules.get("inspect")
    if inspect is not None:
        try:
            inspect.getmodule(sys._getframe())
        except Exception as error:  # noqa: BLE001  # a module may raise anything when asked for its file
            print(f"inspect does not know the modules beforehand: {error!r}", file=sys.stderr)


def _know_kinds() -> None:
    """Let the abstract classes know that these are none of theirs: with thousands of classes to look at, that takes a
    millisecond each, which each step would take anew. `logging` asks whether its first argument is a mapping."""
    for kind in (str, int, float, list, tuple, bytes, bool, set, type(None)):
        issubclass(kind, Mapping)
        issubclass(kind, Iterable)


def _python_threads() -> list[str]:
    threading = sys.modules.get("threading")
    return [thread.name for thread in threading.enumerate()[1:]] if threading is not None else []


class Zygote:
    """The loop: steps first, then news of ended ones, then an import, then a standby.

    While there are imports to do a step is forked when it comes, which takes milliseconds: a standby would lack the
    next one, and to fork two after each of a hundred imports took two fifths of the time.
    """

    def __init__(self, control: socket.socket) -> None:
        """Read the configuration and say hello."""
        self.control = control
        self.rest = b""
        config = json.loads(self._first_line())
        self.importer = Importer(config["modules"], config["deferred"])
        self.standbys_wanted: int = config["standbys"]
        self.mark: Any = _child["Mark"]()
        self.steps: dict[int, Step] = {}
        self.standbys: list[Step] = []
        _child["adopt_orphans"]()
        self.wake, wakeup = socket.socketpair()
        for end in (self.wake, wakeup):
            end.setblocking(False)
        self.wakeup = wakeup
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)
        self.poll.register(self.wake, select.POLLIN)
        gc.disable()
        gc.freeze()
        self._say(
            op="hello",
            pid=os.getpid(),
            modules=sorted(self.importer.tops),
            fresh=sorted({name.partition(".")[0] for name in _FRESH}),
            user_site=bool(getattr(sys.modules.get("site"), "ENABLE_USER_SITE", False)),
            path=sys.path,
            room=self.mark.room,
            version=sys.version_info[:2],
        )

    def _first_line(self) -> bytes:
        while b"\n" not in self.rest:
            data = self.control.recv(65536)
            if not data:
                sys.exit(0)
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def serve(self) -> socket.socket:
        """Loop until the service ends. In a fork, return the link on which the step will be told."""
        while True:
            idle = len(self.standbys) >= self.standbys_wanted and not self.importer.units
            ready = {descriptor for descriptor, _ in self.poll.poll(None if idle else 0)}
            if self.control.fileno() in ready:
                data = self.control.recv(1 << 18)
                if not data:
                    self._end()
                self.rest += data
                while b"\n" in self.rest:
                    line, _, self.rest = self.rest.partition(b"\n")
                    link = self._begin(line)
                    if link is not None:
                        return link
            if self.wake.fileno() in ready:
                self._reap()
            if ready:
                continue
            if self.importer.units:
                self._say(**self.importer.step())
            elif len(self.standbys) < self.standbys_wanted:
                link = self._fork()
                if link is not None:
                    return link

    def _fork(self) -> socket.socket | None:
        """Fork a standby; return its link in the fork, None here. Raises OSError when no process can be had."""
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            return theirs
        theirs.close()
        step = self.steps[pid] = Step(pid, ours)
        self.standbys.append(step)
        return None

    def _begin(self, line: bytes) -> socket.socket | None:
        """Give a step to a standby: `<number> <json>`. Returns a link only in a fork."""
        number, _, spec = line.partition(b" ")
        if number == b"0":
            self._import(json.loads(spec))
            return None
        while True:
            if not self.standbys:
                try:
                    link = self._fork()
                except OSError as error:
                    self._say(op="exit", id=int(number), status=None, error=f"no process could be forked: {error}")
                    return None
                if link is not None:
                    return link
            step = self.standbys.pop(0)
            try:
                step.link.sendall(spec + b"\n")
            except OSError:
                # Somebody killed this standby; it is reaped like any other.
                continue
            step.number = int(number)
            self._say(op="started", id=step.number, pid=step.pid, time=time.time())
            return None

    def _import(self, units: list[str]) -> None:
        """Import these, too: the standbys, which lack them, end with their links."""
        self.importer.units += units
        for step in self.standbys:
            step.link.close()
        self.standbys.clear()

    def _reap(self) -> None:
        try:
            while self.wake.recv(4096):
                pass
        except BlockingIOError:
            pass
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            step = self.steps.pop(pid, None)
            if step is None:
                continue
            if step.number is None:
                if step in self.standbys:
                    self.standbys.remove(step)
                continue
            left = self._left_behind(pid)
            error = step.close()
            self._say(
                op="exit", id=step.number, status=status, rss=usage.ru_maxrss, time=time.time(), left=left, error=error
            )

    def _left_behind(self, group: int) -> bool:
        """Say whether an ended step may have left processes: its group lives, or we have unknown children."""
        try:
            os.killpg(group, 0)
            return True
        except ProcessLookupError:
            pass
        except PermissionError:
            return True
        try:
            with open(f"/proc/self/task/{os.getpid()}/children", "rb") as file:  # noqa: PTH123
                return any(int(pid) not in self.steps for pid in file.read().split())
        except OSError:
            return True

    def _end(self) -> None:
        """The service is gone: take the steps along. `keeper.py` finds what has left their process groups."""
        for step in self.steps.values():
            try:
                os.killpg(step.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        os._exit(0)

    def _say(self, **message: object) -> None:
        try:
            self.control.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self._end()


def _await(link: socket.socket, mark: object, added: dict[str, str]) -> object:
    """In the fork: wait for the step, take its shape and return what shall run."""
    _child["prepare"](link.fileno())
    data = b""
    while not data.endswith(b"\n"):
        part = link.recv(1 << 18)
        if not part:
            os._exit(0)
        data += part
    spec = json.loads(data)
    try:
        _child["become"](spec, mark, added)
    except BaseException as error:  # noqa: BLE001  # said to the service, which fails the step
        link.sendall(f"{type(error).__name__}: {error}".encode(errors="replace"))
        os._exit(1)
    link.close()
    return _runner["Task"](spec["python"], tuple(spec["args"]), spec["prelude"], _NAMES, frozenset(sys.modules))


#: What else is on the stack of a program and in no module that `inspect` could find: its imports, and what calls it.
_NO_FILES = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>", "<frozen runpy>", "<string>")


def _place_own_frames() -> None:
    """Tell `inspect` that these frames are in no module: else `inspect.stack` goes through all that are imported, three
    times for each of them. SDK v1 asks for the stack in each operation of a data set, which took 60 ms then, and SDK v2
    with each experimental class."""
    inspect = sys.modules.get("inspect")
    if inspect is not None:
        inspect.modulesbyfile.update(dict.fromkeys((_FRAMES, __file__, *_NO_FILES), ""))


if __name__ == "__main__":
    _NEUTRAL = os.getcwd()  # noqa: PTH109
    _zygote = Zygote(socket.socket(fileno=int(sys.argv[1])))
    _link = _zygote.serve()
    _mark, _added = _zygote.mark, _zygote.importer.added
    # The copies of our end of the links and of the control socket: closed by `prepare`, never to be used again.
    for _socket in (_zygote.control, _zygote.wake, _zygote.wakeup, *(_step.link for _step in _zygote.steps.values())):
        _socket.detach()
    del _zygote, _socket
    _place_own_frames()
    _runner["main"](_await(_link, _mark, _added))
