"""What the logs of a server say, and what they never say: message text and tokens."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from config.development.instances import development_environment, uvicorn_command
from config.development.ports import free_port
from config.development.processes import Process
from tests.clients.rest import token_of
from tests.databases import migrate
from tests.frames import read_frame
from tests.servers.commands import daphne_command
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance, run_python

Json = dict[str, Any]

_SECRET = "Zwetschgenknoedel"
"""Part of all texts, and of the tokens that are none."""
_GOOD_TOKEN = token_of("ann")
_REQUEST_ID = "request-of-this-test"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Logged:
    """What a server wrote while everything was done to it that has secrets in it."""

    output: str
    conversation_id: str

    def actions(self, action: str) -> list[Json]:
        lines = [json.loads(line) for line in self.output.splitlines()]
        return [line for line in lines if line["action"] == action]


@pytest.fixture(scope="module")
def in_json(tmp_path_factory: pytest.TempPathFactory) -> Logged:
    """As in production. Development tokens need DEBUG, under which logs are for people."""
    return run(tmp_path_factory.mktemp("json"), LOG_FORMAT="json")


@pytest.fixture(scope="module")
def in_detailed_json(tmp_path_factory: pytest.TempPathFactory) -> Logged:
    """Each step, without a limit for what is refused."""
    folder = tmp_path_factory.mktemp("detailed-json")
    return run(folder, LOG_FORMAT="json", LOG_LEVEL="debug")


@pytest.fixture(scope="module")
def on_console(tmp_path_factory: pytest.TempPathFactory) -> Logged:
    return run(tmp_path_factory.mktemp("console"))


@pytest.fixture(scope="module")
def in_detail(tmp_path_factory: pytest.TempPathFactory) -> Logged:
    """All that the libraries may say, too."""
    return run(tmp_path_factory.mktemp("detail"), LOG_LEVEL="debug")


@pytest.fixture(scope="module")
def by_daphne(tmp_path_factory: pytest.TempPathFactory) -> Logged:
    port = free_port()
    return run(tmp_path_factory.mktemp("daphne"), daphne_command(port), port, LOG_LEVEL="debug")


@pytest.fixture(scope="module")
def of_faults(tmp_path_factory: pytest.TempPathFactory) -> Logged:
    """Of an instance that fails at every message, with its text in hand."""
    folder = tmp_path_factory.mktemp("faults")
    environment = isolated_environment(folder, LOG_FORMAT="json")
    migrate(environment)
    port = free_port()
    command = uvicorn_command(port, application="tests.integration.config.faulty:application")
    with forked_instance(port, environment=environment, command=command) as server:
        fail(port)
        return Logged(server.output(), "")


def fail(port: int) -> None:
    headers = {"Authorization": f"Bearer {_GOOD_TOKEN}"}
    body = {"text": _SECRET, "client_id": "1"}
    url = f"http://127.0.0.1:{port}/api/v1/conversations/x/messages"
    assert httpx.post(url, headers=headers, json=body, trust_env=False).status_code == 500
    with open_socket(port, _GOOD_TOKEN) as socket:
        socket.recv(timeout=5)
        command = {"id": 1, "type": "message.send", "conversation_id": "x", **body}
        socket.send(json.dumps(command))
        assert read_frame(socket.recv(timeout=5))["code"] == "internal_error"


def run(
    folder: Path,
    command: Sequence[str] | None = None,
    port: int | None = None,
    **settings: str,
) -> Logged:
    environment = isolated_environment(folder, INSTANCE_ID="logging-instance", **settings)
    migrate(environment)
    port = port or free_port()
    # The settings turn off the access log nevertheless.
    command = command or uvicorn_command(port, "--access-log")
    with forked_instance(port, environment=environment, command=command) as server:
        conversation_id = use_rest(port)
        use_socket(port, conversation_id)
        wait_for(server, "session.closed")
        return Logged(server.output(), conversation_id)


def wait_for(server: Process, text: str) -> None:
    end = time.monotonic() + 5
    while text not in server.output():
        assert time.monotonic() < end
        time.sleep(0.01)


def use_rest(port: int) -> str:
    """Good requests and bad ones. Returns the conversation that they were about."""
    headers = {"Authorization": f"Bearer {_GOOD_TOKEN}", "X-Request-ID": _REQUEST_ID}
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}/api/v1", headers=headers, trust_env=False
    ) as http:

        def request(expected: int, method: str, path: str, **options: Any) -> Json:
            answer = http.request(method, path, **options)
            assert answer.status_code == expected, answer.text
            return answer.json() if answer.content else {}

        group = request(
            201, "POST", "/conversations", json={"kind": "group", "participant_ids": []}
        )
        messages = f"/conversations/{group['id']}/messages"
        message = request(201, "POST", messages, json={"text": _SECRET, "client_id": "1"})
        request(409, "POST", messages, json={"text": f"{_SECRET} 2", "client_id": "1"})
        request(400, "POST", messages, json={"text": f"{_SECRET}\x1b"})
        request(400, "POST", messages, json={"txt": _SECRET})
        request(400, "POST", messages, content=f'{{"text": "{_SECRET}', headers=_JSON)
        request(413, "POST", messages, json={"text": _SECRET * 5_000})
        request(200, "PATCH", f"{messages}/{message['id']}", json={"text": f"{_SECRET} 3"})
        request(204, "DELETE", f"{messages}/{message['id']}")
        request(401, "GET", "/me", headers={"Authorization": f"Bearer {_SECRET}"})
        request(400, "GET", messages, params={"limit": _SECRET})
        request(404, "GET", f"/{_SECRET}")
        scanned = http.get(f"http://127.0.0.1:{port}/admin/", headers={"Host": "scanned.example"})
        assert scanned.status_code == 400
        conversation_id: str = group["id"]
        return conversation_id


def use_socket(port: int, conversation_id: str) -> None:
    """Good and bad tokens, good and bad frames."""
    for token in (_SECRET, f"{_GOOD_TOKEN}{_SECRET}"):
        with open_socket(port, token) as refused, pytest.raises(ConnectionClosed):
            refused.recv(timeout=5)
    with (
        open_socket(port, _SECRET, origin=f"https://{_SECRET}.example") as refused,
        pytest.raises(ConnectionClosed),
    ):
        refused.recv(timeout=5)
    send = {"id": 1, "type": "message.send", "conversation_id": conversation_id}
    frames: list[Json | str | bytes] = [
        {**send, "client_id": "2", "text": _SECRET},
        {**send, "client_id": "2", "text": f"{_SECRET}\x1b"},
        {**send, "client_id": "1", "text": f"{_SECRET} other"},
        {"id": 1, "type": "auth.refresh", "token": _SECRET},
        {"id": 1, "type": _SECRET},
        {"id": 1, "type": "ping", _SECRET: _SECRET},
        f"no JSON {_SECRET}",
        _SECRET.encode(),
    ]
    with open_socket(port, _GOOD_TOKEN) as socket:
        socket.recv(timeout=5)
        for frame in frames:
            socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)
        answers = 0
        while answers < len(frames):
            answers += "event_id" not in read_frame(socket.recv(timeout=5))


def open_socket(port: int, token: str, *, origin: str | None = None) -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{port}/ws/v1?token={_SECRET}",
        additional_headers={"X-Request-ID": _REQUEST_ID},
        subprotocols=[Subprotocol("chat.v1"), Subprotocol(f"bearer.{token}")],
        origin=None if origin is None else Origin(origin),
        proxy=None,
    )


@pytest.mark.parametrize("name", ["in_json", "on_console", "in_detail", "by_daphne"])
def test_no_text_and_no_token(name: str, request: pytest.FixtureRequest) -> None:
    """In no line, whether the request was carried out or refused."""
    logged: Logged = request.getfixturevalue(name)

    assert "session.opened" in logged.output
    assert _SECRET.lower() not in logged.output.lower()
    assert _GOOD_TOKEN not in logged.output
    assert _GOOD_TOKEN.rpartition(".")[2] not in logged.output  # its signature


def test_no_text_and_no_token_of_a_fault(of_faults: Logged) -> None:
    """A traceback has neither the text that was at hand nor the frame it came in."""
    assert of_faults.output.count("planted fault") >= 2
    assert _SECRET.lower() not in of_faults.output.lower()
    assert _GOOD_TOKEN not in of_faults.output


def test_each_line_is_an_action(in_json: Logged) -> None:
    """JSON, with the instance, the time and the level."""
    for line in in_json.output.splitlines():
        logged = json.loads(line)
        assert logged["instance_id"] == "logging-instance"
        assert logged["action"]
        assert logged["timestamp"].endswith("Z")
        assert logged["level"] == "info"


def test_whose_request_it_was(in_detailed_json: Logged) -> None:
    """Each request and each command, carried out or refused, names the person, the conversation
    and the request or connection that it came by."""
    requests = [
        line for line in in_detailed_json.actions("request.handled") if "messages" in line["route"]
    ]
    (opened,) = in_detailed_json.actions("session.opened")
    commands = [
        line for line in in_detailed_json.actions("command.handled") if "conversation_id" in line
    ]

    assert [line["status"] for line in requests] == [201, 409, 400, 400, 400, 413, 200, 204, 400]
    for line in requests:
        assert line["request_id"] == _REQUEST_ID
    assert [line["code"] for line in commands] == ["ok", "invalid_request", "client_id_reused"]
    for line in commands:
        assert line["connection_id"] == opened["connection_id"]
        assert line["command"] == "message.send"
    for line in [*requests, *commands]:
        assert line["user_id"] == "ann"
        assert line["conversation_id"] == in_detailed_json.conversation_id
    assert opened["user_id"] == "ann"
    assert opened["request_id"] == _REQUEST_ID
    assert all("request_id" not in line for line in commands)


def test_how_a_socket_ended(in_json: Logged) -> None:
    """With the code of its close frame, whoever sent it."""
    (closed,) = in_json.actions("session.closed")

    assert closed["code"] == 1000


def test_what_was_committed(in_detailed_json: Logged) -> None:
    """A commit may be that of many requests: its line is nobody's, and names the conversation."""
    commits = in_detailed_json.actions("conversation.committed")

    assert [line["conversation_id"] for line in commits] == [in_detailed_json.conversation_id] * 4
    assert all("user_id" not in line and "request_id" not in line for line in commits)


