"""What only the warm launcher could get wrong: leaks between steps, shared state, and the death of the interpreter."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import textwrap
import time
from pathlib import Path

import pytest

from amlbridge.engine.launch import processes
from tests.engine.launch.conftest import PYTHON, Bench, Maker


def pids(bench: Bench) -> set[int]:
    """Return the warm interpreters of a pool."""
    return {task.result().pid for task in bench.pool._zygotes.values() if task.result()}


def test_it_is_really_warm(warm: Bench) -> None:
    done = warm.script("import os; print(os.getppid())")
    assert int(done.text) in pids(warm)


def test_modules_of_one_snapshot_are_not_found_in_the_next(
    warm: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    answers = []
    for number in range(3):
        warm.folder = tmp_path_factory.mktemp("one")
        warm.write(f"VALUE = {number}", "utils.py")
        answers.append(warm.script("import utils; print(utils.VALUE)").text)
    warm.folder = tmp_path_factory.mktemp("none")
    done = warm.script("import utils")
    assert answers == ["0\n", "1\n", "2\n"]
    assert b"No module named 'utils'" in done.err


def test_nothing_else_leaks(warm: Bench) -> None:
    warm.script(
        "import os, sys, builtins, json, random, signal, warnings, logging\n"
        "os.environ['LEAK'] = '1'; os.putenv('LEAK2', '1'); sys.path.append('/leak')\nbuiltins.leak = json.leak = 1\n"
        "os.umask(0); signal.signal(signal.SIGTERM, signal.SIG_IGN); warnings.simplefilter('error')\n"
        "logging.root.addHandler(logging.StreamHandler()); os.chdir('/'); sys.argv.append('leak')"
    )
    done = warm.script(
        "import os, sys, builtins, json, signal, warnings, logging\n"
        "print(hasattr(builtins, 'leak'), hasattr(json, 'leak'), 'LEAK' in os.environ, '/leak' in sys.path)\n"
        "print(oct(os.umask(0)), signal.getsignal(signal.SIGTERM), logging.root.handlers, os.getcwd(), sys.argv)\n"
        "print('LEAK' in os.popen('env').read(), any(f[0] == 'error' for f in warnings.filters))"
    )
    umask = os.umask(0)
    os.umask(umask)
    expected = [
        "False False False False",
        f"{umask:#o} 0 [] {warm.folder} ['script.py']".replace(" 0 ", f" {signal.SIG_DFL!s} "),
        "False False",
    ]
    if sys.version_info < (3, 11):
        expected[1] = expected[1].replace("0 [", "Handlers.SIG_DFL [")
    assert done.text.splitlines() == expected


@pytest.mark.parametrize("draw", ["import random; print(random.random())",
                                  "import numpy; print(numpy.random.rand())",
                                  "import tempfile; print(tempfile.mktemp())",
                                  "import uuid; print(uuid.uuid4())",
                                  "import multiprocessing as m; print(m.current_process().authkey[:])"])  # fmt: skip
def test_every_step_draws_its_own_random_numbers(draw: str, warm: Bench) -> None:
    assert len({warm.script(draw).text for _ in range(4)}) == 4


@pytest.mark.parametrize(("name", "script"), [
    ("numpy.py", "import numpy; print(numpy.MINE)"),
    ("numpy/__init__.py", "import numpy; print(numpy.MINE)"),
    ("json.py", "import json; print(json.MINE)"),
    ("signal.py", "import signal; print(signal.MINE)"),
    ("lib/numpy.py", "import sys; sys.path.insert(0, 'lib'); import numpy; print(numpy.MINE)"),
])  # fmt: skip
@pytest.mark.parametrize("prelude", [False, True])
def test_own_module_named_like_a_preloaded_one(
    name: str, script: str, prelude: bool, make_bench: Maker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bench = make_bench(heavy=("json", "numpy"))
    bench.folder = tmp_path_factory.mktemp("own")
    bench.write("MINE = 'mine'", name)
    before = tmp_path_factory.mktemp("prelude") / "prelude.py"
    before.write_text("ready = 1")
    bench.run(bench.pool.prewarm(PYTHON, bench.env, wait=True))
    done = bench.script(script, prelude=before if prelude else None)
    assert (done.text, done.err) == ("mine\n", b"")


def test_a_data_file_named_like_a_preloaded_module_hides_nothing(make_bench: Maker) -> None:
    bench = make_bench(heavy=("json",))
    for name in ("json.db", "json.csv", "data/json.parquet", "json/numbers.csv"):
        bench.write(b"", name)
    bench.run(bench.pool.prewarm(PYTHON, bench.env, wait=True))
    done = bench.script("import sys; there = sys.modules['json']\nimport json, os; print(json is there, os.getppid())")
    same, parent = done.text.split()
    assert same == "True" and int(parent) in pids(bench)


def test_own_module_in_pythonpath(make_bench: Maker) -> None:
    bench = make_bench()
    bench.write("MINE = 'mine'", "lib/json.py")
    done = bench.script("import json; print(json.MINE)", env={**bench.env, "PYTHONPATH": "lib"})
    assert done.text == "mine\n"


@pytest.mark.parametrize(("name", "value"), [("OMP_NUM_THREADS", "7"), ("NUMPY_MADVISE_HUGEPAGE", "0")])
def test_settings_of_a_library_are_obeyed(name: str, value: str, make_bench: Maker) -> None:
    """A step that sets what numpy read when it was preloaded gets an interpreter without numpy."""
    bench = make_bench(launcher="warm", heavy=("numpy",))
    bench.run(bench.pool.prewarm(PYTHON, bench.env, wait=True))
    body = "import sys, os\nprint('numpy' in sys.modules, os.environ.get('" + name + "'))\nimport numpy"
    assert bench.script(body).text == f"True {bench.env.get(name)}\n"
    assert bench.script(body, env={**bench.env, name: value}).text == f"False {value}\n"


def test_files_left_open_are_written(bench: Bench) -> None:
    bench.write("log = open('module.txt', 'w'); log.write('x' * 100)", "helper.py")
    bench.script(
        "import helper\nf = open('main.txt', 'w')\nf.write('y' * 100)\n"
        "class A: pass\na = A(); a.me = a; a.f = open('cycle.txt', 'wb'); a.f.write(b'z' * 100)\n"
        "def g():\n    h = open('generator.txt', 'w'); h.write('w' * 100); yield\nk = g(); next(k)"
    )
    found = {path.name: len(path.read_bytes()) for path in bench.folder.glob("*.txt")}
    assert found == {"module.txt": 100, "main.txt": 100, "cycle.txt": 100, "generator.txt": 100}


def test_files_left_open_with_a_daemon_thread(warm: Bench) -> None:
    """A fresh interpreter loses the data here."""
    done = warm.script(
        "import threading, time\nf = open('main.txt', 'w')\nf.write('y' * 100)\nvalue = 1\n"
        "def spin():\n    while True:\n        value + 1; time.sleep(0)\n"
        "threading.Thread(target=spin, daemon=True).start()"
    )
    assert done.err == b""
    assert (warm.folder / "main.txt").read_text() == "y" * 100


def test_prelude_runs_first_and_its_exit_function_last(bench: Bench) -> None:
    prelude = bench.folder.parent / "prelude.py"
    prelude.write_text(
        "import atexit, sys\nprint('prelude', __name__, 'script' in sys.argv[0])\natexit.register(print, 'flush')"
    )
    done = bench.script("import atexit\natexit.register(print, 'script exit')\nprint(__name__)\n1 / 0", prelude=prelude)
    assert done.text == "prelude amlbridge_prelude True\n__main__\nscript exit\nflush\n"
    assert b"prelude.py" not in done.err and b"amlbridge" not in done.err
    assert done.outcome.exit_code == 1


def test_a_prelude_that_fails_fails_the_step(bench: Bench) -> None:
    prelude = bench.folder.parent / "prelude.py"
    prelude.write_text("raise LookupError('no service')")
    done = bench.script("print('never')", prelude=prelude)
    assert (done.outcome.exit_code, done.out) == (1, b"")
    assert b"LookupError: no service" in done.err


def test_both_streams_in_one_file(bench: Bench) -> None:
    launch = bench.launch(bench.write("import os\nfor n in range(50): os.write(1 + n % 2, b'%d\\n' % n)"))
    same = type(launch)(**{**launch.__dict__, "stderr": launch.stdout})
    done = bench.run(bench.do(same))
    assert done.text.split() == [str(n) for n in range(50)]


def test_an_interpreter_that_is_killed_fails_its_steps_and_is_replaced(make_bench: Maker) -> None:
    bench = make_bench(launcher="warm", heavy=())
    running = bench.run(bench.pool.start(bench.launch(bench.write("import time; time.sleep(60)"))))
    (old,) = pids(bench)
    os.kill(old, signal.SIGKILL)
    outcome = bench.run(running.wait())
    assert "was killed" in outcome.error
    assert outcome.exit_code is None
    assert not processes.members({running.launch.step_id})
    assert bench.script("print('again')").text == "again\n"
    assert old not in pids(bench)


def test_an_interpreter_that_is_killed_between_two_steps(make_bench: Maker) -> None:
    bench = make_bench(heavy=())
    bench.script("print(1)")
    os.kill(next(iter(pids(bench))), signal.SIGKILL)
    assert bench.script("print(2)").text == "2\n"


def test_killed_standbys_do_no_harm(make_bench: Maker) -> None:
    bench = make_bench(launcher="warm", heavy=())
    bench.script("print(1)")
    (task,) = bench.pool._zygotes.values()
    bench.run(asyncio.wait({task.result().warmed}))
    killed: set[int] = set()
    while not killed:  # they are forked when everything is imported
        killed = {process.pid for process in processes.snapshot().values() if process.parent == task.result().pid}
    for pid in killed:
        # The one that ran the step may be gone by now.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while killed & processes.snapshot().keys():
        time.sleep(0.01)
    assert [bench.script("print(2)").text for _ in range(4)] == ["2\n"] * 4


def test_a_library_that_starts_threads_is_not_preloaded(make_bench: Maker) -> None:
    bench = make_bench(launcher="warm", heavy=("json", "csv"))
    bench.run(bench.pool.prewarm(PYTHON, bench.env, wait=True))
    zygote = bench.pool._zygotes[PYTHON, "heavy"].result()
    zygote._on_warm("csv", 0.1, [], [], None, ["Thread-1"], 0)
    assert bench.script("import numpy").outcome.exit_code == 0
    assert bench.pool._modules["heavy"] == ("json",)
    assert bench.pool._zygotes[PYTHON, "heavy"].result() is not zygote


def test_a_step_waits_for_what_it_would_import_itself(make_bench: Maker, tmp_path: Path) -> None:
    """It begins while the interpreter has not imported everything, and forks what it needs nevertheless."""
    (tmp_path / "slow_library.py").write_text("import os, time\ntime.sleep(0.3)\nimporter = os.getpid()\n")
    bench = make_bench(launcher="warm", heavy=("json", "slow_library", "csv"), import_env={"PYTHONPATH": str(tmp_path)})
    for script in ("import slow_library", "from slow_library import importer", "import numpy, slow_library as s"):
        done = bench.script(f"{script}\nimport os, slow_library\nprint(slow_library.importer == os.getppid())")
        assert done.text == "True\n", done.err
    zygote = bench.pool._zygotes[PYTHON, "heavy"].result()
    assert not zygote._to_import
    bench.run(zygote.imported(["slow_library", "csv.more", "never_heard_of"]))


def _preloaded(bench: Bench, modules: str, *imported: str) -> list[bool]:
    """Whether a step that imports these modules was forked from an interpreter that has imported each of the others."""
    script = f"import sys\nbefore = set(sys.modules)\nimport {modules}\nprint(*(m in before for m in {imported}))"
    done = bench.script(script)
    assert done.outcome.exit_code == 0, done.err
    return [word == "True" for word in done.text.split()]


def test_a_warm_interpreter_imports_what_its_steps_name(make_bench: Maker) -> None:
    """Of all that it could a step wants a third; the rest takes seconds of computing from the step that runs."""
    bench = make_bench(launcher="warm", heavy=("numpy", "joblib", "requests", "mlflow"))
    asked = ("numpy", "joblib", "requests")
    assert _preloaded(bench, "numpy", *asked) == [True, False, False]
    (zygote,) = [task.result() for (_, tier), task in bench.pool._zygotes.items() if tier == "heavy"]
    assert not zygote.warmed.done()
    assert _preloaded(bench, "requests.adapters", *asked) == [True, False, True]
    bench.write("import joblib", "own.py")
    assert _preloaded(bench, "own", *asked) == [True, True, True], "its own module names it"
    assert "mlflow" not in zygote.facts.modules
    assert _preloaded(bench, "packaging", *asked) == [True, True, True]
    assert "mlflow" in zygote.facts.modules, "a library may import any other"
    bench.run(zygote.warmed)


def test_a_service_that_prewarms_imports_everything(make_bench: Maker) -> None:
    bench = make_bench(launcher="warm", heavy=("numpy", "joblib"))
    bench.run(bench.pool.prewarm(PYTHON, bench.env, wait=True))
    assert _preloaded(bench, "numpy", "numpy", "joblib") == [True, True]


def test_standbys_without_what_a_later_step_names_run_no_step(make_bench: Maker) -> None:
    """They were forked when the interpreter had nothing more to import."""
    bench = make_bench(launcher="warm", heavy=("numpy", "joblib"), standbys=2)
    assert _preloaded(bench, "numpy", "numpy", "joblib") == [True, False]
    (zygote,) = [task.result() for (_, tier), task in bench.pool._zygotes.items() if tier == "heavy"]
    forks: set[int] = set()
    while len(forks) < 2:
        forks = {process.pid for process in processes.snapshot().values() if process.parent == zygote.pid}
    assert [_preloaded(bench, "joblib", "joblib") for _ in range(4)] == [[True]] * 4
    while forks & processes.snapshot().keys():
        time.sleep(0.01)


def test_what_a_driver_runs_in_its_processes_is_imported_before_it_forks_them(
    make_bench: Maker, tmp_path: Path
) -> None:
    """Each of them would import it for itself. A module of the step's own goes before one that is imported."""
    (tmp_path / "large_library.py").write_text("import os\nimporter = os.getpid()\n")
    driver = tmp_path / "driver" / "main.py"
    driver.parent.mkdir()
    driver.write_text(
        "import os, runpy, sys\nif os.fork() == 0:\n    sys.path.insert(0, os.getcwd())\n"
        "    runpy.run_path(sys.argv[1])\n    os._exit(0)\nos.wait()\n"
    )
    bench = make_bench(launcher="warm", heavy=("json", "large_library"), import_env={"PYTHONPATH": str(tmp_path)})
    script = (
        "import os, large_library\nprint('itself' if large_library.importer == os.getpid() else 'before', flush=True)"
    )
    name = bench.write(script)
    assert bench.step(str(driver), name).text == "itself\n"
    assert bench.step(str(driver), name, scripts=(name,)).text == "before\n"
    bench.write("importer = __import__('os').getpid()\nprint('mine', flush=True)\n", "large_library.py")
    assert bench.step(str(driver), name, scripts=(name,)).text == "mine\nitself\n"


