"""The end of a step is told late, but only a little, and only where that can help."""

from __future__ import annotations

from dataclasses import replace

from amlbridge.engine.records.runs import Run
from amlbridge.wire.log_reads import FOLLOWS, RECENT, STEP_HOLDS, LogReads

STEP = Run(
    workspace_id="w",
    id="s",
    number=1,
    experiment_id="e",
    parent_id="p",
    root_id="p",
    kind="step",
    name="step",
    display_name=None,
    description=None,
    status="Completed",
    created=0.0,
    started=1.0,
    ended=2.0,
    modified=2.0,
    target=None,
    script=None,
    hidden=False,
    tags={},
    properties={},
    error=None,
    plan_id=None,
    node_id="n",
)


PIPELINE = replace(STEP, id="p", parent_id=None, kind="pipeline", ended=2.5)
LOG = "ExperimentRun/dcid.s/azureml-logs/70_driver_log.txt"


class Clock:
    """A time that the test sets."""

    now = 3.0

    def __call__(self) -> float:
        return self.now


def test_a_step_is_held_until_its_log_is_read() -> None:
    reads = LogReads(Clock())
    assert reads.hold_step(STEP, [STEP])
    reads.note_blob("ExperimentRun/dcid.s/outputs/model.pkl")
    assert reads.hold_step(STEP, [STEP])
    reads = LogReads(Clock())
    reads.note_blob(LOG)
    assert not reads.hold_step(STEP, [STEP])


def test_a_log_read_before_the_end_does_not_count() -> None:
    clock = Clock()
    reads = LogReads(clock)
    clock.now = 1.5
    reads.note_blob(LOG)
    clock.now = 3.0
    assert reads.hold_step(STEP, [STEP])


def test_nobody_is_put_off_for_ever() -> None:
    reads = LogReads(Clock())
    assert [reads.hold_step(STEP, [STEP]) for _ in range(4)] == [True] * STEP_HOLDS + [False] * (4 - STEP_HOLDS)
    assert [reads.hold_pipeline(PIPELINE, [STEP]) for _ in range(3)] == [True, False, False]


def test_who_follows_sees_every_step() -> None:
    clock = Clock()
    reads = LogReads(clock)
    other = replace(STEP, id="t")
    clock.now = 100.0
    reads.note_blob(LOG)
    assert reads.hold_pipeline(PIPELINE, [STEP, other])
    assert reads.hold_step(other, [STEP, other])
    reads.note_blob("ExperimentRun/dcid.t/azureml-logs/70_driver_log.txt")
    assert not reads.hold_step(other, [STEP, other])
    assert not reads.hold_pipeline(PIPELINE, [STEP, other])


def test_who_knows_the_end_of_the_pipeline_gets_the_truth() -> None:
    reads = LogReads(Clock())
    assert reads.hold_pipeline(PIPELINE, [STEP])
    assert not reads.hold_pipeline(PIPELINE, [STEP])
    assert not reads.hold_step(STEP, [STEP])


def test_without_a_follower_old_ends_are_told_as_they_are() -> None:
    clock = Clock()
    clock.now = 2.5 + RECENT + FOLLOWS
    reads = LogReads(clock)
    assert not reads.hold_step(STEP, [STEP])
    assert not reads.hold_pipeline(PIPELINE, [STEP])


def test_what_never_started_or_still_runs_is_not_waited_for() -> None:
    reads = LogReads(Clock())
    for step in (replace(STEP, started=None), replace(STEP, status="Running", ended=None)):
        assert not reads.hold_step(step, [step])
        assert not reads.hold_pipeline(PIPELINE, [step])
    assert not reads.hold_pipeline(replace(PIPELINE, status="Running"), [STEP])


SCRIPT = replace(STEP, id="r", parent_id=None, kind="script")


def test_the_end_of_a_script_run_is_told_late_to_the_first_question_for_its_details() -> None:
    reads = LogReads(Clock())
    assert reads.hold_script(SCRIPT)
    assert not reads.hold_script(SCRIPT)


def test_who_was_told_that_a_script_run_goes_on_follows_it_anyway() -> None:
    reads = LogReads(Clock())
    assert not reads.hold_script(replace(SCRIPT, status="Running", ended=None))
    assert not reads.hold_script(SCRIPT)


def test_no_end_of_a_script_run_is_told_late_to_who_knows_it() -> None:
    reads = LogReads(Clock())
    reads.note_told([replace(SCRIPT, status="Running", ended=None)])
    assert reads.hold_script(SCRIPT)
    reads = LogReads(Clock())
    reads.note_told([SCRIPT])
    assert not reads.hold_script(SCRIPT)
    reads = LogReads(Clock())
    reads.note_blob("ExperimentRun/dcid.r/user_logs/std_log.txt")
    assert not reads.hold_script(SCRIPT)
    clock = Clock()
    clock.now = 2.0 + RECENT + 1
    assert not LogReads(clock).hold_script(SCRIPT)


def test_only_who_asked_for_a_script_run_has_heard_of_its_end() -> None:
    running = replace(SCRIPT, status="Running", ended=None)
    reads = LogReads(Clock())
    assert not reads.is_untold(running)
    assert reads.is_untold(SCRIPT)
    # That changes nothing: who then asks for the details follows the run.
    assert reads.hold_script(SCRIPT)
    assert not reads.is_untold(SCRIPT)
    reads = LogReads(Clock())
    reads.note_told([SCRIPT])
    assert not reads.is_untold(SCRIPT)
    clock = Clock()
    clock.now = 2.0 + RECENT + 1
    assert not LogReads(clock).is_untold(SCRIPT)
