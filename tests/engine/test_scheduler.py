"""Plans really run: real processes, real files, real kills."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import (
    Argument,
    Command,
    DataType,
    InputRef,
    Mode,
    Node,
    OutputRef,
    Parameter,
    ParameterRef,
    Plan,
    Registration,
    Resources,
    Settings,
    Value,
)
from amlbridge.engine.records import schema
from tests.support.engine import FILE_OUTPUT, FOLDER_OUTPUT, Engine, edge
from tests.support.patience import with_enough_time

QUICK = "print('done')"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "engine")
    yield made
    made.close()


def test_data_flows_from_step_to_step(engine: Engine) -> None:
    write = engine.step(
        "write",
        "import sys; open(sys.argv[1] + '/x', 'w').write('7')",
        OutputRef("out"),
        outputs={"out": FOLDER_OUTPUT},
    )
    double = engine.step(
        "double",
        "import sys; n = int(open(sys.argv[1] + '/x').read()); open(sys.argv[2], 'w').write(str(2 * n))",
        InputRef("data"),
        OutputRef("out"),
        inputs={"data": edge("write")},
        outputs={"out": FILE_OUTPUT},
    )
    runs = engine.run(double, write)
    assert {name: run.status for name, run in runs.items()} == dict.fromkeys(("", "write", "double"), "Completed")
    place = runs["double"].execution["outputs"]["out"]
    assert (engine.root / "data" / place["path"]).read_text() == "14"
    assert runs["write"].ended <= runs["double"].started
    wait_for(lambda: not list((engine.root / "work").glob("*/*")))
    assert not list((engine.root / "staged").iterdir())


def test_order_without_data(engine: Engine) -> None:
    slow = engine.step("slow", "import time; time.sleep(0.3)")
    after = engine.step("after", QUICK, after=("slow",))
    runs = engine.run(after, slow)
    assert runs["after"].started >= runs["slow"].ended


def test_independent_steps_run_at_once_within_the_slots(tmp_path: Path) -> None:
    script = """
        import os, sys, time, pathlib
        here = pathlib.Path(sys.argv[1]); mine = here / str(os.getpid()); mine.touch()
        seen, met, until = 0, here.with_name("met"), time.monotonic() + 60
        while seen < int(sys.argv[2]) and not met.exists() and time.monotonic() < until:
            seen = len(list(here.iterdir())); time.sleep(0.01)
        met.touch(); time.sleep(0.3); print(max(seen, len(list(here.iterdir())))); mine.unlink()
    """
    for slots, most in ((2, 2), (4, 4)):
        engine = Engine(tmp_path / f"e{slots}", slots=slots)
        try:
            (engine.root / "together").mkdir()
            nodes = [engine.step(f"s{i}", script, str(engine.root / "together"), most) for i in range(4)]
            runs = engine.run(*nodes)
            counts = [int(engine.log(run)) for name, run in runs.items() if name]
            assert max(counts) == most, counts
        finally:
            engine.close()


def test_a_computes_maximum_bounds_its_steps(engine: Engine) -> None:
    engine.host.bounds["one"] = 1
    nodes = [engine.step(f"s{i}", "import time; time.sleep(0.15)", resources=Resources("one")) for i in range(3)]
    runs = engine.run(*nodes)
    spans = sorted((run.started, run.ended) for name, run in runs.items() if name)
    assert all(first[1] <= second[0] for first, second in pairwise(spans)), spans


def test_a_step_that_wants_more_nodes_than_there_are_still_runs(engine: Engine) -> None:
    engine.host.bounds["small"] = 2
    runs = engine.run(engine.step("big", QUICK, resources=Resources("small", nodes=8)))
    assert runs[""].status == "Completed"


def test_parameters_reach_arguments_and_environment(engine: Engine) -> None:
    node = engine.step(
        "show",
        "import os, sys; print(sys.argv[1:], os.environ['AML_PARAMETER_rate'])",
        ParameterRef("rate"),
        ParameterRef("name"),
        parameter_variables={"AML_PARAMETER_rate": ParameterRef("rate")},
    )
    plan = Plan((node,), (Parameter("rate", "number", 0.1), Parameter("name", "string", "a b")))
    engine.submit_plan(plan, "p", rate=0.5)
    assert engine.scheduler.wait(engine.workspace.id, "p", 60)
    assert engine.log(engine.runs()["show"]) == "['0.5', 'a b'] 0.5\n"


def test_unknown_and_missing_parameters_are_refused_and_nothing_is_recorded(engine: Engine) -> None:
    node = engine.step("show", QUICK)
    plan = Plan((node,), (Parameter("rate", "number", 0.1), Parameter("must", required=True)))
    with pytest.raises(PlanError, match="unknown parameter rat; this pipeline has: must, rate"):
        engine.submit_plan(plan, "p", rat=1)
    with pytest.raises(PlanError, match="parameter must has no default"):
        engine.submit_plan(plan, "p")
    assert engine.records.runs.find(engine.workspace.id, "p") is None


def test_kinds_that_cannot_run_are_refused(engine: Engine) -> None:
    with pytest.raises(PlanError, match=r"step 'x' is of kind 'unsupported'"):
        engine.submit(Node("x", "x", kind="unsupported"))


def test_a_failing_step_fails_the_run_with_its_traceback(engine: Engine) -> None:
    bad = engine.step("bad", "print('before')\nraise ValueError('no such column')")
    later = engine.step("later", QUICK, after=("bad",))
    runs = engine.run(bad, later)
    assert [runs[name].status for name in ("", "bad", "later")] == ["Failed", "Failed", "Canceled"]
    message = runs["bad"].error["message"]
    assert "ValueError: no such column" in message
    assert "exit code 1" in message
    assert "step 'bad' failed" in runs[""].error["message"]
    assert "'bad'" in runs["later"].error["message"]


def test_without_continue_a_failure_ends_what_runs_beside_it(engine: Engine) -> None:
    bad = engine.step("bad", "import time; time.sleep(0.3); raise SystemExit(3)")
    long = engine.step("long", "import time; time.sleep(600)")
    started = time.monotonic()
    runs = engine.run(bad, long)
    assert time.monotonic() - started < 60
    assert [runs[name].status for name in ("", "bad", "long")] == ["Failed", "Failed", "Canceled"]


def test_continue_on_failure_runs_what_does_not_depend_on_it(engine: Engine) -> None:
    bad = engine.step("bad", "raise SystemExit(3)")
    child = engine.step("child", QUICK, after=("bad",))
    other = engine.step("other", "import time; time.sleep(0.3)")
    last = engine.step("last", QUICK, after=("other",))
    runs = engine.run(bad, child, other, last, settings=Settings(continue_on_failure=True))
    states = {name: run.status for name, run in runs.items()}
    assert states == {"": "Failed", "bad": "Failed", "child": "Canceled", "other": "Completed", "last": "Completed"}


def test_retries(engine: Engine) -> None:
    script = """
        import pathlib, sys
        mark = pathlib.Path(sys.argv[1]); n = int(mark.read_text()) if mark.exists() else 0
        mark.write_text(str(n + 1)); sys.exit(0 if n == 2 else 1)
    """
    runs = engine.run(engine.step("flaky", script, str(engine.root / "mark"), retries=2))
    assert runs["flaky"].status == "Completed"
    assert runs["flaky"].execution["attempts"] == 3
    runs = engine.run(engine.step("hopeless", "raise SystemExit(1)", retries=1), run_id="q")
    assert runs["hopeless"].status == "Failed"
    assert runs["hopeless"].execution["attempts"] == 2


def test_timeout_ends_the_whole_tree(engine: Engine) -> None:
    script = """
        import subprocess, sys, time
        child = subprocess.Popen(['sleep', '300'], start_new_session=True); print(child.pid, flush=True)
        time.sleep(300)
    """

    def attempt(limit: float) -> str:
        run_id = f"limit-{limit}"
        slow = engine.run(engine.step("slow", script, timeout=limit), run_id=run_id)["slow"]
        assert slow.status == "Failed"
        assert slow.error["code"] == "Timeout"
        return engine.log(slow)

    assert not alive(int(with_enough_time(attempt, 0.7).split()[0]))


def test_cancel_ends_running_steps_and_starts_no_more(engine: Engine) -> None:
    long = engine.step("long", "print('up', flush=True); import time; time.sleep(300)")
    later = engine.step("later", QUICK, after=("long",))
    engine.submit(long, later)
    wait_for(lambda: "up" in log_or_empty(engine, "long"))
    engine.scheduler.cancel(engine.workspace.id, "p")
    assert engine.scheduler.wait(engine.workspace.id, "p", 60)
    assert {run.status for run in engine.runs().values()} == {"Canceled"}
    engine.scheduler.cancel(engine.workspace.id, "p")
    assert engine.runs()[""].status == "Canceled"


def test_logs_are_there_while_the_step_runs(engine: Engine) -> None:
    node = engine.step("talk", "print('first', flush=True); import time; time.sleep(300)")
    engine.submit(node)
    wait_for(lambda: "first" in log_or_empty(engine, "talk"))
    assert engine.runs()["talk"].status == "Running"
    engine.scheduler.cancel(engine.workspace.id, "p")
    assert engine.scheduler.wait(engine.workspace.id, "p", 60)


def test_outputs_folder_is_the_runs_artifacts(engine: Engine) -> None:
    runs = engine.run(engine.step("files", "open('outputs/model.txt', 'w').write('m')"))
    assert (engine.root / "artifacts" / runs["files"].id / "outputs" / "model.txt").read_text() == "m"


def test_an_output_that_was_not_written_is_said(engine: Engine) -> None:
    runs = engine.run(engine.step("lazy", QUICK, outputs={"out": FILE_OUTPUT}))
    assert runs["lazy"].status == "Completed"
    assert "the output 'out' was not written" in engine.log(runs["lazy"])


@pytest.mark.parametrize(
    ("kind", "mode", "fails"),
    [
        ("uri_file", "mount", True),
        ("uri_folder", "mount", False),
        ("mltable", "mount", True),
        ("mlflow_model", "download", True),
        ("any", "mount", False),
        ("any", "download", True),
        ("uri_file", "direct", False),
    ],
)
def test_who_reads_an_output_that_was_never_written_fails(
    engine: Engine, kind: DataType, mode: Mode, fails: bool
) -> None:
    lazy = engine.step("lazy", QUICK, outputs={"out": replace(FILE_OUTPUT, type=kind)})
    reads = engine.step("reads", QUICK, inputs={"data": replace(edge("lazy"), mode=mode)})
    runs = engine.run(lazy, reads)
    assert runs["lazy"].status == "Completed"
    assert runs["reads"].status == ("Failed" if fails else "Completed"), runs["reads"].error
    if fails:
        assert runs["reads"].error is not None and runs[""].error is not None
        for part in ("input 'data'", "the step 'lazy'", "its output 'out'", kind):
            assert part in runs["reads"].error["message"]
        assert "step 'reads' failed: input 'data'" in runs[""].error["message"]
        assert "has written nothing" in engine.log(runs["reads"])


def test_no_asset_is_made_of_nothing(engine: Engine) -> None:
    output = replace(FILE_OUTPUT, type="uri_file", registration=Registration("best"))
    runs = engine.run(engine.step("lazy", QUICK, outputs={"out": output}))
    assert runs["lazy"].error is not None
    assert "the output 'out' cannot be registered as 'best'" in runs["lazy"].error["message"]
    assert not (engine.root / "completed").exists()


def test_a_mistake_of_ours_fails_the_step_and_ends_the_run(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AttributeError("no such thing")

    monkeypatch.setattr(engine.host, "checkout", broken)
    runs = engine.run(engine.step("any", QUICK))
    assert [runs[name].status for name in ("", "any")] == ["Failed", "Failed"]
    assert "AttributeError: no such thing" in runs["any"].error["message"]


def test_shell_command_and_program(engine: Engine) -> None:
    line = Command((Argument((Value('echo one | tr a-z A-Z; test -n "$RUN_ID"'),)),), shell=True)
    program = Command((Argument((Value("echo"),)), Argument((Value("two words"),))))
    nodes = [Node("line", "line", command=line), Node("program", "program", command=program)]
    for node in nodes:
        engine.code(node.name, "")
    runs = engine.run(*(Node(n.id, n.name, command=n.command, code=n.name) for n in nodes))
    assert engine.log(runs["line"]) == "ONE\n"
    assert engine.log(runs["program"]) == "two words\n"


@pytest.mark.slow
def test_a_killed_service_goes_on_where_it_was(tmp_path: Path) -> None:
    """kill -9 in mid-run: what was finished stays so and does not run again; what was running runs again."""
    driver = f"""
        import sys, time
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from pathlib import Path
        from tests.support.engine import Engine
        engine = Engine(Path({str(tmp_path / "engine")!r}))
        first = engine.step("first", "open({str(tmp_path / "first")!r}, 'a').write('x')")
        second = engine.step("second", "import os, time; f = open({str(tmp_path / "second")!r}, 'a'); "
                             "f.write(str(os.getpid()) + ' '); f.close(); "
                             "time.sleep(0 if os.path.exists({str(tmp_path / "go")!r}) else 300)", after=("first",))
        third = engine.step("third", "print('end')", after=("second",))
        engine.submit(first, second, third)
        time.sleep(300)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(driver)])
    wait_for(lambda: (tmp_path / "second").exists() and (tmp_path / "second").read_text())
    time.sleep(0.1)
    process.kill()
    process.wait()
    (tmp_path / "go").touch()
    left = int((tmp_path / "second").read_text().split()[0])
    engine = Engine(tmp_path / "engine")
    try:
        assert engine.scheduler.recover() == ["p"]
        assert engine.scheduler.wait(engine.workspace.id, "p", 60)
        runs = engine.runs()
        assert {run.status for run in runs.values()} == {"Completed"}
        assert (tmp_path / "first").read_text() == "x"
        assert len((tmp_path / "second").read_text().split()) == 2
        assert not alive(left)
        assert "run again" in engine.log(runs["second"])
        assert engine.scheduler.recover() == []
    finally:
        engine.close()


