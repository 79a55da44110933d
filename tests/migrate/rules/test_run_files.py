"""Files, images, tags and the state of a run, beside the cases of the rules."""

from __future__ import annotations

import ast
from pathlib import Path

import mlflow
import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Run\nimport os\nrun = Run.get_context()\n"


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("run.upload_file('o/' + x, os.path.join('i', x))",
         'mlflow.log_artifact(os.path.join("i", x), os.path.dirname("o/" + x))', Status.CONVERTED),
        ("run.upload_file(os.path.join('o', name), name)", 'mlflow.log_artifact(name, "o")', Status.CONVERTED),
        (
            "run.upload_file(name=file, path_or_stream=file)",
            "mlflow.log_artifact(file, os.path.dirname(file))",
            Status.CONVERTED,
        ),
        ("run.upload_file('model', path)",
         'mlflow.log_artifact(shutil.copy(path, os.path.join(tempfile.mkdtemp(), "model")))', Status.REVIEW),
        ("run.upload_folder('a', 'b')", 'mlflow.log_artifacts("b", "a")', Status.CONVERTED),
        ("run.log_image('a', 'b.png')", 'mlflow.log_artifact("b.png")', Status.CONVERTED),
        ("run.log_image('a', plot=x)", 'mlflow.log_figure(x, "a.png")', Status.REVIEW),
        ("run.tag('done')", 'mlflow.set_tag("done", "")', Status.CONVERTED),
        ("run.tag('Done at last!', 'a')", 'mlflow.set_tag("Done at last_", "a")', Status.REVIEW),
        ("run.set_tags({'a#': '1', 'b': x})", 'mlflow.set_tags({"a_": "1", "b": x})', Status.REVIEW),
        ("run.parent.set_tags(tags)",
         "for key, value in tags.items():\n"
         '    MlflowClient().set_tag(run.data.tags["mlflow.parentRunId"], key, value)', Status.CONVERTED),
        ("run.fail('bad')", 'mlflow.set_tag("error_details", "bad")\nmlflow.end_run(status="FAILED")', Status.REVIEW),
        ("state = run.get_status()", "state = mlflow.get_run(run.info.run_id).info.status", Status.REVIEW),
    ],
)  # fmt: skip
def test_calls(before: str, after: str, status: Status) -> None:
    found = convert(HEAD + before + "\n")
    assert found.text.endswith("\n" + after + "\n")
    assert max((f.status for f in found.findings), key=[Status.CONVERTED, Status.REVIEW].index) is status


@pytest.mark.parametrize("call", ["run.upload_file('a.txt', 'a.txt')", "run.upload_folder('a', 'b')"])
def test_mlflow_tells_nothing_of_an_upload(call: str) -> None:
    found = convert(f"{HEAD}props = {call}\nprint(props.serialize())\n")
    assert found.text.endswith("\nprint(mlflow.artifacts.list_artifacts(run_id=mlflow.active_run().info.run_id))\n")
    assert "props" not in found.text and "mlflow.log_artifact" in found.text
    assert "props = mlflow" in convert(f"{HEAD}props = {call}\nprint(props.serialize(), props)\n").text


def test_a_stream_is_left_with_its_reason() -> None:
    found = convert(HEAD + "run.upload_file('a', open('b', 'rb'))\n")
    assert "# TODO(amlbridge run-files): write the stream to a file" in found.text


def test_a_file_is_registered_by_the_name_that_it_was_stored_under() -> None:
    found = convert(
        HEAD
        + "run.upload_file('outputs/a.pkl', find(best))\n"
        + "run.register_model('a', model_path='outputs/a.pkl')\n"
        + "run.upload_file(f'outputs/{kind}.pkl', find(best))\n"
    )
    text = ast.unparse(ast.parse(found.text))
    copy = "shutil.copy(find(best), os.path.join(tempfile.mkdtemp(), {}))"
    assert f"mlflow.log_artifact({copy.format(repr('a.pkl'))}, 'outputs')" in text
    assert "/outputs/artifacts/paths/outputs/a.pkl'" in text
    stored = "f'outputs/{kind}.pkl'"
    assert f"mlflow.log_artifact({copy.format(f'os.path.basename({stored})')}, os.path.dirname({stored}))" in text


