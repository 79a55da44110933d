"""Notebooks as a run converts them: code, what cells write, and shell lines, with findings at their places."""

from __future__ import annotations

from pathlib import Path

from amlbridge.migrate.findings import FileReport
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

from .notebooks.cells import code, notebook, sources, text


def converted(folder: Path, content: bytes) -> FileReport:
    path = folder / "train.ipynb"
    path.write_bytes(content)
    (report,) = run([path], Settings(jobs=1))
    if report.changed:
        path.write_bytes(report.after)
        (again,) = run([path], Settings(jobs=1))
        assert not again.changed, "a second run changes the notebook"
    return report


def test_one_symbol_table_over_the_cells(tmp_path: Path) -> None:
    content = notebook(
        text("# Train"),
        code("%matplotlib inline\nfrom azureml.core import Workspace"),
        code("ws = Workspace.from_config()"),
        code("print(ws.name)"),
    )
    report = converted(tmp_path, content)
    assert report.status.value == "migrated"
    assert sources(report.after) == [
        "# Train",
        "%matplotlib inline\nfrom azure.ai.ml import MLClient\nfrom azure.identity import DefaultAzureCredential",
        "ml_client = MLClient.from_config(credential=DefaultAzureCredential())",
        "print(ml_client.workspace_name)",
    ]
    places = {(finding.symbol, finding.cell, finding.line) for finding in report.findings}
    assert {("Workspace.from_config", 2, 1), ("Workspace.name", 3, 1)} <= places


def test_what_a_cell_writes_is_converted_as_that_file(tmp_path: Path) -> None:
    script = "from azureml.core import Run\n\nrun = Run.get_context()\nrun.log('loss', 0.5)\n"
    report = converted(tmp_path, notebook(code(f"%%writefile train.py\n{script}")))
    (source,) = sources(report.after)
    assert source.startswith("%%writefile train.py\nimport mlflow\n")
    assert "mlflow.log_metric" in source
    assert {(finding.cell, finding.line) for finding in report.findings if finding.symbol == "Run.log"} == {(0, 5)}


def test_commands_between_the_code(tmp_path: Path) -> None:
    content = notebook(
        code("!pip install azureml-core pandas\nimport pandas"),
        code("if True:\n    %pip install azureml-core\n"),
        code("%%bash\npip install azureml-core\necho done\n"),
        code("!ls azureml"),
    )
    report = converted(tmp_path, content)
    first, second, third, last = sources(report.after)
    assert first.startswith('!pip install "azure-ai-ml') and first.endswith(" pandas\nimport pandas")
    assert second.startswith('if True:\n    %pip install "azure-ai-ml')
    assert third.startswith('%%bash\npip install "azure-ai-ml') and third.endswith("\necho done\n")
    assert last == "!ls azureml"
    assert [(finding.cell, finding.line) for finding in report.findings] == [(0, 1), (1, 2), (2, 2)]


def test_commands_that_install_nothing_any_more_go(tmp_path: Path) -> None:
    content = notebook(
        code("!pip install --upgrade azureml-widgets\nimport pandas"),
        code("if True:\n    !pip install azureml-widgets\n"),
        code("%pip install -q azureml-widgets"),
    )
    found = sources(converted(tmp_path, content).after)
    assert [text.strip() for text in found] == ["import pandas", "if True:\n    pass", ""]


def test_commands_without_a_sign_before_them(tmp_path: Path) -> None:
    content = notebook(
        code("pip list | grep azureml"),
        code("import azureml.core\nprint(azureml.core.VERSION)\npip install azureml-core pandas"),
        code('"""\npip install azureml-core\n"""\nprint(1)'),
    )
    first, second, third = sources(converted(tmp_path, content).after)
    assert first == "pip list | grep azureml" and "azureml.core" not in second
    assert second.splitlines()[-1].startswith('pip install "azure-ai-ml') and second.endswith(" pandas")
    assert third == '"""\npip install azureml-core\n"""\nprint(1)'


def test_what_only_a_magic_reads_stays(tmp_path: Path) -> None:
    before = notebook(
        code("import logging\nimport os\nfrom azureml.core import Datastore, Environment, Workspace"),
        code("ws = Workspace.from_config()\nstore = ws.get_default_datastore()\nother = ws.get_default_datastore()"),
        code("from azureml.train.automl import AutoMLConfig\nlevel = AutoMLConfig(verbosity=logging.INFO)"),
        code("env = Environment('e')\n%show print(store, logging.INFO, Environment)\n!ls {os.getcwd()}\nother?"),
    )
    after = sources(converted(tmp_path, before).after)
    assert "import logging\nimport os\n" in after[0]
    assert "from azureml.core import Environment" in after[0]
    assert "Datastore" not in after[0], "nothing reads it"
    assert "store = ml_client.datastores.get_default()" in after[1]
    assert "other = ml_client.datastores.get_default()" in after[1]
    assert after[3].endswith("\n%show print(store, logging.INFO, Environment)\n!ls {os.getcwd()}\nother?")


def test_the_class_that_a_line_shows_the_help_of_is_that_of_sdk_v2(tmp_path: Path) -> None:
    before = notebook(code("from azureml.core import Environment\nenv = Environment('e')"), code("Environment?"))
    first, last = sources(converted(tmp_path, before).after)
    assert "from azure.ai.ml.entities import Environment\n" in first and "azureml.core" not in first
    assert last == "Environment?"


def test_a_magic_that_reads_what_has_become_another_object_is_told_of(tmp_path: Path) -> None:
    content = notebook(
        code("from azureml.core import Experiment, Workspace\nws = Workspace.from_config()\nfolder = 'data'"),
        code("run = Experiment(ws, 'e').submit(config)\nrun.wait_for_completion()"),
        code("%show run.wait_for_completion()\n!ls {folder}"),
    )
    report = converted(tmp_path, content)
    (told,) = (finding for finding in report.findings if finding.rule == "magic")
    assert (told.symbol, told.status.value, told.cell, told.line) == ("run", "manual", 2, 1)
    assert "object of SDK v2 now" in told.message and report.status.value == "partial"
    comment, *lines = sources(report.after)[2].splitlines()
    assert comment == f"# TODO(amlbridge magic): {told.message}"
    assert lines == ["%show run.wait_for_completion()", "!ls {folder}"]


def test_the_comment_on_a_cell_that_is_no_python_stands_where_the_object_is_made(tmp_path: Path) -> None:
    content = notebook(
        code("from azureml.core import Experiment, Workspace\nws = Workspace.from_config()"),
        code("run = Experiment(ws, 'e').submit(config)\nrun.wait_for_completion()"),
        code("%%show\nit is {run.id}"),
        code("if True:\n    !show \\\n      {run.id}\n    %show run"),
    )
    report = converted(tmp_path, content)
    told = [(finding.cell, finding.line) for finding in report.findings if finding.rule == "magic"]
    assert told == [(1, 1), (3, 2), (3, 4)]
    _imports, made, shown, last = sources(report.after)
    assert made.splitlines()[0].startswith("# TODO(amlbridge magic): ")
    assert shown == "%%show\nit is {run.id}"
    comment = f"    # TODO(amlbridge magic): {report.findings[-1].message}\n"
    assert last == f"if True:\n{comment}    !show \\\n      {{run.id}}\n{comment}    %show run"
