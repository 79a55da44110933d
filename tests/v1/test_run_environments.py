"""Environments of steps with the real client: what is asked for reaches the step, or is told in the run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.live import LiveService
from tests.support.wheels import wheel
from tests.v1.pipelines.scripts import HEAD, lines

pytestmark = pytest.mark.slow

_SHOW = """
import sys
print("PYTHON", sys.version_info[:2], sys.prefix)
try:
    import tinything
    print("TINY", tinything.__version__)
except ImportError:
    print("TINY none")
"""
_HEAD = (
    HEAD
    + """
import sys
from azureml.core import Environment, ScriptRunConfig
from azureml.core.conda_dependencies import CondaDependencies

def configured(env):
    config = RunConfiguration()
    config.environment = env
    return config

def env_with(*pip, name="mine", conda=(), python=None):
    env = Environment(name)
    more = {"python_version": python} if python else {}
    env.python.conda_dependencies = CondaDependencies.create(
        pip_packages=[item for item in pip if not item.startswith("-")], conda_packages=list(conda),
        pin_sdk_version=False, **more)
    for item in pip:
        if item.startswith("-"):
            env.python.conda_dependencies.set_pip_option(item)
    return env

def show(name, env, script="show.py", **more):
    return step(script, name, runconfig=configured(env), allow_reuse=False, **more)

def logs(item, word=None):
    text = item.get_stdout_log()
    return [line for line in text.splitlines() if word is None or line.startswith(word)]
"""
)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    wheel(folder, "tinything", "1.0.0")
    wheel(folder, "tinything", "2.0.0")
    return folder


def _uv(live: LiveService) -> None:
    """Clients of this service choose uv, as `amlbridge run --environments uv` makes them."""
    environment = type(live).environment

    def chosen(self: LiveService) -> dict[str, str]:
        found = environment(self)
        for name in ("MSI_ENDPOINT", "IDENTITY_ENDPOINT"):
            found[name] = found[name].replace("/token", "/environments/uv/token")
        return found

    live.environment = chosen.__get__(live)  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def uv_live(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    service = LiveService(tmp_path_factory.mktemp("uv"))
    _uv(service)
    yield service
    service.stop()


def test_the_current_environment_tells_what_differs(live: LiveService, wheels: Path) -> None:
    done = live.run(
        _HEAD
        + """
plain = show("plain", RunConfiguration().environment)
wrong = show("wrong", env_with("pandas==1.3.5", "no-such-package-here", "scikit-learn>=0.24", "azureml-defaults",
                               conda=["cudatoolkit=11.3"], python="3.8"))
image = env_with()
image.docker.base_image = "me/mine:3"
done = run([plain, wrong, show("image", image)])
for item in done.get_steps():
    for warning in item.get_details()["warnings"]:
        print("WARNING", item.name, warning["message"])
print("PIPELINE", done.get_details().get("warnings"), done.get_status())
single = exp.submit(ScriptRunConfig("src", "show.py", environment=env_with("pandas==1.3.5"), compute_target=cpu))
single.wait_for_completion(show_output=True)
print("SINGLE", len(single.get_details()["warnings"]))
""",
        files={"src/show.py": _SHOW},
    )
    warnings = lines(done.stdout, "WARNING")
    assert sorted(line.split()[0] for line in warnings) == ["image", "wrong"]
    wrong = next(line for line in warnings if line.startswith("wrong"))
    for text in (
        "Python =3.8 is asked for, the interpreter is 3.1",
        "pandas==1.3.5 is asked for, installed is 2.",
        "no-such-package-here is asked for and not installed",
        "cannot be compared with what is installed: cudatoolkit=11.3",
        "--environments uv",
    ):
        assert text in wrong, wrong
    assert "azureml-defaults" not in wrong
    assert "scikit-learn" not in wrong
    assert "the image me/mine:3 is not used" in next(line for line in warnings if line.startswith("image"))
    # A script run's warning is there once.
    assert lines(done.stdout, "SINGLE") == ["1"]
    assert "pandas==1.3.5 is asked for" in done.stdout.partition("PIPELINE")[2]


def test_uv_gives_each_specification_its_environment(uv_live: LiveService, wheels: Path) -> None:
    """Two steps with one specification share one environment; it is there for the next run."""
    done = uv_live.run(
        _HEAD
        + f"""
