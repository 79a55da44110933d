"""A second run changes nothing, also where the first one leaves something SDK v1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from amlbridge.migrate.findings import FileReport, FileStatus, Finding, Status
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.settling import continued, settled

#: A dataset that takes the name of its datastore: what is asked of it stands in two statements of the new code.
LEAVES = """\
from azureml.core import Dataset, Datastore, Environment, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
data = Datastore.get_default(ws)
data = Dataset.File.from_files((data, "leaves"))
data = data.register(workspace=ws, name="leaves")
leaves = Dataset.File.from_files(data.path("train")).as_named_input("leaves").as_mount()
environment = Environment.get(ws, "e")
config = ScriptRunConfig(
    source_directory=".", script="train.py", arguments=["--a", leaves], compute_target="cpu", environment=environment
)
Experiment(ws, "e").submit(config)
"""
PATH = Path("a.py")


def left(symbol: str, line: int, status: Status = Status.MANUAL) -> Finding:
    return Finding("rule", symbol, status, line, 0, f"{status} in line {line}")


def report(before: bytes, after: bytes, *findings: Finding, **fields: object) -> FileReport:
    return FileReport(PATH, FileStatus.PARTIAL, findings, before, after, **fields)  # type: ignore[arg-type]


def test_a_second_run_changes_nothing_where_new_code_repeats_what_stays(tmp_path: Path) -> None:
    path = tmp_path / "submit.py"
    path.write_text(LEAVES)
    (first,) = run([tmp_path], Settings())
    assert first.status is FileStatus.PARTIAL and b"# TODO(amlbridge unknown-symbol)" in first.after
    path.write_bytes(first.after)
    (second,) = run([tmp_path], Settings())
    assert second.before == second.after


def test_only_what_is_converted_in_part_is_looked_at_until_nothing_changes() -> None:
    reports = {
        path: FileReport(path, status)
        for path, status in [(PATH, FileStatus.PARTIAL), (Path("b.py"), FileStatus.MIGRATED)]
    }
    asked: list[set[Path]] = []

    def again(found: Mapping[Path, FileReport], paths: Set[Path]) -> Iterator[FileReport]:
        asked.append(set(paths))
        before = found[PATH].after
        yield report(before, (before + b"+")[:2])

    assert settled(reports, again)[PATH].after == b"++"
    assert asked == [{PATH}] * 3


def test_what_never_settles_ends() -> None:
    def again(found: Mapping[Path, FileReport], paths: Set[Path]) -> Iterator[FileReport]:
        yield report(found[PATH].after, found[PATH].after + b"+")

    assert settled({PATH: report(b"", b"+")}, again)[PATH].after == b"++++"


def test_what_a_further_run_converts_is_told_once_where_its_user_wrote_it() -> None:
    first = report(
        b"1", b"2", left("Run.log", 3), left("Model.x", 5), left("Run.log", 9), created={Path("c.yml"): b"c"}
    )
    further = report(
        b"2", b"3", left("Run.log", 40, Status.CONVERTED), left("Model.x", 41), created={Path("d.yml"): b"d"}
    )
    both = continued(first, further)
    assert (both.before, both.after, set(both.created)) == (b"1", b"3", {Path("c.yml"), Path("d.yml")})
    assert [(item.symbol, item.status, item.line) for item in both.findings] == [
        ("Run.log", Status.CONVERTED, 3),
        ("Model.x", Status.MANUAL, 5),
        ("Run.log", Status.MANUAL, 9),
    ]
    assert both.status is FileStatus.PARTIAL
    all_done = continued(report(b"1", b"2", left("Run.log", 3)), report(b"2", b"3", left("Run.log", 4, Status.REVIEW)))
    assert all_done.status is FileStatus.MIGRATED


def test_a_further_run_that_would_write_over_a_file_of_the_first_is_not_taken() -> None:
    first = report(b"1", b"2", created={Path("c.yml"): b"c"})
    assert continued(first, report(b"2", b"3", created={Path("c.yml"): b"other"})) is first
