"""A batch endpoint (SDK v2) whose deployment is a pipeline: tables are cleaned, then scored with a registered model.
The endpoint is made, invoked through the SDK and by REST, its predictions are downloaded, and it is deleted. Run it
below a config.json."""

import tempfile
from pathlib import Path

import joblib
import numpy as np
import requests
from azure.ai.ml import Input, MLClient, dsl, load_component
from azure.ai.ml.entities import AmlCompute, BatchEndpoint, Model, PipelineComponentBatchDeployment
from azure.identity import DefaultAzureCredential
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
ENDPOINT, DEPLOYMENT, COMPUTE = "sample-wines-batch", "clean-and-score", "batch-cluster"

credential = DefaultAzureCredential()
ml_client = MLClient.from_config(credential)
measured, kinds = load_wine(return_X_y=True, as_frame=True)

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "wines.joblib"
    joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(measured, kinds), file)
    model = ml_client.models.create_or_update(Model(name="sample-wines", path=str(file), type="custom_model"))
print(f"model {model.name} version {model.version}")

clean = load_component(source=HERE / "clean" / "clean.yml")
score = load_component(source=HERE / "score" / "score.yml")


@dsl.pipeline(name="sample_wines_batch", description="Clean, then score")
def clean_and_score(data: Input(type="uri_folder"), threshold: float = 0.5):
    cleaned = clean(data=data)
    classifier = Input(type="custom_model", path=f"azureml:{model.name}:{model.version}")
    scored = score(data=cleaned.outputs.cleaned, model=classifier, threshold=threshold)
    return {"predictions": scored.outputs.predictions}


component = ml_client.components.create_or_update(clean_and_score().component)
ml_client.compute.begin_create_or_update(AmlCompute(name=COMPUTE, min_instances=0, max_instances=2)).result()
ml_client.batch_endpoints.begin_create_or_update(BatchEndpoint(name=ENDPOINT, description="Classes of wines")).result()
ml_client.batch_deployments.begin_create_or_update(
    PipelineComponentBatchDeployment(
        name=DEPLOYMENT, endpoint_name=ENDPOINT, component=component, settings={"default_compute": COMPUTE}
    )
).result()
endpoint = ml_client.batch_endpoints.get(ENDPOINT)
endpoint.defaults.deployment_name = DEPLOYMENT
ml_client.batch_endpoints.begin_create_or_update(endpoint).result()
print(f"endpoint {ENDPOINT} with the deployment {DEPLOYMENT}")

with tempfile.TemporaryDirectory() as folder:
    wines = measured.sample(60, random_state=1)
    wines.iloc[:4, 2] = np.nan
    wines.to_csv(Path(folder) / "wines.csv", index=False)
    job = ml_client.batch_endpoints.invoke(ENDPOINT, inputs={"data": Input(type="uri_folder", path=folder)})
ml_client.jobs.stream(job.name)
ml_client.jobs.download(job.name, output_name="predictions", download_path=".")
predicted = Path("named-outputs", "predictions", "wines.csv").read_text().split()[1:]
print(f"job {job.name}: {len(predicted)} predictions")

# The same by REST, with the same data and another threshold.
data = ml_client.jobs.get(job.name).inputs["data"].path
answer = requests.post(
    endpoint.scoring_uri,
    headers={"Authorization": f"Bearer {credential.get_token('https://ml.azure.com/.default').token}"},
    json={
        "properties": {
            "inputData": {
                "data": {"jobInputType": "UriFolder", "uri": data},
                "threshold": {"jobInputType": "Literal", "value": "1.1"},
            }
        }
    },
    timeout=60,
)
answer.raise_for_status()
again = answer.json()["name"]
ml_client.jobs.stream(again)
ml_client.jobs.download(again, output_name="predictions", download_path="untold")
untold = Path("untold", "named-outputs", "predictions", "wines.csv").read_text().split()[1:]
print(f"job {again}: {untold.count('-1')} of {len(untold)} wines are not told")
print(f"jobs of the endpoint: {len(list(ml_client.batch_endpoints.list_jobs(ENDPOINT)))}")
ml_client.batch_endpoints.begin_delete(ENDPOINT).result()
