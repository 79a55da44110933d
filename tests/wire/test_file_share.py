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


_UNMARKED = """
from azureml._vendor.azure_storage.fileshare import ShareClient
from azureml.core import Datastore, Workspace
store = Datastore.get(Workspace.from_config(), "workspacefilestore")

def unmarked(request):
    request.http_request.headers["User-Agent"] = "engine"

account = {"account_name": store.account_name, "account_key": store.account_key}
share = ShareClient(f"https://{store.account_name}.file.{store.endpoint}", store.container_name,
                    credential=account, raw_request_hook=unmarked)
folder = share.get_directory_client("unmarked")
folder.create_directory()
file = folder.get_file_client("a b.txt")
file.create_file(0)
file.resize_file(10)
file.upload_range(b"0123456789", offset=0, length=10)
print(file.get_file_properties().size, file.download_file().readall())
file.resize_file(4)
print(file.download_file().readall())
"""


def test_requests_of_no_known_client_are_those_of_the_share_that_they_name(live: LiveService) -> None:
    # So does the native engine of azureml-dataprep 5.1, with which azureml-fsspec uploads: it resizes what it created.
    assert live.run(_UNMARKED).stdout.strip().splitlines() == ["10 b'0123456789'", "b'0123'"]
