"""A generated TypeScript and a generated Python client compile, and do the same on a server."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uv

from config.development.ports import free_port
from tests.clients.javascript.conftest import PACKAGE, Run, bin_folder, run
from tests.clients.rest import Rest, http_client
from tests.conftest import skip_or_fail
from tests.databases import environment_on_sqlite, migrate
from tests.servers.forked import forked_instance

__all__ = ["bin_folder", "run"]

_CHECKOUT = Path(__file__).parents[3]
_PROGRAMS = Path(__file__).parent / "programs"
_CACHE = _CHECKOUT / ".mypy_cache" / "generated_client"
"""It keeps what mypy knows of the libraries from one run to the next."""
_GENERATOR = "openapi-python-client==0.29.1"


@pytest.fixture(scope="module", name="url")
def _url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a store of its own."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    environment = environment_on_sqlite(folder)
    migrate(environment)
    with forked_instance(port, environment=environment):
        yield f"http://127.0.0.1:{port}"


async def test_a_typescript_client(run: Run, bin_folder: Path, tmp_path: Path, url: str) -> None:
    """By openapi-typescript and openapi-fetch."""
    shutil.copy(_PROGRAMS / "chats.ts", tmp_path)
    shutil.copy(PACKAGE / "schema" / "rest.d.ts", tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(PACKAGE / "node_modules")
    options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022"]
    run(bin_folder / "tsc", *options, "--lib", "es2023,dom", "chats.ts", cwd=tmp_path)
    bundling = ["--bundle", "--format=esm", "--platform=node", "--outfile=chats.mjs"]
    run(bin_folder / "esbuild", "chats.ts", *bundling, cwd=tmp_path)

    await _require_chat(run("node", "chats.mjs", url, cwd=tmp_path), url)


async def test_a_python_client(tmp_path: Path, url: str) -> None:
    """By openapi-python-client. mypy reads it as strictly as our own code."""
    package = tmp_path / "chat_rest"
    document = _CHECKOUT / "docs" / "openapi.yaml"
    command = [uv.find_uv_bin(), "tool", "run", "--from", _GENERATOR, "openapi-python-client"]
    command += ["generate", "--path", str(document), "--output-path", str(package)]
    generated = _run(*command, "--meta", "none", "--fail-on-warning")
    if generated.returncode and "Failed to fetch" in generated.stderr:
        skip_or_fail(f"{_GENERATOR} could not be downloaded.")
    assert generated.returncode == 0, generated.stdout + generated.stderr
    program = _PROGRAMS / "chats.py"
    options = ["--strict", "--follow-imports=silent", f"--cache-dir={_CACHE}"]
    checked = _run(
        *(sys.executable, "-m", "mypy", *options, "--config-file=", program),
        MYPYPATH=str(tmp_path),
    )
    assert checked.returncode == 0, checked.stdout
    chatted = _run(sys.executable, program, url, PYTHONPATH=str(tmp_path))
    assert chatted.returncode == 0, chatted.stderr

    await _require_chat(chatted.stdout, url)


async def _require_chat(printed: str, url: str) -> None:
    """The program saw what the store has."""
    found: dict[str, Any] = json.loads(printed)
    conversation_id = found.pop("conversation_id")
    assert found == {
        "statuses": [201, 200],
        "texts": ["Tea?"],
        "reactions": ["👍"],
        "unread_count": 0,
        "is_muted": True,
        "refused": [404, "conversation_not_found"],
    }
    async with http_client(url) as http:
        [message] = await Rest(http, "bob").history(conversation_id)
    assert message["mentions"] == ["bob"]
    assert message["metadata"] == {"topic": "tea"}
    assert message["reactions"]["👍"]["user_ids"] == ["ann"]


def _run(*command: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
