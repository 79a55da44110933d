"""Environments, conda dependencies, run configurations and images."""

from __future__ import annotations

_ENVIRONMENT = "describe it with azure.ai.ml.entities.Environment(image=, conda_file=, build=)"
_BUILD = (
    "give Environment(build=azure.ai.ml.entities.BuildContext(path=, dockerfile_path=)) the folder of the Dockerfile"
)
_CONDA = "write it into the conda file of the environment"
_IMAGE = "images are built with the environment of a deployment: ManagedOnlineDeployment(environment=...)"
_DATABRICKS = "call the Databricks REST API from a command component, or use Spark jobs"
_R = "make an image with R (rocker), and run `Rscript script.R` in a command"
_SPARK = "use azure.ai.ml.spark(...): its conf, jars and py_files have these settings"
_COMMAND = "settings of a run are keywords of azure.ai.ml.command(...)"
_LOG = "the log of the build is with the environment in the studio"
_REGISTRY = "push the image to the workspace's registry, or give the workspace's identity the right to pull"

WAYS_OUT = {
    "AmlComputeConfiguration": "give command(...) instance_count, and resources the instance_type",
    "ApplicationEndpointConfiguration": "give command(...) services (azure.ai.ml.entities.SshJobService and others)",
    "Asset": _IMAGE,
    "AzureContainerRegistry": _REGISTRY,
    "CondaDependencies": _CONDA,
    "ContainerImage": _IMAGE,
    "ContainerImageConfig": _IMAGE,
    "ContainerRegistry": _REGISTRY,
    "DatabricksCluster": _DATABRICKS,
    "DatabricksEnvironment": _DATABRICKS,
    "DatabricksSection": _DATABRICKS,
    "DockerBuildContext": _BUILD,
    "DockerConfiguration": "give command(...) docker_args and shm_size",
    "DockerEnvironment": _ENVIRONMENT,
    "DockerImageDetails": _ENVIRONMENT,
    "DockerImagePlatform": "images are for Linux on amd64",
    "DockerSection": _ENVIRONMENT,
    "DockerSection.base_dockerfile": _BUILD,
    "DockerSection.build_context": _BUILD,
    "DockerSection.platform": "images are for Linux on amd64",
    "EggLibrary": _DATABRICKS,
    "Environment": _ENVIRONMENT,
    "Environment.add_private_pip_wheel": "put the wheel beside the Dockerfile of a BuildContext, or on a private feed",
    "Environment.asset_id": "read id of ml_client.environments.get(name, version)",
    "Environment.build_local": "run `docker build` on the folder of the BuildContext",
    "Environment.databricks": _DATABRICKS,
    "Environment.get_image_details": "read image of ml_client.environments.get(name, version)",
    "Environment.label": 'ml_client.environments.get(name, label="latest")',
    "Environment.spark": _SPARK,
    "EnvironmentDefinition": _ENVIRONMENT,
    "EnvironmentReference": 'name it: environment="azureml:NAME:VERSION"',
    "HdiConfiguration": _SPARK,
    "HistoryConfiguration": "outputs and logs are always kept",
    "Image": _IMAGE,
    "ImageBuildDetails": _LOG,
    "ImageConfig": _IMAGE,
    "JarLibrary": _DATABRICKS,
    "KubernetesComputeConfiguration": "give command(...) instance_type: an instance type of the Kubernetes cluster",
    "MavenLibrary": _DATABRICKS,
    "ParallelTaskConfiguration": "settings of parallel runs are keywords of azure.ai.ml.parallel.parallel_run_function",
    "PyPiLibrary": _DATABRICKS,
    "PythonEnvironment": _ENVIRONMENT,
    "PythonSection": _ENVIRONMENT,
    "RCranLibrary": _DATABRICKS,
    "RCranPackage": _R,
    "RGitHubPackage": _R,
    "RSection": _R,
    "RegistryIdentity": _REGISTRY,
    "RunConfiguration": _COMMAND,
    "RunConfiguration.arguments": 'write the arguments into the command line: command(command="python train.py --x 1")',
    "RunConfiguration.command": "give command(...) the command line as command",
    "RunConfiguration.credential_passthrough": "give command(...) identity=azure.ai.ml.UserIdentityConfiguration()",
    "RunConfiguration.datacaches": "v2 has no data cache: mount the data (mode ro_mount), which caches by itself",
    "RunConfiguration.delete": "nothing is written beside the code",
    "RunConfiguration.hdi": _SPARK,
    "RunConfiguration.output_data": "give command(...) outputs of azure.ai.ml.Output",
    "RunConfiguration.services": "give command(...) services (azure.ai.ml.entities.SshJobService and others)",
    "RunConfiguration.source_directory_data_store": "code is uploaded to the default datastore",
    "RunConfiguration.spark": _SPARK,
    "ScriptRunConfig": _COMMAND,
    "ScriptRunConfig.arguments": 'write the arguments into the command line: command(command="python train.py --x 1")',
    "ScriptRunConfig.command": "give command(...) the command line as command",
    "ScriptRunConfig.script": 'write the script into the command line: command(command="python train.py")',
    "ScriptRunConfig.source_directory": "give command(...) the folder as code",
    "SparkConfiguration": _SPARK,
    "SparkEnvironment": _SPARK,
    "SparkPackage": _SPARK,
    "SparkSection": _SPARK,
    "TargetRuntime": _IMAGE,
    "UnknownImage": _IMAGE,
    "get_run_config_from_script_run": "an inner part of SDK v1",
    "submit": "an inner part of SDK v1: call ml_client.jobs.create_or_update(job)",
    "MpiConfiguration": "give command(...) instance_count and distribution=azure.ai.ml.MpiDistribution(...)",
    "PyTorchConfiguration": "give command(...) instance_count and distribution=azure.ai.ml.PyTorchDistribution(...)",
    "TensorflowConfiguration": "give command(...) distribution=azure.ai.ml.TensorFlowDistribution(...)",
}
