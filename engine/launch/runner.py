"""Runs a program as `__main__` the way CPython does, inside an interpreter that is already running, and ends it.

Standard library only and loaded by path: the interpreter of a step need not have amlbridge. The warm child and
`bootstrap.py` share it, so a step behaves the same in both.

What follows CPython's C code (`Modules/main.c`, `Python/pythonrun.c`, `Python/pylifecycle.c`) is said at each function.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import importlib.machinery
import io
import os
import signal
import sys
import types
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn


class Ending(NamedTuple):
    """What the process will end with: an exit code, or SIGINT as after an unhandled KeyboardInterrupt."""

    code: int
    interrupted: bool = False


class Task(NamedTuple):
    """What shall run.

    `names` are the global names that this version of Python gives to a fresh `__main__`, and `modules` those that it
    has imported when a script begins.
    """

    program: str
    args: tuple[str, ...]
    prelude: str | None
    names: tuple[str, ...]
    modules: frozenset[str]


class _Probe:
    """Shows us the type of the argument of `sys.unraisablehook`, which has no public name."""

    def __del__(self) -> None:
        raise ValueError


def _unraisable_type() -> Callable[[tuple[object, ...]], Any]:
    kept: list[Any] = []
    before, sys.unraisablehook = sys.unraisablehook, lambda unraisable: kept.append(type(unraisable))
    _Probe()
    sys.unraisablehook = before
    return kept[0]  # type: ignore[no-any-return]


_UNRAISABLE = _unraisable_type()


def main(task: Task) -> NoReturn:
    """Run the task and end this process as a fresh interpreter would have ended."""
    _stop(_finish(_run(task)))


def _run(task: Task) -> Ending:
    """Run prelude and program. References to what the program made must not outlive this call: see `_drop_modules`."""
    sys.argv = list(task.args)
    sys.orig_argv = [task.program, *task.args]
    module = _fresh_main(task.names)
    sys.modules["__main__"] = module
    if task.prelude is not None:
        ending = _call(_run_prelude, task.prelude)
        if ending is not None:
            return ending
    first = task.args[0]
    folder = os.getcwd() if first[:1] == "-" else os.path.dirname(os.path.realpath(first))  # noqa: PTH109, PTH120
    _unshadow(folder, task.modules)
    _STATE.before = frozenset(sys.modules)
    if first == "-m":
        return _run_module(task.args)
    if first == "-c":
        return _run_code(task.args, module.__dict__)
    return _run_script(task, module.__dict__)


class _State:
    """What has to be remembered until the end: the prelude's globals, and the modules that were there before."""

    before: frozenset[str] = frozenset()
    prelude: dict[str, Any] | None = None


_STATE = _State()


def _fresh_main(names: Sequence[str]) -> types.ModuleType:
    """Return a new `__main__` with the names that CPython gives it, in the same order."""
    module = types.ModuleType("__main__")
    values = {"__annotations__": {}, "__builtins__": builtins, "__loader__": importlib.machinery.BuiltinImporter}
    for name in names:
        if name.startswith("__") and name not in ("__file__", "__cached__"):
            module.__dict__[name] = values.get(name, module.__dict__.get(name))
    return module


def _unshadow(folder: str, fresh: frozenset[str]) -> None:
    """Forget the modules that we imported but a fresh interpreter would find in the program's folder instead."""
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return
    known = {name: name.partition(".")[0] for name in names}
    known = {name: stem for name, stem in known.items() if stem not in fresh and stem in sys.modules}
    own = {stem for name, stem in known.items() if _is_module(os.path.join(folder, name))}  # noqa: PTH118
    if not own:
        return
    for name in [name for name in sys.modules if name.partition(".")[0] in own]:
        del sys.modules[name]


def _is_module(path: str) -> bool:
    """Whether it is a file of Python's, or a folder with one: no data, and no folder that has only such."""
    suffixes = tuple(importlib.machinery.all_suffixes())
    if os.path.isdir(path):  # noqa: PTH112
        return any(name.endswith(suffixes) for name in os.listdir(path))  # noqa: PTH208
    return path.endswith(suffixes)


def _run_prelude(path: str) -> None:
    with open(path, "rb") as file:  # noqa: PTH123  # pathlib is not imported in a fresh interpreter
        source = file.read()
    _STATE.prelude = {"__name__": "amlbridge_prelude", "__file__": path, "__builtins__": builtins}
    exec(compile(source, path, "exec"), _STATE.prelude)


