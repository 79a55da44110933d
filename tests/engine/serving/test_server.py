"""Model servers without a service: what scripts see, and what happens when they misbehave."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amlbridge.engine.errors import EngineError
from amlbridge.engine.serving.contract import Answer, NotServingError, OverloadedError, Program, Request, Server
from amlbridge.engine.serving.server import MOST_DEATHS, ModelServer, tail
from tests.support.patience import until

ECHO = """
import json, logging, os
def init():
    print("loaded", os.getcwd())
    logging.info("told to logging")
def run(data):
    return {"got": json.loads(data), "pid": os.getpid()}
"""
Make = Callable[..., ModelServer]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[ModelServer] = []

    def start(script: str, **options: object) -> ModelServer:
        path = tmp_path / "score.py"
        path.write_text(script)
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": ""}
        program = Program("script", path, tmp_path, sys.executable, env, (str(tmp_path),))
        server = Server(f"t{os.getpid()}", tmp_path / "log.txt", lambda canceled: program, **options)  # type: ignore[arg-type]
        made.append(ModelServer(server))
        made[-1].start()
        return made[-1]

    yield start
    for server in made:
        server.stop()


def ask(server: ModelServer, data: object = None, **fields: object) -> Answer:
    values = {"method": "POST", "query": "", "headers": {}, "body": json.dumps(data).encode(), **fields}
    return server.submit(Request(**values)).result(90)  # type: ignore[arg-type]


def test_answers_and_keeps_the_log(make: Make, tmp_path: Path) -> None:
    server = make(ECHO)
    assert server.wait(90) == "ready"
    answer = ask(server, {"a": [1, 2]})
    assert (answer.status, answer.reason) == (200, None)
    assert json.loads(answer.body)["got"] == {"a": [1, 2]}
    assert f"loaded {tmp_path}" in server.tail()
    assert "INFO root: told to logging" in server.tail()
    assert json.loads(ask(server, method="GET", query="x=1&y=[2]&y=z", body=b"").body)["got"] == {
        "x": 1,
        "y": [[2], "z"],
    }


def test_init_that_raises_fails_with_the_log(make: Make) -> None:
    server = make("def init():\n    print('so far')\n    raise ValueError('no model')\ndef run(data):\n    pass\n")
    assert server.wait(90) == "failed"
    assert server.error is not None
    assert "ValueError: no model" in server.error and "so far" in server.error
    with pytest.raises(NotServingError, match="no model"):
        ask(server)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("def init(): pass\n", "has no function run()"),
        ("def init(): pass\ndef run(): pass\n", "needs a parameter"),
        ("def init(): pass\ndef run(*data): pass\n", "cannot accept"),
        ("import nowhere_at_all\n", "No module named 'nowhere_at_all'"),
        ("import os\ndef init(): os._exit(3)\ndef run(data): pass\n", "exit code 3"),
        ("import sys\ndef init(): sys.exit(4)\ndef run(data): pass\n", "exit code 4"),
        ("def init(:\n", "SyntaxError"),
        ("from sklearn.externals import joblib\n", "use `import joblib`"),
    ],
)
def test_scripts_that_cannot_serve(make: Make, script: str, words: str) -> None:
    server = make(script)
    assert server.wait(90) == "failed"
    assert words in str(server.error)


def test_init_that_never_returns(make: Make) -> None:
    server = make("import time\ndef init():\n    time.sleep(60)\ndef run(data): pass\n", start_timeout=0.5)
    assert server.wait(90) == "failed"
    assert "init() did not return within 0.5 s" in str(server.error)


def test_run_that_raises_or_returns_no_json(make: Make) -> None:
    script = "def init(): pass\ndef run(data):\n    return object() if data == '1' else 1 / 0\n"
    server = make(script)
    broken = ask(server, 0)
    assert (broken.status, broken.reason) == (500, "run")
    assert "ZeroDivisionError: division by zero" in json.loads(broken.body)["message"]
    assert "not JSON serializable" in json.loads(ask(server, 1).body)["message"]
    assert "ZeroDivisionError" in server.tail(100)
    bad = ask(server, body=b"\xff\xfe")
    assert (bad.status, bad.reason) == (400, "input")


def test_run_that_hangs_is_interrupted_and_the_next_request_answered(make: Make) -> None:
    script = (
        "import time\ndef init(): pass\ndef run(data):\n    time.sleep(600 if data == '1' else 0)\n    return data\n"
    )
    server = make(script, request_timeout=2.0)
    server.wait(90)
    began = time.monotonic()
    assert ask(server, 1).reason == "timeout"
    assert time.monotonic() - began < 60
    pids = server.pids
    assert ask(server, 0).status == 200
    assert server.pids == pids  # interrupted, not killed


def test_run_that_cannot_be_interrupted_is_killed(make: Make) -> None:
    script = """
import signal, time
def init(): pass
def run(data):
    if data == "1":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(60)
    return data
