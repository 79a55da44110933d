"""Differences between what both versions of a script submit are findings at the step's line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from amlbridge.cli.migrate_trace import findings
from amlbridge.engine.plan import Argument, Command, DataReference, Input, InputRef, Node, Plan, Resources, Value
from amlbridge.migrate.findings import FileReport, FileStatus, Status
from amlbridge.trace.captured import Captured

SOURCE = b"import x\n\nstep = PythonScriptStep(name='Make it', script_name='make.py')\n"
REPORT = FileReport(Path("pipeline.py"), FileStatus.MIGRATED, before=SOURCE, after=b"")
NODE = Node("1", "Make it", command=Command(script="make.py"), resources=Resources("cpu"))


def captured(*nodes: Node) -> Captured:
    return Captured("first", "pipeline", Plan(nodes))


def test_equal_graphs_have_no_findings() -> None:
    other = replace(NODE, id="x", name="make_it")
    assert list(findings([captured(NODE)], [captured(other)], 0, REPORT)) == []


def test_a_difference_is_work_at_the_line_of_the_step() -> None:
    (found,) = findings([captured(NODE)], [captured(replace(NODE, resources=Resources("gpu")))], 0, REPORT)
    assert (found.rule, found.status, found.line) == ("trace", Status.MANUAL, 3)
    assert found.message == "traced: compute: not the same (v1 cpu, v2 gpu)"


def test_what_cannot_be_compared_is_to_be_looked_at() -> None:
    def reading(uri: str) -> Captured:
        command = Command((Argument((Value("--x"),)), Argument((InputRef("x"),))), script="make.py")
        return captured(replace(NODE, command=command, inputs={"x": Input(DataReference(uri))}))

    left, right = reading("azureml://saved_datasets/1"), reading("azureml://datastores/a/paths/b")
    (found,) = findings([left], [right], 0, REPORT)
    assert found.status is Status.REVIEW
    assert "the data are named in two ways" in found.message


def test_a_graph_that_is_not_submitted_any_more() -> None:
    (found,) = findings([captured(NODE)], [], 1, REPORT)
    assert found.status is Status.MANUAL
    assert found.message == "traced: v1 submits 1 graphs, the rewritten code 0 (exit code 1)"
