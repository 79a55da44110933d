"""Programs that do what else a rule converts, as real code does it (``programs/``)."""

from __future__ import annotations

from tests.migrate.twins.setups import DATABRICKS, DATABRICKS_ASKED, STORES
from tests.migrate.twins.stages.pipelines import ENV_SETUP, SEEN, WRITES
from tests.migrate.twins.stages.services import MODEL, SERVING
from tests.migrate.twins.twin import PROGRAM, SUBMIT_STEP, Twin

_SALES = "day;shop;sold\n" + "".join(f"2026-01-0{day};{'ab'[day % 2]};{day * 2}\n" for day in range(1, 6))
_PARQUET = """\
import pandas

Path("stored/parquet").mkdir(parents=True, exist_ok=True)
pandas.DataFrame({"a": [1, 2, 3]}).to_parquet("stored/parquet/rows.parquet")
"""
#: A process of several writes down what it knows of the others.
RANK = """\
import os
import sys

names = ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "RANK", "WORLD_SIZE", "LOCAL_RANK", "A")
known = {name: os.environ.get(name) for name in names}
rank = known["OMPI_COMM_WORLD_RANK"] or known["RANK"]
os.makedirs("outputs", exist_ok=True)
with open(f"outputs/{rank}.txt", "w") as file:
    file.write(f"{known} {sys.argv[1:]}")
"""
_ROWS = "a table of v1 is no metric for MLflow: its columns become metrics"
_TOKEN = "a step that waits for another one has a token of it: there is no run_after"
_SUFFIX = "what v1 kept without a suffix has one"

TWINS = [
    Twin(
        "databricks",
        PROGRAM,
        foot=DATABRICKS_ASKED,
        setup=DATABRICKS,
        files={"src/count.py": 'print("PRINTED there")\n'},
    ),
    Twin("endpoint-versions", PROGRAM, setup=MODEL, files=SERVING, cluster="cpu"),
    Twin(
        "image-packages",
        PROGRAM,
        setup=MODEL,
        files={
            "model.txt": SERVING["model.txt"],
            "score.py": SERVING["serving/score.py"],
            "conda.yml": "dependencies:\n  - python=3.10\n",
        },
        differs={
            "environments/ridge-image": "a package of SDK v2 is an environment",
            "services/ridge-service/keys": "an endpoint of SDK v2 is never without authentication",
            "services/ridge-service/models": "the deployment of a package names no model",
        },
    ),
    Twin(
        "datasets",
        PROGRAM,
        setup=STORES.replace("\nfor name", f"\n{_PARQUET}\nfor name", 1),
        files={
            "stored/sales/2026.csv": _SALES,
            "stored/lines/rows.jsonl": '{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n',
            "local/one.txt": "one",
            "local/more/two.txt": "two",
            "src/train.py": SEEN,
        },
        cluster="cpu",
        differs={
            "data/frame/1/type": "a data frame goes up as a CSV file",
            "data/uploaded": "SDK v2 deletes no data: it is archived",
            "data/uploaded_files": "an upload is a data asset",
            "stored/raw/*": "with a folder of its own",
        },
    ),
    Twin(
        "runs",
        PROGRAM,
        setup=ENV_SETUP,
        files={
            "src/train.py": """\
                import os

                from azureml.core import Run

                run = Run.get_context()
                run.log("loss", 0.5)
                run.log("rows", 3)
                os.makedirs("outputs/parts", exist_ok=True)
                for name in ("note.txt", "parts/a.txt", "parts/b.txt"):
                    with open(f"outputs/{name}", "w") as file:
                        file.write(name)
                """,
            "src/fail.py": "raise ValueError('no rows')\n",
            "src/sleep.py": "import time\n\ntime.sleep(120)\n",
            "src/prepare.py": WRITES + 'print("prepared")\n',
        },
        cluster="cpu",
        differs={"jobs/trials/*/tags/source": "properties become tags"},
    ),
    Twin(
        "run-metrics",
        PROGRAM,
        script=SUBMIT_STEP,
        differs={
            "jobs/trials/0/children/0/metrics/costs.*": _ROWS,
            "jobs/trials/0/children/0/metrics/line.*": _ROWS,
            "jobs/trials/0/children/0/metrics/named.*": _ROWS,
            "jobs/trials/0/children/0/files/costs.json": "the table itself, for mlflow.load_table",
            "jobs/trials/0/children/0/files/matrix*": _SUFFIX,
            "jobs/trials/0/children/0/files/predictions*": _SUFFIX,
            "jobs/trials/0/children/0/files/residuals*": _SUFFIX,
        },
    ),
    Twin(
        "models",
        PROGRAM,
        files={"built/model.pkl": "a model", "built/more/scaler.pkl": "a scaler"},
        differs={"models/forest/2": "SDK v2 deletes no model: it is archived"},
    ),
    Twin(
        "commands",
        PROGRAM,
        setup=ENV_SETUP,
        files={"src/train.py": SEEN, "src/rank.py": RANK},
        cluster="cpu",
    ),
    Twin(
        "pipelines",
        PROGRAM,
        setup=STORES + ENV_SETUP,
        files={"src/train.py": SEEN, "src/write.py": WRITES, "stored/rows/a.csv": "a\n1\n"},
        cluster="cpu",
        differs={"outputs": _TOKEN},
    ),
    Twin(
        "pipeline-steps",
        PROGRAM,
        setup=STORES + ENV_SETUP,
        files={
            "src/train.py": SEEN,
            "src/write.py": WRITES,
            "src/rank.py": RANK,
            "stored/rows/a.csv": "a\n1\n",
        },
        cluster="cpu",
        differs={"outputs": _TOKEN},
    ),
    Twin(
        "deployments",
        PROGRAM,
        setup=MODEL,
        files=SERVING,
    ),
    Twin(
        "sweeps",
        PROGRAM,
        setup=ENV_SETUP,
        files={
            "src/train.py": """\
                import argparse
                import os

                from azureml.core import Run

                parser = argparse.ArgumentParser()
                parser.add_argument("--alpha", type=float)
                parser.add_argument("--kind", default="")
                args, _ = parser.parse_known_args()
                run = Run.get_context()
                run.log("loss", args.alpha + (0.5 if args.kind == "b" else 0))
                os.makedirs("outputs", exist_ok=True)
                with open("outputs/model.txt", "w") as file:
                    file.write(args.kind)
                """,
        },
        cluster="cpu",
        differs={
            "jobs/*/children/*/tags/hyperparameters": "names of inputs have no dashes",
            "jobs/random/0/children/*/metrics/loss": "values are sampled at random",
        },
    ),
]
