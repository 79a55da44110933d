"""Images become two tables: the label, then 784 pixels."""

from pathlib import Path

import numpy as np
from mldesigner import Input, Output, command_component


@command_component(
    name="prep_digits",
    version="1",
    display_name="Prepare the images",
    description="Converts images of the MNIST format to tables for training and test",
    environment={
        "conda_file": Path(__file__).parent / "conda.yaml",
        "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04",
    },
)
def prepare_data_component(
    input_data: Input(type="uri_folder"),
    training_data: Output(type="uri_folder"),
    test_data: Output(type="uri_folder"),
):
    convert(Path(input_data), "train", Path(training_data) / "train.csv")
    convert(Path(input_data), "t10k", Path(test_data) / "test.csv")


def convert(folder: Path, kind: str, table: Path):
    labels = np.frombuffer((folder / f"{kind}-labels-idx1-ubyte").read_bytes(), np.uint8, offset=8)
    pixels = np.frombuffer((folder / f"{kind}-images-idx3-ubyte").read_bytes(), np.uint8, offset=16)
    rows = np.column_stack([labels, pixels.reshape(len(labels), 28 * 28)])
    np.savetxt(table, rows, fmt="%d", delimiter=",")
    print(f"{len(labels)} images in {table.name}")
