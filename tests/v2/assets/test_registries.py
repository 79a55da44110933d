"""The real v2 client uses registries of this machine, and shares assets of a workspace with one."""

from __future__ import annotations

import pytest

from tests.support.live import SUBSCRIPTION as MINE
from tests.support.live import LiveService
from tests.v2.assets.scripts import script
from tests.v2.assets.test_component_assets import FILES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live(module_live: LiveService) -> LiveService:
    """Registries belong to no workspace."""
    return module_live


def test_registries(live: LiveService) -> None:
    done = live.run(
        script(
            """
            registry = MLClient(DefaultAzureCredential(), registry_name="my-registry")
            made = registry.environments.create_or_update(Environment(name="e", image="i:1", version="1"))
            print(made.id, registry.environments.get("e", label="latest").image)
            component = registry.components.create_or_update(load_component("train.yml"), version="7")
            print(component.version, component.code.split("/codes/")[0],
                  [item.name for item in registry.components.list()],
                  [item.version for item in registry.components.list("train_it")])
            write("model/m.pkl", "p")
            model = registry.models.create_or_update(Model(name="m", path="model", version="3"))
            registry.models.download("m", "3", download_path="got")
            print(model.version, below("got"), [item.name for item in registry.models.list()])
            data = registry.data.create_or_update(Data(name="d", version="1", path="model", type="uri_folder"))
            print(data.version, data.type)
            registry.models.archive("m", version="3")
            print([item.is_archived if hasattr(item, "is_archived") else "?" for item in registry.models.list("m")])
            registry.models.restore("m", version="3")
            registry.models.archive("m")
            print([item.name for item in registry.models.list()])
            client.models.create_or_update(Model(name="mine", path="model"))
            client.environments.create_or_update(Environment(name="mine", image="x"))
            shared = client.models.share("mine", "1", share_with_name="theirs", share_with_version="9",
                                         registry_name="my-registry")
            print(shared.id)
            registry.models.download("theirs", "9", download_path="got9")
            print(below("got9"))
            print(client.environments.share("mine", "1", share_with_name="theirs", share_with_version="2",
                                            registry_name="my-registry").id)
            print(registry.registries.get("my-registry").name, [item.name for item in client.registries.list()])
            print(error(registry.components.get, "none", version="1"))
            print([item.name for item in client.workspaces.list()])
            made = Registry(name="made", location="local", replication_locations=[])
            print(client.registries.begin_create(made).result().name)
            microsofts = MLClient(DefaultAzureCredential(), registry_name="azureml")
            for chosen in ({"label": "latest"}, {"version": "0.0.9"}):
                print(error(microsofts.components.get, "automl_many_models_training", **chosen))
            """
        ),
        files=FILES,
    ).stdout.splitlines()
    assert done[0] == "azureml://registries/my-registry/environments/e/versions/1 i:1"
    assert done[1] == "7 azureml://registries/my-registry ['train_it'] ['7']"
    assert done[2] == "3 ['m/model/m.pkl'] ['m']"
    assert done[3] == "1 uri_folder"
    assert done[4] == "[]"
    assert done[5] == "[]"
    assert done[6] == "azureml://registries/my-registry/models/theirs/versions/9"
    assert done[7] == "['theirs/model/m.pkl']"
    assert done[8] == "azureml://registries/my-registry/environments/theirs/versions/2"
    assert done[9] == "my-registry ['my-registry']"
    assert done[10].startswith("ResourceNotFoundError 404")
    assert done[11].endswith("['ws']")
    assert done[12].endswith("made")
    for refused in done[13:15]:
        assert refused.startswith("HttpResponseError 501") and "run in Azure only" in refused


def test_a_registry_is_no_subscription_of_the_user(live: LiveService) -> None:
    done = live.run(
        script(
            """
            import requests
            MLClient(DefaultAzureCredential(), registry_name="another").environments.create_or_update(
                Environment(name="e", image="i", version="1"))
            token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
            url = os.environ["ARM_CLOUD_METADATA_URL"].partition("rm=")[2] + "subscriptions"
            answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}).json()
            print([item["subscriptionId"] for item in answer["value"]])
            """
        )
    )
    assert done.stdout.splitlines()[-1] == f"['{MINE}']"