@pytest.mark.slow
def test_a_hundred_at_once(bench: Bench) -> None:
    name = bench.write("import sys, os\nprint(sys.argv[1], os.environ['N'])")

    async def all_of_them() -> list[str]:
        launches = [bench.launch(name, str(n), env={**bench.env, "N": str(n)}) for n in range(100)]
        return [done.text for done in await asyncio.gather(*(bench.do(launch) for launch in launches))]

    assert bench.run(all_of_them()) == [f"{n} {n}\n" for n in range(100)]


def test_a_python_without_a_warm_interpreter_gets_its_own_process(make_bench: Maker) -> None:
    bench = make_bench()
    fake = bench.folder / "python"
    fake.write_text(f'#!/bin/sh\ncase "$1" in *zygote*) exit 3;; esac\nexec {PYTHON} "$@"\n')
    fake.chmod(0o755)
    assert bench.script("print('cold')", python=str(fake)).text == "cold\n"


def test_closing_kills_what_runs(make_bench: Maker) -> None:
    bench = make_bench(heavy=())
    name = bench.write("import time; time.sleep(300)")
    warm = bench.run(bench.pool.start(bench.launch(name)))
    cold = bench.run(bench.pool.start(bench.launch("sleep", "300", python=None)))
    begin = time.monotonic()
    bench.run(bench.pool.close())
    assert time.monotonic() - begin < 60
    assert not processes.members({warm.launch.step_id, cold.launch.step_id})
    with pytest.raises(RuntimeError):
        bench.run(bench.pool.start(bench.launch(name)))


