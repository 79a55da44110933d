"""Generated code as black would lay it out."""

from __future__ import annotations

import ast


def lay_out(code: str, indent: str = "", line_length: int = 88) -> str:
    """Statements at an indentation, in black's style, without a line end at the end. ``code`` starts at column 0.

    Raises ValueError when ``code`` is no Python.
    """
    import black
    from black.parsing import InvalidInput

    length = max(line_length - len(indent.expandtabs()), 20)
    try:
        text = black.format_str(code, mode=black.Mode(line_length=length)).rstrip("\n")
    except InvalidInput as error:
        raise ValueError(f"generated code cannot be parsed: {error}\n{code}") from error
    return _indented(text, indent) if indent else text


def _indented(text: str, indent: str) -> str:
    """Indents all lines but those that start inside of a string."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno is not None:
            inside.update(range(node.lineno + 1, node.end_lineno + 1))
    lines = text.split("\n")
    return "\n".join(
        indent + line if line and number not in inside else line for number, line in enumerate(lines, start=1)
    )
