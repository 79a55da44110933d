"""`amlbridge published` and `amlbridge token` with pipelines that the real client published."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from amlbridge.wire.identity import TokenIssuer, load_secret
from tests.cli.published import publish
from tests.support.command import Command

pytestmark = pytest.mark.slow


@dataclass
class Published:
    """The command in a folder where the client has published."""

    command: Command
    old: str
    new: str
    endpoint: str
    url: str

    def shown(self, run_id: str) -> str:
        """What the step of a run printed."""
        steps = self.command.json("status", run_id, "--json")["steps"]
        logs = self.command.home.root.rglob(f"*{steps[0]['id']}/**/70_driver_log.txt")
        text = "".join(path.read_text() for path in logs)
        return next(line for line in text.splitlines() if line.startswith("SHOW "))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    command = Command(tmp_path_factory.mktemp("published"))
    try:
        yield Published(command, *publish(command))
    finally:
        command("down", code=None)


def test_list(published: Published) -> None:
    text = published.command("published", "list").stdout
    assert "\x1b" not in text
    assert published.old in text and published.new in text and "stable:0" in text and "stable:1" in text
    content = published.command.json("published", "list", "--json")
    assert [item["version"] for item in content["pipelines"]] == ["2.0", "1.0"]
    assert content["endpoints"][0]["versions"][0]["id"] == published.new
    elsewhere = published.command("published", "list", "--workspace", "nowhere", code=1).stderr
    assert "there is no workspace nowhere" in elsewhere and "first" in elsewhere


def test_show(published: Published) -> None:
    done = published.command("published", "show", "nightly")
    assert "2 published pipelines have this name" in done.stderr and published.old in done.stderr
    for told in (published.url, "table_param", "weekly", "2099-01-01", "show.py", "cpu", "dflt", "stable:0 (default)"):
        assert told in done.stdout, done.stdout
    content = published.command.json("published", "show", "stable", "--json")
    assert (content["endpoint"]["id"], content["version"]) == (published.endpoint, "0")
    assert {item["name"]: item["default"] for item in content["parameters"]} == {"text": "dflt", "count": 3}
    assert {item["name"]: item["kind"] for item in content["data"]} == {"table_param": "dataset", "path": "path"}
    assert published.command.json("published", "show", "stable", "--version", "1", "--json")["pipeline"]["id"] == (
        published.old
    )
    by_version = published.command.json("published", "show", "nightly", "--version", "1.0", "--json")
    assert by_version["pipeline"]["id"] == published.old
    assert "it has: 0, 1" in published.command("published", "show", "stable", "--version", "7", code=1).stderr
    missing = published.command("published", "show", "nothing", code=1).stderr
    assert "'nothing'" in missing and "published list --all" in missing


def test_run_with_values_and_wait(published: Published) -> None:
    values = ["--param", "text=a b", "--param", "count=7", "--dataset", "table_param=large:1"]
    done = published.command(
        *("published", "run", "stable", *values, "--datapath", "path=workspaceblobstore/in/more.csv"),
        *("--experiment", "mine", "--display-name", "shown", "--tag", "who=me", "--wait"),
    )
    run_id = done.stdout.splitlines()[0]
    assert "step show · Completed" in done.stderr and "experiment mine" in done.stdout
    assert published.shown(run_id) == "SHOW ['a b', 2, 1, 'more.csv', '7', 'helped']"
    content = published.command.json("published", "show", "stable", "--json")
    assert content["recent_runs"][0]["id"] == run_id and content["recent_runs"][0]["endpoint_version"] == "0"
    assert content["endpoint"]["runs"] == 1 and content["pipeline"]["last_run"]["id"] == run_id


def test_run_that_fails_or_is_refused(published: Published) -> None:
    failed = published.command("published", "run", published.old, "--param", "text=fail", "--wait", "--json", code=1)
    assert json.loads(failed.stdout)["status"] == "Failed"
    unknown = published.command("published", "run", published.old, "--param", "other=1", code=1).stderr
    assert "no parameter 'other'; it has: count, path (path), table_param (dataset), text" in unknown
    assert "must have the form" in published.command("published", "run", published.old, "--param", "x", code=2).stderr
    gone = published.command("published", "run", published.old, "--dataset", "table_param=large:9", code=1).stderr
    assert "large" in gone and "9" in gone


def test_disable_and_enable(published: Published) -> None:
    assert "is disabled" in published.command("published", "disable", published.old).stdout
    assert published.old not in published.command("published", "list").stdout
    assert published.old in published.command("published", "list", "--all").stdout
    assert "is disabled: enable it" in published.command("published", "run", published.old, code=1).stderr
    # One active pipeline of that name is left.
    assert published.command("published", "show", "nightly", "--version", "1.0").stdout
    published.command("published", "enable", published.old)
    assert "is disabled" in published.command("published", "disable", "stable").stdout
    assert "is disabled" in published.command("published", "run", "stable", code=1).stderr
    assert "is active" in published.command("published", "enable", "stable").stdout


def test_token_opens_the_endpoint(published: Published) -> None:
    token = published.command("token").stdout.strip()
    header = published.command("token", "--header").stdout.strip()
    assert header.startswith("Authorization: Bearer ")

    def post(authorization: str | None) -> tuple[int, Any]:
        request = urllib.request.Request(published.url, b'{"ExperimentName": "curl"}', method="POST")
        request.add_header("Content-Type", "application/json")
        if authorization is not None:
            request.add_header("Authorization", authorization)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    assert [post(value)[0] for value in (None, "Bearer no", f"Basic {token}")] == [401, 401, 401]
    assert "no token" in post(None)[1]["error"]["message"]
    for value in (f"Bearer {token}", header.partition(": ")[2], f"Token {token}"):
        status, content = post(value)
        assert (status, len(content["Id"])) == (200, 36)


def test_token_expires_and_needs_no_service(published: Published, amlbridge: Command) -> None:
    content = published.command.json("token", "--lifetime", "90m", "--json")
    issuer = TokenIssuer(load_secret(published.command.home.secret))
    assert issuer.verify(content["token"]) is not None
    later = TokenIssuer(load_secret(published.command.home.secret), lambda: content["expires_on"] + 1)
    assert later.verify(content["token"]) is None
    assert "is no time" in published.command("token", "--lifetime", "soon", code=2).stderr
    # No state folder: nothing is made, and the way out is named.
    assert "amlbridge up" in amlbridge("token", code=69).stderr
    assert not amlbridge.home.root.exists()
    amlbridge("up")
    amlbridge("down")
    assert amlbridge("token").stdout.count(".") == 2
    assert "amlbridge up" in amlbridge("published", "list", code=69).stderr


_COMMANDS = ["list", "show", "run", "enable", "disable", "export", "import"]


@pytest.mark.parametrize("command", [["published"], ["token"], *(["published", name] for name in _COMMANDS)])
def test_every_command_has_an_example(published: Published, command: list[str]) -> None:
    text = published.command(*command, "--help").stdout
    assert f"amlbridge {' '.join(command)}" in text.partition("Example")[2]


def test_curl_with_the_header(published: Published) -> None:
    script = f"""
        curl -s -o out.json -w '%{{http_code}}' -H "$(cat header)" -H 'Content-Type: application/json' \\
            -d '{{"ExperimentName": "curl"}}' {published.url}
    """
    published.command.write("header", published.command("token", "--header").stdout)
    try:
        done = subprocess.run(
            ["bash", "-c", script], cwd=published.command.folder, capture_output=True, text=True, check=True
        )
    except subprocess.CalledProcessError as error:
        if error.returncode == 127:
            pytest.skip("curl is not there")
        raise
    assert done.stdout == "200"
