"""Waits for a run of the published pipeline, whoever started it, and prints the bill that it wrote.

In Azure:          python result.py RUN_ID
On this machine:   amlbridge run result.py RUN_ID
"""

import json
import os
import sys
import tempfile

from azureml.core import Workspace
from azureml.pipeline.core import PipelineRun


def wait_for_bill(ws, run_id):
    """The bill of a pipeline run, once the run has ended."""
    run = PipelineRun.get(ws, run_id)
    run.wait_for_completion(show_output=False)
    output = run.get_pipeline_output("bill")
    with tempfile.TemporaryDirectory() as folder:
        output.download(local_path=folder, show_progress=False)
        with open(os.path.join(folder, output.path_on_datastore, "bill.json")) as file:
            return json.load(file)


if __name__ == "__main__":
    print(f"bill: {wait_for_bill(Workspace.from_config(), sys.argv[1])}")
