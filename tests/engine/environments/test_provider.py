"""Environments that uv really builds."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.environments import build, pythons
from amlbridge.engine.environments.modes import VARIABLE, default_mode, mode_of
from amlbridge.engine.environments.provider import Environments, Step
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import Environment, Node
from tests.support.patience import quickest, until
from tests.support.wheels import wheel

pytestmark = pytest.mark.slow


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    for version in ("1.0.0", "2.0.0"):
        wheel(folder, "tinything", version)
    wheel(folder, "broken", "1.0", ("tinything>5",))
    return folder


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    return Environments(tmp_path / "environments")


def asking(wheels: Path, *lines: str, python: str = "python") -> Environment:
    place = ["--no-index", f"--find-links {wheels}"]
    return Environment(conda={"dependencies": [python, {"pip": [*place, *lines]}]})


def version_in(python: str) -> str:
    code = "import tinything; print(tinything.__version__)"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_an_environment_holds_what_is_asked_for_and_is_built_once(
    environments: Environments, wheels: Path, tmp_path: Path
) -> None:
    one = environments.interpreter(asking(wheels, "tinything==1.0.0"), "uv", Step(tmp_path / "one.log"))
    two = environments.interpreter(asking(wheels, "tinything"), "uv", Step(tmp_path / "two.log"))
    assert (version_in(one), version_in(two)) == ("1.0.0", "2.0.0")
    again = Environments(environments.root)

    def ask_again() -> None:
        assert again.interpreter(asking(wheels, "tinything==1.0.0"), "uv", Step(tmp_path / "three.log")) == one

    assert quickest(ask_again, 0.1) < 0.1
    assert not (tmp_path / "three.log").exists()
    text = (tmp_path / "one.log").read_text()
    assert "building the environment" in text and "+ tinything==1.0.0" in text and "built in" in text
    assert environments.remove() == 2


def test_steps_at_the_same_time_build_once(environments: Environments, wheels: Path, tmp_path: Path) -> None:
    told: list[int] = []

    def want(number: int) -> str:
        mine = Environments(environments.root) if number % 2 else environments
        step = Step(tmp_path / f"{number}.log", preparing=lambda: told.append(number))
        return mine.interpreter(asking(wheels, "tinything"), "uv", step)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(want, range(6)))
    assert len(set(found)) == 1 and version_in(found[0]) == "2.0.0"
    texts = [path.read_text() for path in tmp_path.glob("*.log")]
    assert sum("building the environment" in text for text in texts) == 1
    assert sum("is there" in text for text in texts) == len(told) - 1


def test_a_build_that_was_interrupted_is_made_anew(environments: Environments, wheels: Path, tmp_path: Path) -> None:
    asked = asking(wheels, "tinything")
    python = Path(environments.interpreter(asked, "uv", Step(tmp_path / "log")))
    (python.parent.parent / build.MARKER).unlink()
    module = next(python.parent.parent.rglob("tinything.py"))
    module.unlink()
    assert version_in(environments.interpreter(asked, "uv", Step(tmp_path / "log"))) == "2.0.0"


def test_a_failing_build_says_why_and_leaves_nothing(environments: Environments, wheels: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"(?s)cannot be built.*tinything>5.*--environments current"):
        environments.interpreter(asking(wheels, "broken"), "uv", Step(tmp_path / "log"))
    assert [path for path in environments.root.iterdir() if path.is_dir()] == []
    assert "tinything>5" in (tmp_path / "log").read_text()


def test_passwords_of_indexes_are_not_logged(environments: Environments, wheels: Path, tmp_path: Path) -> None:
    asked = asking(wheels, "tinything", "--extra-index-url http://me:secret@127.0.0.1:9/simple")
    environments.interpreter(asked, "uv", Step(tmp_path / "log"))
    assert "secret" not in (tmp_path / "log").read_text()


def test_a_python_that_is_not_here_is_named(environments: Environments, wheels: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"Python =3\.2 is not on this machine.*Here are: 3\.") as caught:
        environments.interpreter(asking(wheels, "tinything", python="python=3.2"), "uv", Step(tmp_path / "log"))
    assert pythons.current().version in str(caught.value)
    mine = ".".join(map(str, sys.version_info[:2]))
    # A patch release that nobody has: its minor version does.
    python = environments.interpreter(
        asking(wheels, "tinything", python=f"python={mine}.99"), "uv", Step(tmp_path / "log")
    )
    assert version_in(python) == "2.0.0"


def said(log: Path, words: str) -> bool:
    return log.exists() and words in log.read_text()


def test_a_cancelled_step_stops_its_build(environments: Environments, wheels: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    # uv waits for an index that accepts and never answers.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        asked = Environment(conda={"dependencies": [{"pip": [f"--index-url {url}", "tinything"]}]})
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(environments.interpreter, asked, "uv", Step(tmp_path / "a.log", stop.is_set))
            until(lambda: said(tmp_path / "a.log", "building the environment"))
            second = pool.submit(environments.interpreter, asked, "uv", Step(tmp_path / "b.log"))
            until(lambda: said(tmp_path / "b.log", "waiting: another step builds"))
            stop.set()
            with pytest.raises(EngineError, match="cancelled while its environment was built"):
                first.result(60)
            # The other step builds it itself until the service stops.
            until(lambda: said(tmp_path / "b.log", "building the environment"))
            assert not second.done()
            environments.close()
            with pytest.raises(EngineError, match="cancelled"):
                second.result(60)
    assert "waiting: another step builds" in (tmp_path / "b.log").read_text()


def test_what_a_killed_service_was_building_is_left_alone(
    environments: Environments, wheels: Path, tmp_path: Path
) -> None:
    driver = """
        import sys
        from pathlib import Path
        from amlbridge.engine.environments.provider import Environments, Step
        from amlbridge.engine.plan import Environment
        root, url, log = sys.argv[1:]
        asked = Environment(conda={"dependencies": [{"pip": [f"--index-url {url}", "tinything"]}]})
        Environments(Path(root)).interpreter(asked, "uv", Step(Path(log)))
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        arguments = [str(environments.root), url, str(tmp_path / "first.log")]
        service = subprocess.Popen([sys.executable, "-c", textwrap.dedent(driver), *arguments])
        silent.settimeout(60)
        connection, _ = silent.accept()
        service.kill()
        service.wait()
        asked = Environment(conda={"dependencies": [{"pip": [f"--index-url {url}", "tinything"]}]})
        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(environments.interpreter, asked, "uv", Step(tmp_path / "second.log"))
            until(lambda: said(tmp_path / "second.log", "waiting: another step builds"))
            environments.close()
            with pytest.raises(EngineError, match="while it waited"):
                second.result(60)
        connection.close()


