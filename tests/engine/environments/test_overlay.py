"""`pip install` in a step: the user's interpreter stays as it is, the packages are there for the rest of the step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from amlbridge.engine.environments.overlay_build import MARKER
from amlbridge.engine.environments.overlay_shims import Shims
from tests.support.wheels import wheel

pytestmark = pytest.mark.slow
#: No index: a test that needed one fails at once.
NOWHERE = {"PIP_NO_INDEX": "1", "UV_NO_INDEX": "1", "UV_OFFLINE": "1"}


class Steps:
    """Steps whose interpreter is a virtual environment with pip and the package `base` 1.0 with the extra `more`."""

    def __init__(self, root: Path, python: Path) -> None:
        self.root, self.python = root, python
        self.overlays = root / "environments"
        self.shims = Shims(root / "shims", self.overlays)
        self.wheels = root / "wheels"
        wheel(self.wheels, "alpha", "1.0", ("beta>=1", "base>=1"))
        wheel(self.wheels, "beta", "1.0")
        wheel(self.wheels, "beta", "2.0")
        wheel(self.wheels, "base", "2.0")

    def environment(self, name: str = "step", *, command: bool = True) -> dict[str, str]:
        env = {"PATH": f"{self.python.parent}:/usr/bin:/bin", "HOME": str(self.root), **NOWHERE}
        env["UV_CACHE_DIR"] = str(self.root / "cache")
        return self.shims.with_overlay(env, self.root / f"{name}.inputs", command=command)

    def start(self, line: str, name: str = "step") -> subprocess.Popen[str]:
        work = self.root / name
        work.mkdir(exist_ok=True)
        return subprocess.Popen(
            ["/bin/bash", "-c", line.replace("WHEELS", str(self.wheels))],
            env=self.environment(name),
            cwd=work,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, line: str, name: str = "step", code: int = 0) -> str:
        process = self.start(line, name)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == code, said
        return said

    def made(self) -> list[Path]:
        """The overlays that are whole."""
        return sorted(path.parent for path in self.overlays.glob(f"overlay-*/{MARKER}"))


def listing(folder: Path) -> list[tuple[str, int, int]]:
    """Every file with its size and time, but for bytecode."""
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("user") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    made = wheel(folder.parent, "base", "1.0", ("beta<2; extra == 'more'",))
    with zipfile.ZipFile(made) as archive:
        archive.extractall(site)
    old = time.time() - 3600
    os.utime(folder / "pyvenv.cfg", (old, old))
    return folder / "bin" / "python"


@pytest.fixture
def steps(tmp_path: Path, python: Path) -> Iterator[Steps]:
    before = listing(python.parents[1])
    yield Steps(tmp_path, python)
    assert listing(python.parents[1]) == before, "the user's environment was changed"


SHOW = "python -c 'import sys, {0}; print({0}.__version__)'"


def test_what_is_there_is_skipped_without_pip(steps: Steps) -> None:
    said = steps.run("pip install 'base>=1' \"nothing; python_version < '3'\" && " + SHOW.format("base"))
    assert "already there: base>=1" in said
    assert said.splitlines()[-1] == "1.0"
    assert steps.made() == []
    assert steps.run("pip install -q base==1.0") == ""
    assert "skipped" in steps.run("pip install --upgrade pip")


def test_packages_are_there_for_the_rest_of_the_step_only(steps: Steps) -> None:
    show = "python -c 'import alpha, beta, base; print(beta.__version__, base.__version__)'"
    said = steps.run(f"pip install --find-links WHEELS alpha && {show}", "one")
    # A dependency that is installed is not installed again.
    assert said.splitlines()[-1] == "2.0 1.0"
    assert "pip install: alpha==1.0, beta==2.0: put into" in said
    assert "No module named 'alpha'" in steps.run("python -c 'import alpha'", "two", code=1)
    assert len(steps.made()) == 1


def test_another_step_takes_the_same_overlay(steps: Steps) -> None:
    line = "pip install -q --no-index -f WHEELS beta==1.0; " + SHOW.format("beta")
    assert "put into" in steps.run(line, "one")
    assert "taken from" in steps.run(line, "two")
    assert len(steps.made()) == 1


def test_installs_one_after_the_other(steps: Steps) -> None:
    said = steps.run(
        "pip install -f WHEELS beta==1.0 && pip3 install -f WHEELS alpha && uv pip install -f WHEELS base==2.0 && "
        "python -c 'import alpha, beta, base; print(alpha.__version__, beta.__version__, base.__version__)'; "
        "pip freeze; "
        "pip install -q -f WHEELS -U beta; " + SHOW.format("beta")
    )
    lines = said.splitlines()
    assert "1.0 1.0 2.0" in lines
    assert {"alpha==1.0", "beta==1.0", "base==2.0"} <= set(lines)
    assert "base==2.0 (instead of 1.0)" in said
    assert lines[-1] == "2.0"


SCRIPT = """
import subprocess, sys
try:
    import alpha
