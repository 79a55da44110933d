"""The file endpoint through the client's own file library."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

_SCRIPT = """
from azure.core.exceptions import HttpResponseError
from azureml._vendor.azure_storage.fileshare import ShareClient
from azureml.core import Datastore, Workspace
ws = Workspace.from_config()
store = Datastore.get(ws, "workspacefilestore")
share = store.file_service

def code(action):
    try:
        action()
        return "none"
    except HttpResponseError as error:
        return str(getattr(error.error_code, "value", error.error_code))

folder = share.get_directory_client("d")
print(folder.exists(), code(lambda: share.get_directory_client("x/y").create_directory()))
folder.create_directory()
print(folder.exists(), code(folder.create_directory))
file = folder.upload_file("a b.txt", b"0123456789")
print(file.get_file_properties().size, file.download_file(offset=2, length=3).readall())
file.upload_range(b"XY", offset=8, length=2)
print(file.download_file().readall(), code(lambda: file.upload_range(b"XY", offset=9, length=2)))
print(code(folder.delete_directory), code(lambda: share.get_file_client("nope").get_file_properties()))
no_parent = code(lambda: share.get_file_client("no/such/a").create_file(3))
print(no_parent, code(lambda: share.get_file_client("d").create_file(3)))
for number in range(5):
    share.get_file_client(f"n{number}").create_file(number)
pages = share.list_directories_and_files(name_starts_with="n", results_per_page=2).by_page()
inside = [(item["name"], item["is_directory"]) for item in share.list_directories_and_files("d")]
print([[item["name"] for item in page] for page in pages], inside)
file.delete_file()
folder.delete_directory()
print(folder.exists(), code(lambda: share.get_file_client("n1").set_file_metadata({"a": "b"})))
wrong = ShareClient(f"https://{store.account_name}.file.{store.endpoint}", store.container_name,
                    credential={"account_name": store.account_name, "account_key": "a2V5"})
print(code(lambda: list(wrong.list_directories_and_files())))
"""


def test_directories_files_and_ranges(live: LiveService) -> None:
    lines = live.run(_SCRIPT).stdout.strip().splitlines()
    assert lines == [
        "False ParentNotFound",
        "True ResourceAlreadyExists",
        "10 b'234'",
        "b'01234567XY' InvalidRange",
        "DirectoryNotEmpty ResourceNotFound",
        "ParentNotFound ResourceTypeMismatch",
        "[['n0', 'n1'], ['n2', 'n3'], ['n4']] [('a b.txt', False)]",
        "False NotImplemented",
        "AuthenticationFailed",
    ]
