"""What a step wrote becomes the dataset that the real client described with its legacy blocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.plan import Registration
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server.assembly import build_service
from amlbridge.v1 import dataset_paths
from amlbridge.wire import storage
from amlbridge.wire.context import Service
from tests.support.live import SUBSCRIPTION, LiveService

pytestmark = pytest.mark.slow

_BUILD = """
import json
from azureml.data import OutputFileDatasetConfig
from azureml.data.dataset_type_definitions import PromoteHeadersBehavior as Headers
from azureml.pipeline.core import PipelineData

out = OutputFileDatasetConfig("out")
data = PipelineData("data").as_dataset()
table = out.read_delimited_files()
first, second = table.random_split(0.5, seed=3)
made = {
    "csv": table,
    "glob": out.read_delimited_files(path_glob="b*.csv"),
    "with_path": out.read_delimited_files(include_path=True, path_glob="a.csv"),
    "no_header": out.read_delimited_files(path_glob="a.csv", header=Headers.NO_HEADERS),
    "semicolon": out.read_delimited_files(path_glob="*.txt", separator=";"),
    "keep": table.keep_columns(["n"]),
    "drop": table.drop_columns(["n"]),
    "first": first,
    "second": second,
    "partition": out.read_delimited_files(path_glob="*.tsv", partition_format="/{team}/{day:yyyy/MM/dd}/x.tsv"),
    "parquet": out.read_parquet_files(path_glob="*.parquet"),
    "parse_csv": data.parse_delimited_files(),
    "parse_parquet": data.parse_parquet_files().keep_columns(["p"]),
    "parse_partition": data.parse_delimited_files(
        file_extension="tsv", partition_format="/{team}/{day:yyyy/MM/dd}/x.tsv"
    ),
    "parse_quoted": data.parse_delimited_files(file_extension=".quoted", quoted_line_breaks=True),
}
print(json.dumps({name: item._additional_transformations.to_json() for name, item in made.items()}))
"""

_READ = """
import json, sys
from azureml.core import Dataset, Workspace
ws = Workspace.from_config()
found = {}
for name, saved_id in json.load(open("ids.json")).items():
    dataset = Dataset.get_by_id(ws, saved_id)
    if name == "files":
        found[name] = dataset.to_path()
        continue
    frame = dataset.to_pandas_dataframe()
    found[name] = {"columns": [str(c) for c in frame.columns], "rows": sorted(frame.astype(str).values.tolist())}
registered = Dataset.get_by_name(ws, "made")
found["registered"] = [registered.name, registered.version, registered.tags, registered.description,
                       registered.to_pandas_dataframe().shape, type(registered).__name__]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def service(live: LiveService) -> Service:
    """The live service's state, opened by the test as the engine host would have it."""
    return build_service(live.home)


@pytest.fixture(scope="module")
def workspace(service: Service, live: LiveService) -> Workspace:
    return service.records.workspaces.ensure(SUBSCRIPTION, live.group, "ws")


def _write(folder: Path) -> None:
    pandas = pytest.importorskip("pandas")
    (folder / "red/2024/05/06").mkdir(parents=True)
    (folder / "a.csv").write_text("n,s\n1,one\n2,two\n")
    (folder / "b1.csv").write_text("n,s\n3,three\n")
    (folder / "c.txt").write_text("x;y\n7;8\n")
    (folder / "d.quoted").write_text('x,y\n"two\nlines",1\n')
    (folder / "red/2024/05/06/x.tsv").write_text("v\n5\n")
    pandas.DataFrame({"p": [1, 2], "q": ["a", "b"]}).to_parquet(folder / "t.parquet")


def _last_json(output: str) -> Any:
    return json.loads(output.strip().splitlines()[-1])


def test_blocks_of_the_real_client_read_the_right_rows(
    live: LiveService, service: Service, workspace: Workspace, tmp_path: Path
) -> None:
    blocks = _last_json(live.run(_BUILD).stdout)
    _write(storage.resolve(service, workspace, storage.DEFAULT, "dataset/run/out"))
    only_csv = storage.resolve(service, workspace, storage.DEFAULT, "dataset/run/csv")
    only_csv.mkdir()
    (only_csv / "a.csv").write_text("n,s\n1,one\n2,two\n")
    (only_csv / "b1.csv").write_text("n,s\n3,three\n")

    def saved(transformations: Any, path: str = "dataset/run/out") -> str:
        return dataset_paths.saved_dataset_for_path(service, workspace, storage.DEFAULT, path, transformations)

    plain = {"csv", "keep", "drop", "first", "second"}
    ids = {
        name: saved(text, "dataset/run/csv" if name in plain else "dataset/run/out") for name, text in blocks.items()
    }
    # A consumer's blocks follow its producer's, as the graph brings them: parsed, in a list.
    ids["both"] = saved(
        [json.loads(blocks["csv"]), {"blocks": json.loads(blocks["keep"])["blocks"][-1:]}], "dataset/run/csv"
    )
    ids["files"] = saved(None)
    registration = Registration("made", "by a step", {"k": "v"}, json.loads(blocks["csv"]))
    dataset_paths.register_output(service, workspace, registration, storage.DEFAULT, "dataset/run/csv")
    # The same output once more is no new version, another one is.
    dataset_paths.register_output(service, workspace, registration, storage.DEFAULT, "dataset/run/csv")
    place = tmp_path / "read"
    found = _last_json(live.run(_READ, folder=place, files={"ids.json": json.dumps(ids)}).stdout)

    rows = [["1", "one"], ["2", "two"], ["3", "three"]]
    assert found["csv"] == {"columns": ["n", "s"], "rows": rows}
    assert found["parse_csv"] == found["csv"]
    assert found["glob"]["rows"] == [["3", "three"]]
    assert found["with_path"]["columns"] == ["Path", "n", "s"]
    assert "a.csv" in found["with_path"]["rows"][0][0]
    assert found["no_header"] == {"columns": ["Column1", "Column2"], "rows": [["1", "one"], ["2", "two"], ["n", "s"]]}
    assert found["semicolon"] == {"columns": ["x", "y"], "rows": [["7", "8"]]}
    assert found["keep"] == {"columns": ["n"], "rows": [["1"], ["2"], ["3"]]} == found["both"]
    assert found["drop"]["columns"] == ["s"]
    assert sorted(found["first"]["rows"] + found["second"]["rows"]) == rows
    for name in ("partition", "parse_partition"):
        by_column = dict(zip(found[name]["columns"], found[name]["rows"][0], strict=True))
        assert (by_column["team"], by_column["v"], by_column["day"][:10]) == ("red", "5", "2024-05-06"), name
    assert found["parquet"] == {"columns": ["p", "q"], "rows": [["1", "a"], ["2", "b"]]}
    assert found["parse_parquet"] == {"columns": ["p"], "rows": [["1"], ["2"]]}
    assert found["parse_quoted"]["rows"] == [["two\nlines", "1"]]
    assert "/a.csv" in found["files"] and "/red/2024/05/06/x.tsv" in found["files"]
    assert found["registered"] == ["made", 1, {"k": "v"}, "by a step", [3, 2], "TabularDataset"]
