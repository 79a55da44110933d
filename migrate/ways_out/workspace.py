"""Workspaces, authentication, linked services, private endpoints, key vaults and experiments."""

from __future__ import annotations

_LINKED = "attach a Synapse Spark pool as a compute (azure.ai.ml.entities.SynapseSparkCompute)"
_PRIVATE = "make the private endpoint with azure-mgmt-network, or `az network private-endpoint create`"
_TOKEN = 'ask the credential: DefaultAzureCredential().get_token("https://management.azure.com/.default").token'
_INNER = "an inner part of SDK v1"

WAYS_OUT = {
    "AbstractAuthentication.signed_session": _TOKEN,
    "AccessToken": "take azure.core.credentials.AccessToken",
    "ArmTokenAuthentication": "write a credential: an object with get_token(*scopes) that gives an AccessToken",
    "Audience": "name the scope in get_token",
    "AzureMLTokenAuthentication": "take azure.ai.ml.identity.AzureMLOnBehalfOfCredential inside of a job",
    "AzureCliAuthentication": "take azure.identity.AzureCliCredential",
    "InteractiveLoginAuthentication": "take azure.identity.InteractiveBrowserCredential",
    "MsiAuthentication": "take azure.identity.ManagedIdentityCredential",
    "ServicePrincipalAuthentication": "take azure.identity.ClientSecretCredential",
    "TokenAuthentication": "write a credential: an object with get_token(*scopes) that gives an AccessToken",
    "Experiment": "an experiment is the experiment_name of a job: search it with mlflow.search_experiments",
    "Experiment.archive": "archive its jobs (ml_client.jobs.archive), or mlflow.MlflowClient().delete_experiment",
    "Experiment.delete": "archive its jobs (ml_client.jobs.archive), or mlflow.MlflowClient().delete_experiment",
    "Experiment.from_directory": "name the experiment: nothing of SDK v2 is written beside the code",
    "Experiment.portal_url": "open studio_url of one of its jobs",
    "Experiment.reactivate": "mlflow.MlflowClient().restore_experiment(experiment_id)",
    "Experiment.remove_tags": "mlflow tags of experiments can be set, not removed: set them to an empty text",
    "Keyvault": "take azure.keyvault.secrets.SecretClient for the workspace's key vault",
    "Keyvault.delete_secrets": "SecretClient.begin_delete_secret(name) of azure-keyvault-secrets, one by one",
    "Keyvault.get_secret_content_type": "SecretClient.get_secret(name).properties.content_type",
    "LinkedService": _LINKED,
    "LinkedServiceConfiguration": _LINKED,
    "SynapseWorkspaceLinkedServiceConfiguration": _LINKED,
    "NewLoggingLevel": "call logging.getLogger(name).setLevel(level)",
    "PrivateEndPoint": _PRIVATE,
    "PrivateEndPointConfig": _PRIVATE,
    "ViewType": "mlflow.search_experiments(view_type=mlflow.entities.ViewType.ALL)",
    "Workspace": "read it of ml_client.workspaces.get(ml_client.workspace_name)",
    "Workspace.DEFAULT_CPU_CLUSTER_CONFIGURATION": "workspaces have no default clusters: make one (AmlCompute)",
    "Workspace.DEFAULT_CPU_CLUSTER_NAME": "workspaces have no default clusters: make one (AmlCompute)",
    "Workspace.DEFAULT_GPU_CLUSTER_CONFIGURATION": "workspaces have no default clusters: make one (AmlCompute)",
    "Workspace.DEFAULT_GPU_CLUSTER_NAME": "workspaces have no default clusters: make one (AmlCompute)",
    "Workspace.add_private_endpoint": _PRIVATE,
    "Workspace.delete_connection": "ml_client.connections.delete(name)",
    "Workspace.delete_private_endpoint_connection": _PRIVATE,
    "Workspace.get_connection": "ml_client.connections.get(name)",
    "Workspace.linked_services": _LINKED,
    "Workspace.list_connections": "ml_client.connections.list()",
    "Workspace.private_endpoints": _PRIVATE,
    "Workspace.service_context": f"{_INNER}: call the operations of ml_client",
    "Workspace.set_connection": "ml_client.connections.create_or_update(WorkspaceConnection(...))",
    "Workspace.update": "change what ml_client.workspaces.get(name) gives, and hand it to workspaces.begin_update",
    "Workspace.update_dependencies": "workspaces.begin_update(workspace, update_dependent_resources=True)",
    "diagnostic_log": 'log with the standard library: logging.getLogger("azure").setLevel(logging.DEBUG)',
    "*.workspace": "the client is the workspace: ml_client.workspaces.get(ml_client.workspace_name)",
    "*.workspace_object": "the client is the workspace: ml_client.workspaces.get(ml_client.workspace_name)",
}
