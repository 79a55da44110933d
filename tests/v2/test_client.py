"""The real v2 client finds its workspace, its computes and its datastores."""

from __future__ import annotations

import pytest

from tests.support.live import SUBSCRIPTION, LiveService
from tests.v2.assets.scripts import script

pytestmark = pytest.mark.slow


def test_workspaces_and_computes(live: LiveService) -> None:
    done = live.run(
        script(
            f"""
            one = client.workspaces.get("ws")
            two = MLClient(credential=DefaultAzureCredential(), subscription_id="{SUBSCRIPTION}",
                           resource_group_name="{live.group}", workspace_name="ws").workspaces.get("ws")
            print(one.location, ":", one.resource_group, one.id == two.id)
            mine = Workspace(name="ws", description="said", tags={{"a": "b"}})
            changed = client.workspaces.begin_update(mine).result()
            print(changed.description, changed.tags)
            print(client.workspaces.begin_create(Workspace(name="made", location="local")).result().name)
            print(sorted(item.name for item in client.workspaces.list()))
            print(error(client.compute.get, "cpu"))
            made = client.compute.begin_create_or_update(
                AmlCompute(name="cpu", type="amlcompute", size="STANDARD_DS3_V2", min_instances=0, max_instances=4,
                           idle_time_before_scale_down=180, tier="Dedicated")).result()
            print(made.name, made.size, made.max_instances, made.provisioning_state.value)
            print(client.compute.get("CPU").idle_time_before_scale_down, [item.name for item in client.compute.list()])
            print(client.compute.begin_update(AmlCompute(name="cpu", size="STANDARD_DS3_V2", max_instances=2)).result()
                  .max_instances)
            instance = ComputeInstance(name="mine", size="STANDARD_DS3_V2")
            instance = client.compute.begin_create_or_update(instance).result()
            client.compute.begin_stop("mine").result()
            print(instance.state.value, client.compute.get("mine").state.value)
            client.compute.enable_sso(name="mine")
            print([len(list(listed)) for listed in (client.connections.list(), client.feature_stores.list(),
                                                    client.indexes.list(), client.compute.list_nodes("cpu"))])
            package = ModelPackage(target_environment="x", inferencing_server=AzureMLOnlineInferencingServer())
            print(error(client.models.package, "m", "1", package))
            client.compute.begin_delete("cpu").result()
            print([item.name for item in client.compute.list()])
            """
        )
    ).stdout.splitlines()
    assert done[0] == f"local : {live.group} True"
    assert done[1] == "said {'a': 'b'}"
    assert done[2:4] == ["made", "['made', 'ws']"]
    assert done[4].startswith("ResourceNotFoundError 404")
    assert done[5] == "cpu STANDARD_DS3_V2 4 Succeeded"
    assert done[6:10] == ["180.0 ['cpu']", "2", "Running Stopped", "[0, 0, 0, 2]"]
    assert "404 (NotFound) Could not find model m:1" in done[10]
    assert done[11] == "['mine']"


def test_datastores(live: LiveService) -> None:
    done = live.run(
        script(
            """
            print(sorted(item.name for item in client.datastores.list()))
            default = client.datastores.get_default(include_secrets=True)
            print(default.name, default.type.value, bool(default.credentials.sas_token))
            made = client.create_or_update(AzureBlobDatastore(
                name="blobs", account_name="acc", container_name="c", description="d", tags={"a": "1"},
                credentials=AccountKeyConfiguration(account_key="k")))
            print(made.account_name, made.container_name, made.description, made.tags, made.protocol)
            print(client.datastores.get("blobs", include_secrets=True).credentials.type)
            lake = client.datastores.create_or_update(AzureDataLakeGen2Datastore(
                name="lake", account_name="lacc", filesystem="fs", credentials=ServicePrincipalConfiguration(
                    tenant_id="t", client_id="c", client_secret="s")))
            seen = client.datastores.get("lake", include_secrets=True)
            print(lake.filesystem, seen.credentials.client_id, seen.credentials.client_secret)
            share = client.datastores.create_or_update(AzureFileDatastore(
                name="share", account_name="facc", file_share_name="fs",
                credentials=AccountKeyConfiguration(account_key="k")))
            print(share.file_share_name, client.datastores.get("share", include_secrets=True).credentials.type)
            free = AzureBlobDatastore(name="free", account_name="freeacc", container_name="ccc")
            open_ = client.datastores.create_or_update(free)
            print(type(open_.credentials).__name__)
            old = client.datastores.create_or_update(AzureDataLakeGen1Datastore(name="old", store_name="st"))
            print(old.store_name, old.type.value)
            write("folder/a.txt", "1")
            print(client.data.create_or_update(Data(name="on-free", path="folder", type="uri_folder",
                                                    datastore="free")).path.split("/datastores/")[1].split("/")[0])
            client.datastores.delete("blobs")
            print(error(client.datastores.get, "blobs"))
            print(error(client.datastores.delete, "workspaceblobstore"))
            print(error(client.datastores.create_or_update,
                        OneLakeDatastore(name="one", one_lake_workspace_name="w",
                                         artifact=OneLakeArtifact(name="a"))))
            """
        ),
        workspace="stores",
    ).stdout.splitlines()
    built_in = ["workspaceartifactstore", "workspaceblobstore", "workspacefilestore", "workspaceworkingdirectory"]
    assert done[0] == str(built_in)
    assert done[1:9] == [
        "workspaceblobstore AzureBlob True",
        "acc c d {'a': '1'} https",
        "sas",
        "fs c s",
        "fs account_key",
        "NoneCredentialConfiguration",
        "st AzureDataLakeGen1",
        "free",
    ]
    assert done[9].startswith("ResourceNotFoundError 404")
    assert "400 (UserError) workspaceblobstore is built into the workspace" in done[10]
    assert "400 (NotSupported) Datastores of the type OneLake" in done[11]
