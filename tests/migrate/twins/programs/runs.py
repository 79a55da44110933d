import os

from azureml.core import Environment, Experiment, Run, ScriptRunConfig, Workspace
from azureml.pipeline.core import Pipeline, PipelineData, PipelineRun
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
experiment = Experiment(workspace=ws, name="trials")
environment = Environment.get(ws, "training")

# A script
config = ScriptRunConfig("src", "train.py", arguments=[1], compute_target="cpu", environment=environment)
run = experiment.submit(config, tags={"kind": "first"})
run.display_name = "first run"
run.wait_for_completion(raise_on_error=True)
print(
    "=", run.status == "Completed", run.get_status() == "Failed", run.type != "", run.display_name, run.experiment.name
)
print("=", run.get_metrics()["rows"] == 3, run.get_metrics(name="loss"))
run.tag("reviewed", "yes")
run.set_tags({"level": "2", "old": "1"})
run.remove_tags(["old"])
run.add_properties({"source": "shop"})
again = ws.get_run(run.id)
print("=", again.get_tags()["reviewed"], "old" in again.tags, again.tags["level"], again.get_properties()["source"])
print("=", "outputs/note.txt" in run.get_file_names(), "outputs/other.txt" in run.get_file_names())
print("=", sorted(name for name in run.get_file_names() if name == "outputs/note.txt"))
print("=", sorted(name for name in run.get_file_names() if name.startswith("outputs/parts")))
run.download_files(prefix="outputs/parts", output_directory="down", append_prefix=False)
os.makedirs("down", exist_ok=True)
run.download_file(name="outputs/note.txt", output_file_path="down/note.txt")
print("=", sorted(os.listdir("down")), open("down/note.txt").read())
run.get_all_logs(destination="logs")
print("=", len(os.listdir("logs")) > 0)
details = run.get_details()
print("=", details["status"] == "Completed", details["target"], run.get_portal_url().startswith("http"))

# One that fails, and one that is cancelled
failed = experiment.submit(ScriptRunConfig("src", "fail.py", compute_target="cpu", environment=environment))
try:
    failed.wait_for_completion(show_output=False)
except Exception as error:
    print("=", type(error).__name__ != "", failed.get_status() == "Failed")
sleeping = experiment.submit(ScriptRunConfig("src", "sleep.py", compute_target="cpu", environment=environment))
sleeping.cancel()
sleeping.wait_for_completion(show_output=False, raise_on_error=False)
print("=", sleeping.get_status() in ("Canceled", "CancelRequested"))
print("=", sorted(found.get_status() == "Failed" for found in experiment.get_runs()))
print("=", len(list(Run.list(experiment, tags={"kind": "first"}))))

# A pipeline
rows = PipelineData("rows", datastore=ws.get_default_datastore())
prepare = PythonScriptStep(
    "prepare.py",
    name="prepare",
    arguments=["--out", rows],
    outputs=[rows],
    source_directory="src",
    compute_target="cpu",
)
train = PythonScriptStep(
    "train.py", name="train", arguments=[rows], inputs=[rows], source_directory="src", compute_target="cpu"
)
pipeline_run = Experiment(ws, "nightly").submit(Pipeline(workspace=ws, steps=[prepare, train]))
pipeline_run.wait_for_completion(show_output=False)
print("=", pipeline_run.get_status() == "Finished", sorted(step.name for step in pipeline_run.get_steps()))
for step in pipeline_run.get_children():
    print("=", step.parent.id == pipeline_run.id, step.status == "Completed")
step = pipeline_run.find_step_run("prepare")[0]
step.get_output_data("rows").download(local_path="rows")
print("=", [name for _, _, names in os.walk("rows") for name in names], "prepared" in step.get_stdout_log())
same = PipelineRun.get(ws, pipeline_run.id)
print("=", same.id == pipeline_run.id, same.get_tags())