place = ["--no-index", "--find-links {wheels}"]
old = env_with(*place, "tinything==1.0.0")
new = env_with(*place, "tinything>1")
steps = [show("old", old), show("again", old), show("new", new),
         CommandStep("python show.py", name="line", source_directory="src", compute_target=cpu,
                     runconfig=configured(old), allow_reuse=False)]
done = run(steps)
print("STATUS", done.get_status(), done.properties.get("amlbridge.environments"))
for item in done.get_steps():
    print("SHOWN", item.name, logs(item, "TINY"), logs(item, "PYTHON"))
    print("FILES", item.name, [name for name in item.get_file_names() if "build" in name])
    print("WARNED", item.name, item.get_details()["warnings"])
began = time.time()
run([show("later", old)])
single = exp.submit(ScriptRunConfig("src", "show.py", environment=new, compute_target=cpu))
single.wait_for_completion(show_output=True)
""",
        files={"src/show.py": _SHOW},
    )
    assert lines(done.stdout, "STATUS") == ["Finished uv"], done.stdout
    shown = {line.split()[0]: line for line in lines(done.stdout, "SHOWN")}
    assert "TINY 1.0.0" in shown["old"] and "TINY 1.0.0" in shown["again"] and "TINY 1.0.0" in shown["line"]
    assert "TINY 2.0.0" in shown["new"]
    assert all(str(uv_live.home.root / "environments") in line for line in shown.values())
    assert all(line.endswith("[]") for line in lines(done.stdout, "WARNED"))
    assert "\nTINY 2.0.0" in done.stdout
    built = [path for path in (uv_live.home.root / "environments").iterdir() if path.is_dir()]
    assert len(built) == 2
    built_logs = [path.read_text() for path in uv_live.home.blobs.rglob("20_image_build_log.txt")]
    assert sum("building the environment" in text for text in built_logs) == 2
    assert any("tinything==1.0.0" in text for text in built_logs)


def test_what_cannot_be_built_fails_the_step_with_uvs_words(uv_live: LiveService, wheels: Path) -> None:
    done = uv_live.run(
        _HEAD
        + f"""
missing = env_with("--no-index", "--find-links {wheels}", "tinything==9.9")
python = env_with("tinything", python="3.2.1")
files = Environment.from_conda_specification("files", "conda.yml")
for name, env in (("missing", missing), ("python", python), ("files", files)):
    done = run([show(name, env)])
    item = list(done.get_steps())[0]
    print("FAILED", name, item.get_status(), item.get_details()["error"]["error"]["message"].replace(chr(10), " "))
    print("LOG", name, item.get_job_log().replace(chr(10), " "))
""",
        files={
            "src/show.py": _SHOW,
            "conda.yml": "dependencies:\n- python\n- pip:\n  - -r requirements.txt\n",
        },
    )
    failed = {line.split()[0]: line for line in lines(done.stdout, "FAILED")}
    assert all("Failed" in line for line in failed.values())
    assert "tinything==9.9" in failed["missing"] and "--environments current" in failed["missing"]
    assert "Python =3.2.1 is not on this machine" in failed["python"] and "Here are: 3." in failed["python"]
    assert "only the specification is sent" in failed["files"]
    assert "uv pip install" in next(line for line in lines(done.stdout, "LOG") if line.startswith("missing"))


def test_own_interpreters_wheels_and_registered_environments(
    uv_live: LiveService, wheels: Path, tmp_path: Path
) -> None:
    done = uv_live.run(
        _HEAD
        + f"""
own = Environment("own")
own.python.user_managed_dependencies = True
own.python.interpreter_path = sys.argv[1]
gone = Environment("gone")
gone.python.user_managed_dependencies = True
gone.python.interpreter_path = "/opt/nowhere/bin/python"
url = Environment.add_private_pip_wheel(ws, "{wheels}/tinything-1.0.0-py3-none-any.whl")
private = env_with("--no-index", url, name="private")
private.register(ws)
done = run([show("own", own), show("gone", gone), show("private", private),
            show("registered", Environment.get(ws, "private"))])
