"""The real v2 client registers, finds, changes and archives data."""

from __future__ import annotations

import pytest

from tests.support.live import SUBSCRIPTION, LiveService
from tests.v2.assets.scripts import script

pytestmark = pytest.mark.slow


def test_data_from_files_folders_addresses_and_tables(live: LiveService) -> None:
    done = live.run(
        script(
            """
            write("folder/a.csv", "x,y\\n1,2\\n"), write("folder/deep/b.csv", "x,y\\n3,4\\n")
            first = client.data.create_or_update(
                Data(name="credit", version="initial", path="folder/a.csv", type="uri_file", tags={"a": "b"},
                     properties={"p": "q"}, description="cards"))
            print(first.path.split("/paths/")[0], first.path.endswith("/a.csv"), first.tags, first.description)
            found = client.data.get("credit", version="initial")
            print(found.path == first.path, found.type, found.properties, found.creation_context.created_by)
            print([client.data.create_or_update(Data(name="auto", path="folder", type="uri_folder")).version
                   for _ in range(3)])
            print(client.data.get("auto", label="latest").version, [item.version for item in client.data.list("auto")])
            web = client.data.create_or_update(Data(name="web", path="https://example.com/x.csv", type="uri_file"))
            print(web.path, web.version)
            short = "azureml://datastores/workspaceblobstore/paths/some/place/"
            print(client.data.create_or_update(Data(name="there", path=short, type="uri_folder")).path)
            write("table/MLTable", "paths: [{file: ./a.csv}]\\ntransformations: [read_delimited: {header: none}]\\n")
            write("table/a.csv", "1,2\\n")
            table = client.data.create_or_update(Data(name="table", path="table", type="mltable", skip_validation=True))
            print(table.type, table.version)
            print([(item.name, item.latest_version) for item in client.data.list()])
            """
        )
    ).stdout.splitlines()
    group = f"azureml://subscriptions/{SUBSCRIPTION}/resourcegroups/{live.group}"
    store = f"{group}/workspaces/ws/datastores/workspaceblobstore"
    assert done[0] == f"{store} True {{'a': 'b'}} cards"
    assert done[1].startswith("True uri_file {'p': 'q'} ")
    assert done[2:5] == ["['1', '2', '3']", "3 ['3', '2', '1']", "https://example.com/x.csv 1"]
    assert done[5] == f"{store}/paths/some/place/"
    assert done[6] == "mltable 1"
    assert done[7] == "[('table', '1'), ('there', '1'), ('web', '1'), ('auto', '3'), ('credit', 'initial')]"


def test_archive_restore_change_and_errors(live: LiveService) -> None:
    done = live.run(
        script(
            """
            write("folder/a.csv", "1"), write("folder/b.csv", "2")
            for _ in range(2):
                client.data.create_or_update(Data(name="d", path="folder", type="uri_folder"))
            def shown(**options):
                return [item.version for item in client.data.list("d", **options)]
            client.data.archive("d", version="2")
            print(shown(), shown(list_view_type="ArchivedOnly"), shown(list_view_type="All"))
            client.data.restore("d", version="2")
            client.data.archive("d")
            print(shown(), [item.name for item in client.data.list()],
                  [item.name for item in client.data.list(list_view_type="ArchivedOnly")])
            client.data.restore("d")
            print([item.name for item in client.data.list()])
            item = client.data.get("d", "1")
            item.tags, item.description = {"k": "v"}, "changed"
            client.data.create_or_update(item)
            again = client.data.get("d", "1")
            print(again.tags, again.description, client.data.get("d", "2").tags)
            print(error(client.data.create_or_update,
                        Data(name="d", version="1", path="azureml://datastores/workspaceblobstore/paths/x/",
                             type="uri_folder")))
            print(error(client.data.create_or_update, Data(name="d", path="folder/a.csv", type="uri_file")))
            print(error(client.data.get, "none", version="1"))
            print(error(client.data.get, "none", label="latest"))
            print(error(client.data.create_or_update, Data(name="-bad", path="folder", type="uri_folder")))
            """
        ),
        workspace="archives",
    ).stdout.splitlines()
    assert done[:4] == [
        "['1'] ['2'] ['2', '1']",
        "['2', '1'] [] ['d']",
        "['d']",
        "{'k': 'v'} changed {}",
    ]
    assert "400 (UserError) A data asset with the name d and version 1 already exists" in done[4]
    assert "400 (UserError) d is of the type uri_folder: a new version cannot be uri_file" in done[5]
    assert done[6].startswith("ResourceNotFoundError 404 (NotFound) Could not find data asset none:1")
    assert "does not exist" in done[7]
    assert "400 (InvalidName)" in done[8]
