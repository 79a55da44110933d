"""Docker's own Python client against the API, without a service: what the SDKs' local deployments call."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import httpx
import pytest

from amlbridge.engine.environments.provider import Environments
from amlbridge.engine.plan import Environment
from amlbridge.server.docker import place
from amlbridge.server.docker.api import Api
from amlbridge.server.docker.daemon import Daemon
from amlbridge.v1.webservices.packages import dockerfile

SCORE = """
import json, os
def init():
    global weight
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "w.txt")) as file:
        weight = int(file.read())
    print("loaded", weight, os.environ["GREETING"])
def run(data):
    return [weight * value for value in json.loads(data)["data"]]
"""
#: As azure-ai-ml writes it.
V2 = """FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04
RUN mkdir -p /var/azureml-app/
WORKDIR /var/azureml-app/
COPY conda.yml /var/azureml-app/
RUN conda env create -n inf-conda-env --file conda.yml
CMD ["conda", "run", "--no-capture-output", "-n", "inf-conda-env", "runsvdir", "/var/runit"]
"""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    path = tmp_path / "docker.sock"
    daemon = Daemon(tmp_path / "docker", Environments(tmp_path / "environments"), lambda key: {}, lambda name: None)
    daemon.start()
    listener = daemon.listeners.serve(Api(daemon), place.listen(path))
    client = docker.DockerClient(f"unix://{path}", version="auto")
    yield client
    client.close()
    listener.close()
    daemon.close()


def build(client: Any, folder: Path, text: str, tag: str) -> list[dict[str, Any]]:
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(text)
    return list(client.api.build(path=str(folder), tag=tag, pull=True, decode=True))


def ready(container: Any, port: str) -> None:
    deadline = time.monotonic() + 60
    while httpx.get(f"http://127.0.0.1:{port}/").status_code == 502:
        container.reload()
        if container.status == "exited":
            return
        assert time.monotonic() < deadline, container.logs()
        time.sleep(0.05)


def score(port: str, **options: Any) -> httpx.Response:
    return httpx.post(f"http://localhost:{port}/score", content='{"data": [1, 2]}', **options)


def port_of(container: Any) -> str:
    container.reload()
    return str(container.ports["5001/tcp"][0]["HostPort"])


@pytest.mark.slow
def test_a_deployment_of_v2_with_its_folders_mounted(client: Any, tmp_path: Path) -> None:
    for name, text in (("code/score.py", SCORE), ("model/w.txt", "3"), ("context/conda.yml", "dependencies: [pip]")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert "error" not in build(client, tmp_path / "context", V2, "ep:blue")[-1]
    container = client.containers.create(
        "ep:blue",
        name="ep.blue",
        labels={"endpoint": "ep", "azureml-port": "5001"},
        volumes=[f"{tmp_path}/model:/var/azureml-app/azureml-models/:z", f"{tmp_path}/code:/var/azureml-app/code/"],
        environment={
            "AZUREML_MODEL_DIR": "/var/azureml-app/azureml-models/",
            "AML_APP_ROOT": "/var/azureml-app/code/",
            "AZUREML_ENTRY_SCRIPT": "score.py",
            "GREETING": "hello",
        },
        detach=True,
        tty=True,
        publish_all_ports=True,
    )
    assert container.status == "created"
    container.start()
    ready(container, port := port_of(container))
    assert score(port).json() == [3, 6]
    assert score(port, headers={"Origin": "http://evil.example"}).status_code == 503
    assert b"loaded 3 hello" in container.logs(tail=50)
    found = client.containers.list(all=True, filters={"label": ["azureml-port", "endpoint=ep"]})
    assert [item.name for item in found] == ["ep.blue"]
    assert client.containers.list(filters={"label": ["endpoint=other"]}) == []
    container.stop()
    container.reload()
    assert container.status == "exited"
    container.remove()
    assert client.containers.list(all=True) == []
    with pytest.raises(httpx.ConnectError):
        score(port)


@pytest.mark.slow
def test_a_deployment_of_v1_whose_script_is_copied_in_and_fails(client: Any, tmp_path: Path) -> None:
    models = tmp_path / "context" / "azureml-app" / "azureml-models" / "weights" / "1"
    models.mkdir(parents=True)
    (models / "w.txt").write_text("4")
    variables = {"AZUREML_ENTRY_SCRIPT": "src/score.py", "GREETING": "a b"}
    text = dockerfile(Environment(name="e", image="some/image"), variables)
    assert "error" not in build(client, tmp_path / "context", text, "local")[-1]
    image = client.images.get("local")
    model_dir = {"AZUREML_MODEL_DIR": "azureml-models/weights/1"}
    for script, status in (
        (SCORE, "running"),
        ("def init(): raise OSError('no weights')\ndef run(data): pass", "exited"),
    ):
        container = client.containers.create(
            "local", environment=model_dir, ports={5001: ("127.0.0.1", None), 8883: ("127.0.0.1",)}
        )
        put(container, "/var/azureml-app/src/score.py", script)
        container.start()
        port = port_of(container)
        ready(container, port)
        container.reload()
        assert container.status == status, container.logs()
        if status == "running":
            assert score(port).json() == [4, 8]
            assert b"loaded 4 a b" in container.logs()
            with pytest.raises(docker.errors.APIError, match="port is already allocated"):
                client.containers.create("local", ports={5001: ("127.0.0.1", int(port))}).start()
            container.kill()
        else:
            assert b"no weights" in container.logs(tail=100)
            assert score(port).status_code == 503
        container.remove()
    assert image.tags == ["local:latest"]


def put(container: Any, name: str, text: str) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        about = tarfile.TarInfo(name)
        about.size = len(text.encode())
        tar.addfile(about, io.BytesIO(text.encode()))
    container.put_archive("/", content.getvalue())


def test_a_dockerfile_of_the_users_own_is_refused(client: Any, tmp_path: Path) -> None:
    told = build(client, tmp_path / "context", "FROM python:3.11\nRUN apt-get install -y gcc\n", "own")
    assert "cannot run `RUN apt-get install -y gcc`" in told[-1]["error"]
    with pytest.raises(docker.errors.ImageNotFound):
        client.images.get("own")
    assert not list((tmp_path / "docker" / "images").iterdir())


def test_what_is_not_served_says_so(client: Any) -> None:
    with pytest.raises(docker.errors.APIError, match="does not serve GET /volumes") as caught:
        client.volumes.list()
    assert caught.value.response.status_code == 501
    with pytest.raises(docker.errors.APIError, match="pulls no image"):
        client.images.pull("some/image:latest")
    with pytest.raises(docker.errors.NotFound):
        client.containers.get("unknown")
    assert "no login is needed" in client.login(username=None, registry=None)["Status"]


def test_an_archive_stays_in_its_container(client: Any, tmp_path: Path) -> None:
    build(client, tmp_path / "context", V2.replace("COPY", "# COPY").replace("RUN conda", "# RUN conda"), "e:f")
    container = client.containers.create("e:f")
    with pytest.raises(docker.errors.APIError, match="no path in a container"):
        put(container, "/var/../../../../out.txt", "x")
    put(container, "/var/in.txt", "x")
    assert [path.relative_to(tmp_path).parts[-2:] for path in tmp_path.rglob("in.txt")] == [("var", "in.txt")]


def test_the_users_own_docker_comes_first(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
    monkeypatch.setattr(place, "SYSTEM", tmp_path / "none.sock")
    assert place.variables(tmp_path, {}) == place.variables(tmp_path, ours) == ours
    assert place.variables(tmp_path, {"DOCKER_HOST": "tcp://elsewhere:2375"}) == {}
    assert place.variables(tmp_path, {"DOCKER_CONTEXT": "desktop"}) == {}
    monkeypatch.setattr(place, "SYSTEM", tmp_path / "docker.sock")
    assert place.variables(tmp_path, {}) == {}
    assert (tmp_path / "docker.sock").stat().st_mode & 0o777 == 0o600
