"""Linked services with the real client."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow


def test_a_synapse_workspace_is_linked_and_a_pool_of_it_attached(live: LiveService) -> None:
    out = live.run(
        """
        import warnings
        warnings.simplefilter("ignore")
        from azureml.core import LinkedService, SynapseWorkspaceLinkedServiceConfiguration, Workspace
        from azureml.core.compute import ComputeTarget, SynapseCompute
        ws = Workspace.from_config()
        print("NONE", LinkedService.list(ws))
        config = SynapseWorkspaceLinkedServiceConfiguration("s", "g", "analytics")
        linked = LinkedService.register(ws, "synapse", config)
        print("LINKED", linked.name, linked.type.value, len(linked.system_assigned_identity_principal_id))
        again = LinkedService.register(ws, "synapse", config)
        principal = again.system_assigned_identity_principal_id
        print("AGAIN", principal == linked.system_assigned_identity_principal_id)
        found = LinkedService.get(ws, "synapse")
        print("FOUND", found.linked_service_resource_id, [item.name for item in LinkedService.list(ws)])
        pool = SynapseCompute.attach_configuration(found, type="SynapseSpark", pool_name="small")
        compute = ComputeTarget.attach(ws, "spark", pool)
        compute.wait_for_completion(show_output=False)
        compute = SynapseCompute(ws, "spark")
        print("POOL", compute.cluster_resource_id, compute.get_status(), compute.is_attached)
        compute.detach()
        found.unregister()
        print("LEFT", LinkedService.list(ws), dict(ws.compute_targets))
        for attempt in (lambda: LinkedService.get(ws, "synapse"), found.unregister):
            try:
                attempt()
            except Exception as error:
                print("GONE", "there is no linked service synapse" in str(error))
        """,
        workspace="linked",
    ).stdout
    there = "/subscriptions/s/resourcegroups/g/providers/Microsoft.Synapse/workspaces/analytics"
    for line in (
        "NONE []",
        "LINKED synapse Synapse 36",
        "AGAIN True",
        f"FOUND {there} ['synapse']",
        f"POOL {there}/bigDataPools/small Succeeded True",
        "LEFT [] {}",
    ):
        assert line in out.splitlines(), out
    assert out.count("GONE True") == 2


def test_what_is_no_synapse_workspace_is_not_linked(live: LiveService) -> None:
    with live.client() as client:
        url = f"{live.scope('unlinked')}/linkedServices/other"
        for properties in ({}, {"linkedServiceResourceId": "/subscriptions/s/x"}, {"linkedServiceResourceId": 1}):
            answer = client.put(url, json={"properties": properties})
            assert answer.status_code == 400, answer.text
        assert client.get(url).status_code == 404
