"""Compute targets, their configurations and statuses."""

from __future__ import annotations

_ADLA = "Azure Data Lake Analytics has ended: use Spark jobs (azure.ai.ml.spark)"
_BATCH = "submit to Azure Batch from a command component, with azure-batch"
_DATABRICKS = "call the Databricks REST API from a command component, or use Spark jobs"
_FACTORY = "call Azure Data Factory with azure-mgmt-datafactory, or run the pipeline from Data Factory"
_HDI = "use Spark jobs (azure.ai.ml.spark) on serverless Spark"
_KUSTO = "query Kusto in a command component, with azure-kusto-data"
_REMOTE = "attached virtual machines are gone: use a compute cluster, a compute instance or Kubernetes"
_AKS = "managed online endpoints need no cluster; one of your own is attached as azure.ai.ml.entities.KubernetesCompute"
_KUBERNETES = "attach it: ml_client.compute.begin_create_or_update(KubernetesCompute(name, namespace, resource_id=...))"
_SYNAPSE = "attach it: ml_client.compute.begin_create_or_update(SynapseSparkCompute(name, resource_id=...))"
_CLUSTER = "make or change it with azure.ai.ml.entities.AmlCompute and ml_client.compute.begin_create_or_update"
_INSTANCE = "make it with azure.ai.ml.entities.ComputeInstance and ml_client.compute.begin_create_or_update"
_GET = "ask for the compute anew: ml_client.compute.get(name)"
_NETWORK = "read network_settings of ml_client.compute.get(name)"
_SSH = "read ssh_settings of ml_client.compute.get(name)"
_IDENTITY = "read or set identity of the compute (azure.ai.ml.entities.IdentityConfiguration)"
_QUOTA = "ask for quotas with azure-mgmt-machinelearningservices, or in the studio"
_LEGACY = "an inner part of SDK v1 for computes in local files: use ml_client.compute"

