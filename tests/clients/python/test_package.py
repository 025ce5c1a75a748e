"""What a developer installs: a wheel with types, whose models are those of the API."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from config.development import python_models
from tests.clients.python.conftest import PACKAGE, PYTHON_PATH
from tests.unit.test_structure import MAX_LINES, MAX_MODULES

_CACHE = PACKAGE.parents[1] / ".mypy_cache/python_client"
_MISTAKES = """
from chat_client import ChatClient, ChatService, MessageEvent

async def wrong(chat: ChatClient, service: ChatService) -> None:
    async for event in chat.events(MessageEvent):
        event.message.body  # type: ignore[attr-defined]
        event.message.text = "another"  # type: ignore[misc]
    await chat.conversation("c").send("Tea?", mentioned=["bob"])  # type: ignore[call-arg]
    await chat.create_conversation("bob", kind="circle")  # type: ignore[arg-type]
    await service.create_conversation("bob")  # type: ignore[call-arg]
"""
"""What the types refuse."""


def test_its_models_are_those_of_the_api() -> None:
    """`make schema` writes them."""
    assert python_models.models() == python_models.FILE.read_text()


def test_the_wheel_has_types_and_nothing_of_the_tests(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "uv", "build", "--quiet", "--offline", "--wheel")
    subprocess.run([*command, "--out-dir", tmp_path], cwd=PACKAGE, check=True)

    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        [metadata] = [name for name in names if name.endswith("METADATA")]
        described = archive.read(metadata).decode()
    source = PACKAGE / "src"
    modules = {str(one.relative_to(source)) for one in source.rglob("*.py")}
    assert {name for name in names if ".dist-info/" not in name and not name.endswith("/")} == {
        *modules,
        "chat_client/py.typed",
    }
    required = re.findall(r"^Requires-Dist: (\w+)", described, re.MULTILINE)
    assert sorted(required) == ["httpx", "msgspec", "websockets"]


def test_the_checking_clients_are_independent_of_it() -> None:
    """They check it, too."""
    others = (PACKAGE.parents[1] / "tests/clients").rglob("*.py")
    assert not [
        one for one in others if one.parent.name != "python" and "chat_client" in _imported(one)
    ]


def test_it_imports_what_it_requires() -> None:
    """And nothing of the product. The model of a conversation is pure."""
    source = PACKAGE / "src/chat_client"
    allowed = {"chat_client", "httpx", "msgspec", "websockets", *sys.stdlib_module_names}
    for file in source.rglob("*.py"):
        assert _imported(file) <= allowed, file
    for file in (source / "model").glob("*.py"):
        assert not _imported(file) & {"asyncio", "httpx", "websockets", "logging"}, file


def test_no_folder_and_no_file_is_too_large() -> None:
    source = PACKAGE / "src/chat_client"
    folders = [source, *(one for one in source.iterdir() if one.is_dir())]

    assert max(len(one.read_text().splitlines()) for one in source.rglob("*.py")) <= MAX_LINES
    assert max(len([*one.glob("[!_]*.py")]) for one in folders) <= MAX_MODULES


def _imported(file: Path) -> set[str]:
    """The first names of what a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.timeout(300)
def test_the_blocks_of_its_readme_are_typed(tmp_path: Path) -> None:
    """Strictly, and so is what the types refuse."""
    blocks = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    assert len(blocks) >= 5
    for number, block in enumerate([*blocks, _MISTAKES]):
        (tmp_path / f"block{number}.py").write_text(block)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--warn-unused-ignores", "."],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": PYTHON_PATH, "MYPY_CACHE_DIR": str(_CACHE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.splitlines()[-1][:7], done.returncode) == ("Success", 0), done.stdout
