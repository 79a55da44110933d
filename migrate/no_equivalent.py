"""What SDK v2 has nothing for, with the way out; and what is to be done by hand where no rule converts a symbol.

Source: Microsoft's articles on the migration to v2, and the public reference of azure-ai-ml.
"""

from __future__ import annotations

_SQL = "SQL datastores are none of v2: export the table to blob storage, or query it in the job"
_IMAGE = "images are built with the environment of a deployment: ManagedOnlineDeployment(environment=...)"
#: Class or function of SDK v1 -> the way out, for those that SDK v2 has no counterpart for.
WAYS_OUT = {
    "AdlaCompute": "Azure Data Lake Analytics has ended: use Spark jobs (azure.ai.ml.spark)",
    "AdlaStep": "Azure Data Lake Analytics has ended: use a Spark component (azure.ai.ml.spark)",
    "AzureBatchStep": "submit to Azure Batch from a command component, with azure-batch",
    "AzureDataLakeDatastore": "Data Lake Gen1 has ended: use AzureDataLakeGen2Datastore",
    "AzureMySqlDatastore": _SQL,
    "AzurePostgreSqlDatastore": _SQL,
    "AzureSqlDatabaseDatastore": _SQL,
    "BatchCompute": "submit to Azure Batch from a command component, with azure-batch",
    "ContainerImage": _IMAGE,
    "DatabricksCompute": "call the Databricks REST API from a command component, or use Spark jobs",
    "DatabricksSection": "call the Databricks REST API from a command component, or use Spark jobs",
    "DatabricksStep": "call the Databricks REST API from a command component, or use a Spark component",
    "DatacacheStore": "v2 has no data cache: mount the data (mode ro_mount), which caches by itself",
    "DataFactoryCompute": "call Azure Data Factory with azure-mgmt-datafactory, or run the pipeline from Data Factory",
    "DataTransferStep": "copy with azure.ai.ml.data_transfer (preview), or in a command component",
    "DBFSDatastore": "DBFS datastores are none of v2: copy the data to blob storage",
    "HDFSDatastore": "HDFS datastores are none of v2: copy the data to blob storage",
    "HDInsightCompute": "use Spark jobs (azure.ai.ml.spark) on serverless Spark",
    "Image": _IMAGE,
    "KustoCompute": "query Kusto in a command component, with azure-kusto-data",
    "KustoStep": "query Kusto in a command component, with azure-kusto-data",
    "LinkedService": "attach a Synapse Spark pool as a compute (azure.ai.ml.entities.SynapseSparkCompute)",
    "ModelDataCollector": "use azureml-ai-monitoring's Collector and DataCollector of the deployment",
    "ModelProxy": "download the best model with the client and use it here",
    "Module": "register a component (ml_client.components.create_or_update) and load it by name and version",
    "ModuleStep": "register a component (ml_client.components.create_or_update) and load it by name and version",
    "NotebookRunnerStep": "run the notebook with papermill in a command component",
    "ReinforcementLearningEstimator": "use a command with a Ray distribution (azure.ai.ml.RayDistribution)",
    "RemoteCompute": "attached virtual machines are gone: use a compute cluster or Kubernetes",
    "RScriptStep": "run `Rscript script.R` in a command component",
    "SqlDataReference": _SQL,
    "Tensorboard": "run TensorBoard on the downloaded logs, or look at the metrics in MLflow",
    "UnknownImage": _IMAGE,
}

#: Package of SDK v1 -> the way out.
PACKAGES = {
    "azureml.contrib": "a preview of v1 that v2 has not; look for the feature in azure.ai.ml",
    "azureml.data.datacache": "v2 has no data cache: mount the data (mode ro_mount), which caches by itself",
    "azureml.data.datastore_client": "use ml_client.datastores",
    "azureml.data.dataset_definition": "data assets of v2 are files: transform them with mltable or pandas",
    "azureml.data.dataset_profile": "v2 makes no profiles: describe the data with pandas",
    "azureml.data.dataset_snapshot": "v2 has no snapshots: register a version of the data asset",
    "azureml.exceptions": "catch azure.core.exceptions (ResourceNotFoundError, HttpResponseError)",
    "azureml.history": "an inner part of v1",
    "azureml.interpret": "use interpret-community, and the Responsible AI components of v2",
    "azureml.monitoring": "use azureml-ai-monitoring and DataCollector of the deployment",
    "azureml.opendatasets": "read the public files with pandas or an Input with their URL",
    "azureml.telemetry": "an inner part of v1",
    "azureml.tensorboard": "run TensorBoard on the downloaded logs, or look at the metrics in MLflow",
}


def way_out(symbol: str) -> str | None:
    """What to do about a symbol ("DatabricksStep", "DatabricksStep.create_node") that SDK v2 has nothing for; None when
    that is not known."""
    return WAYS_OUT.get(symbol.partition(".")[0])


def way_out_of_path(path: str) -> str | None:
    """The same for a canonical path; what a package has as a whole counts as well."""
    parts = path.split(".")
    for part in parts[2:]:
        if part in WAYS_OUT:
            return WAYS_OUT[part]
    for count in range(len(parts), 1, -1):
        found = PACKAGES.get(".".join(parts[:count]))
        if found is not None:
            return found
    return None
