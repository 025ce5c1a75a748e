"""The pages of the documentation agree with the product."""

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.errors import STATUS

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
_BLOCK = re.compile(r"^( *)```(\w[\w-]*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_CAPTION = re.compile(r"^:.*\n+", re.MULTILINE)
_LANGUAGES = {"console", "css", "html", "ini", "js", "json", "jsx", "nginx", "python", "sh", "sql"}
_LANGUAGES |= {"text", "toml", "ts", "yaml", "caddyfile", "haproxy", "dockerfile", "mermaid"}
_COLLECTION = re.compile(r"(?:\.document|[^.\w]query)\(\s*\"(\w+)\"")
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def found_blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Yield the language and the text of each block of a page."""
    for found in _BLOCK.finditer(page.read_text()):
        yield found[2], found[3]


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Yield each block of this language in the pages and in the README, with its place."""
    for path in (ROOT / "README.md", *PAGES):
        for found in _BLOCK.finditer(text := path.read_text()):
            if found[2] == language:
                line = text.count("\n", 0, found.start()) + 1
                yield f"{path.name}:{line}", found[3]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield the words of each command that a reader is to type."""
    for place, block in blocks("console"):
        joined = block.replace("\\\n", " ")
        for line in joined.splitlines():
            if line.lstrip().startswith("$ "):
                yield place, line.lstrip()[2:].split(" #")[0].split()


def test_the_index_has_every_page() -> None:
    index = (DOCS / "index.md").read_text()
    trees = "\n".join(re.findall(r"^```\{toctree\}\n(.*?)^```$", index, re.DOTALL | re.MULTILINE))
    listed = _CAPTION.sub("", trees).split()

    assert sorted([*listed, "index"]) == [page.stem for page in PAGES]


def test_each_setting_has_a_row() -> None:
    source = (ROOT / "config/env.py").read_text()
    named = re.findall(r"^([A-Z][A-Z_]+): .*= (?:env|_\w+\()", source, re.MULTILINE)
    page = (DOCS / "settings.md").read_text()

    assert [name for name in named if f"| `{name}` |" not in page] == []


def test_the_site_builds(tmp_path: Path) -> None:
    """Each link of a page to a page leads somewhere."""
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "dummy", "-d", str(tmp_path)]
    built = subprocess.run(
        [*command, "--fail-on-warning", "--keep-going", str(DOCS), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (built.stderr, built.returncode) == ("", 0)


def test_each_error_has_one_entry() -> None:
    entries = re.findall(r"^### `(\w+)`$", (DOCS / "errors.md").read_text(), re.MULTILINE)

    assert sorted(entries) == sorted(STATUS)


def test_the_entries_of_errors_stand_under_their_status() -> None:
    for part in (DOCS / "errors.md").read_text().split("\n## ")[1:]:
        heading, _, body = part.partition("\n")
        statuses = {int(status) for status in heading.split(", ")}
        for code in re.findall(r"^### `(\w+)`$", body, re.MULTILINE):
            assert STATUS[code][0] in statuses, code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_block_names_a_known_language(page: Path) -> None:
    named = {found[2] for found in _BLOCK.finditer(page.read_text())}

    assert named <= _LANGUAGES
    assert not re.search(
        r"^```\n(?=.*?^```)[^`]+?^```\n", _BLOCK.sub("", page.read_text()), re.MULTILINE
    )


def test_examples_of_json_are_json() -> None:
    for place, block in blocks("json"):
        if "…" not in block:
            for document in _documents(block):
                assert json.loads(document), place


def test_examples_of_python_are_python() -> None:
    for place, block in blocks("python"):
        ast.parse(block, filename=place)


def test_commands_exist() -> None:
    """The targets of make, and the commands of manage.py."""
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text()))
    own = {path.stem for path in ROOT.glob("*/management/commands/*.py")}
    known = own | {"check", "collectstatic", "createsuperuser", "migrate", "sqlmigrate", "shell"}
    for place, words in commands():
        if words[0] == "make":
            named = {word for word in words[1:] if "=" not in word and not word.startswith("-")}
            assert {word for word in named if not word.startswith(".")} <= targets, place
        if "manage.py" in " ".join(words):
            at = next(index for index, word in enumerate(words) if word.endswith("manage.py"))
            assert words[at + 1].strip(")") in known, place


def test_links_lead_to_files() -> None:
    for path in (
        *ROOT.glob("*.md"),
        *PAGES,
        *ROOT.glob("deploy/*.md"),
        *ROOT.glob("clients/*/*.md"),
    ):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text()):
            if "://" not in target and not target.startswith("mailto:"):
                assert (path.parent / target).exists(), f"{path.name}: {target}"


def _documents(block: str) -> Iterator[str]:
    """Yield each JSON document of a block; several stand in lines of their own."""
    try:
        json.loads(block)
    except ValueError:
        yield from (line for line in block.splitlines() if line.strip())
    else:
        yield block


def test_commands_can_be_split() -> None:
    """A reader can paste them: quotes are closed."""
    for place, block in blocks("console"):
        text = "\n".join(line.removeprefix("$ ") for line in block.splitlines())
        try:
            shlex.split(text, comments=True)
        except ValueError as error:
            pytest.fail(f"{place}: {error}")


def test_a_restore_empties_every_collection_of_firestore() -> None:
    """What it leaves would be newer than the backup."""
    sources = (ROOT / "messaging/stores/firestore").rglob("*.py")
    used = {name for one in sources for name in _COLLECTION.findall(one.read_text())}
    indexes = json.loads((ROOT / "firestore.indexes.json").read_text())
    used |= {one["collectionGroup"] for one in indexes["indexes"] + indexes["fieldOverrides"]}
    used.remove("health")  # is read, never written
    (listed,) = re.findall(r"--collection-ids=(\S+)", (DOCS / "restore.md").read_text())

    assert listed.split(",") == sorted(used)
