"""The code of the README does what it says. `test_bot.py` runs the first block."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.clients.python.conftest import PACKAGE, Place
from tests.clients.rest import token_of


@pytest.fixture(scope="module")
def functions() -> dict[str, Any]:
    """By name, all functions of the blocks but the first one."""
    found: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    for block in blocks[1:]:
        exec(block, found)
    return found


async def test_what_a_person_can_do(
    place: Place, functions: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    await functions["tea_time"](await place.connected())

    assert capsys.readouterr().out.splitlines()[-2:] == ["[]", "ann"]


async def test_a_stored_message(
    place: Place, functions: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    group = (await place.ann.create_group("bot", title="Night"))["id"]
    await functions["report"](place.wire.url, token_of("bot"), group)
    ann = await place.connected()

    if not await place.texts(group):  # it was stored, and not sent
        await functions["report"](place.wire.url, token_of("bot"), group)
    await ann.conversation(group).open()
    assert set(await place.texts(group)) == {"The night shift is over."}


async def test_files_people_presence_and_search(
    place: Place,
    functions: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8)).save(tmp_path / "tea.png")
    ann, group = await place.connected(), await place.group()
    await functions["more"](ann, group)

    assert "http://" in capsys.readouterr().out
    assert await place.texts(group) == ["Look!"]


async def test_a_back_end(
    place: Place,
    functions: dict[str, Any],
    service_token: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await functions["order_shipped"](place.wire.url, service_token, 7)

    assert "alice Thank you!" in capsys.readouterr().out