def test_one_line_for_each_message(in_json: Logged) -> None:
    """That of the request or of the command; steps, receipts and probes write none."""
    lines = [json.loads(line) for line in in_json.output.splitlines()]

    sends = [line for line in lines if line.get("status") == 201 and "messages" in line["route"]]
    assert len(sends) == 1
    assert not [line for line in lines if "health" in line.get("route", "")]
    assert not {"conversation.committed", "notification.decided"} & {
        line["action"] for line in lines
    }


def test_refusals_write_a_bounded_number_of_lines(tmp_path: Path) -> None:
    """At most ten in any second; the next line of the kind says how many were left out."""
    environment = isolated_environment(tmp_path, LOG_FORMAT="json", CHAT_RATE_LIMITS="off")
    migrate(environment)
    port = free_port()
    url = f"http://127.0.0.1:{port}/api/v1/me"
    with forked_instance(port, environment=environment) as server:
        begun = time.monotonic()
        with httpx.Client(trust_env=False) as http:
            while time.monotonic() - begun < 3:
                assert http.get(url).status_code == 401
        took = time.monotonic() - begun
        lines = [json.loads(line) for line in server.output().splitlines()]
    refused = [line for line in lines if line.get("status") == 401]

    assert 2 < len(refused) <= 10 * (took + 1)
    assert any(line.get("suppressed", 0) > 0 for line in refused)
    assert not any("refused" in line for line in lines)