def _run_script(task: Task, namespace: dict[str, Any]) -> Ending:
    """`_PyRun_SimpleFileObject`. A script that does not compile is left to the real interpreter and its message."""
    path = task.args[0]
    # Since 3.9 the file name is absolute, but not normalised.
    absolute = path if path.startswith("/") else f"{os.getcwd()}/{path}"  # noqa: PTH109
    _insert_path(os.path.dirname(os.path.realpath(absolute)))  # noqa: PTH120
    namespace["__loader__"] = importlib.machinery.SourceFileLoader("__main__", absolute)
    namespace["__file__"] = absolute
    inspect = sys.modules.get("inspect")
    if inspect is not None:
        # What it would find out by a look at each module that is imported.
        files = (os.path.abspath(absolute), os.path.realpath(absolute))  # noqa: PTH100
        inspect.modulesbyfile.update(dict.fromkeys(files, "__main__"))
    if "__cached__" in task.names or sys.version_info < (3, 15):
        namespace["__cached__"] = None
    code = _compile(absolute)
    if code is None:
        _become_real(task)
    ending, exited = _guard(exec, code, namespace)
    del code
    if not exited:
        _flush_quietly()
        namespace.pop("__file__", None)
        namespace.pop("__cached__", None)
    return ending


def _insert_path(folder: str) -> None:
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, folder)


def _compile(path: str) -> types.CodeType | None:
    """Compile a script, or return None. Warnings are shown only if it compiles: else the real interpreter does."""
    shown = io.StringIO()
    stderr, sys.stderr = sys.stderr, shown
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            code = compile(file.read(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OSError, MemoryError, RecursionError, OverflowError):
        return None
    finally:
        sys.stderr = stderr
    if text := shown.getvalue():
        sys.stderr.write(text)
    return code


def _become_real(task: Task) -> NoReturn:
    """Replace this process by the real interpreter with the same arguments; pid, streams and folder stay."""
    _flush_quietly()
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execve(task.program, [task.program, *task.args], os.environ)


def _run_code(args: Sequence[str], namespace: dict[str, Any]) -> Ending:
    """`pymain_run_command`."""
    sys.argv = ["-c", *args[2:]]
    _insert_path("")
    source = args[1] + "\n"
    return _guard(lambda: exec(compile(source, "<string>", "exec", dont_inherit=True), namespace), ours=2)[0]


def _run_module(args: Sequence[str]) -> Ending:
    """`pymain_run_module`."""
    import runpy

    sys.argv = ["-m", *args[2:]]
    _insert_path(os.getcwd())  # noqa: PTH109
    return _guard(runpy._run_module_as_main, args[1])[0]  # type: ignore[attr-defined]


def _call(function: Callable[..., object], *args: object) -> Ending | None:
    """Call the prelude; return an ending only if it failed, which fails the step: its work would be lost silently."""
    ending, _ = _guard(function, *args)
    return ending if ending.code or ending.interrupted else None


def _guard(function: Callable[..., object], *args: object, ours: int = 1) -> tuple[Ending, bool]:
    """Call a function; report what it raises without the `ours` topmost frames. The flag is true after SystemExit."""
    failure: BaseException | None = None
    try:
        function(*args)
    except BaseException as error:  # noqa: BLE001  # an interpreter reports every exception
        trace = error.__traceback__
        for _ in range(ours):
            trace = trace.tb_next if trace is not None else None
        failure = error.with_traceback(trace)
        del error, trace
    if failure is None:
        return Ending(0), False
    if isinstance(failure, SystemExit):
        return Ending(_exit_code(failure)), True
    interrupted = type(failure) is KeyboardInterrupt
    code = _report(failure)
    return Ending(1 if code is None else code, interrupted), code is not None


def _exit_code(error: SystemExit) -> int:
    """`_Py_HandleSystemExit`."""
    value = error.code
    if value is None:
        return 0
    if isinstance(value, int):
        return int(value) & 0xFF if -(2**63) <= value < 2**63 else 0xFF
    try:
        if sys.stderr is None:
            os.write(2, f"{value}\n".encode(errors="backslashreplace"))
        else:
            sys.stderr.write(f"{value}\n")
            sys.stderr.flush()
    except Exception:  # noqa: BLE001, S110  # as CPython does: there is nowhere left to say it
        pass
    return 1


def _report(error: BaseException) -> int | None:
    """`PyErr_PrintEx`: show an exception with `sys.excepthook`. Returns an exit code if the hook itself exits."""
    if sys.version_info >= (3, 12):
        sys.last_exc = error  # type: ignore[assignment]
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    hook = getattr(sys, "excepthook", None)
    if hook is None:
        _say("sys.excepthook is missing\n")
        sys.__excepthook__(type(error), error, error.__traceback__)
        return None
    failure: BaseException | None = None
    try:
        hook(type(error), error, error.__traceback__)
    except BaseException as second:  # noqa: BLE001
        trace = second.__traceback__
        failure = second.with_traceback(trace.tb_next if trace is not None else None)
    if isinstance(failure, SystemExit):
        return _exit_code(failure)
    if failure is not None:
        _flush_quietly()
        _say("Error in sys.excepthook:\n")
        sys.__excepthook__(type(failure), failure, failure.__traceback__)
        _say("\nOriginal exception was:\n")
        sys.__excepthook__(type(error), error, error.__traceback__)
    return None


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)


