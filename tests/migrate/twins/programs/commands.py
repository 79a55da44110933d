from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import ComputeTarget
from azureml.core.runconfig import DockerConfiguration, MpiConfiguration, PyTorchConfiguration, RunConfiguration
from azureml.train.dnn import Mpi, PyTorch, TensorFlow
from azureml.train.estimator import Estimator
from azureml.train.sklearn import SKLearn

ws = Workspace.from_config()
cluster = ComputeTarget(workspace=ws, name="cpu")
environment = Environment.get(workspace=ws, name="training")
experiment = Experiment(ws, "trials")
runs = []

# Processes
mpi = MpiConfiguration()
mpi.process_count_per_node = 2
mpi.node_count = 1
config = ScriptRunConfig(
    source_directory="src",
    script="rank.py",
    arguments=["mpi"],
    compute_target=cluster,
    environment=environment,
    distributed_job_config=mpi,
)
runs.append(experiment.submit(config))
common = {"source_directory": "src", "compute_target": cluster, "environment": environment}
words = {"script": "rank.py"}
if runs:
    words["arguments"] = ["torch"]
config = ScriptRunConfig(distributed_job_config=PyTorchConfiguration(process_count=2, node_count=1), **words, **common)
runs.append(experiment.submit(config))

# Settings that are made later
config = ScriptRunConfig(
    source_directory="src", script="train.py", arguments=["--epochs", 2, "--name", "a b", "--quiet"]
)
config.run_config.target = cluster
config.run_config.environment = environment
config.run_config.environment_variables = {"A": "given"}
runs.append(experiment.submit(config, tags={"kind": "later"}))
settings = RunConfiguration()
settings.target = "cpu"
settings.environment = environment
settings.environment_variables["A"] = "settings"
config = ScriptRunConfig("src", script="train.py", run_config=settings, arguments="--alpha 0.5 --beta".split())
runs.append(experiment.submit(config))
config = ScriptRunConfig(
    "src",
    command=["python", "train.py", "--level", str(3)],
    compute_target="cpu",
    environment=environment,
    docker_runtime_config=DockerConfiguration(use_docker=True, shm_size="2g"),
    max_run_duration_seconds=600,
)
runs.append(experiment.submit(config))
config = ScriptRunConfig(
    "src", command="python train.py --text 'a b' && echo done", compute_target="cpu", environment=environment
)
runs.append(experiment.submit(config))

# Estimators
parameters = {"--epochs": 3, "--flag": ""}
estimator = Estimator(
    source_directory="src",
    entry_script="train.py",
    script_params=parameters,
    compute_target=cluster,
    environment_definition=environment,
)
runs.append(experiment.submit(estimator))
estimator = SKLearn(source_directory="src", entry_script="train.py", compute_target="cpu", pip_packages=["joblib"])
runs.append(experiment.submit(estimator))
estimator = PyTorch(
    source_directory="src",
    entry_script="rank.py",
    script_params={"--kind": "pytorch"},
    compute_target=cluster,
    node_count=1,
    distributed_training=Mpi(process_count_per_node=2),
)
runs.append(experiment.submit(estimator))
estimator = TensorFlow("src", compute_target=cluster, entry_script="train.py", script_params={"--kind": "tensorflow"})
runs.append(experiment.submit(estimator))

for run in runs:
    run.wait_for_completion(show_output=False)
    print("=", run.get_status() == "Completed")