@pytest.mark.parametrize(
    ("debug", "log_format", "is_json"),
    [("0", "", True), ("1", "", False), ("1", "json", True), ("0", "console", False)],
)
def test_for_machines_or_for_people(debug: str, log_format: str, is_json: bool) -> None:
    """As LOG_FORMAT says, else as JSON unless DEBUG."""
    output = logged(DEBUG=debug, **({"LOG_FORMAT": log_format} if log_format else {}))

    assert output.count("tea") == 2
    assert output.startswith("{") is is_json


@pytest.mark.parametrize(("level", "lines"), [("debug", 3), ("info", 2), ("warning", 1)])
def test_the_least_that_is_written(level: str, lines: int) -> None:
    """LOG_LEVEL, in whatever case."""
    assert logged(LOG_LEVEL=level).count("tea") == lines
    assert logged(LOG_LEVEL=level.upper()).count("tea") == lines


@pytest.mark.parametrize(("name", "value"), [("LOG_FORMAT", "xml"), ("LOG_LEVEL", "chatty")])
def test_a_log_setting_that_there_is_not(name: str, value: str) -> None:
    """The start stops with its name and what it may be."""
    output = logged(**{name: value})

    assert f"ImproperlyConfigured: {name} is '{value}'. Set it to one of: " in output
    assert "tea" not in output


def logged(**variables: str) -> str:
    """What a process with these settings writes: a line of each level."""
    code = "import django, structlog; django.setup(); log = structlog.get_logger()\n"
    code += "log.debug('tea.one'); log.info('tea.two'); log.warning('tea.three')"
    environment = {**development_environment(), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return run_python("-c", code, environment={**os.environ, **environment, **variables}).stderr
