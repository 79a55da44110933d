"""Run as a module: submits a pipeline YAML of SDK v2 with the real client, and waits for its end."""

from __future__ import annotations

import sys

from azure.ai.ml import MLClient, load_job
from azure.identity import DefaultAzureCredential


def main(path: str) -> None:
    """Submits the job that the file describes."""
    client = MLClient.from_config(DefaultAzureCredential())
    job = client.jobs.create_or_update(load_job(path))
    print(f"job {job.name}")
    client.jobs.stream(job.name)


if __name__ == "__main__":
    main(sys.argv[1])
