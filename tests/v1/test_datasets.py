"""Tabular and file datasets through the real client."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

_START = """
import json, os, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from azureml.core import Dataset, Datastore, Workspace
from azureml.data.dataset_factory import DataType
ws = Workspace.from_config()
store = ws.get_default_datastore()

def put(name, content):
    path = os.path.join("up", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())

def upload():
    store.upload("up", None, overwrite=True, show_progress=False)

def csv(path, **options):
    return Dataset.Tabular.from_delimited_files(path if isinstance(path, list) else (store, path), **options)

def rows(dataset):
    return json.loads(dataset.to_pandas_dataframe().to_json(orient="values", date_format="iso"))

def failure(action):
    try:
        action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"
"""


def _run(live: LiveService, script: str, workspace: str = "ws") -> dict[str, Any]:
    done = live.run(_START + script, workspace=workspace)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_tabular_readers_and_their_options(live: LiveService) -> None:
    found = _run(
        live,
        """
put("r/a.csv", "n,s,d\\n1,x,2024-01-02\\n2,,2024-01-03\\n")
put("r/sub/b.csv", "n,s,d\\n3,z,2024-02-01\\n")
put("r/semi.txt", "n;s\\n1,5;x\\n")
put("r/bare.dat", "1,x\\n2,y\\n")
put("r/latin.lat", "s\\nM\\u00fcller\\n".encode("latin-1"))
put("r/multi.q", 's,n\\n"two\\nlines",1\\n')
put("r/lines.jsonl", '{"a": 1, "b": "x"}\\n{"a": 2, "b": "y"}\\n')
put("p/2024/05/red/x.csv", "v\\n1\\n")
put("p/2024/06/blue/x.csv", "v\\n2\\n")
os.makedirs("up/q")
pd.DataFrame({"a": [1, 2], "t": pd.to_datetime(["2024-01-01", "2024-01-02"])}).to_parquet("up/q/one.parquet")
upload()
parts = csv("p/**", partition_format="/p/{when:yyyy/MM}/{team}/x.csv").to_pandas_dataframe()
typed = csv("r/a.csv", set_column_types={"n": DataType.to_string(), "d": DataType.to_datetime("%Y-%m-%d")})
print(json.dumps({
    "one": rows(csv("r/a.csv")), "types": [str(t) for t in csv("r/a.csv").to_pandas_dataframe().dtypes],
    "several": rows(csv([(store, "r/a.csv"), (store, "r/sub/b.csv")]).keep_columns(["n"])),
    "glob": rows(csv("r/**/*.csv").keep_columns(["n"])), "path": rows(csv("r/sub/*.csv", include_path=True))[0][0],
    "semi": rows(csv("r/semi.txt", separator=";", infer_column_types=False)),
    "bare": rows(csv("r/bare.dat", header=False)), "latin": rows(csv("r/latin.lat", encoding="latin1")),
    "multi": rows(csv("r/multi.q", support_multi_line=True)),
    "empty": rows(csv("r/a.csv", empty_as_string=True).keep_columns(["s"])),
    "partition": sorted(zip(parts["team"], parts["when"].astype(str), parts["v"].tolist())),
    "keys": csv("p/**", partition_format="/p/{when:yyyy/MM}/{team}/x.csv").partition_keys,
    "typed": [str(t) for t in typed.to_pandas_dataframe().dtypes],
    "parquet": rows(Dataset.Tabular.from_parquet_files((store, "q/*.parquet")).keep_columns(["a"])),
    "jsonl": rows(Dataset.Tabular.from_json_lines_files((store, "r/lines.jsonl"))),
    "missing": failure(lambda: csv("r/none.csv")), "changed": csv("r/a.csv").data_changed_time.year > 2000,
}))
""",
    )
    assert [row[:2] for row in found["one"]] == [[1, "x"], [2, None]]
    assert found["types"] == ["int64", "object", "datetime64[ns]"]
    assert found["several"] == [[1], [2], [3]] == found["glob"]
    assert found["path"].endswith("/b.csv")
    assert found["semi"] == [["1,5", "x"]]
    assert found["bare"] == [[1, "x"], [2, "y"]]
    assert found["latin"] == [["M\u00fcller"]]
    assert found["multi"] == [["two\nlines", 1]]
    assert found["empty"] == [["x"], [""]]
    assert found["partition"] == [["blue", "2024-06-01", 2], ["red", "2024-05-01", 1]]
    assert sorted(found["keys"]) == ["team", "when"]
    assert found["typed"][0] == "object" and found["typed"][2].startswith("datetime64")
    assert found["parquet"] == [[1], [2]]
    assert found["jsonl"] == [[1, "x"], [2, "y"]]
    assert "NotFound" in found["missing"] or "not found" in found["missing"]
    assert found["changed"] is True


def test_tabular_transformations_and_writing_out(live: LiveService) -> None:
    found = _run(
        live,
        """
