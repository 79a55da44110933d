"""A notebook as one module over its code cells, and back: only the source of changed cells is replaced in its JSON.

Magics and shell lines, which are no Python, are masked line by line; a ``%%writefile`` cell is a file of its own; a
cell that is no Python at all is masked as a whole, and a comment above it says so where it names SDK v1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from amlbridge.migrate.findings import BadInputError, Finding, Status
from amlbridge.migrate.module import CELL_MARK, MAGIC_MARK, ModuleText
from amlbridge.migrate.notebooks.cell_text import assigned_names, dedented, told, v1_names, words
from amlbridge.migrate.notebooks.magics import Masks, masked_cell, names_read
from amlbridge.migrate.notebooks.notebook_json import CellSource, code_cells, language_of, replaced
from amlbridge.migrate.notebooks.written_files import Constants, written_file
from amlbridge.migrate.text.source import SourceFile, restore_ends, split_ends

_MARK = re.compile(rf"^{re.escape(CELL_MARK)}(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class WrittenFile:
    """What a ``%%writefile`` cell writes, or a ``%%bash`` cell runs. ``head``: the line of the magic, which stays."""

    cell: int
    head: str
    path: Path
    text: str


@dataclass(frozen=True)
class Notebook:
    """A notebook that was read. ``main`` is the module over its cells."""

    source: SourceFile
    cells: dict[int, CellSource]
    main: ModuleText
    written: tuple[WrittenFile, ...]
    masks: Masks
    #: Cells that are no Python, and name SDK v1.
    findings: tuple[Finding, ...]

    @classmethod
    def read(cls, path: Path, content: bytes) -> Notebook:
        """Raises BadInputError for what is no notebook, or none of Python."""
        source = SourceFile.of_text(content)
        cells = {cell.index: cell for cell in code_cells(source.text)}
        language = language_of(source.text)
        if language != "python":
            raise BadInputError("not-python", f"a notebook of {language}, not of Python: left as it is")
        masks, parts, written = Masks(), [], []
        unread: dict[int, Finding] = {}
        texts = {index: _text(cell) for index, cell in cells.items()}
        if any(CELL_MARK in text or MAGIC_MARK in text for text in texts.values()):
            raise BadInputError("notebook", "it holds marks of a conversion that went wrong: take an older copy")
        constants = Constants()
        for index, text in texts.items():
            head, _, rest = text.partition("\n")
            target = written_file(head, constants)
            if head.split() in (["%%bash"], ["%%sh"]):
                target = PurePosixPath("cell.sh")
            if target is not None:
                masks.names |= names_read(head)
                written.append(WrittenFile(index, head, path.parent / target, rest))
                continue
            code, problem = masked_cell(text, masks)
            if problem is not None:
                line, message = problem
                unread[index] = Finding("syntax", "", Status.MANUAL, line, 1, message, cell=index)
            constants.learn(code)
            parts.append(f"{CELL_MARK}{index}\n{code}\n")
        made = frozenset(name for index in unread for name in assigned_names(texts[index]))
        of_v1 = v1_names("".join(parts)) if unread else set()
        findings = [told for index, told in unread.items() if "azureml" in texts[index] or of_v1 & words(texts[index])]
        read, shown = frozenset(masks.names), frozenset(masks.shown)
        main = ModuleText(path, "".join(parts), True, read, shown, masks.names_of, made)
        return cls(source, cells, main, tuple(written), masks, tuple(findings))

    def place(self, line: int) -> tuple[int, int]:
        """The cell, and the line in it, of a line of ``main`` as it was read. Both lines count from 1."""
        before = "".join(self.main.text.splitlines(keepends=True)[:line])
        marks = list(_MARK.finditer(before))
        if not marks:
            return 0, line
        return int(marks[-1][1]), line - before.count("\n", 0, marks[-1].start()) - 1

    def shell_lines(self) -> list[tuple[int, int, str]]:
        """Commands of a shell or of pip between the code: the line in ``main``, the number of the mask, the command."""
        return self.masks.shell_lines(self.main.text)

    def with_code(self, text: str, written: Mapping[int, str], shell: Mapping[int, str] | None = None) -> bytes:
        """The notebook's bytes with another text of ``main``, of the files that its cells write (by cell), and of shell
        lines (by number of the mask), and with a comment above each cell that is no Python. Raises
        ValueError when a mark of a cell or of a magic was lost."""
        new = dict(_split(text))
        old = dict(_split(self.main.text))
        if list(new) != list(old):
            raise ValueError("the conversion has moved or lost a cell of the notebook")
        changed: dict[int, str] = {}
        for index, code in new.items():
            if code != old[index] or shell:
                restored = self.masks.restored(code, old[index], shell)
                if restored != _text(self.cells[index]):
                    changed[index] = restored
        for item in self.written:
            body = written.get(item.cell, item.text)
            if body != item.text:
                changed[item.cell] = f"{item.head}\n{body}"
        for finding in self.findings:
            assert finding.cell is not None
            text = split_ends(self.cells[finding.cell].text)[0]
            if (commented := told(finding, text)) != text:
                changed[finding.cell] = commented
        if not changed:
            return self.source.encode(self.source.text)
        raw = replaced(
            self.source.text, [(self.cells[index], self._ended(index, code)) for index, code in changed.items()]
        )
        return self.source.encode(raw)

    def _ended(self, index: int, code: str) -> str:
        before, ends = split_ends(self.cells[index].text)
        return restore_ends(before, ends, code)


def _text(cell: CellSource) -> str:
    """The code of a cell, with the line ends of Python and without the indent that IPython takes off."""
    return dedented(split_ends(cell.text)[0])


def _split(text: str) -> Iterator[tuple[int, str]]:
    marks = list(_MARK.finditer(text))
    if (marks and marks[0].start()) or (not marks and text):
        raise ValueError("the conversion has put code above the first cell of the notebook")
    ends = [mark.start() for mark in marks[1:]] + [len(text)] * bool(marks)
    for mark, end in zip(marks, ends, strict=True):
        yield int(mark[1]), text[mark.end() + 1 : end - 1]
