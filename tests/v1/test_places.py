"""Where inputs lie and what becomes of outputs, as the real client asks for it."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v1.test_execution import PRELUDE

pytestmark = pytest.mark.slow


def test_paths_on_the_compute_globs_and_overwrite(live: LiveService) -> None:
    out = live.run(
        PRELUDE
        + """
import tempfile, uuid
from azureml.core import Dataset
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep
experiment = Experiment(ws, "places")
store = ws.get_default_datastore()
Dataset.File.upload_directory("in", (store, "in"), show_progress=False)
files = Dataset.File.from_files((store, "in"))
outside = f"/tmp/amlbridge-test-{uuid.uuid4()}"

def submit(*arguments, target="cpu", script="places.py", **options):
    try:
        run = experiment.submit(ScriptRunConfig("src", script, arguments=list(arguments), compute_target=target))
    except Exception as error:
        return str(error).replace("\\n", " ")[:700]
    run.wait_for_completion(raise_on_error=False, **options)
    error = run.get_details().get("error")
    return f"{run.get_status()} {error['error']['message'] if error else ''}".replace("\\n", " ").strip()

def there(path):
    folder = tempfile.mkdtemp()
    store.download(folder, path, show_progress=False)
    return sorted(os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names)

inside = files.as_named_input("inside").as_mount("data/rows")
copied = files.as_named_input("copied").as_download("src_data")
placed = files.as_named_input("placed").as_mount(outside)
up = OutputFileDatasetConfig("up", destination=(store, "up"), source="results").as_upload(source_globs=["*.csv"])
print("INPUTS", submit(inside, copied, placed, up, outside))
print("LEFT", os.path.lexists(outside), there("up"))
print("AGAIN", submit(inside, copied, placed, up, outside))
over = OutputFileDatasetConfig("up", destination=(store, "up"), source="results").as_upload(overwrite=True)
print("OVER", submit(inside, copied, placed, over, outside), there("up"))
os.mkdir(outside)
print("TAKEN", submit(inside, copied, placed, over, outside), os.listdir(outside))
os.rmdir(outside)
print("HOME", submit(files.as_named_input("x").as_mount("/home/me"), script="fail.py"))
print("UP", submit(files.as_named_input("x").as_mount("../x"), script="fail.py"))
print("LOCAL", submit(inside, target="local", script="fail.py"))
failed = OutputFileDatasetConfig("no", destination=(store, "no")).as_upload()
print("FAILED", "Failed" in submit(failed, script="fail.py"), there("no"))

made = PipelineData("made", datastore=store, output_mode="upload", output_path_on_compute="made/here",
                    is_directory=True)
chosen = OutputFileDatasetConfig("chosen", destination=(store, "chosen")).as_upload(True, ["*.csv"])
first = PythonScriptStep("first.py", name="first", source_directory="src", compute_target="cpu",
                         arguments=[chosen], outputs=[made])
second = PythonScriptStep("second.py", name="second", source_directory="src", compute_target="cpu",
                          arguments=[made], inputs=[made])
pipeline = experiment.submit(Pipeline(ws, [first, second]))
print("PIPELINE", pipeline.wait_for_completion(show_output=False), there("chosen"))
print("SECOND", next(step for step in pipeline.get_steps() if step.name == "second").get_stdout_log())
""",
        files={
            "in/rows.csv": "a,b\n",
            "src/src_data/own.txt": "own",
            "src/places.py": """
                import os, sys
                print("VALUES", [os.path.relpath(path) for path in sys.argv[1:3]], sys.argv[3] == sys.argv[5])
                assert sorted(os.listdir("data/rows")) == ["rows.csv"], os.listdir("data/rows")
                assert sorted(os.listdir("src_data")) == ["own.txt", "rows.csv"]
                assert os.listdir(sys.argv[5]) == ["rows.csv"]
                assert sys.argv[1:3] == [os.path.abspath("data/rows"), os.path.abspath("src_data")], sys.argv
                os.makedirs("results/sub", exist_ok=True)
                for name in ("results/a.csv", "results/sub/b.csv", "results/c.txt"):
                    open(name, "w").write(name)
            """,
            "src/fail.py": """
                import os, sys
                open(os.path.join(sys.argv[1], "half.txt"), "w").write("half")
                sys.exit(1)
            """,
            "src/first.py": """
                import os, sys
                os.makedirs("made/here", exist_ok=True)
                open("made/here/model.txt", "w").write("made")
                for name in ("a.csv", "b.log"):
                    open(os.path.join(sys.argv[1], name), "w").write(name)
            """,
            "src/second.py": "import os, sys\nprint('FOUND', os.listdir(sys.argv[1]))\n",
        },
    ).stdout
    assert "INPUTS Completed" in out
    assert "LEFT False ['up/a.csv', 'up/sub/b.csv']" in out
    assert "the output 'up' was not uploaded: a.csv is there already; pass overwrite=True" in out
    assert "OVER Completed ['up/a.csv', 'up/c.txt', 'up/sub/b.csv']" in out
    assert "is there already (another run may be using it)" in next(
        line for line in out.splitlines() if line.startswith("TAKEN")
    )
    for label in ("HOME", "UP"):
        assert "is neither a relative path nor one below /tmp" in next(
            line for line in out.splitlines() if line.startswith(f"{label} ")
        )
    assert "a local run cannot have a path on the compute" in out
    assert "FAILED True []" in out
    assert "PIPELINE Finished ['chosen/a.csv']" in out
    assert "SECOND FOUND ['model.txt']" in out
