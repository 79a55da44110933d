"""The reports, with every status in them."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

from amlbridge.migrate.findings import FileReport, FileStatus, Finding, Status
from amlbridge.migrate.report import render

BASE = Path("/project")
SCHEMA = Path(__file__).parents[3] / "docs" / "migrate-report.schema.json"
REPORTS = [
    FileReport(BASE / "plain.py", FileStatus.UNCHANGED),
    FileReport(
        BASE / "src" / "train <1>.py",
        FileStatus.PARTIAL,
        (
            Finding(
                "workspace", "azureml.core.Workspace", Status.CONVERTED, 1, 5, "now MLClient", "docs/rules.md#workspace"
            ),
            Finding("runs", "azureml.core.Run.log", Status.REVIEW, 2, 1, "a | b <i>", "https://example.org/x"),
            Finding("unknown", "azureml.core.X", Status.MANUAL, 3, 1, "by hand"),
            Finding("unknown", "azureml.core.X", Status.NO_EQUIVALENT, 4, 1, "none"),
            Finding("runs", "azureml.core.Run.log", Status.IGNORED, 5, 1, "ignored"),
        ),
        b"old\nsame\n",
        b"<new>\nsame\n",
        {BASE / "src" / "train.yml": b"name: x\n"},
    ),
    FileReport(
        BASE / "n.ipynb",
        FileStatus.MIGRATED,
        (Finding("runs", "azureml.core.Run", Status.CONVERTED, 2, 1, "m", cell=3),),
    ),
    FileReport(
        Path("/else/bad.py"), FileStatus.FAILED, (Finding("syntax-error", "", Status.MANUAL, 7, 1, "no Python"),)
    ),
]


def report(name: str) -> str:
    return render(Path(name), REPORTS, BASE)


def test_json_has_the_documented_shape() -> None:
    found = json.loads(report("r.json"))
    jsonschema.validate(found, json.loads(SCHEMA.read_text()), cls=jsonschema.Draft202012Validator)
    assert set(found) == {"version", "files", "summary"}
    assert [(file["path"], file["status"]) for file in found["files"]] == [
        ("plain.py", "unchanged"),
        ("src/train <1>.py", "partial"),
        ("n.ipynb", "migrated"),
        ("/else/bad.py", "failed"),
    ]
    keys = {"rule", "symbol", "status", "line", "column", "cell", "message", "doc"}
    assert all(set(finding) == keys for file in found["files"] for finding in file["findings"])
    assert found["files"][2]["findings"][0]["cell"] == 3
    # Of six uses one is ignored, three of the others are converted; what could not be read is no use.
    assert found["summary"] == {
        "files": 4,
        "by_status": {"unchanged": 1, "migrated": 1, "partial": 1, "failed": 1},
        "v1_symbols": 6,
        "converted_share": 0.6,
    }


def test_sarif_has_a_result_for_each_finding_and_a_rule_for_each_result() -> None:
    found = json.loads(report("r.sarif"))
    assert found["version"] == "2.1.0"
    (run,) = found["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert sorted(set(rules)) == rules
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert [result["level"] for result in run["results"]] == [
        "note",
        "warning",
        "error",
        "error",
        "none",
        "note",
        "error",
    ]
    first, notebook, outside = run["results"][0], run["results"][5], run["results"][6]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "src/train%20%3C1%3E.py", "uriBaseId": "ROOT"}
    assert place["region"] == {"startLine": 1, "startColumn": 5}
    # A line of a cell is no line of the file.
    assert "region" not in notebook["locations"][0]["physicalLocation"]
    assert "cell 3, line 2" in notebook["locations"][0]["logicalLocations"][0]["name"]
    assert outside["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "/else/bad.py"


def test_markdown_tells_what_is_left_and_breaks_no_table() -> None:
    lines = report("r.md").splitlines()
    assert "| `azureml.core.X` | manual | 1 | 1 |" in lines
    (row,) = [line for line in lines if "a \\| b" in line]
    assert row.replace("\\|", "").count("|") == 6
    assert "| 7 | manual | syntax-error |  | no Python |" in lines


def test_html_is_whole_and_escaped_and_needs_nothing_else() -> None:
    page = report("r.html")
    tags: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append((tag, dict(attrs)))

    Reader().feed(page)
    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "img", "i", "new"})
    assert [attrs["href"] for tag, attrs in tags if tag == "a"] == ["https://example.org/x"]
    assert "&lt;new&gt;" in page and "src/train.yml" in page
    assert page.count("<details>") == page.count("</details>") == 3


def test_another_suffix_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"\.sarif"):
        render(Path("report.pdf"), REPORTS, BASE)
