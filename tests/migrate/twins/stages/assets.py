"""Rules of models, data, datastores and environments."""

from __future__ import annotations

from tests.migrate.twins.setups import STORES
from tests.migrate.twins.twin import Twin

_X = """\
from azure.ai.ml.entities import Data

ml.data.create_or_update(Data(name="x", path="rows", type="uri_folder"))
"""
_ENVIRONMENT = """\
from azure.ai.ml.entities import Environment

for number in range(3):
    ml.environments.create_or_update(
        Environment(name="NAME", version=str(number + 1), image="ubuntu:22.04", conda_file="conda.yml")
    )
"""
_CONDA = {"conda.yml": "channels:\n- conda-forge\ndependencies:\n- python=3.10\n- pip:\n  - numpy\n"}
#: Public files, in a folder that answers as the file system of their account does (adlfs).
_PUBLIC = """\
import datetime
import sys
import types
from pathlib import Path

import pandas


class Spark(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


for name in ("", ".sql", ".sql.dataframe", ".sql.functions", ".sql.types", ".sql.utils", ".sql.window"):
    sys.modules[f"pyspark{name}"] = Spark(f"pyspark{name}")

account = Path("../public")
for name in ("nyctlc/green/puYear=2020/puMonth=1", "mlsamples/diabetes", "mnist"):
    (account / name).mkdir(parents=True, exist_ok=True)
days = [datetime.datetime(2020, 1, day) for day in range(1, 5)]
trips = {"vendorID": [1, 2, 3, 4], "lpepPickupDatetime": days, "tripDistance": [1.0, 2.0, 3.0, 4.0]}
pandas.DataFrame(trips).to_parquet(account / "nyctlc/green/puYear=2020/puMonth=1/part.parquet")
patients = pandas.DataFrame({"AGE": [59, None], "Y": [151, 75]}, dtype=float)
patients.to_parquet(account / "mlsamples/diabetes/part.parquet")
for name in ("train", "labels"):
    (account / f"mnist/{name}.gz").write_text(name)
"""