put("t/a.csv", "n,s,d\\n" + "".join(f"{i},s{i},2024-01-{i:02d}\\n" for i in range(1, 21)))
upload()
data = csv("t/a.csv")
first, second = data.random_split(0.5, seed=1)
from datetime import datetime
timed = data.with_timestamp_columns("d")
frame = pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})
back = Dataset.Tabular.register_pandas_dataframe(frame, (store, "frames"), "frame", show_progress=False)
saved = data.take(3).to_csv_files().download("out", overwrite=True)
print(json.dumps({
    "take": rows(data.take(2).keep_columns("n")), "skip": rows(data.skip(18).keep_columns("n")),
    "filter": rows(data.filter((data["n"] > 18) | (data["s"] == "s2")).keep_columns("n")),
    "drop": list(data.drop_columns(["s", "d"]).to_pandas_dataframe().columns),
    "split": sorted(r[0] for r in rows(first) + rows(second)), "sample": len(rows(data.take_sample(0.5, seed=1))) > 0,
    "before": len(rows(timed.time_before(datetime(2024, 1, 5)))),
    "after": len(rows(timed.time_after(datetime(2024, 1, 19), include_boundary=False))),
    "between": len(rows(timed.time_between(datetime(2024, 1, 3), datetime(2024, 1, 5)))),
    "kept": Dataset.get_by_id(ws, timed.register(ws, "timed").id).timestamp_columns,
    "recent": len(rows(timed.time_recent(pd.Timedelta(days=1).to_pytimedelta()))),
    "back": [back.name, back.version, rows(back)],
    "by_name": rows(Dataset.get_by_name(ws, "frame")),
    "written": sum(len(open(path).read().splitlines()) - 1 for path in saved),
}))
""",
    )
    assert found["take"] == [[1], [2]]
    assert found["skip"] == [[19], [20]]
    assert found["filter"] == [[2], [19], [20]]
    assert found["drop"] == ["n"]
    assert found["split"] == list(range(1, 21))
    assert found["sample"] is True
    assert (found["before"], found["after"], found["between"], found["recent"]) == (5, 1, 3, 0)
    assert found["kept"][0] == "d"
    assert found["back"] == ["frame", 1, [[1, "a"], [2, "b"]]]
    assert found["by_name"] == [[1, "a"], [2, "b"]]
    assert found["written"] == 3


def test_registration_versions_tags_and_ids(live: LiveService) -> None:
    found = _run(
        live,
        """
put("v/a.csv", "n\\n1\\n")
put("v/b.csv", "n\\n1\\n2\\n")
upload()
one, two = csv("v/a.csv"), csv("v/b.csv")
first = one.register(ws, "numbers", description="first", tags={"k": "v"})
conflict = failure(lambda: two.register(ws, "numbers"))
second = two.register(ws, "numbers", create_new_version=True, tags={"two": "2"})
same = csv("v/b.csv").register(ws, "numbers", create_new_version=True, description="again")
other = csv("v/b.csv").register(ws, "other name")
identical = failure(lambda: Dataset.get_by_name(ws, "numbers").register(ws, "third"))
back = one.register(ws, "numbers", create_new_version=True)
back_by_id = Dataset.get_by_id(ws, back.id).version
v1 = Dataset.get_by_name(ws, "numbers", version=1)
added = v1.add_tags({"more": "1"})
tags_then = dict(added.tags)
removed = added.remove_tags(["k"])
updated = Dataset.get_by_name(ws, "numbers", version=2).update(description="", tags={})
by_id = Dataset.get_by_id(ws, other.id)
use = csv("v/a.csv").take(1)
use._ensure_saved(ws)
again = csv("v/a.csv").take(1)
again._ensure_saved(ws)
unnamed = Dataset.get_by_id(ws, use.id)
listed = sorted(name for name in ws.datasets), len(ws.datasets), ws.datasets["numbers"].version
Dataset.get_by_name(ws, "numbers").unregister_all_versions()
print(json.dumps({
    "first": [first.version, first.description, first.tags], "conflict": conflict,
    "second": [second.version, second.tags],
    "same": [same.version, same.id == second.id, same.tags], "other": [other.version, by_id.name, rows(by_id)],
    "identical": identical, "back": [back.version, back_by_id],
    "added": tags_then, "removed": removed.tags, "updated": [updated.version, updated.description, updated.tags],
    "ids": use.id == again.id, "unnamed": [unnamed.name, rows(unnamed)], "listed": listed,
    "gone": failure(lambda: Dataset.get_by_name(ws, "numbers")),
    "still": rows(Dataset.get_by_id(ws, second.id)),
    "anew": [one.register(ws, "numbers").version, sorted(name for name in ws.datasets)],
    "no_version": failure(lambda: Dataset.get_by_name(ws, "other name", version=7)),
    "no_id": failure(lambda: Dataset.get_by_id(ws, "00000000-0000-0000-0000-000000000001")),
    "profile": failure(lambda: Dataset.get_by_name(ws, "other name").get_profile()),
}))
""",
        workspace="versions",
    )
    assert found["first"] == [1, "first", {"k": "v"}]
    assert 'already a dataset registered under name "numbers"' in found["conflict"]
    assert found["second"] == [2, {"two": "2"}]
    assert found["same"] == [2, True, {"two": "2"}]
    assert found["other"] == [1, "other name", [[1], [2]]]
    assert "has been registered as numbers:2 (name:version)" in found["identical"]
    assert found["back"] == [3, 3]
    assert found["added"] == {"k": "v", "more": "1"} and found["removed"] == {"more": "1"}
    assert found["updated"] == [2, "", {}]
    assert found["ids"] is True
    assert found["unnamed"] == [None, [[1]]]
    assert found["listed"] == [["numbers", "other name"], 2, 3]
    assert "Cannot find dataset registered with name" in found["gone"]
    assert found["still"] == [[1], [2]]
    assert found["anew"] == [1, ["numbers", "other name"]]
    assert "Cannot find dataset registered with name" in found["no_version"]
    assert "Cannot find dataset with id" in found["no_id"]
    assert "no error" not in found["profile"]


def test_file_datasets(live: LiveService) -> None:
    found = _run(
        live,
        """
