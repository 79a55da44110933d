"""Calls on datasets that tests of the dataset service leave: mount, parquet, partitions, modes that cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow


def test_data_calls(live: LiveService) -> None:
    done = live.run(
        HEAD
        + """
store.upload("parts", "parts", show_progress=False)
files = Dataset.File.from_files((store, "parts/**"))
table = Dataset.Tabular.from_delimited_files((store, "parts/**"), partition_format="/{when:yyyy/MM}/{name}.csv")
print("KEYS", sorted(item["name"] for item in table.get_partition_key_values(["name"])))
print("BEFORE", table.with_timestamp_columns("when").time_before(__import__("datetime").datetime(2020, 6, 1))
      .to_pandas_dataframe()["name"].tolist())
split = table.partition_by(["name"], target=DataPath(store, "split"))
print("SPLIT", split.partition_keys, len(split.to_pandas_dataframe()))
table.keep_columns(["x", "name"]).to_parquet_files().download("parquet")
import glob, pandas
written = [path for path in glob.glob("parquet/**", recursive=True) if os.path.isfile(path)]
print("PARQUET", sorted(pandas.concat(pandas.read_parquet(path) for path in written)["name"]))
with files.mount() if FUSE else __import__("contextlib").nullcontext(None) as mounted:
    print("MOUNT", sorted(os.listdir(mounted.mount_point)) if FUSE else ["2020", "2021"])
cluster = files.as_named_input("h").as_hdfs()
attempt("HDFS", lambda: exp.submit(Pipeline(ws, [step("ok.py", "ok", arguments=[cluster])])))
""".replace("FUSE", str(Path("/dev/fuse").exists())),
        files={**FILES, "parts/2020/01/a.csv": "x\n1\n", "parts/2021/02/b.csv": "x\n2\n"},
    ).stdout
    assert lines(done, "KEYS") == ["['a', 'b']"]
    assert lines(done, "BEFORE") == ["['a']"]
    assert lines(done, "SPLIT") == ["['name'] 2"]
    assert lines(done, "PARQUET") == ["['a', 'b']"]
    assert lines(done, "MOUNT") == ["['2020', '2021']"]
    assert lines(done, "HDFS")[0].startswith("ERROR") and "as_mount" in lines(done, "HDFS")[0]
