"""What was registered is there after kill -9, also when the service comes back at other ports."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v2.assets.scripts import script

pytestmark = pytest.mark.slow


def test_assets_outlive_the_service(own_live: LiveService) -> None:
    own_live.run(
        script(
            """
            write("folder/a.txt", "hello"), write("source/a.py", "print(1)")
            client.data.create_or_update(Data(name="d", path="folder", type="uri_folder"))
            client.models.create_or_update(Model(name="m", path="folder"))
            client.environments.create_or_update(Environment(name="e", build=BuildContext(path="folder")))
            client.create_or_update(command(name="c", code="source", command="python a.py",
                                            environment="AzureML-x@latest").component)
            registry = MLClient(DefaultAzureCredential(), registry_name="shelf")
            registry.models.create_or_update(Model(name="m", path="folder", version="1"))
            """
        )
    )
    own_live.kill()
    # It comes back at other ports, as when another program has taken them.
    own_live.home.last_ports.unlink()
    own_live.start()
    done = own_live.run(
        script(
            """
            print(client.data.get("d", label="latest").version, client.components.get("c").version)
            client.models.download("m", "1", download_path="got")
            client.components.download("c", version="1", download_path="component")
            registry = MLClient(DefaultAzureCredential(), registry_name="shelf")
            registry.models.download("m", "1", download_path="shelf")
            print(below("got"), "code/a.py" in below("component"), below("shelf"))
            print("@" in client.environments.get("e", "1").build.path)
            """
        )
    ).stdout.splitlines()
    assert done == ["1 1", "['m/folder/a.txt'] True ['m/folder/a.txt']", "False"]