put("f/a.txt", "A")
put("f/sub/b.txt", "BB")
put("f/sub/c.bin", bytes(1000))
upload()
whole = Dataset.File.from_files((store, "f"))
one = Dataset.File.from_files((store, "f/a.txt"))
several = Dataset.File.from_files([(store, "f/a.txt"), (store, "f/sub/*.txt")])
downloaded = whole.download("out", overwrite=True)
up = Dataset.File.upload_directory("up/f", (store, "sent"), show_progress=False)
named = whole.register(ws, "files")
print(json.dumps({
    "whole": whole.to_path(), "one": one.to_path(), "several": several.to_path(),
    "downloaded": sorted(os.path.relpath(path, "out") for path in downloaded), "c": os.path.getsize("out/sub/c.bin"),
    "again": failure(lambda: whole.download("out")), "up": sorted(up.to_path()),
    "filter": whole.filter(whole.file_metadata("Size") > 1).to_path(), "take": whole.take(1).to_path(),
    "named": [type(named).__name__, Dataset.get_by_name(ws, "files").to_path() == whole.to_path()],
}))
""",
    )
    assert found["whole"] == ["/a.txt", "/sub/b.txt", "/sub/c.bin"]
    assert found["one"] == ["/a.txt"]
    assert found["several"] == ["/workspaceblobstore/f/a.txt", "/workspaceblobstore/f/sub/b.txt"]
    assert found["downloaded"] == ["a.txt", "sub/b.txt", "sub/c.bin"] and found["c"] == 1000
    assert "already exists" in found["again"]
    assert found["up"] == ["/a.txt", "/sub/b.txt", "/sub/c.bin"]
    assert found["filter"] == ["/sub/b.txt", "/sub/c.bin"]
    assert found["take"] == ["/a.txt"]
    assert found["named"] == ["FileDataset", True]


def test_two_workspaces_are_kept_apart(live: LiveService) -> None:
    script = """
