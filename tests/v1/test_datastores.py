"""Datastores through the real client: files go in and out, registrations of every type, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

_START = """
import json, os, warnings
warnings.filterwarnings("ignore")
from azureml.core import Dataset, Datastore, Workspace
ws = Workspace.from_config()

def write(folder, **files):
    os.makedirs(folder, exist_ok=True)
    for name, text in files.items():
        with open(os.path.join(folder, name + ".csv"), "w") as file:
            file.write(text)

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


def test_default_datastore_takes_and_gives_files(live: LiveService) -> None:
    found = _run(
        live,
        """
store = ws.get_default_datastore()
write("data", a="n\\n1\\n")
write("data/sub", b="n\\n2\\n")
reference = store.upload("data", "in", overwrite=True, show_progress=False)
store.upload_files(["data/a.csv"], target_path="files", show_progress=False)
write("data", a="n\\n3\\n")
store.upload("data", "in", overwrite=False, show_progress=False)
count = store.download("out", prefix="in", show_progress=False)
again = store.download("out", prefix="in", show_progress=False)
print(json.dumps({
    "name": store.name, "type": store.datastore_type, "reference": reference.path_on_datastore, "count": count,
    "again": again, "a": open("out/in/a.csv").read(), "b": open("out/in/sub/b.csv").read(),
    "path": str(store.path("in").path_on_datastore), "files": store.download("f", prefix="files", show_progress=False),
}))
""",
    )
    assert found == {
        "name": "workspaceblobstore",
        "type": "AzureBlob",
        "reference": "in",
        "count": 2,
        "again": 0,
        "a": "n\n1\n",
        "b": "n\n2\n",
        "path": "in",
        "files": 1,
    }


def test_file_share_takes_and_gives_files_and_rslex_reads_it(live: LiveService) -> None:
    found = _run(
        live,
        """
store = Datastore.get(ws, "workspacefilestore")
write("data", a="n\\n1\\n", empty="")
write("data/sub", b="n\\n2\\n")
with open("data/big.bin", "wb") as file:
    file.write(bytes(range(256)) * 40_000)
store.upload("data", "in", overwrite=True, show_progress=False)
mine = Datastore.register_azure_file_share(ws, "Mine", "share", "account", account_key="a2V5")
mine.upload_files(["data/a.csv"], show_progress=False)
print(json.dumps({
    "type": type(store).__name__, "count": store.download("out", prefix="in", show_progress=False),
    "b": open("out/in/sub/b.csv").read(), "empty": os.path.getsize("out/in/empty.csv"),
    "big": open("out/in/big.bin", "rb").read() == open("data/big.bin", "rb").read(),
    "paths": Dataset.File.from_files((store, "in/**")).to_path(),
    "rows": Dataset.Tabular.from_delimited_files((store, "in/a.csv")).to_pandas_dataframe()["n"].tolist(),
    "mine": [mine.name, mine.account_name, mine.container_name],
    "root": Dataset.File.from_files((mine, "/")).to_path(),
}))
""",
    )
    assert found["type"] == "AzureFileDatastore"
    assert (found["count"], found["b"], found["empty"], found["big"]) == (4, "n\n2\n", 0, True)
    assert found["paths"] == ["/a.csv", "/big.bin", "/empty.csv", "/sub/b.csv"]
    assert found["rows"] == [1]
    assert found["mine"] == ["mine", "account", "share"]
    assert found["root"] == ["/a.csv"]


