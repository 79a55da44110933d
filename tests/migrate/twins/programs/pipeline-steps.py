from azureml.core import Dataset, Datastore, Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import ComputeTarget
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import CommandStep, EstimatorStep, MpiStep, PythonScriptStep
from azureml.train.estimator import Estimator

ws = Workspace.from_config()
cluster = ComputeTarget(ws, "cpu")
environment = Environment.get(ws, "training")
settings = RunConfiguration()
settings.environment = environment
images = Dataset.File.from_files((Datastore.get(ws, "raw"), "rows"))
epochs = PipelineParameter("epochs", default_value=2)

rows = PipelineData("rows")
prepare = PythonScriptStep(
    "write.py",
    name="prepare rows",
    arguments=["--images", images.as_named_input("images").as_mount(), "--out", rows],
    outputs=[rows],
    compute_target=cluster,
    runconfig=settings,
    source_directory="src",
    allow_reuse=False,
)
config = ScriptRunConfig(
    "src", command=["python", "train.py", "--epochs", epochs, rows], compute_target=cluster, environment=environment
)
command = CommandStep(
    name="command",
    inputs=[rows],
    runconfig=config.run_config,
    source_directory="src",
    command=["python", "train.py", rows, "--epochs", epochs],
    compute_target=cluster,
    allow_reuse=False,
)
estimator = Estimator("src", entry_script="write.py", compute_target=cluster, environment_definition=environment)
fitted = PipelineData("fitted")
fit = EstimatorStep(
    name="fit",
    estimator=estimator,
    estimator_entry_script_arguments=["--rows", rows, "--epochs", epochs, fitted],
    inputs=[rows],
    outputs=[fitted],
    compute_target=cluster,
    allow_reuse=False,
)
ranks = MpiStep(
    name="ranks",
    source_directory="src",
    script_name="rank.py",
    arguments=["--level", 1],
    node_count=1,
    process_count_per_node=2,
    compute_target=cluster,
    environment_definition=environment,
    allow_reuse=False,
)
ranks.run_after(fit)
compare = PythonScriptStep(
    name="compare",
    script_name="train.py",
    arguments=[fitted, "--metric", "r2"],
    inputs=[fitted],
    compute_target="cpu",
    runconfig=settings,
    source_directory="src",
    allow_reuse=False,
    hash_paths=["train.py"],
    version="1",
)
print("=", compare.name, prepare.name)
pipeline = Pipeline(ws, [compare, command, ranks])
run = Experiment(ws, "nightly").submit(pipeline)
run.wait_for_completion(show_output=False)
print("=", sorted(step.name for step in run.get_steps()))
print("=", len(run.find_step_run("compare")), run.find_step_run("fit")[0].get_status() == "Finished")