put("w/a.csv", "n\\n%d\\n")
upload()
csv("w/a.csv").register(ws, "shared name")
print(json.dumps({"rows": rows(Dataset.get_by_name(ws, "shared name")), "names": sorted(name for name in ws.datasets)}))
"""
    assert _run(live, script % 1, workspace="one") == {"rows": [[1]], "names": ["shared name"]}
    assert _run(live, script % 2, workspace="two") == {"rows": [[2]], "names": ["shared name"]}
    read = 'print(json.dumps({"rows": rows(Dataset.get_by_name(ws, "shared name"))}))'
    assert _run(live, read, workspace="one") == {"rows": [[1]]}


_FLOW = json.dumps({"blocks": [], "meta": {"RsDataflow": "paths:\n- pattern: azureml://datastores/d/paths/x\n"}})


def test_pages_states_and_definitions(live: LiveService) -> None:
    base = f"/dataset/v1.0{live.scope('raw')}"
    again = {"ifExistsOk": "true", "updateDefinitionIfExists": "true"}
    with live.client() as client:
        for number in range(3):
            body = {
                "name": f"d{number}",
                "datasetType": "file",
                "latest": {"dataflow": _FLOW},
                "description": f"text {number}",
            }
            made = client.post(f"{base}/datasets", json=body).json()
        assert made["latest"]["versionId"] == "1" and made["datasetState"]["state"] == "active"
        page = client.get(f"{base}/datasets", params={"pageSize": 2}).json()
        rest = client.get(
            f"{base}/datasets", params={"pageSize": 2, "continuationToken": page["continuationToken"]}
        ).json()
        assert [item["name"] for item in page["value"] + rest["value"]] == ["d0", "d1", "d2"]
        assert rest["continuationToken"] is None

        def names(**query: str) -> list[str]:
            return [item["name"] for item in client.get(f"{base}/datasets", params=query).json()["value"]]

        assert names(datasetNames="d0,d2") == ["d0", "d2"]
        assert names(searchText="TEXT 1") == ["d1"]
        assert (
            client.get(f"{base}/datasets", params={"includeLatestDefinition": "false"}).json()["value"][0]["latest"]
            is None
        )
        one = f"{base}/datasets/{made['datasetId']}"
        assert client.put(f"{one}/state", json={"state": "archived"}).status_code == 200
        assert client.put(f"{one}/state", json={"state": "lost"}).status_code == 400
        assert names(status="archived") == ["d2"]
        assert client.put(one, json={"isVisible": False}).json()["isVisible"] is False
        assert names() == ["d0", "d1"] and names(includeInvisible="true") == ["d0", "d1", "d2"]
        flow = _FLOW.replace("paths/x", "paths/y")
        assert client.post(f"{one}/definitions", json={"dataflow": flow}).json()["latest"]["versionId"] == "2"
        definitions = client.get(f"{one}/definitions").json()["value"]
        assert [item["versionId"] for item in definitions] == ["1", "2"]
        assert client.get(f"{one}/definitions/2").json()["dataflow"] == flow
        legacy = client.get(f"{base}/saveddatasets/{made['datasetId']}", params={"resolveLegacyId": "true"}).json()
        assert legacy["dataflowJson"] == flow
        same = client.post(f"{base}/datasets", params=again, json={**body, "latest": {"dataflow": flow}}).json()
        assert same["latest"]["versionId"] == "2"
        path = client.post(
            f"{base}/saveddatasets/from-data-path", json={"datastoreName": "workspaceblobstore", "relativePath": "x"}
        )
        assert path.json()["datasetType"] == "file"
        assert client.delete(f"{base}/datasets").status_code == 200
        assert names(includeInvisible="true") == []


def test_bad_datasets_are_refused_and_leave_nothing(live: LiveService) -> None:
    base = f"/dataset/v1.0{live.scope('bad')}"
    good = {"name": "x", "datasetType": "file", "latest": {"dataflow": _FLOW}}
    bad: list[dict[str, Any]] = [
        {},
        {**good, "name": "a/b"},
        {**good, "name": " "},
        {**good, "datasetType": "cube"},
        {**good, "tags": {"k": 1}},
        {**good, "tags": []},
        {**good, "latest": {}},
        {**good, "latest": {"dataflow": "{"}},
        {**good, "latest": {"dataflow": "[]"}},
        {**good, "latest": {"dataflow": json.dumps({"blocks": []})}},
        {**good, "latest": {"dataflow": json.dumps({"meta": {"RsDataflow": "a: [1"}})}},
        {**good, "latest": {"dataflow": json.dumps({"meta": {"RsDataflow": "transformations: []"}})}},
        {**good, "latest": {"dataflow": json.dumps({"blocks": [{"type": "Microsoft.DPrep.MagicBlock"}]})}},
        {**good, "latest": {"dataPath": {"relativePath": "x"}}},
    ]
    with live.client() as client:
        for body in bad:
            answer = client.post(f"{base}/datasets", json=body)
            assert (answer.status_code, answer.json()["error"]["details"]) == (400, []), (body, answer.text)
        assert client.post(f"{base}/datasets", params={"ifExistsOk": "maybe"}, json=good).status_code == 400
        assert client.post(f"{base}/datasets", params={"registerAsPending": "true"}, json=good).status_code == 501
        assert client.get(f"{base}/datasets", params={"pageSize": "many"}).status_code == 400
        assert client.get(f"{base}/datasets/query/name=x").status_code == 404
        assert client.delete(f"{base}/datasets/x").status_code == 404
        assert client.get(f"/data/v1.0{live.scope('bad')}/dataversion/nope/versions/None").status_code == 404
        answer = client.post(f"{base}/saveddatasets/1/profilewithpreview", json={})
        assert answer.status_code == 501 and "describe()" in answer.json()["error"]["message"]
