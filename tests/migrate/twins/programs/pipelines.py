from azureml.core import Datastore, Environment, Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, StepSequence
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = Datastore.get(ws, "raw")
settings = RunConfiguration()
settings.environment = Environment.get(ws, "training")
epochs = PipelineParameter(name="epochs", default_value=3)
rate = PipelineParameter("rate", 0.5)
label = PipelineParameter("label", default_value="price")
deep = PipelineParameter("deep", default_value=True)
raw = DataReference(datastore=store, data_reference_name="raw_rows", path_on_datastore="rows")

# Intermediate data
clean = PipelineData("clean", datastore=ws.get_default_datastore())
model = OutputFileDatasetConfig(name="model", destination=(ws.get_default_datastore(), "models/new"))
names = ["prepare", "train"]
common = dict(source_directory="src", compute_target="cpu", runconfig=settings, allow_reuse=False)
prepare = PythonScriptStep(
    name=names[0],
    script_name="write.py",
    arguments=["--rows", raw, "--label", label, "--out", clean],
    inputs=[raw],
    outputs=[clean],
    **common,
)
train = PythonScriptStep(
    name=names[1],
    script_name="write.py",
    arguments=["--epochs", epochs, "--rate", rate, "--deep", deep, clean, model],
    inputs=[clean.as_input("clean_rows")],
    **common,
)
check = PythonScriptStep(name="check", script_name="train.py", arguments=["--model", model.as_input("model")], **common)
last = PythonScriptStep(name="last", script_name="train.py", arguments=["--epochs", epochs], **common)
steps = StepSequence(steps=[check, last])
pipeline = Pipeline(workspace=ws, steps=steps, description="Rows to models", default_source_directory="src")
pipeline.validate()
experiment = Experiment(ws, "nightly")
run = experiment.submit(pipeline, pipeline_parameters={"epochs": 5, "label": "area"}, tags={"kind": "manual"})
run.wait_for_completion(show_output=False)
print("=", sorted(step.name for step in run.get_steps()), run.get_status() == "Finished")
again = pipeline.submit("weekly", pipeline_parameters={"rate": 0.25}, continue_on_step_failure=True)
again.wait_for_completion()
print("=", [found.id == again.id for found in Experiment(ws, "weekly").get_runs()])