except ImportError:
    subprocess.check_call([sys.executable, "-m", "pip", "install", "--find-links", "{0}", "alpha"])
import alpha
print("alpha", alpha.__version__)
import pip
pip.main(["install", "--find-links", "{0}", "base==2.0"])
from pip._internal.cli.main import main
print("uninstalled", main(["uninstall", "-y", "base"]))
subprocess.check_call([{1!r}, "install", "--find-links", "{0}", "beta==1.0"])
print(subprocess.check_output([sys.executable, "-c", "import base, beta; print(base.__version__, beta.__version__)"]))
"""


def test_pip_from_a_script_and_by_its_path(steps: Steps) -> None:
    (steps.root / "step").mkdir()
    (steps.root / "step" / "main.py").write_text(SCRIPT.format(steps.wheels, str(steps.python.parent / "pip")))
    said = steps.run("python main.py")
    assert "alpha 1.0" in said
    assert "pip uninstall -y base: ignored" in said and "uninstalled 0" in said
    assert "b'2.0 1.0\\n'" in said


def test_requirements_constraints_and_extras(steps: Steps) -> None:
    work = steps.root / "step"
    work.mkdir()
    (work / "requirements.txt").write_text("# what we need\nbase[more]>=1  # in one line\n-r more.txt\n")
    (work / "more.txt").write_text("alpha==1.*; python_version > '3'\n")
    (work / "limits.txt").write_text("beta<2\n")
    said = steps.run("pip install -f WHEELS -r requirements.txt -c limits.txt && " + SHOW.format("beta"))
    assert said.splitlines()[-1] == "1.0"
    assert "already there" in steps.run("pip install -r requirements.txt -c limits.txt")
    assert "missing.txt cannot be read" in steps.run("pip install -r missing.txt", code=1)


def test_a_wheel_and_a_folder(steps: Steps) -> None:
    said = steps.run("pip install WHEELS/beta-1.0-py3-none-any.whl && " + SHOW.format("beta"), "one")
    assert said.splitlines()[-1] == "1.0"
    assert len(steps.made()) == 1
    project = steps.root / "two" / "project"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'own'\nbackend-path = ['.']\n"
        "[project]\nname = 'own'\nversion = '3'\n"
    )
    built = wheel(steps.root / "built", "own", "3")
    (project / "own.py").write_text(
        f"import shutil\n__version__ = '3'\ndef build_wheel(folder, *_, **__):\n"
        f"    return shutil.copy({str(built)!r}, folder).rpartition('/')[2]\n"
    )
    said = steps.run("pip install -e ./project && cd / && " + SHOW.format("own"), "two")
    assert said.splitlines()[-1] == "3"
    assert "not editable" in said
    # It is the step's code: kept for no other step.
    assert len(steps.made()) == 1


def test_what_cannot_be_installed(steps: Steps) -> None:
    said = steps.run("pip install -f WHEELS nosuch==3", code=1)
    assert "cannot install nosuch==3" in said and "was not found" in said
    line = (
        "env -u UV_NO_INDEX -u UV_OFFLINE UV_HTTP_RETRIES=0 pip install --index-url http://127.0.0.1:9/simple nosuch==3"
    )
    said = steps.run(line, code=1)
    assert "cannot install nosuch==3" in said and "No package index can be reached" in said
    assert "stays as it is" in steps.run(line.replace("nosuch==3", "--upgrade base"))
    assert "refused" in steps.run("pip install --prefix /tmp/x base==2", code=1)
    assert list(steps.overlays.glob("*.new")) == []


def test_a_virtual_environment_of_the_step_is_its_own(steps: Steps) -> None:
    said = steps.run(
        "python -m venv own && source own/bin/activate && pip install --no-index -f WHEELS beta==1.0 && "
        "uv pip install --no-index -f WHEELS alpha && python -c 'import alpha, beta; print(alpha.__file__)'"
    )
    assert said.splitlines()[-1].startswith(str(steps.root / "step" / "own"))
    assert steps.made() == []


def test_conda(steps: Steps) -> None:
    said = steps.run(
        'eval "$(conda shell.bash hook)" && conda activate x && source activate x && '
        "source /opt/miniconda/bin/activate x && . /opt/miniconda/etc/profile.d/conda.sh && conda deactivate && "
        "conda run -n x python -c 'print(\"ran\")' && conda install -y -c conda-forge base=1 && echo went on"
    )
    assert said.count("amlbridge chose the interpreter of this step") == 5
    assert "ran\n" in said and "already there: base==1.*" in said and said.endswith("went on\n")
    assert "pip cannot install gcc" in steps.run("conda install -y gcc", code=1)
    assert "refused" in steps.run("conda create -n y python=3.9", code=1)
    assert "No such file" in steps.run("source venv/bin/activate", code=1)


def test_two_steps_at_once(steps: Steps) -> None:
    line = "pip install -f WHEELS alpha && " + SHOW.format("alpha")
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda name: steps.run(line, name), ["one", "two", "three"]))
    assert [text.splitlines()[-1] for text in said] == ["1.0"] * 3
    assert sum("put into" in text for text in said) == 1
    assert len(steps.made()) == 1


def test_processes_of_one_step_at_once(steps: Steps) -> None:
    said = steps.run(
        "pip install -q -f WHEELS alpha & pip install -q -f WHEELS base==2.0 & wait; "
        "python -c 'import alpha, base; print(alpha.__version__, base.__version__)'"
    )
    assert said.splitlines()[-1] == "1.0 2.0"


@pytest.mark.parametrize("wait", [0.05, 0.15, 0.25, 0.35])
def test_killed_in_the_middle(steps: Steps, wait: float) -> None:
    line = "pip install -f WHEELS alpha && " + SHOW.format("alpha")
    process = steps.start(line, "one")
    time.sleep(wait)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert steps.run(line, "two").splitlines()[-1] == "1.0"
    assert len(steps.made()) == 1
    assert list(steps.overlays.glob("*.new")) == []


def test_an_interpreter_without_pip(steps: Steps, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    os.utime(tmp_path / "bare" / "pyvenv.cfg", (0, 0))
    bare = Steps(tmp_path / "state", tmp_path / "bare" / "bin" / "python")
    before = listing(tmp_path / "bare")
    said = bare.run(
        "python -m pip install -f WHEELS beta==1.0 && pip install -f WHEELS base && "
        "python -c 'import beta, base; print(beta.__version__, base.__version__)' && pip list && pip --version"
    )
    assert "1.0 2.0" in said.splitlines()
    assert listing(tmp_path / "bare") == before


def test_a_pip_in_the_overlay_is_not_let_loose(steps: Steps) -> None:
    wheel(steps.wheels, "pip", "99.0")
    wheel(steps.wheels, "wants_pip", "1.0", ("pip>=99",))
    said = steps.run("pip install -f WHEELS wants_pip && python -m pip uninstall -y base; pip install -f WHEELS beta")
    assert "pip==99.0 (instead of" in said and "uninstall -y base: ignored" in said and "beta==2.0: put into" in said


def test_the_step_has_its_variables_only_in_its_own_processes(steps: Steps) -> None:
    said = steps.run(
        "env -u AMLBRIDGE_PACKAGES python -m pip install -f WHEELS beta && " + SHOW.format("beta") + "; "
        "env -u AMLBRIDGE_PACKAGES -u PYTHONPATH pip install -f WHEELS base==2.0",
        code=1,
    )
    assert "2.0" in said.splitlines() and "lost the variables of its step" in said
