"""Models, packages of models, and web services."""

from __future__ import annotations

_PACKAGE = "build it with the deployment, or `az ml model package`: models and environment are those of the deployment"
_ENDPOINT = "read it of ml_client.online_endpoints.get(name)"
_DEPLOYMENT = "read it of ml_client.online_deployments.get(name, endpoint_name)"
_REQUEST = "give ManagedOnlineDeployment request_settings=azure.ai.ml.entities.OnlineRequestSettings(...)"
_PROBE = "give ManagedOnlineDeployment liveness_probe=azure.ai.ml.entities.ProbeSettings(...)"
_SCALE = (
    "give ManagedOnlineDeployment instance_count; Kubernetes has scale_settings=TargetUtilizationScaleSettings(...)"
)
_COLLECT = "give the deployment data_collector=azure.ai.ml.entities.DataCollector(...)"
_RESOURCES = "give ManagedOnlineDeployment an instance_type, or KubernetesOnlineDeployment resources"
_NETWORK = 'make the endpoint private with public_network_access="disabled"'
_TLS = "managed online endpoints have TLS by themselves"
_CONFIG = "describe it with azure.ai.ml.entities.ManagedOnlineDeployment"
_CODE = "describe it with azure.ai.ml.entities.CodeConfiguration and the environment of the deployment"
_DOCKER = "a local deployment is made with begin_create_or_update(deployment, local=True)"
_TOKEN = "ml_client.online_endpoints.get_keys(name)"
_TRAFFIC = "read traffic of ml_client.online_endpoints.get(name)"

WAYS_OUT = {
    "AciServiceDeploymentConfiguration": _CONFIG,
    "AciWebservice": _ENDPOINT,
    "AciWebservice.container_resource_requirements": _RESOURCES,
    "AciWebservice.encryption_properties": "disks of managed online endpoints are encrypted by themselves",
    "AciWebservice.ssl_certificate": _TLS,
    "AciWebservice.ssl_enabled": _TLS,
    "AciWebservice.ssl_key": _TLS,
    "AciWebservice.vnet_configuration": _NETWORK,
    "AksEndpoint": _ENDPOINT,
    "AksEndpointDeploymentConfiguration": _CONFIG,
    "AksServiceAccessToken": _TOKEN,
    "AksServiceDeploymentConfiguration": _CONFIG,
    "AksWebservice": _ENDPOINT,
    "AksWebservice.autoscaler": _SCALE,
    "AksWebservice.container_resource_requirements": _RESOURCES,
    "AksWebservice.data_collection": _COLLECT,
    "AksWebservice.is_default": _TRAFFIC,
    "AksWebservice.liveness_probe_requirements": _PROBE,
    "AksWebservice.max_concurrent_requests_per_container": _REQUEST,
    "AksWebservice.max_request_wait_time": _REQUEST,
    "AksWebservice.scoring_timeout_ms": _REQUEST,
    "AksWebservice.traffic_percentile": _TRAFFIC,
    "AksWebservice.version_type": _TRAFFIC,
    "AutoScaler": _SCALE,
    "ContainerResourceRequirements": _RESOURCES,
    "DataCollection": _COLLECT,
    "EncryptionProperties": "disks of managed online endpoints are encrypted by themselves",
    "InferenceConfig": _CODE,
    "LivenessProbeRequirements": _PROBE,
    "LocalWebservice": _DOCKER,
    "LocalWebservice.deploy_to_cloud": "call begin_create_or_update(deployment) without local=True",
    "LocalWebserviceDeploymentConfiguration": _DOCKER,
    "Model": "read it of ml_client.models.get(name, version)",
    "Model.Framework": "models of v2 have a type (azure.ai.ml.constants.AssetTypes): MLFLOW_MODEL or CUSTOM_MODEL",
    "Model.datasets": "write the data's names and versions into properties or tags of the model",
    "Model.deserialize": "azure.ai.ml.load_model reads a model from YAML",
    "Model.model_framework": "read flavors of the model (MLflow), or write it into a tag",
    "Model.model_framework_version": "read flavors of the model (MLflow), or write it into a tag",
    "Model.parent_id": "write it into a tag of the model",
    "Model.resource_configuration": "resources belong to the deployment: instance_type and instance_count",
    "Model.run": "ml_client.jobs.get(model.job_name)",
    "Model.sample_input_dataset": "log the model with mlflow and input_example=",
    "Model.sample_output_dataset": "log the model with mlflow and signature=",
    "Model.unpack": "models are not packed: a folder is registered as it is",
    "Model.update_tags_properties": "change what ml_client.models.get gives, and hand it to models.create_or_update",
    "ModelPackage": _PACKAGE,
    "ModelProfile": "v2 has no profiling of models: measure a deployment under load, with locust for example",
    "ResourceConfiguration": "resources belong to the deployment: instance_type and instance_count",
    "UnknownWebservice": _ENDPOINT,
    "VnetConfiguration": _NETWORK,
    "WebServiceAccessToken": _TOKEN,
    "Webservice": _ENDPOINT,
    "Webservice.check_for_existing_webservice": "online_endpoints.get raises ResourceNotFoundError for none",
    "Webservice.image": _DEPLOYMENT,
    "Webservice.image_digest": _DEPLOYMENT,
    "Webservice.update_deployment_state": "ask anew: ml_client.online_endpoints.get(name)",
    "WebserviceDeploymentConfiguration": _CONFIG,
    "AKS_WEBSERVICE_TYPE": "read type of the deployment: managed or kubernetes",
    "ACI_WEBSERVICE_TYPE": "read type of the deployment: managed or kubernetes",
}