WAYS_OUT = {
    "AbstractComputeTarget": "take azure.ai.ml.entities.Compute",
    "AdlaCompute": _ADLA,
    "AksAttachConfiguration": _AKS,
    "AksCompute": _AKS,
    "AksProvisioningConfiguration": _AKS,
    "AksUpdateConfiguration": _AKS,
    "AmlCompute": "ask ml_client.compute.get(name), which gives azure.ai.ml.entities.AmlCompute",
    "AmlCompute.add_identity": _IDENTITY,
    "AmlCompute.admin_user_password": _SSH,
    "AmlCompute.admin_user_ssh_key": _SSH,
    "AmlCompute.admin_username": _SSH,
    "AmlCompute.get": _GET,
    "AmlCompute.get_active_runs": "choose among ml_client.jobs.list() by compute and status",
    "AmlCompute.identity_id": _IDENTITY,
    "AmlCompute.identity_type": _IDENTITY,
    "AmlCompute.list_quotas": _QUOTA,
    "AmlCompute.list_usages": "ml_client.compute.list_usage()",
    "AmlCompute.remote_login_port_public_access": "read ssh_public_access_enabled of the compute",
    "AmlCompute.remove_identity": _IDENTITY,
    "AmlCompute.subnet_name": _NETWORK,
    "AmlCompute.update_quotas": _QUOTA,
    "AmlCompute.vm_priority": "read tier of the compute",
    "AmlCompute.vnet_name": _NETWORK,
    "AmlCompute.vnet_resourcegroup_name": _NETWORK,
    "AmlComputeNodeStateCounts": "count ml_client.compute.list_nodes(name) by node_state",
    "AmlComputeProvisioningConfiguration": _CLUSTER,
    "AmlComputeStatus": "read provisioning_state and provisioning_errors of ml_client.compute.get(name)",
    "BatchAttachConfiguration": _BATCH,
    "BatchCompute": _BATCH,
    "ComputeInstance": "ask ml_client.compute.get(name), which gives azure.ai.ml.entities.ComputeInstance",
    "ComputeInstance.admin_user_ssh_public_key": _SSH,
    "ComputeInstance.admin_username": _SSH,
    "ComputeInstance.applications": "read services of ml_client.compute.get(name)",
    "ComputeInstance.assigned_user_object_id": "read create_on_behalf_of of ml_client.compute.get(name)",
    "ComputeInstance.assigned_user_tenant_id": "read create_on_behalf_of of ml_client.compute.get(name)",
    "ComputeInstance.errors": "read provisioning_errors of ml_client.compute.get(name)",
    "ComputeInstance.get_active_runs": "choose among ml_client.jobs.list() by compute and status",
    "ComputeInstance.private_ip_address": _NETWORK,
    "ComputeInstance.public_ip_address": _NETWORK,
    "ComputeInstance.ssh_port": _SSH,
    "ComputeInstance.ssh_public_access": _SSH,
    "ComputeInstance.get": _GET,
    "ComputeInstance.subnet_id": _NETWORK,
    "ComputeInstance.subnet_name": _NETWORK,
    "ComputeInstance.update_sso_settings": "set enable_sso when it is made, or use ml_client.compute.enable_sso",
    "ComputeInstance.vnet_name": _NETWORK,
    "ComputeInstance.vnet_resourcegroup_name": _NETWORK,
    "ComputeInstanceProvisioningConfiguration": _INSTANCE,
    "ComputeInstanceStatus": "read state and provisioning_state of ml_client.compute.get(name)",
    "ComputeTarget": "ask ml_client.compute.get(name), which gives an entity of azure.ai.ml.entities",
    "ComputeTarget.deserialize": "azure.ai.ml.load_compute reads a compute from YAML",
    "ComputeTarget.is_attached": "read resource_id: a compute that was attached has one",
    "ComputeTargetAttachConfiguration": "make the entity of azure.ai.ml.entities with its resource_id",
    "ComputeTargetProvisioningConfiguration": _CLUSTER,
    "ComputeTargetUpdateConfiguration": _CLUSTER,
    "DataFactoryAttachConfiguration": _FACTORY,
    "DataFactoryCompute": _FACTORY,
    "DataFactoryProvisioningConfiguration": _FACTORY,
    "DataLakeAnalyticsAttachConfiguration": _ADLA,
    "DatabricksAttachConfiguration": _DATABRICKS,
    "DatabricksCompute": _DATABRICKS,
    "DsvmCompute": _REMOTE,
    "DsvmProvisioningConfiguration": _REMOTE,
    "HDInsightAttachConfiguration": _HDI,
    "HDInsightCompute": _HDI,
    "KubernetesCompute": "ask ml_client.compute.get(name), which gives azure.ai.ml.entities.KubernetesCompute",
    "KubernetesCompute.default_instance_type": "read properties of ml_client.compute.get(name)",
    "KubernetesCompute.identity": _IDENTITY,
    "KubernetesCompute.identity_ids": _IDENTITY,
    "KubernetesCompute.identity_type": _IDENTITY,
    "KubernetesCompute.instance_types": "read properties of ml_client.compute.get(name)",
    "KubernetesComputeAttachConfiguration": _KUBERNETES,
    "KubernetesComputeStatus": "read provisioning_state and provisioning_errors of ml_client.compute.get(name)",
    "KustoAttachConfiguration": _KUSTO,
    "KustoCompute": _KUSTO,
    "RemoteCompute": _REMOTE,
    "RemoteComputeAttachConfiguration": _REMOTE,
    "ScaleSettings": "give AmlCompute min_instances, max_instances and idle_time_before_scale_down",
    "SslConfiguration": "managed online endpoints have TLS by themselves",
    "SynapseAttachConfiguration": _SYNAPSE,
    "SynapseCompute": "ask ml_client.compute.get(name), which gives azure.ai.ml.entities.SynapseSparkCompute",
    "SystemService": _AKS,
    "attach_legacy_compute_target": _LEGACY,
    "is_compute_target_prepared": "environments are built by themselves: nothing has to be prepared",
    "prepare_compute_target": "environments are built by themselves: nothing has to be prepared",
    "remove_legacy_compute_target": _LEGACY,
    "*.modified_on": "entities of v2 tell it in creation_context.last_modified_at, where they do",
    "*.refresh_state": _GET,
}
