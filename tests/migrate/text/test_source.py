"""What is not edited keeps its bytes."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.migrate.findings import BadInputError
from amlbridge.migrate.text.source import LARGEST, SourceFile

_LINES = st.lists(st.tuples(st.text(max_size=8), st.sampled_from(["\n", "\r\n", "\r", ""])), max_size=12)


@given(_LINES, st.sampled_from([b"", codecs.BOM_UTF8]))
def test_text_and_back_is_the_same_bytes(lines: list[tuple[str, str]], bom: bytes) -> None:
    content = bom + "".join(line + end for line, end in lines).replace("\0", "").encode("utf-8", "ignore")
    source = SourceFile.of_text(content)
    assert "\r" not in source.text
    assert source.encode(source.text) == content


@given(st.binary(max_size=200))
def test_any_bytes_come_back_or_are_refused(content: bytes) -> None:
    try:
        source = SourceFile.of_python(content)
    except BadInputError:
        return
    assert source.encode(source.text) == content


@pytest.mark.parametrize("cookie", ["latin-1", "cp1252", "utf-8", "iso-8859-15"])
def test_a_coding_cookie_is_heeded(cookie: str) -> None:
    content = f"# -*- coding: {cookie} -*-\nname = 'Müller'\n".encode(cookie)
    source = SourceFile.of_python(content)
    assert "Müller" in source.text
    assert source.encode(source.text.replace("name", "title")) == content.replace(b"name", b"title")


def test_crlf_is_kept_for_new_lines() -> None:
    source = SourceFile.of_python(b"a = 1\r\nb = 2\r\n")
    assert source.encode("a = 1\nnew = 3\nb = 2\n") == b"a = 1\r\nnew = 3\r\nb = 2\r\n"


def test_mixed_line_ends_stay_with_their_lines() -> None:
    source = SourceFile.of_python(b"a = 1\r\nb = 2\nc = 3\r\nd = 4")
    assert source.encode("a = 1\nnew = 0\nb = 2\nc = 3\nd = 4") == b"a = 1\r\nnew = 0\r\nb = 2\nc = 3\r\nd = 4"


def test_a_missing_newline_at_the_end_stays_missing() -> None:
    source = SourceFile.of_python(b"a = 1")
    assert source.encode("a = 2") == b"a = 2"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"import azureml\0\x01", "binary"),
        (b"x = 1\n" * (LARGEST // 6 + 1), "too-large"),
        ("# coding: utf-8\nx = 'é'\n".encode("latin-1"), "encoding"),
        (b"# coding: no-such-codec\n", "encoding"),
        ("import azureml\n".encode("utf-16"), "binary"),
    ],
)
def test_what_is_no_source_is_refused_with_the_reason(content: bytes, rule: str) -> None:
    with pytest.raises(BadInputError) as error:
        SourceFile.of_python(content)
    assert error.value.rule == rule


def test_a_character_that_the_encoding_lacks_is_an_error() -> None:
    source = SourceFile.of_python(b"# coding: latin-1\nx = 1\n")
    with pytest.raises(BadInputError, match="cannot be written as"):
        source.encode("x = '→'\n")
