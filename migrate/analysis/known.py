"""What is known of names: of parameters, of what ``import *`` brings, of types whose attributes are part of them."""

from __future__ import annotations

#: Types whose attributes are part of them: what is assigned there changes the whole.
CONFIGURATIONS = frozenset(
    {
        "Environment",
        "RunConfiguration",
        "PythonSection",
        "DockerSection",
        "SparkSection",
        "SparkConfiguration",
        "ScriptRunConfig",
        "Estimator",
    }
    | {"PyTorch", "TensorFlow", "SKLearn", "Chainer"}
)
#: Parameters that hold these types in practically all real code, where nothing else says what they are.
PARAMETER_NAMES = {"ws": "Workspace", "workspace": "Workspace", "aml_workspace": "Workspace"}
#: What an MLClient has and a Workspace has not.
CLIENT_MEMBERS = frozenset(
    [
        "jobs",
        "data",
        "compute",
        "components",
        "workspaces",
        "schedules",
        "batch_endpoints",
        "batch_deployments",
        "online_endpoints",
        "online_deployments",
        "workspace_name",
        "resource_group_name",
    ]
)
#: What both have: a dict in SDK v1, operations in SDK v2.
SHARED_MEMBERS = frozenset({"datastores", "environments", "models"})
#: Types that a string annotation may name.
KNOWN_TYPES = frozenset(
    {"Workspace", "Experiment", "Run", "Dataset", "Datastore", "ComputeTarget", "Environment", "RunConfiguration"}
    | {"Pipeline", "PythonScriptStep", "PipelineData", "Model"}
)
#: What ``import *`` brings, for the modules that people import so.
STARRED = {
    "azureml.core": frozenset(
        [
            "Workspace",
            "Experiment",
            "Run",
            "Dataset",
            "Datastore",
            "Environment",
            "ScriptRunConfig",
            "RunConfiguration",
            "ComputeTarget",
            "Model",
            "Keyvault",
            "Webservice",
            "Image",
            "ContainerRegistry",
            "Container",
            "Schedule",
        ]
    ),
    "azureml.core.compute": frozenset(
        ["ComputeTarget", "AmlCompute", "AksCompute", "ComputeInstance", "RemoteCompute"]
    ),
    "azureml.core.runconfig": frozenset(
        ["RunConfiguration", "CondaDependencies", "MpiConfiguration", "DockerConfiguration"]
    ),
    "azureml.pipeline.core": frozenset(
        [
            "Pipeline",
            "PipelineData",
            "PipelineParameter",
            "PipelineRun",
            "StepSequence",
            "PublishedPipeline",
            "PipelineEndpoint",
            "TrainingOutput",
            "Schedule",
            "ScheduleRecurrence",
            "InputPortBinding",
            "OutputPortBinding",
            "StepRun",
        ]
    ),
    "azureml.pipeline.steps": frozenset(
        [
            "PythonScriptStep",
            "ParallelRunStep",
            "ParallelRunConfig",
            "AutoMLStep",
            "DatabricksStep",
            "EstimatorStep",
            "CommandStep",
            "HyperDriveStep",
            "DataTransferStep",
            "MpiStep",
            "ModuleStep",
            "SynapseSparkStep",
            "RScriptStep",
        ]
    ),
}

#: Factories that a script may import by themselves.
FACTORIES = {"TabularDatasetFactory": "Dataset.Tabular", "FileDatasetFactory": "Dataset.File"}
