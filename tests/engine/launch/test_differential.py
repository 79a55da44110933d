"""Every launcher against `subprocess.run([python, script])`: same output byte for byte, same end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from amlbridge.engine.launch import MARK, Launch
from tests.engine.launch.bodies import BODIES
from tests.engine.launch.conftest import PYTHON, Bench, Maker

_HELPER = "VALUE = 5\n\ndef fail():\n    raise LookupError('in helper')\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one folder that all scripts run in, so that all paths agree."""
    return tmp_path_factory.mktemp("same")


def fresh(launch: Launch) -> tuple[int, bytes, bytes]:
    """Run the plain interpreter as the requirement says; files as streams, because buffering depends on it."""
    out, err = (path.with_suffix(".fresh" + path.suffix) for path in (launch.stdout, launch.stderr))
    with out.open("ab") as one, err.open("ab") as two:
        done = subprocess.run(
            [PYTHON, *launch.argv], cwd=launch.cwd, env={**launch.env, MARK: launch.step_id}, stdout=one, stderr=two,
            stdin=subprocess.DEVNULL, start_new_session=True, timeout=60, check=False,
        )  # fmt: skip
    return done.returncode, out.read_bytes(), err.read_bytes()


def launched(bench: Bench, launch: Launch) -> tuple[int, bytes, bytes]:
    """Run in a launcher and return the same three things."""
    done = bench.run(bench.do(launch))
    outcome = done.outcome
    assert outcome.error is None
    assert (outcome.exit_code is None) != (outcome.signal is None)
    code = outcome.exit_code if outcome.signal is None else -outcome.signal
    return code, done.out, done.err


def plain(text: bytes) -> bytes:
    """Drop what differs between two runs of the same interpreter: addresses, and the mark of the step."""
    import re

    return re.sub(rb"0x[0-9a-f]+", b"0x", re.sub(rb"test-\d+-\d+", b"test", text))


def same(bench: Bench, folder: Path, *argv: str, **changes: object) -> None:
    bench.folder = folder
    expected = fresh(bench.launch(*argv, **changes))
    found = launched(bench, bench.launch(*argv, **changes))
    assert plain(found[1]) == plain(expected[1])
    assert plain(found[2]) == plain(expected[2])
    assert found[0] == expected[0]


@pytest.mark.parametrize("name", [name for name in BODIES if name != "exit_big" or sys.version_info < (3, 12)])
def test_like_a_fresh_interpreter(name: str, bench: Bench, folder: Path, request: pytest.FixtureRequest) -> None:
    bench.folder = folder
    bench.write(_HELPER, "helper.py")
    bench.write("x = (\n", "broken.py")
    bench.write(BODIES[name], "script.py")
    refused = name in ("not_utf8", "latin1", "nul") and bench.pool is request.getfixturevalue("shared_warm").pool
    if refused:
        done = bench.script(BODIES[name])  # type: ignore[arg-type]
        assert "cannot run warm" in (done.outcome.error or "")
        return
    same(bench, folder, "script.py", "one", "--two=3", "\u00e4")


@pytest.mark.parametrize("name", ["print", "raise", "exit_text", "keyboard_interrupt", "syntax_error", "globals",
                                  "argv", "path", "atexit", "finalizer", "pool_spawn", "warnings", "thread_fails",
                                  "not_utf8", "latin1", "nul", "import_own", "getsource"])  # fmt: skip
def test_with_a_prelude(name: str, cold: Bench, warm: Bench, folder: Path) -> None:
    """A prelude changes nothing that the script can see. The subprocess launcher runs it through `bootstrap.py`."""
    for bench in (cold, warm) if name not in ("not_utf8", "latin1", "nul") else (cold,):
        bench.folder = folder
        bench.write(_HELPER, "helper.py")
        bench.write(BODIES[name], "script.py")
        prelude = folder.parent / "prelude.py"
        prelude.write_text("import os\n")
        expected = fresh(bench.launch("script.py", "a"))
        found = launched(bench, bench.launch("script.py", "a", prelude=prelude))
        assert [plain(text) for text in found[1:]] == [_argv(plain(text), found[1]) for text in expected[1:]]
        assert found[0] == expected[0]


