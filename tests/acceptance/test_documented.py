"""The code in docs/ does what its page says. tests/unit/docs/test_blocks.py lists what runs it."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import RequestFactory
from standardwebhooks import Webhook

from config.development.ports import free_port
from config.development.processes import Process
from tests.acceptance.blocks import blocks, steps
from tests.acceptance.examples import EXAMPLES, Chat, create_service, require_node
from tests.clients.rest import token_of
from tests.databases import migrate
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance, run_python

_CHECKOUT = EXAMPLES.parent
_SECRET = "whsec_" + base64.b64encode(b"a secret of the webhooks, 32 byte").decode()
_LEFT_OUT = "whsec_…"
_LOCAL = "http://127.0.0.1:8000"
_ID_OF = f"""{sys.executable} -c 'import json, sys; print(json.load(sys.stdin)["id"])'"""


@dataclass(frozen=True)
class Place:
    chat: Chat
    environment: Mapping[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A chat with a service account."""
    environment = isolated_environment(tmp_path_factory.mktemp("chat"))
    migrate(environment)
    token = create_service(environment, name="documents")
    port = free_port()
    with forked_instance(port, environment=environment):
        yield Place(Chat(f"http://127.0.0.1:{port}", token), {**os.environ, **environment})


def shell(script: str, environment: Mapping[str, str]) -> str:
    """What a script prints. Fails with it."""
    done = subprocess.run(
        ["bash", "-euc", script],
        env=dict(environment),
        cwd=_CHECKOUT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def manage(step: str, environment: Mapping[str, str], folder: Path) -> str:
    """What a command `python manage.py …` prints, with files in this folder."""
    python, script, *arguments = step.partition(" #")[0].split()
    assert (python, script) == ("python", "manage.py")
    script = str(_CHECKOUT / script)
    done = run_python(script, *arguments, environment=environment, directory=folder, check=True)
    return done.stdout


def signed(document: object) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of an event."""
    body, id_, now = json.dumps(document), f"msg_{uuid4().hex}", datetime.now(UTC)
    headers = {
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(_SECRET).sign(id_, now, body),
    }
    return body.encode(), headers


def test_the_first_requests(place: Place) -> None:
    """start.md: a token, a conversation and a message."""
    _, asks, *_ = blocks("start", "console")
    exports, token, me, create, send = steps(asks)
    token = token.replace(".venv/bin/python", sys.executable)
    send = send.replace("ID-FROM-THE-ANSWER-ABOVE", "$id")
    script = "\n".join([exports, token, me, f"id=$({create} | {_ID_OF})", send])

    shell(script.replace(_LOCAL, place.chat.url).replace("curl", "curl -sSf"), place.environment)

    (conversation,) = place.chat.get("bob", "/conversations")["items"]
    assert conversation["last_message"]["text"] == "Hello"
    assert conversation["last_message"]["sender_id"] == "alice"


def test_the_first_socket(place: Place) -> None:
    """start.md: a page receives what happens."""
    require_node("node-site")
    block, _ = blocks("start", "js")
    script = block.replace(_LOCAL.replace("http", "ws"), place.chat.url.replace("http", "ws"))
    script = f'const token = "{token_of("cid")}"; {script}'
    command = ["node", "--no-warnings", "--experimental-websocket", "-e", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as page:
        try:
            assert page.stdout is not None
            assert any("type: 'hello'" in line for line in page.stdout)
        finally:
            page.kill()


def test_the_token_of_a_page(place: Place) -> None:
    """start.md: a page gets a development token."""
    require_node("node-site")
    _, block = blocks("start", "js")
    script = f"{block.replace(_LOCAL, place.chat.url)}\nconsole.log(await token());"
    command = ["node", "--input-type=module", "-e", script]
    token = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{place.chat.url}/api/v1/me", headers=headers)
    assert answer.raise_for_status().json()["user_id"] == "alice"


def test_the_requests_of_a_service(place: Place) -> None:
    """services.md: on behalf of a person, and a system message."""
    created, variables, conversations, ship = (
        steps(block)[0] for block in blocks("services", "console")
    )
    printed = manage(created, place.environment, _CHECKOUT)
    assert printed.startswith("svc_")
    chat = httpx.Client(
        base_url=f"{place.chat.url}/api/v1", headers={"Authorization": f"Bearer {printed.strip()}"}
    )
    with chat:
        body = {"kind": "group", "owner_id": "alice", "participant_ids": []}
        id_ = chat.post("/conversations", json=body).raise_for_status().json()["id"]
    variables = variables.replace(_LOCAL, place.chat.url).replace("svc_…", printed.strip())
    variables = variables.replace("the-id-of-a-conversation", id_)

    def asked(curl: str) -> Any:
        script = f"{variables}\n{curl.replace('curl', 'curl -sSf')}"
        return json.loads(shell(script, place.environment))

    listed, sent = asked(conversations), asked(ship)

    assert id_ in [one["id"] for one in listed["items"]]
    assert sent["kind"] == "system"
    assert sent["metadata"]["order"] == 7


def test_the_program_of_a_service(place: Place) -> None:
    """services.md: it prints what its comment says."""
    (program,) = blocks("services", "python")
    expected = program.rpartition("  # ")[2].strip()
    environment = {**place.environment, "CHAT_URL": place.chat.url, "CHAT_TOKEN": place.chat.token}

    assert run_python("-c", program, environment=environment, check=True).stdout.strip() == expected


@pytest.mark.django_db
def test_a_receiver_in_django() -> None:
    """webhooks.md: it handles an event once, also after an error, and refuses a forged one."""
    (block,) = blocks("webhooks", "python")
    handled: list[str] = []
    broken = [True]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE seen (id text PRIMARY KEY)")

    def is_new(id_: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO seen VALUES (%s) ON CONFLICT DO NOTHING", [id_])
            return bool(cursor.rowcount == 1)

    def handle(kind: str, data: Any) -> None:
        if broken.pop():
            raise ValueError(kind)
        broken.append(False)
        handled.append(kind)

    names: dict[str, Any] = {"is_new": is_new, "handle": handle}
    exec(compile(block.replace(_LEFT_OUT, _SECRET), "webhooks.md", "exec"), names)
    body, headers = signed({"type": "message.created", "data": {}})

    def request(content: bytes) -> HttpRequest:
        return RequestFactory().post("/", content, content_type="application/json", headers=headers)

    with pytest.raises(ValueError, match=r"message\.created"):  # Django answers 500
        names["receive"](request(body))
    broken.append(False)
    statuses = [names["receive"](request(one)).status_code for one in (body, body, body + b" ")]
    assert statuses == [204, 204, 401]
    assert handled == ["message.created"]


def test_a_receiver_in_node(tmp_path: Path) -> None:
    """webhooks.md: it does the same."""
    require_node("node-site")
    (block,) = blocks("webhooks", "js")
    port = free_port()
    around = """
const seen = new Set();
let isBroken = true;
const isNew = async (id) => !seen.has(id) && seen.add(id);
const handle = async (type) => {
  if (isBroken) throw new Error(`${type} is ${(isBroken = false) || "broken"}`);
  console.log(`${type} is handled`);
};
const transaction = async (work) => {
  const before = [...seen];
  try {
    await work();
  } catch (error) {
    seen.clear();
    for (const id of before) seen.add(id);
    throw error;
  }
};
"""
    program = tmp_path / "receiver.mjs"
    program.write_text(around + block.replace(_LEFT_OUT, _SECRET).replace("8080", str(port)))
    (tmp_path / "node_modules").symlink_to(EXAMPLES / "node-site" / "node_modules")
    address = f"http://127.0.0.1:{port}"
    with Process(("node", str(program)), ready=_answers(address)) as receiver:
        body, headers = signed({"type": "message.created", "data": {}})
        statuses = [
            httpx.post(address, content=one, headers=headers).status_code
            for one in (body, body, body, body + b" ")
        ]
        output = receiver.output()

    assert statuses == [500, 204, 204, 401]
    assert output.count("message.created is broken") == 1
    assert output.count("message.created is handled") == 1


def test_a_moderator(tmp_path: Path) -> None:
    """moderation.md: it refuses a word, allows other texts, and refuses a forged question."""
    (block,) = blocks("moderation", "python")
    port = free_port()
    program = tmp_path / "moderator.py"
    program.write_text(block.replace(_LEFT_OUT, _SECRET).replace("8080", str(port)))
    (question,) = (json.loads(one) for one in blocks("moderation", "json"))
    address = f"http://127.0.0.1:{port}"
    answers = []
    with Process((sys.executable, str(program)), ready=_answers(address)):
        for text in ("hello", "Casino!"):
            body, headers = signed({**question, "data": {**question["data"], "text": text}})
            answers.append(httpx.post(address, content=body, headers=headers).json()["action"])
        forged = httpx.post(address, content=body + b" ", headers=headers)

    assert answers == ["allow", "refuse"]
    assert forged.status_code == 401


def _answers(address: str) -> Any:
    def ready() -> bool:
        try:
            return httpx.post(address, content=b"{}").status_code == 401
        except httpx.TransportError:
            return False

    return ready


def test_a_dump_and_a_load(place: Place, tmp_path: Path) -> None:
    """exchange.md: from one database to another."""
    place.chat.send("alice", _said(place.chat), "For the dump")
    dump, load, *_ = (steps(block) for block in blocks("exchange", "console"))
    manage(dump[0], place.environment, tmp_path)
    other = {**place.environment, "DATABASE_URL": f"sqlite:///{tmp_path / 'other.sqlite3'}"}
    migrate(other)
    for step in load:
        manage(step, other, tmp_path)
    second = tmp_path / "second"
    second.mkdir()
    manage(dump[0], other, second)

    text = (second / "chat.jsonl").read_text()
    assert "For the dump" in text


def _said(chat: Chat) -> str:
    """The id of a new conversation of Alice."""
    headers = {"Authorization": f"Bearer {token_of('alice')}"}
    body = {"kind": "group", "participant_ids": ["dan"]}
    answer = httpx.post(f"{chat.url}/api/v1/conversations", json=body, headers=headers)
    id_: str = answer.raise_for_status().json()["id"]
    return id_


def test_the_audit_trail(place: Place) -> None:
    """personal-data.md."""
    (block,) = blocks("personal-data", "console")
    for step in steps(block):
        manage(step, place.environment, _CHECKOUT)


_FOLLOWS = """
import asyncio
import django

django.setup()
kept = asyncio.Queue()


class archive:
    async def put(id, version, text):
        kept.put_nowait(text)


async def main():
    exec(compile(BLOCKS, "followers.md", "exec"), globals())
    async with asyncio.timeout(30):
        while await kept.get() != "For the archive":
            pass
    await following.stop()
    await stores.index.close()
    await stores.conversations.close()


asyncio.run(main())
"""
"""A process with an archive of its own, which ends once it was given a message."""


def test_a_follower(place: Place) -> None:
    """followers.md: it gets what was said before."""
    place.chat.send("alice", _said(place.chat), "For the archive")
    program = f"BLOCKS = {chr(10).join(blocks('followers', 'python'))!r}\n{_FOLLOWS}"

    run_python("-c", program, environment=place.environment, check=True)
