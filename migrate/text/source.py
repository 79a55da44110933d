"""Source files as text and back: what is not edited keeps its bytes, whatever the encoding and the line ends."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher

from amlbridge.migrate.findings import BadInputError

#: Files above this many bytes are generated, not written; a person would not edit them either.
LARGEST = 5_000_000

# What ends a line for Python. Not str.splitlines, which also ends lines at form feeds and separators of Unicode.
_LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True)
class SourceFile:
    """A text file. ``text`` has only "\\n" line ends and no byte order mark; ``ends`` are the line ends that the file
    has, in order."""

    text: str
    ends: tuple[str, ...]
    encoding: str
    bom: bytes

    @classmethod
    def of_python(cls, content: bytes) -> SourceFile:
        """Reads Python source (PEP 263). Raises BadInputError with the reason when that is not possible."""
        _refuse(content)
        try:
            encoding, _lines = tokenize.detect_encoding(io.BytesIO(content).readline)
        except (SyntaxError, UnicodeDecodeError) as error:
            raise BadInputError("encoding", f"the encoding cannot be told: {error}; save the file as UTF-8") from error
        return cls._decoded(content, "utf-8" if encoding == "utf-8-sig" else encoding)

    @classmethod
    def of_text(cls, content: bytes) -> SourceFile:
        """Reads any other text, which has to be UTF-8. Raises BadInputError with the reason when it is not."""
        _refuse(content)
        return cls._decoded(content, "utf-8")

    @classmethod
    def _decoded(cls, content: bytes, encoding: str) -> SourceFile:
        bom = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        try:
            decoded = content[len(bom) :].decode(encoding)
        except (UnicodeError, LookupError) as error:
            raise BadInputError("encoding", f"not {encoding}: {error}; save the file as UTF-8") from error
        source = cls(*split_ends(decoded), encoding, bom)
        if source.encode(source.text) != content:
            raise BadInputError("encoding", f"{encoding} cannot be written back byte for byte; save the file as UTF-8")
        return source

    def encode(self, text: str) -> bytes:
        """``text`` (with "\\n" line ends) as this file would have it. Lines that the file has already keep their line
        ends, new ones get the usual one. Raises BadInputError when the encoding has no such character."""
        try:
            return self.bom + self._with_ends(text).encode(self.encoding)
        except UnicodeError as error:
            message = f"the new text cannot be written as {self.encoding}: {error}; save the file as UTF-8"
            raise BadInputError("encoding", message) from error

    def _with_ends(self, text: str) -> str:
        return restore_ends(self.text, self.ends, text)


def split_ends(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with "\\n" line ends only, and the line ends that it had."""
    if "\r" not in text:
        return text, ("\n",) * text.count("\n")
    return _LINE_END.sub("\n", text), tuple(_LINE_END.findall(text))


def restore_ends(old: str, ends: tuple[str, ...], new: str) -> str:
    """``new`` with the line ends that its lines have in ``old``; lines that ``old`` has not get the usual one."""
    kinds = Counter(ends)
    if not kinds:
        return new
    usual = kinds.most_common(1)[0][0]
    if len(kinds) == 1:
        return new if usual == "\n" else new.replace("\n", usual)
    matched = ends if new == old else _matched(old, ends, new, usual)
    return "".join(line + end for line, end in zip(new.split("\n"), (*matched, ""), strict=True))


def _matched(old: str, ends: tuple[str, ...], new: str, usual: str) -> tuple[str, ...]:
    old_lines, new_lines = old.split("\n"), new.split("\n")
    found = [usual] * (len(new_lines) - 1)
    for block in SequenceMatcher(None, old_lines, new_lines, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            if block.a + offset < len(ends) and block.b + offset < len(found):
                found[block.b + offset] = ends[block.a + offset]
    return tuple(found)


def _refuse(content: bytes) -> None:
    if len(content) > LARGEST:
        size = f"{len(content) / 1e6:.0f} MB"
        raise BadInputError(
            "too-large", f"{size} are more than a person writes (limit: {LARGEST / 1e6:.0f} MB): left as it is"
        )
    if b"\0" in content:
        raise BadInputError("binary", "the file holds zero bytes: it is binary, not source code")