@pytest.mark.parametrize("stored", ["'outputs/a.pkl'", "f'outputs/{kind}.pkl'"])
def test_a_copy_has_the_stored_name_though_it_is_that_very_file(
    stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = convert(HEAD + f"run.upload_file({stored}, find())\n").text
    (tmp_path / "a.pkl").write_text("model")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "runs").as_uri())
    exec(text, {"find": lambda: "a.pkl", "kind": "a"})
    mlflow.end_run()
    stored_files = list((tmp_path / "runs").rglob("artifacts/outputs/a.pkl"))
    assert [file.read_text() for file in stored_files] == ["model"]


@pytest.mark.parametrize(
    ("made", "stored", "local"),
    [
        ("file = 'a_' + str(alpha) + '.pkl'\npath = 'out/' + file\n", "file", "path"),
        ("", "f'outputs/{kind}.pkl'", "f'out/{kind}.pkl'"),
        ("", "'outputs/' + kind + '.pkl'", "f'out/{kind}.pkl'"),
        ("path = os.path.join('out', file)\n", "file", "path"),
    ],
)
def test_a_file_that_has_the_stored_name_is_not_copied(made: str, stored: str, local: str) -> None:
    found = convert(HEAD + made + f"run.upload_file({stored}, {local})\n")
    assert "shutil" not in found.text and "mlflow.log_artifact(" in found.text
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}


@pytest.mark.parametrize(
    ("stored", "local"),
    [
        ("one + '.pkl'", "other + '.pkl'"),
        ("f'{one}.pkl'", "f'out/{one}_{other}.pkl'"),
        ("f'm_{now()}.pkl'", "f'out/m_{now()}.pkl'"),
        ("path", "other"),
    ],
)
def test_a_file_that_may_have_another_name_is_copied(stored: str, local: str) -> None:
    made = "for _ in range(3):\n    path = path + '.pkl'\n"
    assert "shutil.copy(" in convert(HEAD + made + f"run.upload_file({stored}, {local})\n").text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('file = "a.pkl"\nrun.upload_file("./outputs/" + file, file)', 'mlflow.log_artifact(file, "outputs")'),
        ('run.upload_file("./outputs/a.pkl", "a.pkl")', 'mlflow.log_artifact("a.pkl", "outputs")'),
        ('run.upload_file(f"./outputs/{x}", x)', 'mlflow.log_artifact(x, os.path.dirname(f"outputs/{x}"))'),
        ('run.upload_folder("./outputs/report", "report")', 'mlflow.log_artifacts("report", "outputs/report")'),
        (
            'run.download_file("./outputs/a.pkl")',
            'mlflow.artifacts.download_artifacts(\n    run_id=run.info.run_id, artifact_path="outputs/a.pkl"\n)',
        ),
    ],
)
def test_mlflow_takes_no_path_that_begins_with_a_dot(before: str, after: str) -> None:
    assert convert(f"{HEAD}{before}\n").text.endswith(f"\n{after}\n")


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("'./'", "log_artifacts('./', 'snapshot')"),
        ("'outputs'", "log_artifacts('outputs', 'snapshot')"),
        ("folder", "log_artifacts(folder, 'snapshot')"),
        ("'src/train.py'", "log_artifact('src/train.py', 'snapshot')"),
    ],
)
def test_a_snapshot_is_a_folder_among_the_files_of_the_run(path: str, call: str) -> None:
    text = convert(f"{HEAD}run.take_snapshot({path})\n").text
    assert call in text.replace('"', "'") and "azureml.core" not in text
    named = f"{HEAD}print(run.take_snapshot({path}))\n"
    assert "run.take_snapshot(" in convert(named).text
