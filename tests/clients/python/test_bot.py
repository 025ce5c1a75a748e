"""The bots of the README and of `examples/socket-bot` answer."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.clients.python.bots import answers_texts
from tests.clients.python.conftest import PACKAGE, PYTHON_PATH, Place
from tests.clients.rest import token_of

_EXAMPLE = PACKAGE.parents[1] / "examples/socket-bot/bot.py"


def _of_the_readme() -> str:
    found = re.search(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("where", ["README", "example"])
async def test_a_bot_answers(place: Place, where: str, tmp_path: Path) -> None:
    """Also the first message of a conversation that is created while it runs."""
    source = _of_the_readme() if where == "README" else _EXAMPLE.read_text()
    program = tmp_path / "bot.py"
    program.write_text(source.replace("http://127.0.0.1:8000", place.wire.url))
    token = token_of(f"bot-{where}")
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, str(program)),
        env={
            **os.environ,
            "PYTHONPATH": PYTHON_PATH,
            "TOKEN": token,
            "CHAT_TOKEN": token,
            "CHAT_URL": place.wire.url,
        },
    )
    try:
        while place.wire.line is None:
            await asyncio.sleep(0.05)
        await answers_texts(await place.connected(), f"bot-{where}")
    finally:
        bot.kill()
        await bot.wait()
