"""The driver of parallel runs: order, failures, retries, thresholds, workers that hang or die, logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine import kinds
from tests.engine.parallel.steps import SCRIPT, drive, files

pytestmark = pytest.mark.slow


def test_results_are_in_the_order_of_the_files_whoever_is_first(tmp_path: Path) -> None:
    done = drive(tmp_path, SCRIPT, files(tmp_path, ["slow", "x", "slow", "x", "x", "x", "slow"]), nodes=3)
    assert done.code == 0, done.process.stderr
    # Files by their paths: those of the folder come last.
    assert done.rows == ["00", "02", "04", "06", "01", "03", "05"]
    assert "processed 7 of 7 mini batches, 0 of them failed: 7 items, 0 failed" in done.process.stdout
    assert (done.output / "init").read_text() == "iii"
    assert "7 of 7" in done.log("job_progress_overview.txt")
    assert sorted(path.name for path in done.output.iterdir()) == ["init", "rows.txt"]


def test_what_fails_is_tried_again_told_and_left_out(tmp_path: Path) -> None:
    done = drive(tmp_path, SCRIPT, files(tmp_path, ["x", "raise", "skip", "die", "x"]), run_max_try=2)
    assert done.code == 0, done.process.stderr
    assert done.rows == ["00", "04"]
    assert "5 mini batches, 3 of them failed: 5 items, 3 failed" in done.process.stdout
    for attempt in (1, 2):
        assert f"(01), try {attempt} of 2: ValueError: bad 01" in done.process.stderr
        assert f"(03), try {attempt} of 2: the process of the entry script ended with exit code 9" in (
            done.process.stderr
        )
    assert "run() returned 0 results for 1 items, so 1 count as failed" in done.process.stdout
    assert done.log("user/error.txt").count("ValueError: bad 01") == 2


def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    done = drive(
        tmp_path,
        SCRIPT,
        files(tmp_path, ["hang", "x", "x"]),
        processes=1,
        run_invocation_timeout=1.0,
        run_max_try=2,
    )
    assert done.code == 0, done.process.stderr
    assert done.rows == ["02", "01"]
    assert done.process.stderr.count("run() took more than 1 s (run_invocation_timeout)") == 3  # and once in full
    assert (done.output / "init").read_text() == "iii"


def test_what_a_worker_has_started_dies_with_it(tmp_path: Path) -> None:
    script = """
    import os, subprocess, time
    def run(mini_batch):
        child = subprocess.Popen(["sleep", "600"])
        open(os.environ["OUT"] + "/pid", "w").write(str(child.pid))
        time.sleep(60)
    """
    done = drive(tmp_path, script, files(tmp_path, ["x"]), run_invocation_timeout=5.0)
    assert done.code == 0, done.process.stderr
    pid = (done.output / "pid").read_text()
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or ") Z " in state.read_text()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"error_threshold": 0}, "1 items failed, more than error_threshold (0) allows"),
        ({"error_threshold": 1}, "2 items failed, more than error_threshold (1) allows"),
        ({"error_threshold": 2}, None),
        ({"allowed_failed_count": 1}, "2 mini batches failed, more than allowed_failed_count (1) allows"),
        ({"allowed_failed_percent": 50.0}, "2 of 3 mini batches failed (66.6667 %), more than allowed_failed_percent"),
        ({"allowed_failed_percent": 67.0}, None),
        ({}, None),
    ],
)
def test_too_many_failures_end_the_run_and_keep_nothing(
    tmp_path: Path, settings: dict[str, Any], sentence: str | None
) -> None:
    done = drive(tmp_path, SCRIPT, files(tmp_path, ["x", "raise", "raise"]), processes=1, **settings)
    assert (done.output / "rows.txt").exists() == (sentence is None)
    assert not list(done.output.glob(".*"))
    if sentence is None:
        assert done.code == 0, done.process.stderr
        return
    assert done.code == kinds.SAID_WHY
    assert done.sentence.startswith(f"the parallel run failed: {sentence}")
    assert "ValueError: bad" in done.process.stderr
    assert "failed: " in done.log("job_result.txt")


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            "def init():\n    raise OSError('no model')\ndef run(files):\n    return []\n",
            "the entry script score.py failed before its first mini batch: OSError: no model",
        ),
        ("import nothing_like_it\n", "No module named 'nothing_like_it'"),
        ("def init():\n    pass\n", "score.py has no function run(): define run(mini_batch), which returns a row for"),
        ("def run():\n    pass\n", "run() of score.py must take the mini batch"),
        ("def run(a, b, c):\n    pass\n", "run() of score.py must take the mini batch"),
        (
            "import os\ndef init():\n    os._exit(3)\ndef run(files):\n    return []\n",
            "a process of the entry script ended in init() with exit code 3",
        ),
    ],
)
def test_a_script_that_cannot_be_used_fails_the_run(tmp_path: Path, script: str, sentence: str) -> None:
    done = drive(tmp_path, script, files(tmp_path, ["x", "x"]))
    assert done.code == kinds.SAID_WHY
    assert sentence in done.sentence
    assert not (done.output / "rows.txt").exists()


@pytest.mark.parametrize("result", ["'x'", "None", "3", "{'a': 1}"])
def test_a_wrong_result_is_a_failure_that_says_what_is_wanted(tmp_path: Path, result: str) -> None:
    script = f"def run(files):\n    return {result}\n"
    done = drive(tmp_path, script, files(tmp_path, ["x"]), error_threshold=0)
    assert done.code == kinds.SAID_WHY
    assert "run() must return a DataFrame, a list or an array with a row for each item, not" in done.sentence


def test_all_kinds_of_results(tmp_path: Path) -> None:
    script = """
    import numpy as np, pandas as pd
    RESULTS = {
        "list": [("a", 1), 2.5], "tuple": ("x y", None), "array": np.array([[1, 2], [3, 4]]),
        "series": pd.Series(["p", "q"]), "frame": pd.DataFrame({"a": ["with blank", "b"], "n": [1, 2]}),
    }
    def run(mini_batch):
        return RESULTS[open(mini_batch[0]).read()]
    """
    words = ["list", "tuple", "array", "series", "frame"]
    folder = tmp_path / "data"
    folder.mkdir()
    for number, word in enumerate(words):
        for copy in "ab":
            (folder / f"{number}{copy}").write_text(word)
    done = drive(tmp_path, script, [{"name": "data", "path": str(folder)}], mini_batch_size=2)
    assert done.code == 0, done.process.stderr
    assert done.rows == ["('a', 1)", "2.5", "x y", "None", "[1 2]", "[3 4]", "p", "q", '"with blank" 1', "b 2"]
    assert "10 items, 0 failed" in done.process.stdout


def test_an_empty_input_fails_the_run(tmp_path: Path) -> None:
    done = drive(tmp_path, SCRIPT, files(tmp_path, []))
    assert (done.code, done.sentence) == (
        kinds.SAID_WHY,
        "the parallel run failed: there are no files in the input 'data': a parallel run needs at least one",
    )


def test_only_a_summary_writes_no_rows_but_counts(tmp_path: Path) -> None:
    done = drive(
        tmp_path, SCRIPT, files(tmp_path, ["x", "skip"]), output_action="summary_only", error_threshold=0, processes=1
    )
    assert done.code == kinds.SAID_WHY
    assert sorted(path.name for path in done.output.iterdir()) == ["init"]


def test_what_the_script_finds_and_what_it_prints(tmp_path: Path) -> None:
    script = """
    import argparse, logging, os, sys
    from azureml_user.parallel_run import EntryScript
    import beside
    parser = argparse.ArgumentParser()
    parser.add_argument("--word")
    def init():
        global word
        word = parser.parse_known_args()[0].word
        print("init prints")
        logging.warning("a warning")
        EntryScript().logger.info("to the logger")
        with open(os.path.join(EntryScript().log_dir, EntryScript().agent_name + "_own.txt"), "w") as file:
            file.write("own")
    def run(mini_batch, context):
        assert os.path.isdir(EntryScript().output_dir)
        return [f"{word} {context.minibatch_index} {context.partition_key_value} {sys.argv[0]} {__name__} {beside.X}"]
    def shutdown():
        print("shutdown prints")
    """
    inputs = files(tmp_path, ["x", "x"])
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "beside.py").write_text("X = 1")
    (tmp_path / "code").rename(tmp_path / "beside")
    done = drive(
        tmp_path,
        script,
        inputs,
        arguments=["--mini_batch_size", "1", "--word", "two words"],
        env={"PYTHONPATH": str(tmp_path / "beside")},
        processes=1,
    )
    assert done.code == 0, done.process.stderr
    assert done.rows == [f"two words {index} None score.py entry_module 1" for index in range(2)]
    out = done.log("user/stdout/0/process000.stdout.txt").split("\n")
    assert out[0] == "init prints"
    assert out[-2] == "shutdown prints"
    assert "a warning" in out
    assert "init prints" not in done.process.stdout
    assert "|INFO|to the logger" in done.log("user/entry_script_log/0/process000.log.txt")
    assert done.log("user/entry_script_log/0/process000_own.txt") == "own"
    assert done.log("sys/node/0/process000.txt").count("1 items, 1 results") == 2


def test_mini_batches_without_input_and_several_inputs(tmp_path: Path) -> None:
    script = "def run(batch, context):\n    return [f'{context.minibatch_index} {len(batch)}']\n"
    folders = [tmp_path / name for name in "ab"]
    for folder, count in zip(folders, (3, 2), strict=True):
        folder.mkdir()
        for number in range(count):
            (folder / str(number)).write_text("")
    inputs = [{"name": folder.name, "path": str(folder)} for folder in folders]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    several = drive(tmp_path / "one", script, inputs, mini_batch_size=2)
    assert several.rows == ["0 2", "1 1", "2 2"]  # no mini batch has files of both
    ranks = drive(tmp_path / "two", script, inputs, rank_mini_batch_count=3)
    assert ranks.rows == ["0 0", "1 0", "2 0"]


def test_no_progress_ends_the_run(tmp_path: Path) -> None:
    script = "import time\ndef run(batch):\n    time.sleep(60)\n"
    done = drive(tmp_path, script, files(tmp_path, ["x"]), progress_update_timeout=1.0)
    assert "no mini batch has ended in 1 s (progress_update_timeout)" in done.sentence