for item in done.get_steps():
    print("SHOWN", item.name, logs(item), item.get_details()["warnings"])
""",
        _own_python(tmp_path),
        files={"src/show.py": _SHOW},
    )
    shown = {line.split()[0]: line for line in lines(done.stdout, "SHOWN")}
    assert str(tmp_path / "own") in shown["own"]
    assert "TINY none" in shown["gone"] and "/opt/nowhere/bin/python is not on this machine" in shown["gone"]
    assert "TINY 1.0.0" in shown["private"] and "TINY 1.0.0" in shown["registered"]


def _own_python(folder: Path) -> str:
    """An interpreter of the user's own."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "own")], check=True)
    return str(folder / "own" / "bin" / "python")


def test_every_form_of_an_environment_reaches_the_step(live: LiveService) -> None:
    """What `Environment.from_…` makes arrives; what only a container could give is told."""
    done = live.run(
        _HEAD
        + """
import json, pathlib
conda = pathlib.Path("fake/conda")
conda.chmod(0o755)
os.environ["PATH"] = f"{conda.parent.absolute()}:{os.environ['PATH']}"
forms = {
    "conda": Environment.from_conda_specification("conda", "conda.yml"),
    "pip": Environment.from_pip_requirements("pip", "requirements.txt"),
    "existing": Environment.from_existing_conda_environment("existing", "mine"),
    "image": Environment.from_docker_image("image", "me/mine:3", pip_requirements="requirements.txt"),
    "dockerfile": Environment.from_dockerfile("dockerfile", "Dockerfile", conda_specification="conda.yml"),
    "curated": Environment.get(ws, "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu"),
    "merged": Environment("merged"),
}
forms["merged"].python.conda_dependencies.add_conda_package("conda-forge::numpy=1.20")
forms["merged"].python.conda_dependencies.add_channel("conda-forge")
registered = env_with("pandas==0.24", name="kept")
registered.register(ws)
registered.python.conda_dependencies.add_pip_package("pandas==0.25")
registered.register(ws)
forms["first"] = Environment.get(ws, "kept", version="1")
forms["latest"] = ws.environments["kept"]
for name, env in forms.items():
    if name not in ("curated", "first", "latest"):
        env.register(ws)
        assert Environment.get(ws, env.name).get_image_details(ws).image_exist is False
done = run([show(name, env) for name, env in forms.items()])
for item in done.get_steps():
    found = [warning["message"] for warning in item.get_details()["warnings"]]
    print("WARNED", item.name, item.get_status(), found)
""",
        files={
            "src/show.py": _SHOW,
            "conda.yml": "dependencies:\n- python=3.9\n- numpy=1.19\n- pip:\n  - pandas==1.1\n",
            "requirements.txt": "# pinned\npandas==1.2  # old\n\nno-such-thing\n",
            "Dockerfile": "FROM scratch\n",
            "fake/conda": _FAKE_CONDA,
        },
    )
    warned = {line.split()[0]: line for line in lines(done.stdout, "WARNED")}
    for name, *texts in (
        ("conda", "Python =3.9", "numpy=1.19", "pandas==1.1 is"),
        ("pip", "pandas==1.2 is asked for", "no-such-thing is asked for and not installed"),
        ("existing", "numpy==1.20.1 is", "six==1.15.0 is", "libgcc-ng=9"),
        ("image", "me/mine:3 is not used", "pandas==1.2 is"),
        ("dockerfile", "Dockerfile of the environment is not built", "pandas==1.1 is"),
        ("merged", "numpy=1.20 is asked for"),
        ("first", "pandas==0.24 is"),
        ("latest", "pandas==0.25 is"),
    ):
        for text in texts:
            assert text in warned[name], (text, warned[name])
    assert warned["curated"].endswith("[]")
    assert all("Finished" in line for line in warned.values())
    assert "# pinned" not in warned["pip"]


_FAKE_CONDA = """#!/bin/sh
case "$*" in
  *list*) echo '{"envs": ["/envs/mine"]}' ;;
  *export*) printf 'name: mine\ndependencies:\n- numpy=1.20.1=py39h\n- libgcc-ng=9=h2\n- pip:\n  - six==1.15.0\n' ;;
  *) echo 'conda 4.10.1' ;;
esac
"""
