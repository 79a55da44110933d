"""What the pipeline sees of the training; the training itself is in train.py."""

from pathlib import Path

from mldesigner import Input, Output, command_component


@command_component(
    name="train_digits",
    version="1",
    display_name="Train the classifier",
    environment={
        "conda_file": Path(__file__).parent / "conda.yaml",
        "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04",
    },
)
def train_component(
    input_data: Input(type="uri_folder"),
    output_model: Output(type="uri_folder"),
    epochs=10,
):
    # Imported here: the packages of the training are in the step's environment, not in that of who submits.
    from train import train

    train(input_data, output_model, epochs)