TWINS = [
    Twin(
        "models",
        foot='print("=", latest.tags, latest.name, int(latest.version))\n',
        files={"outputs/model.pkl": "a model"},
    ),
    Twin(
        "datasets",
        0,
        setup=STORES,
        files={"stored/titanic/all.csv": "age,alive\n22,0\n38,1\n"},
        differs={"data/titanic/1/type": "a table that is one file is a uri_file, which anything can read"},
        foot="""\
            first = table.keep_columns(["age"]).take(1)
            print("=", first.to_pandas_dataframe().to_dict("list"))
            print("=", table.name, table.description, "titanic" in ws.datasets, int(table.version))
            """,
    ),
    Twin(
        "datasets",
        1,
        urls={"https://example.org/a.gz": "a", "https://example.org/b.gz": "b"},
        head="from azureml.core import Workspace\n",
        foot="""\
            kept = files.register(Workspace.from_config(), "letters")
            print("=", kept.name, int(kept.version))
            print("=", sorted(path.rsplit("/", 1)[1] for path in files.to_path()))
            """,
    ),
    Twin(
        "datasets",
        2,
        head="""\
            from azureml.core import Dataset, Workspace

            store = Workspace.from_config().get_default_datastore()
            made = Dataset.Tabular.from_delimited_files((store, "rows/*.csv")).register(Workspace.from_config(), "rows")
            """,
        setup=STORES,
        files={"stored/rows/a.csv": "a\n1\n2\n3\n", "stored/rows/b.csv": "a\n4\n5\n6\n"},
        foot="""\
            print("=", len(table.skip(1).to_pandas_dataframe()), some.to_dict("list"))
            print("=", train.to_pandas_dataframe().to_dict("list"), len(test.to_pandas_dataframe()))
            """,
    ),
    Twin(
        "models",
        2,
        setup="""\
from azure.ai.ml.entities import Model

for number, stage in enumerate(("tested", "tested", "made"), start=1):
    ml.models.create_or_update(Model(name="ridge", version=str(number), path="model.pkl", tags={"stage": stage}))
""",
        files={"model.pkl": "a model"},
        foot='print("=", "ridge" in ws.models)\n',
        differs={"models/ridge/1": "SDK v2 deletes no model: it is archived"},
    ),
    Twin(
        "column-types",
        urls={"https://example.org/a.txt": "count;day;word\n1;2020-01-02;007\n"},
        foot='print("=", frame.to_dict("list"), [str(kind) for kind in frame.dtypes])\n',
    ),
    Twin(
        "partitions",
        0,
        setup=STORES,
        files={"stored/sounds/ann/2020.wav": "a", "stored/sounds/ben/2021.wav": "b"},
        printed=True,
        foot="""\
            print(sorted(user["user"] for user in users))
            """,
    ),
    Twin(
        "dataset-files",
        0,
        setup=_X,
        files={"rows/a.csv": "a\n1\n"},
        foot="""\
            import os
            print("=", os.listdir("input"), open("input/a.csv").read())
            """,
    ),
    Twin(
        "dataset-files",
        1,
        setup=_X,
        files={"rows/a.csv": "a\n1\n"},
        head="""\
            import os
            def read(folder):
                print("=", os.listdir(folder))
            """,
    ),
    Twin(
        "dataset-files",
        2,
        setup=STORES,
        files={"stored/2020/june/a.csv": "a\n1\n", "stored/2020/june/deep/b.csv": "b\n", "stored/2021/c.csv": "c\n"},
        foot="""\
            from pathlib import Path
            print("=", sorted(str(path) for path in Path("input").rglob("*.csv")))
            store.download("one", prefix="2020/june/a.csv")
            print("=", open("one/2020/june/a.csv").read())
            """,
    ),
    Twin("datastore-secrets", 0, setup=STORES, printed=True),
    Twin(
        "datastores",
        0,
        setup=STORES,
        files={"data/a.csv": "a\n1\n"},
        differs={
            "data/titanic_files": "an upload is a data asset",
            "stored/workspaceblobstore/titanic/a.csv": "which has a folder of its own",
        },
        foot="""\
            print("=", datastore.name, raw.container_name, raw.account_name, sorted(ws.datastores))
            dataset = dataset.register(ws, "titanic")
            dataset.download("input", overwrite=True)
            print("=", open("input/a.csv").read())
            """,
    ),
    Twin(
        "datastores",
        1,
        packages=("azureml-fsspec==1.3.1", "six"),
        setup=STORES,
        files={
            "data/a.csv": "a\n1\n",
            "notes.txt": "new",
            "licence.txt": "free",
            "stored/titanic/notes.txt": "old",
        },
        foot="""\
            raw.download("back", prefix="titanic")
            for name in ("2026/a.csv", "notes.txt", "licence.txt"):
                print("=", open(f"back/titanic/{name}").read())
            """,
    ),
    Twin(
        "environments",
        0,
        head="""\
            from azureml.core import Workspace
            ws = Workspace.from_config()
            """,
        foot="env.register(ws)\n",
        differs={"environments/ridge/1/packages": "packages of SDK v1 become those of v2, and conda's pip is named"},
    ),
    Twin(
        "environments",
        1,
        differs={"environments/ridge/1/image": "SDK v2 has no default image: its newest version is named"},
        setup=_ENVIRONMENT.replace("NAME", "xgboost"),
        files=_CONDA,
        foot="""\
            print("=", env.name, known.name, known.version)
            """,
    ),
    Twin(
        "environment-folders",
        0,
        head="""\
            from azureml.core import Environment, Workspace

            ws = Workspace.from_config()
            Environment.from_conda_specification("ridge", "conda.yml").save_to_directory("folder")
            folder = "folder"
            """,
        setup=_ENVIRONMENT.replace("NAME", "ridge"),
        files=_CONDA,
        foot='env.register(ws)\nprint("=", env.name)\n',
        differs={"environments/ridge/4/image": "SDK v2 has no default image: its newest version is named"},
    ),
    Twin(
        "environment-folders",
        1,
        setup=_ENVIRONMENT.replace("NAME", "ridge"),
        files=_CONDA,
        foot="""\
            import json
            import yaml
            print("=", yaml.safe_load(open("ridge/conda_dependencies.yml")))
            print("=", json.load(open("ridge/azureml_environment.json"))["name"])
            """,
    ),
    Twin(
        "open-datasets",
        head="""\
            from datetime import datetime
            from pathlib import Path

            start, end = datetime(2020, 1, 2), datetime(2020, 1, 3)
            """,
        setup=_PUBLIC,
        foot="""\
            print("=", frame[sorted(frame)].to_dict("list"), patients.to_dict("list"))
            # The newest SDK v1 names the address in the folders of what it downloads.
            print("=", sorted(path.name for path in Path("data").rglob("*.gz")))
            """,
        # SDK v1 asks a host of its own for them, what it becomes the storage account.
        folders={
            "https://azureopendatastorage.azurefd.net": "public",
            "https://azureopendatastorage.blob.core.windows.net": "public",
        },
        packages=(
            "azureml-opendatasets>=1.62",
            "adlfs",
            "!pyspark; python_version < '3'",
            "!fusepy; python_version < '3'",
        ),
        stand_ins={"pyspark": "there are no wheels of it, and only to_spark_dataframe needs it"},
    ),
]
