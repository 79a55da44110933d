"""Image classification in three steps (SDK v2): two components are Python functions, one is YAML.

Run it below a config.json; needs mldesigner (a pre-release: pip install mldesigner==0.1.0b23).
"""

import tempfile
from pathlib import Path

from azure.ai.ml import Input, MLClient, load_component
from azure.ai.ml.dsl import pipeline
from azure.identity import DefaultAzureCredential
from make_data import write
from prep.prep_component import prepare_data_component
from train.train_component import train_component

HERE = Path(__file__).parent

ml_client = MLClient.from_config(DefaultAzureCredential())
score_component = load_component(source=HERE / "score" / "score.yaml")


@pipeline(default_compute="serverless")
def digits_classification(images, epochs=10):
    """Prepares the images, trains a classifier and scores it."""
    prepare = prepare_data_component(input_data=images)
    train = train_component(input_data=prepare.outputs.training_data, epochs=epochs)
    score = score_component(input_data=prepare.outputs.test_data, input_model=train.outputs.output_model)
    return {"predictions": score.outputs.output_result}


with tempfile.TemporaryDirectory() as folder:
    images = write(Path(folder) / "digits")
    job = ml_client.jobs.create_or_update(
        digits_classification(images=Input(type="uri_folder", path=str(images)), epochs=15),
        experiment_name="digits",
    )
ml_client.jobs.stream(job.name)
ml_client.jobs.download(job.name, output_name="predictions", download_path=".")
predictions = Path("named-outputs", "predictions", "predict_result.csv")
print(f"{len(predictions.read_text().splitlines())} predictions in {predictions}")
