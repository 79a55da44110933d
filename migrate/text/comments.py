"""Comments inside of statements."""

from __future__ import annotations

import io
import re
import tokenize

#: Comments that speak of the line that they are in, which is another one now.
OF_LINTERS = re.compile(r"#\s*(noqa|pylint:|type:\s*ignore|nosec|pragma:|fmt:|mypy:)", re.IGNORECASE)


def lost_comments(old: str, new: str) -> list[str]:
    """The comments of the old text that the new one does not have."""
    if "#" not in old:
        return []
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(old).readline):
            if token.type == tokenize.COMMENT and token.string not in new and not OF_LINTERS.match(token.string):
                found.append(token.string)
    except (tokenize.TokenError, IndentationError):
        return found  # the text of one statement at an indentation: the tokens before the end were read
    return found