"""
    server = make(script, request_timeout=0.3)
    server.wait(90)
    assert ask(server, 1).reason == "timeout"
    again = make_ready(server)
    assert json.loads(again.body) == "0"


def make_ready(server: ModelServer) -> Answer:
    return until(lambda: answer if (answer := ask(server, 0)).status == 200 else None)


def test_a_killed_process_is_replaced(make: Make) -> None:
    server = make(ECHO)
    server.wait(90)
    before = server.pids[0]
    os.kill(before, signal.SIGKILL)
    assert json.loads(make_ready(server).body)["pid"] != before
    assert server.state == "ready"
    assert "was ended by SIGKILL" in server.tail()


def test_a_process_that_dies_at_each_request_fails_the_server(make: Make) -> None:
    server = make("import os\ndef init(): pass\ndef run(data): os._exit(7)\n")
    server.wait(90)
    for _ in range(MOST_DEATHS + 1):
        answer = ask(server)
        assert answer.reason == "died"
    with pytest.raises(NotServingError, match="died 6 times in a row; the last time it ended with exit code 7"):
        until(lambda: bool(server.submit(Request("POST", "", {}, b""))) and False)


def test_no_more_requests_than_agreed(make: Make, tmp_path: Path) -> None:
    go = tmp_path / "go"
    script = "import os, time\ndef init(): pass\n"
    script += f"def run(data):\n    while not os.path.exists({str(go)!r}):\n        time.sleep(0.02)\n    return 1\n"
    server = make(script, most_requests=2)
    server.wait(90)
    first = [server.submit(Request("POST", "", {}, b"")) for _ in range(2)]
    with pytest.raises(OverloadedError):
        server.submit(Request("POST", "", {}, b""))
    go.touch()
    assert [future.result(90).status for future in first] == [200, 200]
    assert ask(server).status == 200


def test_several_processes_work_at_the_same_time(make: Make, tmp_path: Path) -> None:
    (tmp_path / "at-work").mkdir()
    script = f"""
import os, time
HERE = {str(tmp_path / "at-work")!r}
def init(): pass
def run(data):
    open(os.path.join(HERE, str(os.getpid())), "w").close()
    until = time.monotonic() + 30
    while len(os.listdir(HERE)) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    return os.getpid()
"""
    server = make(script, processes=2, most_requests=8)
    server.wait(90)
    futures = [server.submit(Request("POST", "", {}, b"")) for _ in range(2)]
    assert len({future.result(90).body for future in futures}) == 2


@pytest.mark.parametrize("package", ["azureml.contrib.services", "azureml_inference_server_http.api"])
def test_raw_requests_and_responses(make: Make, package: str) -> None:
    script = f"from {package}.aml_request import AMLRequest, rawhttp\nfrom {package}.aml_response import AMLResponse\n"
    script += """
def init(): pass
@rawhttp
def run(request):
    if request.method == "GET":
        return AMLResponse({"asked": request.args["q"]}, 201, {"X-Own": "1"}, json_str=True)
    response = AMLResponse(request.get_data(as_text=True).upper() + request.headers["X-In"], 418)
    response.mimetype = "image/jpg"
    return response
"""
    server = make(script)
    got = ask(server, method="GET", query="q=5", body=b"")
    assert (got.status, json.loads(got.body), got.headers["x-own"]) == (201, {"asked": "5"}, "1")
    posted = ask(server, body=b"abc", headers={"x-in": "!"})
    assert (posted.status, posted.body, posted.headers["content-type"]) == (418, b"ABC!", "image/jpg")


def test_stop_ends_the_processes_and_what_they_started(make: Make) -> None:
    server = make(
        "import subprocess\ndef init():\n    print('child', subprocess.Popen(['sleep', '600']).pid, flush=True)\n"
        "def run(data): pass\n"
    )
    server.wait(90)
    child = int(server.tail().partition("child ")[2].split()[0])
    pids = [*server.pids, child]
    server.stop()
    for pid in pids:
        assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]
    with pytest.raises(NotServingError):
        server.submit(Request("POST", "", {}, b""))


def test_what_cannot_be_prepared_fails(tmp_path: Path) -> None:
    def prepare(canceled: Callable[[], bool]) -> Program:
        raise EngineError("no such Python")

    server = ModelServer(Server("p", tmp_path / "log.txt", prepare))
    server.start()
    assert server.wait(90) == "failed"
    assert server.error == "no such Python"
    server.stop()


def test_tail(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert tail(path, 5) == ""
    path.write_text("".join(f"line {number}\n" for number in range(10000)))
    assert tail(path, 2) == "line 9998\nline 9999"
    assert len(tail(path, 5000).splitlines()) == 5000


def test_run_with_the_decorators_of_inference_schema(make: Make, tmp_path: Path) -> None:
    (tmp_path / "inference_schema").mkdir()
    (tmp_path / "inference_schema" / "__init__.py").write_text("")
    # The package itself is not installed here: what of it the server asks.
    (tmp_path / "inference_schema" / "schema_util.py").write_text(
        "def is_schema_decorated(function):\n    return hasattr(function, 'schema')\n"
    )
    server = make(
        "def init(): pass\ndef run(data, other, request_headers):\n"
        "    return [data, other, request_headers['x-a']]\nrun.schema = 1\n"
    )
    answer = ask(server, {"Data": [1], "other": 2}, headers={"x-a": "b"})
    assert json.loads(answer.body) == [[1], 2, "b"]
    missing = ask(server, {"data": 1}, headers={"x-a": "b"})
    assert (missing.status, "fields other are missing" in missing.body.decode()) == (400, True)
    assert ask(server, [1]).status == 400
    assert ask(server, body=b"{").reason == "input"


def test_a_log_that_is_long_is_set_aside(make: Make, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(b"x" * (11 * 1024 * 1024))
    server = make(ECHO)
    assert server.wait(90) == "ready"
    assert (tmp_path / "log.txt").stat().st_size < 10_000
    assert (tmp_path / "log.txt.1").stat().st_size > 10_000_000