def _argv(text: bytes, found: bytes) -> bytes:
    return text


@pytest.mark.parametrize("script", ["missing.py", "folder", "./script.py", "sub/../script.py", "link.py", "{abs}"])
def test_script_paths(script: str, cold: Bench, make_bench: Maker, folder: Path) -> None:
    auto = _auto(make_bench)
    for bench in (cold, auto):
        bench.folder = folder
        bench.write("import sys\nprint(sys.argv, __file__, sys.path[:2])\nraise ValueError")
        bench.write("", "sub/inner.py")
        bench.write("print('main of a folder', __file__)", "folder/__main__.py")
        elsewhere = folder.parent / "elsewhere.py"
        elsewhere.write_text("import sys\nprint(sys.path[0], __file__)")
        if not (folder / "link.py").exists():
            (folder / "link.py").symlink_to(elsewhere)
        same(bench, folder, script.format(abs=folder / "script.py"))


_made: dict[int, Bench] = {}


def _auto(make_bench: Maker) -> Bench:
    if id(make_bench) not in _made:
        _made[id(make_bench)] = make_bench(heavy=("numpy",))
    return _made[id(make_bench)]


@pytest.mark.parametrize("argv", [
    ("-c", "import sys; print(sys.argv, sys.path[0], __name__); raise ValueError", "x"),
    ("-c", "x = = 1"),
    ("-c", "import sys; sys.exit('bye')"),
    ("-m", "module", "x"),
    ("-m", "package"),
    ("-m", "package.inner"),
    ("-m", "no_such"),
    ("-m", "json.tool", "--help"),
    ("-m", "base64", "-t"),
    ("-u", "module.py"),
    ("-W", "error", "module.py"),
])  # fmt: skip
def test_code_and_modules(argv: tuple[str, ...], bench: Bench, folder: Path, make_bench: Maker) -> None:
    # Since 3.13 the source of -c is shown in tracebacks, which is left to the interpreter.
    bench = _auto(make_bench) if argv[0] in ("-u", "-W", "-c") else bench
    bench.folder = folder
    bench.write(
        "import sys\nprint(sys.argv, __spec__, __package__, sys.path[0])\nraise ValueError(__name__)", "module.py"
    )
    bench.write("print('init')", "package/__init__.py")
    bench.write("print(__name__, __package__, __file__)", "package/__main__.py")
    bench.write("from . import __name__ as n\nprint(n)\n1 / 0", "package/inner.py")
    same(bench, folder, *argv)


@pytest.mark.parametrize("settings", [
    {"PYTHONUNBUFFERED": "1"},
    {"PYTHONDONTWRITEBYTECODE": "1"},
    {"PYTHONPATH": "lib:/nowhere:lib::{cwd}"},
    {"TZ": "Asia/Tokyo"},
    {"LANG": "C", "LC_ALL": "C"},
    {"PYTHONIOENCODING": "utf-16"},
    {"PYTHONWARNINGS": "error"},
    {"PYTHONUTF8": "0", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"},
    {"VALUE": "\udcff\u20ac"},
])  # fmt: skip
def test_settings(settings: dict[str, str], folder: Path, make_bench: Maker) -> None:
    """Whatever is set, the pool finds a way that is right."""
    bench = _auto(make_bench)
    bench.folder = folder
    bench.write("WHERE = __file__", "lib/only_here.py")
    body = (
        "import sys, os, time\nprint(sys.path, sys.stdout.encoding, sys.stdout.errors, sys.dont_write_bytecode)\n"
        "print(time.localtime(0).tm_hour, os.environb.get(b'VALUE'), sys.stdout.write_through, sys.stdout.buffer)\n"
        "os.write(1, b'direct')\nimport warnings; warnings.warn('w')\nimport only_here; print(only_here.WHERE)\n"
    )
    bench.write(body)
    env = {**bench.env, **{name: value.format(cwd=folder) for name, value in settings.items()}}
    same(bench, folder, "script.py", env=env)