def test_who_gets_which_interpreter(environments: Environments, wheels: Path, tmp_path: Path) -> None:
    def run(environment: Environment, mode: Any = "uv") -> str:
        return environments.interpreter(environment, mode, Step(tmp_path / "log"))

    assert run(asking(wheels, "tinything==9"), "current") == sys.executable
    assert run(Environment()) == run(Environment(user_managed=True)) == sys.executable
    other = tmp_path / "python"
    other.symlink_to(sys.executable)
    assert run(Environment(user_managed=True, interpreter=str(other)), "current") == str(other)
    gone = Environment(user_managed=True, interpreter="/nowhere/python")
    assert run(gone) == sys.executable
    assert environments.findings(Node("a", "a", environment=gone), "uv") == [
        "the interpreter /nowhere/python is not on this machine"
    ]


def test_private_files_of_the_service(wheels: Path, tmp_path: Path) -> None:
    url = "https://private.example/x/tinything-1.0.0-py3-none-any.whl"
    file = wheels / "tinything-1.0.0-py3-none-any.whl"
    environments = Environments(tmp_path / "e", locate=lambda line: file if line == url else None)
    asked = Environment(conda={"dependencies": [{"pip": ["--no-index", url]}]})
    assert version_in(environments.interpreter(asked, "uv", Step(tmp_path / "log"))) == "1.0.0"


def test_pips_settings_hold_for_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "/some/wheels")
    monkeypatch.setenv("UV_FIND_LINKS", "/uvs/own")
    found = build.uv_environment({"HTTPS_PROXY": "http://guard"})
    assert found["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert found["UV_FIND_LINKS"] == "/uvs/own"
    assert (found["HTTPS_PROXY"], found["UV_PYTHON_DOWNLOADS"]) == ("http://guard", "never")


def test_a_partial_mirror_hides_no_newer_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As pip does. To uv alone, the index that is named first is the only one for the names that it knows."""
    for place, version in (("mirror", "1.0"), ("index", "2.0")):
        page = tmp_path / place / "tiny"
        file = wheel(page, "tiny", version)
        (page / "index.html").write_text(f'<a href="{file.name}">{file.name}</a>')
    for name in ("UV_INDEX", "UV_INDEX_STRATEGY", "UV_DEFAULT_INDEX", "UV_FIND_LINKS", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "index").as_uri())
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", (tmp_path / "mirror").as_uri())
    command = [build.find_uv(), "pip", "install", "--dry-run", "--target", str(tmp_path / "t"), "tiny<3"]
    done = subprocess.run(command, env=build.uv_environment(), capture_output=True, text=True, check=True)
    assert "tiny==2.0" in done.stderr


def test_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert default_mode() == "current"
    monkeypatch.setenv(VARIABLE, "uv")
    assert default_mode() == "uv"
    with pytest.raises(EngineError, match="'conda' is no way to provide environments"):
        mode_of("conda")