def test_registered_blob_and_lake_stores_hold_files(live: LiveService) -> None:
    found = _run(
        live,
        """
blob = Datastore.register_azure_blob_container(ws, "photos", "c1", "someaccount", account_key="a2V5",
                                               endpoint="core.windows.net", create_if_not_exists=True)
sas = Datastore.register_azure_blob_container(ws, "by_sas", "c1", "someaccount", sas_token="?sv=2020&sig=x")
free = Datastore.register_azure_blob_container(ws, "no_key", "c1", "someaccount")
gen2 = Datastore.register_azure_data_lake_gen2(ws, "gen2", "filesystem", "lakeaccount", tenant_id="t", client_id="c",
                                               client_secret="s")
gen1 = Datastore.register_azure_data_lake(ws, "gen1", "lakestore", tenant_id="t", client_id="c", client_secret="s")
write("data", a="n\\n1\\n")
blob.upload("data", "in", show_progress=False)
Dataset.File.upload_directory("data", (gen2, "up"), show_progress=False)
Dataset.File.upload_directory("data", (gen1, "up"), show_progress=False)
taken = failure(lambda: Datastore.register_azure_blob_container(ws, "photos", "c2", "other", account_key="a2V5"))
other = Datastore.register_azure_blob_container(ws, "photos", "c2", "other", account_key="a2V5", overwrite=True)
print(json.dumps({
    "sas": sas.download("out", show_progress=False), "no_key": [free.account_key, free.download("o2", "in/a.csv")],
    "no_key_read": Dataset.File.from_files((free, "in/a.csv")).to_path(),
    "gen2": [type(gen2).__name__, gen2.account_name, gen2.container_name, gen2.tenant_id, gen2.client_secret],
    "gen2_read": Dataset.Tabular.from_delimited_files((gen2, "up/*.csv")).to_pandas_dataframe()["n"].tolist(),
    "gen1": [type(gen1).__name__, gen1.store_name, gen1.client_id],
    "gen1_read": Dataset.Tabular.from_delimited_files((gen1, "up/*.csv")).to_pandas_dataframe()["n"].tolist(),
    "taken": taken, "other": [other.container_name, other.account_name, other.download("o", show_progress=False)],
    "host": blob.blob_service.url,
}))
""",
    )
    assert found["sas"] == 1
    assert found["no_key"] == [None, 1]
    assert found["no_key_read"] == ["/a.csv"]
    assert found["gen2"] == ["AzureDataLakeGen2Datastore", "lakeaccount", "filesystem", "t", "s"]
    assert found["gen2_read"] == [1]
    assert found["gen1"] == ["AzureDataLakeDatastore", "lakestore", "c"]
    assert found["gen1_read"] == [1]
    assert "Another datastore with the same name already exists" in found["taken"]
    assert found["other"] == ["c2", "other", 0]
    assert "127.0.0.1" in found["host"]


def test_databases_are_listed_and_reading_them_says_why_not(live: LiveService) -> None:
    found = _run(
        live,
        """
sql = Datastore.register_azure_sql_database(ws, "sql", "server", "db", username="u", password="p")
Datastore.register_azure_postgre_sql(ws, "pg", "server", "db", "u", "p", port_number="5432")
Datastore.register_azure_my_sql(ws, "my", "server", "db", "u", "p")
Datastore.register_dbfs(ws, "dbfs")
Datastore.register_hdfs(ws, "hdfs", "http", "node", None, "realm", "kdc", "me", kerberos_password="p")
again = Datastore.get(ws, "pg")
print(json.dumps({
    "sql": [sql.server_name, sql.database_name, sql.username, sql.password],
    "types": sorted(type(Datastore.get(ws, n)).__name__ for n in ("sql", "pg", "my", "dbfs", "hdfs")),
    "pg": [again.port_number, again.enforce_ssl, again.user_id],
    "read": failure(lambda: Dataset.Tabular.from_sql_query((sql, "select 1"))),
    "default": failure(lambda: ws.set_default_datastore("sql")),
}))
""",
        workspace="databases",
    )
    assert found["sql"] == ["server", "db", "u", "p"]
    assert found["types"] == [
        "AzureMySqlDatastore",
        "AzurePostgreSqlDatastore",
        "AzureSqlDatabaseDatastore",
        "DBFSDatastore",
        "HDFSDatastore",
    ]
    assert found["pg"] == ["5432", True, "u"]
    assert "export the data to files" in found["read"]
    assert "only a datastore that holds files" in found["default"]