def test_a_run_whose_plan_is_unreadable_does_not_keep_the_service_from_starting(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "engine")
    engine.submit(engine.step("long", "import time; time.sleep(300)"))
    engine.close()
    engine = Engine(tmp_path / "engine")
    try:
        with engine.records.database.write() as connection:
            connection.execute(schema.plan.update().values(body="{}"))
        assert engine.scheduler.recover() == []
        run = engine.runs()[""]
        assert (run.status, run.error["code"]) == ("Failed", "Interrupted")
    finally:
        engine.close()


def test_a_stopped_service_resumes(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "engine")
    engine.submit(
        engine.step("long", "import os, time; print('up', flush=True); time.sleep(0 if os.path.exists('go') else 300)")
    )
    wait_for(lambda: "up" in log_or_empty(engine, "long"))
    engine.close()
    engine = Engine(tmp_path / "engine")
    engine.code("long", "print('second time')")
    try:
        assert engine.runs()["long"].status == "Running"
        assert engine.scheduler.recover() == ["p"]
        assert engine.scheduler.wait(engine.workspace.id, "p", 60)
        assert engine.runs()[""].status == "Completed"
    finally:
        engine.close()


def log_or_empty(engine: Engine, name: str) -> str:
    try:
        return engine.log(engine.runs()[name])
    except FileNotFoundError:
        return ""


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody has waited for yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_for(condition: object, seconds: float = 90) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_a_step_on_a_full_compute_waits_and_says_so_while_others_pass_it(engine: Engine) -> None:
    engine.host.bounds["small"] = 1
    small = Resources(compute="small")
    steps = [engine.step(f"s{i}", "import time; time.sleep(300)", resources=small) for i in range(3)]
    engine.submit(*steps, engine.step("free", QUICK))
    ended: dict[str, str] = {}
    deadline = time.monotonic() + 90
    while ended.get("free") != "Completed" and time.monotonic() < deadline:
        time.sleep(0.05)
        ended = {run.node_id or "": run.status for run in engine.records.runs.query(engine.workspace.id)}
    assert [ended[f"s{i}"] for i in range(3)].count("Queued") >= 1
    assert ended[""] == "Running"
    engine.scheduler.cancel(engine.workspace.id, "p")
    assert engine.scheduler.wait(engine.workspace.id, "p", 60)
