"""Monitors of data drift: the service says that it has none, and what to do instead. The twin data-drift asks with the
real client."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("method", "path"), [("GET", "datadrifts/name=rows"), ("POST", "datadrifts")])
def test_a_monitor_is_refused_with_a_way_out(live: LiveService, method: str, path: str) -> None:
    with live.client() as client:
        answer = client.request(method, f"/datadrift/v1.0{live.scope()}/{path}", json={})
    assert answer.status_code == 501
    assert "schedule a pipeline that compares the data itself" in answer.text