def _unraisable(error: BaseException, place: object) -> None:
    """`PyErr_WriteUnraisable`, without our own frame."""
    trace = error.__traceback__
    sys.unraisablehook(_UNRAISABLE((type(error), error, trace.tb_next if trace is not None else None, None, place)))


def _flush_quietly() -> None:
    # contextlib is not imported in a fresh interpreter, so neither here nor below.
    for stream in (sys.stderr, sys.stdout):
        try:  # noqa: SIM105
            stream.flush()
        except Exception:  # noqa: BLE001, S110  # `flush_io` clears it; `_flush_all` meets it again
            pass


def _flush_all() -> bool:
    """`flush_std_files`. Returns False if something could not be written: the exit code is then 120."""
    fine = True
    for stream, loud in ((sys.stdout, True), (sys.stderr, False)):
        if stream is None or getattr(stream, "closed", False):
            continue
        try:
            stream.flush()
        except BaseException as error:  # noqa: BLE001
            fine = False
            if loud:
                _unraisable(error, stream)
    return fine


def _finish(ending: Ending) -> Ending:
    """`Py_FinalizeEx`: threads, atexit, streams, then the objects of the program."""
    threading = sys.modules.get("threading")
    if threading is not None:
        try:
            threading._shutdown()
        except BaseException as error:  # noqa: BLE001
            _unraisable(error, threading)
    _run_exit_functions()
    fine = _flush_all()
    _drop_modules()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    fine = _flush_all() and fine
    return ending if fine else Ending(120)


def _run_exit_functions() -> None:
    """`_PyAtExit_Call`. A C function that fails there gets a traceback of the frame below it: ours."""
    hook = sys.unraisablehook

    def without_ours(unraisable: Any) -> None:
        trace = unraisable.exc_traceback
        while trace is not None and trace.tb_frame.f_code is _run_exit_functions.__code__:
            trace = trace.tb_next
        value = unraisable.exc_value
        hook(_UNRAISABLE((unraisable.exc_type, value, trace, unraisable.err_msg, unraisable.object)))

    sys.unraisablehook = without_ours
    atexit._run_exitfuncs()
    if sys.unraisablehook is without_ours:
        sys.unraisablehook = hook


def _drop_modules() -> None:
    """`finalize_modules`, for the program's own modules: files that were left open are written, `__del__` is called.

    Installed libraries stay: ending them costs time, and they do not rely on it. Files that they left open are flushed.
    With daemon threads alive nothing is taken away either: here, unlike in CPython, they would still run and see it.
    """
    import _thread

    sys.last_type = sys.last_value = sys.last_traceback = None
    if sys.version_info >= (3, 12):
        sys.last_exc = None  # type: ignore[assignment]
    # First, because the collector may end the lower layer of a file before the text layer has handed its data down.
    _flush_strays()
    if not _thread._count():
        kept = [weakref.ref(module) for module in _forget()]
        gc.collect()
        for reference in reversed(kept):
            _clear(reference())
        gc.collect()
    _flush_strays()


def _forget() -> list[types.ModuleType]:
    """Take the program's modules out of `sys.modules`."""
    roots = tuple({os.path.join(prefix, "") for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)})  # noqa: PTH118
    found = []
    for name in list(sys.modules):
        module = sys.modules[name]
        if name == "__main__" or (name not in _STATE.before and not _installed(module, roots)):
            found.append(module)
            del sys.modules[name]
    return found


def _installed(module: object, roots: tuple[str, ...]) -> bool:
    path = getattr(getattr(module, "__spec__", None), "origin", None)
    return not isinstance(path, str) or not path.startswith("/") or path.startswith(roots)


def _clear(module: types.ModuleType | None) -> None:
    """`_PyModule_Clear`: private names first, then all but `__builtins__`."""
    if not isinstance(module, types.ModuleType):
        return
    names = module.__dict__
    for private in (True, False):
        for name in list(names):
            if name != "__builtins__" and names[name] is not None:
                if private and not (name[:1] == "_" and name[1:2] != "_"):
                    continue
                names[name] = None


def _flush_strays() -> None:
    """Flush every file object that is still alive; after `gc.freeze` only those made since are looked at."""
    writers = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)
    for kind in writers:
        for thing in gc.get_objects():
            if type(thing) is kind and thing is not sys.stdout and thing is not sys.stderr and not thing.closed:
                try:  # noqa: SIM105
                    thing.flush()
                except Exception:  # noqa: BLE001, S110  # the finalizer of a file ignores this too
                    pass


def _stop(ending: Ending) -> NoReturn:
    """`Py_RunMain`: leave with the code, or by SIGINT so that the parent sees an interrupted process."""
    if ending.interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(ending.code & 0xFF)
