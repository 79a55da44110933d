"""An online endpoint (SDK v2): a model behind a scoring script, deployed, invoked through the SDK and over HTTP, and
deleted. Run it below a config.json."""

import json
import tempfile
from pathlib import Path

import joblib
import requests
from azure.ai.ml import MLClient
from azure.ai.ml.entities import CodeConfiguration, Environment, ManagedOnlineDeployment, ManagedOnlineEndpoint, Model
from azure.identity import DefaultAzureCredential
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent
# Of all endpoints of a region in Azure, only one has this name.
ENDPOINT, DEPLOYMENT = "sample-irises", "blue"

ml_client = MLClient.from_config(DefaultAzureCredential())
measured, kinds = load_iris(return_X_y=True)

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "irises.joblib"
    joblib.dump(LogisticRegression(max_iter=500).fit(measured, kinds), file)
    model = ml_client.models.create_or_update(Model(name="sample-irises", path=str(file), type="custom_model"))
print(f"model {model.name} version {model.version}")

endpoint = ml_client.online_endpoints.begin_create_or_update(
    ManagedOnlineEndpoint(name=ENDPOINT, description="Kinds of irises", auth_mode="key")
).result()
ml_client.online_deployments.begin_create_or_update(
    ManagedOnlineDeployment(
        name=DEPLOYMENT,
        endpoint_name=ENDPOINT,
        model=model,
        code_configuration=CodeConfiguration(code=str(HERE / "scoring"), scoring_script="score.py"),
        environment=Environment(
            conda_file=HERE / "conda.yaml", image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest"
        ),
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )
).result()
endpoint.traffic = {DEPLOYMENT: 100}
endpoint = ml_client.online_endpoints.begin_create_or_update(endpoint).result()
print(f"endpoint {ENDPOINT}: {endpoint.provisioning_state}, traffic {endpoint.traffic}")

invoked = ml_client.online_endpoints.invoke(ENDPOINT, request_file=str(HERE / "request.json"))
print(f"predictions through the SDK: {invoked}")

key = ml_client.online_endpoints.get_keys(ENDPOINT).primary_key
request = json.loads((HERE / "request.json").read_text())
answer = requests.post(endpoint.scoring_uri, json=request, headers={"Authorization": f"Bearer {key}"}, timeout=60)
answer.raise_for_status()
print(f"predictions over HTTP: {answer.json()}")

print(ml_client.online_deployments.get_logs(DEPLOYMENT, ENDPOINT, lines=50))
ml_client.online_endpoints.begin_delete(ENDPOINT).result()
print(f"endpoints left: {[item.name for item in ml_client.online_endpoints.list()]}")