def test_list_default_and_delete(live: LiveService) -> None:
    found = _run(
        live,
        """
first = list(ws.datastores)
Datastore.register_azure_blob_container(ws, "MyStore", "c", "a", account_key="a2V5")
ws.set_default_datastore("mystore")
default = ws.get_default_datastore().name
in_use = failure(lambda: Datastore.get(ws, "mystore").unregister())
ws.set_default_datastore("workspaceblobstore")
names = list(ws.datastores)
Datastore.get(ws, "MYSTORE").unregister()
print(json.dumps({
    "first": first, "default": default, "in_use": in_use, "names": names, "after": list(ws.datastores),
    "gone": failure(lambda: Datastore.get(ws, "mystore")),
    "built_in": failure(lambda: Datastore.get(ws, "workspaceblobstore").unregister()),
    "bad_name": failure(lambda: Datastore.register_azure_blob_container(ws, "a b", "c", "a", account_key="a2V5")),
    "leaves": failure(lambda: Datastore.register_azure_blob_container(ws, "ab", "../c", "a", account_key="a2V5")),
}))
""",
        workspace="listing",
    )
    built_in = ["workspaceblobstore", "workspaceartifactstore", "workspacefilestore", "workspaceworkingdirectory"]
    assert found["first"] == built_in
    assert found["default"] == "mystore"
    assert "make another one the default first" in found["in_use"]
    assert found["names"] == [*built_in, "mystore"]
    assert found["after"] == built_in
    assert "Could not find datastore: mystore" in found["gone"]
    assert "built into the workspace" in found["built_in"]
    assert "cannot be the name of a datastore" in found["bad_name"]
    assert "is not a valid path" in found["leaves"]


def test_pages_filters_secrets_and_bad_requests(live: LiveService) -> None:
    base = f"/datastore/v1.0{live.scope('raw')}"
    with live.client() as client:
        page = client.get(f"{base}/datastores", params={"count": 3}).json()
        rest = client.get(
            f"{base}/datastores", params={"count": 3, "continuationToken": page["continuationToken"]}
        ).json()
        assert [len(page["value"]), len(rest["value"]), rest["continuationToken"]] == [3, 1, None]
        one = client.get(f"{base}/datastores", params={"dataStoreNames": "workspaceartifactstore,nope"}).json()["value"]
        assert [item["name"] for item in one] == ["workspaceartifactstore"]
        hidden = client.get(f"{base}/datastores", params={"includeSecret": "false"}).json()["value"][0]
        assert hidden["azureStorageSection"]["accountKey"] is None
        assert client.get(f"{base}/default").json()["azureStorageSection"]["accountKey"]
        section = {"accountName": "a", "containerName": "c"}
        bad = [
            {},
            {"name": 1},
            {"name": "x", "dataStoreType": "Floppy"},
            {"name": "x", "dataStoreType": "AzureBlob"},
            {"name": "x", "dataStoreType": "AzureBlob", "azureStorageSection": {"accountName": "a"}},
            {"name": "x", "dataStoreType": "AzureBlob", "azureStorageSection": {**section, "containerName": 7}},
            {"name": "x", "dataStoreType": "AzureBlob", "azureStorageSection": section, "tags": {"k": 1}},
            {"name": "x", "dataStoreType": "AzureBlob", "azureStorageSection": {**section, "containerName": ".."}},
        ]
        for body in bad:
            answer = client.post(f"{base}/datastores", json=body)
            assert (answer.status_code, answer.json()["error"]["details"]) == (400, []), body
        for query in ({"count": "0"}, {"count": "x"}, {"continuationToken": "-1"}, {"includeSecret": "perhaps"}):
            assert client.get(f"{base}/datastores", params=query).status_code == 400, query
        assert client.delete(f"{base}/datastores/nope").status_code == 404
        assert client.put(f"{base}/datastores/nope", json={"name": "nope"}).status_code == 404
        assert client.put(f"{base}/default/nope").status_code == 404
        assert len(client.get(f"{base}/datastores").json()["value"]) == 4
