"""A step that prints 100 MB: the service answers as before, needs no more memory, and the log is whole."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import httpx
import psutil
import pytest

from tests.faults.submitting import Rest
from tests.support.live import LiveService

pytestmark = pytest.mark.slow
LINES = 1_000_000
LINE = 100  # bytes with the line end
LOUD = f"""
import sys
for number in range({LINES}):
    sys.stdout.write(f"{{number:09d}} ".ljust({LINE - 1}, "x") + "\\n")
sys.stdout.flush()
"""


def test_a_step_that_prints_100_mb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLBRIDGE_PREWARM", "0")
    live = LiveService(tmp_path)
    try:
        rest = Rest(live)
        rest.prepare(LOUD)
        assert live.process is not None
        service = psutil.Process(live.process.pid)
        before = service.memory_info().rss
        run_id = rest.create_pipeline()
        rest.submit(run_id)
        taken: list[float] = []
        offset, peak = 0, before
        url = ""
        deadline = time.monotonic() + 300
        while (status := rest.status(run_id)) not in ("Completed", "Failed"):
            assert time.monotonic() < deadline, status
            began = time.monotonic()
            live_answer = rest("GET", "/amlbridge/health")
            taken.append(time.monotonic() - began)
            assert live_answer
            started = rest("GET", f"/history/v1.0/WS/runs/{run_id}/children")["value"]
            if not started:
                time.sleep(0.05)
                continue
            step = started[0]["runId"]
            logs = rest("GET", f"/history/v1.0/WS/runs/{step}/details")["logFiles"]
            url = logs.get("azureml-logs/70_driver_log.txt", url)
            if url:
                offset += len(part(url, offset, offset + 4_000_000))
            peak = max(peak, service.memory_info().rss)
        assert status == "Completed"
        assert offset > 0, "the log could be read while the step ran"
        # A machine that is busy with something else may keep one of them waiting.
        assert statistics.median(taken) < 3 and max(taken) < 60
        size = LINES * LINE
        assert part(url, size - LINE, size + 1000) == f"{LINES - 1:09d} ".ljust(LINE - 1, "x").encode() + b"\n"
        assert part(url, 5_000_000, 5_000_010) == b"000050000 "
        total = 0
        path = f"/pipelines/v1.0{rest.scope}/PipelineRuns/{run_id}/Graph/Shareable/STDOUT"
        with rest.client.stream("POST", path, json=["n"]) as answer:
            for chunk in answer.iter_bytes():
                total += len(chunk)
                peak = max(peak, service.memory_info().rss) if total % 7 == 0 else peak
        assert total == size
        peak = max(peak, service.memory_info().rss)
        assert peak - before < 60 * 2**20, f"{(peak - before) / 2**20:.0f} MB more"
    finally:
        live.kill()


def part(url: str, first: int, end: int) -> bytes:
    """A range of a blob; nothing when it does not reach so far yet."""
    headers = {"x-ms-range": f"bytes={first}-{end - 1}", "x-ms-version": "2021-08-06"}
    answer = httpx.get(url, headers=headers, verify=False, timeout=30)
    assert answer.status_code in (206, 416), answer.text
    return answer.content if answer.status_code == 206 else b""
