"""What a developer installs: a wheel with types, whose models are those of the API."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from config.development import python_models
from tests.clients.python.conftest import PACKAGE, PYTHON_PATH

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
        env={**os.environ, "MYPYPATH": PYTHON_PATH, "MYPY_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.splitlines()[-1][:7], done.returncode) == ("Success", 0), done.stdout
