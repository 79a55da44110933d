"""Parallel nodes (SDK v2): many small files in mini batches, and a table by the values of a column.

python pipeline.py --files 40
"""

import argparse
import csv
import random
import tempfile
from pathlib import Path

from azure.ai.ml import Input, MLClient, Output, dsl
from azure.ai.ml.entities import Environment
from azure.ai.ml.parallel import RunFunction, parallel_run_function
from azure.identity import DefaultAzureCredential

HERE = Path(__file__).parent
REGIONS = ("north", "south", "west")

parser = argparse.ArgumentParser()
parser.add_argument("--files", type=int, default=40)
args = parser.parse_args()

environment = Environment(
    name="sample-parallel",
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04",
    conda_file={"dependencies": ["python=3.10", "pip", {"pip": ["pandas", "mltable", "azureml-core"]}]},
)


def write_data(folder):
    """Sales of shops: a file for each day, and all of them in a table."""
    chance = random.Random(0)
    (folder / "days").mkdir()
    (folder / "table").mkdir()
    for region in REGIONS:
        with open(folder / "table" / f"{region}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["region", "shop", "sold"])
            writer.writerows([region, shop, chance.randrange(100)] for shop in range(20))
    for day in range(args.files):
        lines = [str(chance.randrange(100)) for _ in range(20)]
        (folder / "days" / f"day{day:03}.txt").write_text("\n".join(lines))
    (folder / "table" / "MLTable").write_text(
        "paths:\n  - pattern: ./*.csv\n"
        "transformations:\n  - read_delimited:\n      delimiter: ','\n      encoding: utf8\n"
        "      header: all_files_same_headers\n"
    )


def node(name, script, kind, **settings):
    return parallel_run_function(
        name=name,
        inputs={"data": Input(type=kind)},
        outputs={"rows": Output(type="uri_file")},
        input_data="${{inputs.data}}",
        instance_count=1,
        max_concurrency_per_instance=2,
        error_threshold=0,
        retry_settings={"max_retries": 2, "timeout": 60},
        task=RunFunction(
            code=str(HERE / "src"),
            entry_script=script,
            environment=environment,
            append_row_to="${{outputs.rows}}",
        ),
        **settings,
    )


sum_days = node("sum_days", "sum_days.py", "uri_folder", mini_batch_size="5")
best_shop = node("best_shop", "best_shop.py", "mltable", partition_keys=["region"])


@dsl.pipeline(compute="serverless")
def sales(days, table):
    """Sums up each day, and finds the best shop of each region."""
    summed = sum_days(data=days)
    best = best_shop(data=table)
    best.inputs.data.mode = "direct"
    return {"days": summed.outputs.rows, "shops": best.outputs.rows}


ml_client = MLClient.from_config(DefaultAzureCredential())
with tempfile.TemporaryDirectory() as place:
    write_data(Path(place))
    job = ml_client.jobs.create_or_update(
        sales(
            days=Input(type="uri_folder", path=f"{place}/days"),
            table=Input(type="mltable", path=f"{place}/table"),
        ),
        experiment_name="sales",
    )
ml_client.jobs.stream(job.name)
for output in ("days", "shops"):
    ml_client.jobs.download(job.name, output_name=output, download_path=".")
    path = next(path for path in Path("named-outputs", output).rglob("*") if path.is_file())
    rows = path.read_text().splitlines()
    print(f"{output}: {len(rows)} rows, the first: {rows[0]}")