def test_a_changed_environment_gets_a_new_interpreter(make_bench: Maker) -> None:
    bench = make_bench(launcher="warm", heavy=())
    first = bench.script("import os; print(os.getppid())").text
    zygote = next(iter(bench.pool._zygotes.values())).result()
    zygote.facts.sites = dict.fromkeys(zygote.facts.sites, 1)
    assert bench.script("import os; print(os.getppid())").text != first


def test_the_stack_is_read_without_a_look_at_every_module(make_bench: Maker) -> None:
    """As in a fresh interpreter: SDK v1 reads it in each operation of a data set, and thousands are imported here."""
    body = """
        import inspect, sys, types
        class Counted(types.ModuleType):
            @property
            def __file__(self):
                looks.append(self)
                return "/nowhere.py"
        looks = sys.looks = []
        sys.modules["counted"] = Counted("counted")
        print(inspect.stack()[0].code_context, len(looks))
        with open("own_module.py", "w") as file:
            print("import inspect, sys; inspect.stack(); before = len(sys.looks)", file=file)
            print("frames = inspect.stack(); looks = len(sys.looks) - before", file=file)
        import own_module
        files = [frame.filename for frame in own_module.frames]
        print(own_module.frames[0].code_context, own_module.looks, __file__ in files)
    """
    bench = make_bench(launcher="warm", heavy=("inspect",))
    bench.run(bench.pool.prewarm(PYTHON, bench.env, wait=True))
    assert bench.script(textwrap.dedent(body)).text.splitlines() == [
        "['print(inspect.stack()[0].code_context, len(looks))\\n'] 0",
        "['frames = inspect.stack(); looks = len(sys.looks) - before\\n'] 0 True",
    ]


