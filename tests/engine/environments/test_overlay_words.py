"""How `pip install` is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.environments import overlay_guard, overlay_settings, overlay_words
from amlbridge.engine.errors import EngineError


@pytest.mark.parametrize(
    ("line", "words", "options"),
    [
        ("-q numpy==1.0 -U", ["numpy==1.0"], []),
        ("-qqU numpy --no-cache-dir --timeout 60 --retries=3", ["numpy"], ["--no-cache"]),
        (
            "-i http://i --extra-index-url=http://e a b",
            ["a", "b"],
            ["--index-url", "http://i", "--extra-index-url", "http://e"],
        ),
        ("--pre --user --trusted-host h a[x]", ["a[x]"], ["--prerelease", "allow", "--allow-insecure-host", "h"]),
        ("--root-user-action ignore --progress-bar off a", ["a"], []),
        ("git+https://x/y.git@main", ["git+https://x/y.git@main"], []),
    ],
)
def test_words_and_options(line: str, words: list[str], options: list[str]) -> None:
    wish = overlay_words.read(line.split())
    assert (wish.words, wish.options) == (words, options)
    assert wish.whole == (not words[0].startswith("git"))


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VERSION", "2")
    Path("sub").mkdir()
    Path("r.txt").write_text("a>=1 # why\n-r sub/s.txt\n-c c.txt\n--extra-index-url http://x\nb==${VERSION}\n")
    Path("sub/s.txt").write_text("c; python_version<'3'\n-r ../r.txt\n")
    Path("c.txt").write_text("a<5\n")
    wish = overlay_words.read(["-rr.txt"])
    assert [str(item) for item in wish.requirements] == ["a>=1", 'c; python_version < "3"', "b==2"]
    assert wish.words == ["--requirement", "r.txt"] and str(wish.constraints["a"]) == "<5"
    assert len(wish.content) == 3 and wish.whole and wish.shared
    same = overlay_words.read(["-r", "r.txt"])
    assert same.content == wish.content
    Path("sub/s.txt").write_text("c\n")
    assert overlay_words.read(["-r", "r.txt"]).content != wish.content
    folder = overlay_words.read(["./sub"])
    assert not folder.shared and not folder.whole


@pytest.mark.parametrize(
    "line", ["--prefix /x a", "--root=/x a", "-r nothing.txt", "a b==", "-r", "nothing-1.0-py3-none-any.whl -r x"]
)
def test_what_is_refused(line: str) -> None:
    with pytest.raises(EngineError):
        overlay_words.read(line.split())


@given(st.lists(st.text(max_size=12), max_size=5))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    try:
        overlay_words.read(words)
    except EngineError:
        return


@pytest.mark.parametrize(
    ("line", "command", "reads"),
    [
        ("install x", "install", False),
        ("--timeout 5 -q install x", "install", False),
        ("--version", "", True),
        ("install --help", "install", True),
        ("list -v", "list", True),
        ("uninstall -y list", "uninstall", False),
        ("config set a b", "config", False),
    ],
)
def test_commands(line: str, command: str, reads: bool) -> None:
    assert overlay_guard.command_of(line.split()) == command
    assert overlay_guard.reads_only(line.split()) == reads


def test_settings_of_pips_files(tmp_path: Path) -> None:
    (tmp_path / "own.conf").write_text("[global]\nindex-url = http://one\n[install]\nfind-links =\n  /a\n  /b\n")
    found = overlay_settings.file_settings({"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(tmp_path / "own.conf")})
    assert found["PIP_INDEX_URL"] == "http://one" and found["PIP_FIND_LINKS"] == "/a /b"
