"""The code in the pages of docs/, as a reader copies it."""

import re
from pathlib import Path

_DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"^( *)```(\w[\w-]*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_STEP = re.compile(r"^\$ (.*?)(?=^\$ |\Z)", re.DOTALL | re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    """All blocks of this language in a page."""
    text = (_DOCS / f"{page}.md").read_text()
    return [found[3] for found in _BLOCK.finditer(text) if found[2] == language]


def steps(block: str) -> list[str]:
    """The commands of a block of the shell, without what they print."""
    return [_without_output(found.splitlines()) for found in _STEP.findall(block)]


def _without_output(lines: list[str]) -> str:
    """A command goes on after a backslash, and within quotes."""
    for number in range(1, len(lines)):
        command = "\n".join(lines[:number])
        if not command.endswith("\\") and command.count("'") % 2 == 0:
            return command
    return "\n".join(lines)