@pytest.mark.slow
def test_the_real_list_leaves_no_thread(make_bench: Maker) -> None:
    """The libraries that are preloaded must not start threads: a fork would lose them, with the locks they hold."""
    bench = make_bench(launcher="warm")
    bench.run(bench.pool.prewarm(PYTHON, bench.env, wait=True))
    bench.script("import numpy")  # OpenBLAS ends its threads at the first fork
    zygote = bench.pool._zygotes[PYTHON, "heavy"].result()
    assert zygote.threads is None
    names = [path.read_text().strip() for path in Path(f"/proc/{zygote.pid}/task").glob("*/comm")]
    # jemalloc's thread comes with pyarrow, which stops and restarts it around a fork.
    assert [name for name in names if name not in ("python", "jemalloc_bg_thd")] == []
    assert names.count("python") == 1
    body = "import sys, os, pandas\nprint('azureml.core' in sys.modules, len(os.listdir('/proc/self/task')))"
    assert bench.script(body).text == "True 1\n"
    # A run of MLflow looks whether it is in a notebook, which would be half of what a small step takes.
    body = "import sys, mlflow\nbefore = set(sys.modules)\nmlflow.start_run()\nprint(*set(sys.modules) - before)"
    assert "IPython" not in bench.script(body).text


def test_a_step_knows_which_file_each_module_is_from(make_bench: Maker) -> None:
    """To find out takes a third of a second with heavy libraries, when the stack is asked for first."""
    done = make_bench(launcher="warm", heavy=("inspect", "numpy")).script(
        """if True:
        import os.path
        import numpy
        looks, look = [], os.path.realpath
        os.path.realpath = lambda path: looks.append(path) or look(path)
        import inspect
        frame = inspect.currentframe()
        print(inspect.getmodule(frame).__name__, inspect.getmodule(numpy.sum).__name__, inspect.stack()[0].function)
        print([path for path in looks if "numpy" in path])
        """
    )
    assert done.text == "__main__ numpy <module>\n[]\n"
