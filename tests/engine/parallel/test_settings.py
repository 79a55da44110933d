"""Settings of parallel runs: arguments, JSON, bounds, how many processes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine import kinds, parallel
from amlbridge.engine.parallel import main, task
from amlbridge.engine.parallel.settings import ParallelSettings, SettingsError, byte_count, split

_NAMES = st.lists(st.text(min_size=1, max_size=5), max_size=3).map(tuple)
SETTINGS = st.builds(
    ParallelSettings,
    entry_script=st.none() | st.text(min_size=1),
    inputs=_NAMES,
    partition_keys=_NAMES,
    mini_batch_size=st.none() | st.integers(1, 2**40),
    error_threshold=st.integers(-1, 10**6),
    allowed_failed_percent=st.floats(0, 100),
    run_invocation_timeout=st.floats(0.001, 259200),
    processes=st.none() | st.integers(1, 128),
    nodes=st.integers(1, 100),
)


@given(SETTINGS)
def test_json_keeps_everything(settings: ParallelSettings) -> None:
    assert ParallelSettings.from_json(settings.to_json()) == settings


def test_json_with_an_unknown_setting_is_an_error() -> None:
    with pytest.raises(SettingsError, match="there is no setting 'colour'"):
        ParallelSettings.from_json({"colour": "red"})


@given(SETTINGS, st.integers(1, 64), st.integers(1, 10**4))
def test_processes_are_what_is_asked_for_within_reason(settings: ParallelSettings, cores: int, batches: int) -> None:
    count = settings.worker_count(cores, batches)
    assert 1 <= count <= batches
    wanted = settings.processes if settings.processes is not None else cores
    # What is asked for on one node is had; other nodes are this machine, too, and fill its cores at most.
    assert count >= min(wanted, batches)
    assert count <= max(wanted, cores)


@given(st.integers(1, 2**20), st.sampled_from(["", "kb", "KB", "Mb", "GB"]))
def test_sizes(count: int, unit: str) -> None:
    factor = 1024 ** ["", "kb", "mb", "gb"].index(unit.lower())
    assert byte_count("mini_batch_size", f"{count}{unit}") == count * factor


def test_arguments_in_both_forms_the_first_of_a_name_counts() -> None:
    words = ["--error_threshold", "5", "--x", "--mini_batch_size=3", "--error_threshold", "7", "--mine", "1"]
    assert split(words) == {"error_threshold": "5", "mini_batch_size": "3"}
    made = ParallelSettings().with_texts({"partition_keys": '["a", "b"]', "process_count_per_node": "2", "mine": "x"})
    assert (made.partition_keys, made.processes) == (("a", "b"), 2)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("mini_batch_size", "0", "must be a number of files, or a size"),
        ("mini_batch_size", "1TB", "must be a number of files, or a size"),
        ("error_threshold", "-2", "must be a whole number, at least -1, not '-2'"),
        ("run_max_try", "0", "at least 1"),
        ("run_invocation_timeout", "0", "must be more than 0 and at most 259200"),
        ("run_invocation_timeout", "nan", "must be more than 0"),
        ("allowed_failed_percent", "101", "must be from 0 to 100"),
        ("process_count_per_node", "129", "amlbridge starts at most 128"),
        ("partition_keys", "a", "must be a list of column names"),
        ("partition_keys", '{"a": 1}', "must be a list of column names"),
        ("logging_level", "LOUD", "must be one of DEBUG, INFO, WARNING"),
        ("append_row_file_name", "../x", "must be the name of a file, without a folder"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ParallelSettings().with_texts({name: text})
    assert name in str(caught.value)
    assert message in str(caught.value)


def test_a_setting_without_a_value() -> None:
    with pytest.raises(SettingsError, match="--run_max_try has no value"):
        split(["--run_max_try"])


def test_what_runs_in_steps_is_old_python_and_imports_only_its_neighbours() -> None:
    folder = Path(parallel.__file__).parent
    for path in folder.glob("*.py"):
        if path.name == Path(task.__file__).name:
            continue
        tree = ast.parse(path.read_text(), feature_version=(3, 8))
        imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
        assert not [name for name in imported if name.startswith("amlbridge")], path.name


def test_the_driver_and_the_engine_agree_on_the_exit_code() -> None:
    assert main._SAID_WHY == kinds.SAID_WHY
