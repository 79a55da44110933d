"""Which hosts are stopped."""

from __future__ import annotations

import pytest

from amlbridge.server.network_guard.policy import Verdict, advice, judge
from amlbridge.server.network_options import EVERYTHING


@pytest.mark.parametrize(
    "host",
    [
        "management.azure.com",
        "MANAGEMENT.AZURE.COM.",
        "dprepdata.blob.core.windows.net",
        "login.microsoftonline.com",
        "graph.microsoft.com",
        "westeurope.api.azureml.ms",
        "ml.azure.com",
        "sts.windows.net",
        "myregistry.azurecr.io",
        "automlsamplenotebookdata.blob.core.windows.net",
        "management.chinacloudapi.cn",
    ],
)
def test_azure_is_stopped(host: str) -> None:
    assert judge(host) is Verdict.STOP
    assert judge(host, [EVERYTHING]) is Verdict.PASS
    assert judge(host, [host.rstrip(".").lower()]) is Verdict.PASS
    assert "--allow-host" in advice(host)


@pytest.mark.parametrize(
    "host", ["packages.example.org", "127.0.0.1", "notazure.com", "azure.com.example.org", "windows.network", ""]
)
def test_others_pass(host: str) -> None:
    assert judge(host) is Verdict.PASS


@pytest.mark.parametrize(
    "host",
    [
        "dc.services.visualstudio.com",
        "169.254.169.254",
        "westus-0.in.applicationinsights.azure.com",
        "azuremlschemasprod.azureedge.net",
    ],
)
def test_background_is_refused_without_an_end(host: str) -> None:
    assert judge(host) is Verdict.REFUSE


def test_allowing_one_host_allows_no_other() -> None:
    allowed = ["data.blob.core.windows.net"]
    assert judge("data.blob.core.windows.net", allowed) is Verdict.PASS
    assert judge("a.data.blob.core.windows.net", allowed) is Verdict.PASS
    assert judge("otherdata.blob.core.windows.net", allowed) is Verdict.STOP
