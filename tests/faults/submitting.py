"""Small pipelines and files over plain HTTP: quicker than the real client, and it knows what was acknowledged."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.live import LiveService
from tests.v1.graphs import literal, module


class Rest:
    """Requests to one workspace of a service. Each raises ``httpx.TransportError`` when the service is gone."""

    def __init__(self, live: LiveService) -> None:
        self.live = live
        self.scope = live.scope()
        self.client = live.client(verify=False)
        self.module = ""

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The answer's JSON."""
        answer = self.client.request(method, path.replace("/WS", self.scope), json=body, **options)
        assert answer.is_success, f"{answer.status_code} {path}: {answer.text[:400]}"
        return answer.json() if answer.content else None

    def upload(self, url: str, content: bytes) -> None:
        """A blob to a signed URL."""
        headers = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2021-08-06"}
        httpx.put(url, content=content, headers=headers, verify=False, timeout=30).raise_for_status()

    def prepare(self, script: str = "print('hello')\n") -> None:
        """A compute, code with one script and a module that runs it."""
        cluster = {"vmSize": "STANDARD_D2_V2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4}}
        compute = {"location": "l", "properties": {"computeType": "AmlCompute", "properties": cluster}}
        self("PUT", "/WS/computes/cpu?api-version=2021-01-01", compute)
        names = self("POST", "/content/v2.0/WS/snapshots/getblob", {"FileNames": ["run.py"]})
        url = names["fileNodes"][0]["blobUri"]
        self.upload(url, script.encode())
        tree = {"name": "", "type": "Directory", "children": {"run.py": {"name": "run.py", "type": "File"}}}
        files = {"FileNodes": [{"FullName": "run.py", "BlobUri": url, "FileSize": len(script)}]}
        self("POST", "/content/v2.0/WS/snapshots/code", {"DirTreeNode": tree, "FileRevisionList": files})
        body = module("step", [], StorageId="code", IsDeterministic=False)
        body["StructuredInterface"]["Outputs"] = []
        made = self("POST", "/pipelines/v1.0/WS/Modules", body)
        self.module = made["Data"]["Id"] if "Data" in made else made["Id"]

    def create_pipeline(self) -> str:
        """Records a pipeline run of one step; returns its id."""
        parameters = [literal("Script", "run.py"), literal("Target", "cpu")]
        node = {"Id": "n", "ModuleId": self.module, "ModuleParameters": parameters}
        body = {"CreationInfo": {}, "Graph": {"ModuleNodes": [node]}, "GraphInterface": {}}
        path = "/pipelines/v1.0/WS/PipelineRuns/Unsubmitted/CreationInfoWithGraph?experimentName=pipes"
        return str(self("POST", path, body)["Id"])

    def submit(self, run_id: str) -> None:
        """Starts it."""
        self("POST", f"/pipelines/v1.0/WS/PipelineRuns/Submit/{run_id}")

    def status(self, run_id: str) -> str:
        """The status of a run."""
        return str(self("GET", f"/history/v1.0/WS/runs/{run_id}")["status"])

    def log_metric(self, run_id: str, name: str, number: int) -> None:
        """One value."""
        row = {"metricId": f"{name}-{number}", "createdUtc": "2026-11-20T11:01:11.588925Z", "data": {name: number}}
        properties = {"uxMetricType": "azureml.v1.scalar"}
        metric = {"name": name, "columns": {name: "double"}, "value": [row], "properties": properties}
        self("POST", f"/metric/v2.0/WS/runs/{run_id}/batch", {"values": [metric]})

    def register_model(self, name: str) -> str:
        """Returns ``name:version``."""
        asset = self(
            "POST", "/modelmanagement/v1.0/WS/assets", {"name": name, "artifacts": [{"prefix": "LocalUpload/x/m"}]}
        )
        body = {"name": name, "url": f"aml://asset/{asset['id']}", "mimeType": "application/json", "unpack": False}
        return str(self("POST", "/modelmanagement/v1.0/WS/models", body)["id"])
