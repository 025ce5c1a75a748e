"""The doctor names each planted fault, says what to do, and finds nothing where all is well."""

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
import redis
from django.db import DEFAULT_DB_ALIAS, connections
from pytest_django import DjangoDbBlocker, Settings

from chat import doctor_checks
from chat.doctor_checks import examine_pages, examine_settings, examine_tokens
from config.databases import database
from config.development.ports import free_port
from config.development.redis import run_redis
from messaging.doctor.database import examine_database
from messaging.doctor.findings import Finding, Level, examine_all, ok
from messaging.doctor.push import examine_push
from messaging.doctor.queue import examine_queue
from messaging.doctor.redis_server import examine_redis
from messaging.notifications.queue.sqs import create_queues
from tests.clients.rest import token_of
from tests.databases import migrate
from tests.integration.chat.test_checks import hung
from tests.integration.doctor.findings import not_well, only
from tests.notifications.fcm_server import PROJECT, FcmServer, redirect, refusal
from tests.notifications.sqs_server import aws_environment, sqs_client
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance, run_python
from tests.servers.redis import redis_server as run_redis_server

SETTINGS = (Path(__file__).resolve().parents[3] / "docs" / "settings.md").read_text()

# Redis


def use_redis(settings: Settings, url: str) -> None:
    settings.REDIS_URL = url
    settings.REDIS = {"address": url}


async def test_a_good_redis(settings: Settings, redis_server: str) -> None:
    """It is measured."""
    use_redis(settings, redis_server)

    findings = await examine_redis()

    assert not_well(findings) == []
    assert "answers in" in findings[0].text
    assert "arrives in" in findings[-1].text


async def test_no_redis(settings: Settings) -> None:
    settings.REDIS = None
    assert not_well(await examine_redis()) == []


@pytest.mark.parametrize(
    ("options", "level", "named"),
    [
        (["--requirepass", "secret"], Level.PROBLEM, ["REDIS_URL", "requires a password"]),
        (["--replicaof", "127.0.0.1 1"], Level.PROBLEM, ["REDIS_URL", "replica", "primary"]),
        (["--maxmemory", "100kb"], Level.PROBLEM, ["out of memory", "maxmemory"]),
        (
            ["--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru"],
            Level.WARNING,
            ["allkeys-lru", "noeviction"],
        ),
        (["--rename-command", "PUBLISH", ""], Level.PROBLEM, ["REDIS_URL", "PUBLISH"]),
    ],
    ids=["password", "replica", "full", "evicting", "crippled"],
)
async def test_a_wrong_redis(
    settings: Settings, options: list[str], level: Level, named: list[str]
) -> None:
    with run_redis_server(*options) as url:
        use_redis(settings, url)
        findings = await examine_redis()

    assert level in {finding.level for finding in findings}
    only([finding for finding in findings if finding.level is level], level, *named)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("redis://:wrong@{}", ["does not accept user and password"]),
        ("redis://guest:guest@{}", ["denies this user", "~chat:*"]),
    ],
)
async def test_wrong_access_to_redis(settings: Settings, url: str, named: list[str]) -> None:
    port = free_port()
    access = ["--requirepass", "secret", "--user", "guest", "on", ">guest"]
    access += ["+@all", "~other:*", "&*"]
    with run_redis(port, *access):
        use_redis(settings, url.format(f"127.0.0.1:{port}"))
        only(await examine_redis(), Level.PROBLEM, "REDIS_URL", *named)


@contextmanager
def nobody() -> Iterator[int]:
    yield free_port()


@pytest.mark.parametrize(
    ("server", "named"), [(nobody, "cannot be reached"), (hung, "does not answer in time")]
)
async def test_redis_is_away(
    settings: Settings, server: Callable[[], AbstractContextManager[int]], named: str
) -> None:
    with server() as port:
        use_redis(settings, f"redis://127.0.0.1:{port}")
        only(await examine_redis(), Level.PROBLEM, "REDIS_URL", named)


COMMANDS = re.search(r"^> (\+ping .*)$", SETTINGS, re.MULTILINE)
"""Those that the documentation says a user needs."""


@contextmanager
def restricted_redis() -> Iterator[tuple[str, redis.Redis]]:
    """A Redis with a user who may do what the documentation says, and no more; a client of its
    operator."""
    assert COMMANDS is not None
    port = free_port()
    access = ["--requirepass", "secret", "--user", "chat", "on", ">chat", "~chat:*", "&chat*"]
    with (
        run_redis(port, *access, *COMMANDS[1].split()),
        redis.Redis(port=port, password="secret", decode_responses=True) as operator,
    ):
        yield f"redis://chat:chat@127.0.0.1:{port}", operator


async def test_a_user_who_may_not_ask_how_redis_is(settings: Settings) -> None:
    """Chat does without; it is measured all the same."""
    with restricted_redis() as (url, _):
        use_redis(settings, url)
        findings = await examine_redis()

    assert not_well(findings) == []
    assert "answers in" in findings[0].text
    assert any("may not run INFO" in finding.text for finding in findings)


def test_the_commands_that_readme_lists(tmp_path: Path) -> None:
    """An instance that does all that it does with Redis is refused nothing."""
    port = free_port()
    with restricted_redis() as (url, operator):
        environment = isolated_environment(tmp_path, REDIS_URL=url)
        migrate(environment)
        with forked_instance(port, environment=environment):
            use_everything(f"http://127.0.0.1:{port}/api/v1")
            heartbeats = calls(operator, "sismember")
            until(lambda: calls(operator, "sismember") > heartbeats)  # of presence
            ready = httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).json()
        log: Any = operator.acl_log()
        denied = {entry["object"] for entry in log if entry["username"] == "chat"}

    assert denied <= {"client|setinfo", "info"}  # without which it does
    assert ready["checks"]["redis"] == "ok"


def calls(operator: redis.Redis, command: str) -> int:
    """Return how often a command was carried out."""
    statistics: Any = operator.info("commandstats")
    count: int = statistics.get(f"cmdstat_{command}", {"calls": 0})["calls"]
    return count


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def use_everything(url: str) -> None:
    """Send, ring, acknowledge, read, delete, watch: what goes through Redis."""
    ann, bob = (
        httpx.Client(headers={"Authorization": f"Bearer {token_of(who)}"}, trust_env=False)
        for who in ("ann", "bob")
    )
    with ann, bob:
        device = {"token": "a-token", "token_kind": "token", "platform": "web"}
        registered = bob.put(f"{url}/devices/one", json=device)
        assert registered.status_code == 200, registered.text
        group = ann.post(
            f"{url}/conversations", json={"kind": "group", "participant_ids": ["bob"]}
        ).json()["id"]
        messages = f"{url}/conversations/{group}/messages"
        for number in range(3):
            sent = ann.post(messages, json={"text": f"{number}", "client_id": f"{number}"}).json()

        def decided() -> bool:
            """Whether it rang, or did not."""
            (bobs,) = ann.get(f"{messages}/{sent['id']}/delivery").json()["items"]
            return bool(bobs["push"]["verdict"] != "pending")

        until(decided)
        assert ann.delete(f"{messages}/{sent['id']}").status_code == 204
        assert bob.post(f"{url}/conversations/{group}/read", json={"seq": 2}).status_code == 200
        assert ann.get(f"{url}/conversations/{group}/receipts").status_code == 200
        assert ann.get(f"{url}/presence", params={"user_ids": "bob"}).status_code == 200
        assert bob.delete(f"{url}/me/sessions").status_code == 204


def test_readiness_of_a_full_redis(tmp_path: Path) -> None:
    """It is degraded, and says why; the metrics say so too."""
    port = free_port()
    with run_redis_server("--maxmemory", "100kb") as url:
        environment = isolated_environment(tmp_path, REDIS_URL=url)
        migrate(environment)
        with forked_instance(port, environment=environment), httpx.Client(trust_env=False) as http:
            ready = http.get(f"http://127.0.0.1:{port}/health/ready")
            metrics = http.get(f"http://127.0.0.1:{port}/metrics").text

    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["checks"]["redis"] == "degraded"
    assert ready.json()["reasons"]["redis"] == ["out_of_memory"]
    assert 'chat_redis_failing{reason="out_of_memory"} 1.0' in metrics


async def test_one_of_two_addresses(settings: Settings, redis_server: str) -> None:
    """Each finding has its address, without the password."""
    dead = free_port()
    settings.REDIS = {"address": redis_server}
    settings.MORE_REDIS = [{"address": f"redis://:secret@127.0.0.1:{dead}/3"}]

    findings = await examine_redis()

    (wrong,) = not_well(findings)
    assert wrong.text.startswith(f"127.0.0.1:{dead}/3: ")
    good = redis_server.removeprefix("redis://")
    assert [one for one in findings if one.text.startswith(f"{good}: A published message arrives")]
    assert "secret" not in repr(findings)


def test_readiness_without_one_of_two_addresses(tmp_path: Path, redis_server: str) -> None:
    """It says which, and so do the metrics."""
    port, dead = free_port(), free_port()
    urls = f"{redis_server},redis://:secret@127.0.0.1:{dead}/0"
    environment = isolated_environment(tmp_path, REDIS_URL=urls)
    migrate(environment)
    with forked_instance(port, environment=environment), httpx.Client(trust_env=False) as http:
        ready = http.get(f"http://127.0.0.1:{port}/health/ready")
        end = time.monotonic() + 20
        while ready.json()["status"] != "degraded" and time.monotonic() < end:
            ready = http.get(f"http://127.0.0.1:{port}/health/ready")
        metrics = http.get(f"http://127.0.0.1:{port}/metrics").text

    assert ready.status_code == 200
    assert ready.json()["reasons"]["redis_addresses"] == [f"127.0.0.1:{dead}/0"]
    good = redis_server.removeprefix("redis://")
    assert f'chat_link_address_up{{address="{good}"}} 1.0' in metrics
    assert f'chat_link_address_up{{address="127.0.0.1:{dead}/0"}} 0.0' in metrics
    assert "secret" not in ready.text + metrics


# SQS


@pytest.fixture
def aws(sqs_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3 finds SQS on the loopback address; the value looks behind the product's back."""
    for name, value in aws_environment(sqs_url).items():
        monkeypatch.setenv(name, value)
    return sqs_client(sqs_url)


async def test_a_good_queue(settings: Settings, aws: Any) -> None:
    settings.NOTIFICATION_QUEUE_URL = create_queues(f"good-{uuid4().hex}", hidden=60)
    assert not_well(await examine_queue()) == []


async def test_a_queue_that_does_not_exist(settings: Settings, aws: Any, sqs_url: str) -> None:
    settings.NOTIFICATION_QUEUE_URL = f"{sqs_url}/123456789012/nowhere"
    only(await examine_queue(), Level.PROBLEM, "NOTIFICATION_QUEUE_URL", "does not exist")


async def test_a_queue_without_dead_letters(settings: Settings, aws: Any) -> None:
    name = f"bare-{uuid4().hex}"
    settings.NOTIFICATION_QUEUE_URL = aws.create_queue(QueueName=name)["QueueUrl"]
    only(await examine_queue(), Level.WARNING, "no dead-letter queue", "create_notification_queues")


async def test_a_dead_letter_queue_that_is_gone(settings: Settings, aws: Any) -> None:
    name = f"gone-{uuid4().hex}"
    settings.NOTIFICATION_QUEUE_URL = create_queues(name, hidden=60)
    dead = aws.get_queue_url(QueueName=f"{name}-dead-letters")["QueueUrl"]
    aws.delete_queue(QueueUrl=dead)

    only(await examine_queue(), Level.PROBLEM, "redrive policy", "does not exist")


async def test_dead_letters(settings: Settings, aws: Any) -> None:
    name = f"dead-{uuid4().hex}"
    settings.NOTIFICATION_QUEUE_URL = create_queues(name, hidden=60)
    dead = aws.get_queue_url(QueueName=f"{name}-dead-letters")["QueueUrl"]
    aws.send_message(QueueUrl=dead, MessageBody="{}")

    only(await examine_queue(), Level.WARNING, "1 jobs", "replay_dead_letters")


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("InvalidSecurity", "does not accept the credentials"),
        ("UnrecognizedClientException", "does not know the credentials"),
        ("ExpiredToken", "have expired"),
        ("SignatureDoesNotMatch", "does not accept the secret"),
        ("SomethingElse", "SQS refuses"),
    ],
)
async def test_refused_credentials(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, code: str, named: str
) -> None:
    """AWS was reached: the network is not what is wrong."""

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": "no"}).encode()
            self.send_response(403)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        for name, value in aws_environment(url).items():
            monkeypatch.setenv(name, value)
        settings.NOTIFICATION_QUEUE_URL = f"{url}/123456789012/refused"
        findings = await examine_queue()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    only(findings, Level.PROBLEM, "NOTIFICATION_QUEUE_URL", named)
    assert "network" not in findings[0].remedy


async def test_no_credentials_for_aws(
    settings: Settings, aws: Any, monkeypatch: pytest.MonkeyPatch, sqs_url: str, tmp_path: Path
) -> None:
    # The process keeps one session, which remembers the credentials of the tests before.
    monkeypatch.setattr("messaging.notifications.queue.sqs._session", boto3.session.Session)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    settings.NOTIFICATION_QUEUE_URL = f"{sqs_url}/123456789012/any"
    only(await examine_queue(), Level.PROBLEM, "no credentials for AWS")


async def test_sqs_is_away(settings: Settings, aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", url)
    settings.NOTIFICATION_QUEUE_URL = f"{url}/123456789012/any"
    only(await examine_queue(), Level.PROBLEM, "SQS cannot be reached")


# FCM


@pytest.fixture
def pushing(
    fcm: FcmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> FcmServer:
    """FCM as it answers to a token that is none."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(fcm.credentials(tmp_path)))
    redirect(fcm.url)
    settings.GOOGLE_CLOUD_PROJECT = PROJECT
    settings.PUSH_BACKEND = "fcm"
    fcm.answers["doctor"] = refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
    return fcm


async def test_good_credentials_for_fcm(pushing: FcmServer) -> None:
    """Nothing is sent."""
    assert not_well(await examine_push()) == []
    assert (pushing.asked, pushing.rehearsed) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (refusal(403, "PERMISSION_DENIED"), ["may not push", "firebasecloudmessaging"]),
        (refusal(404, "NOT_FOUND"), ["no project", "GOOGLE_CLOUD_PROJECT"]),
        (refusal(401, "UNAUTHENTICATED"), ["not accepted", "GOOGLE_APPLICATION_CREDENTIALS"]),
    ],
)
async def test_fcm_refuses(pushing: FcmServer, answer: Any, named: list[str]) -> None:
    pushing.answers["doctor"] = answer
    only(await examine_push(), Level.PROBLEM, "PUSH_BACKEND=fcm", *named)


async def test_no_access_token_for_fcm(pushing: FcmServer) -> None:
    pushing.token_status = 403
    only(await examine_push(), Level.PROBLEM, "PUSH_BACKEND=fcm", "denies access")


# Tokens


@pytest.fixture
def keys(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, fcm: FcmServer, tmp_path: Path
) -> Iterator[dict[str, float]]:
    """Google's keys on the loopback address; `skew` sets the clock of the server."""
    clock = {"skew": 0.0}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Firebase, asked for a user that there is not."""
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer({})

        def do_GET(self) -> None:
            self._answer({"one": "certificate"})

        def _answer(self, document: dict[str, str]) -> None:
            self.send_response_only(200)
            self.send_header("Date", formatdate(time.time() + clock["skew"], usegmt=True))
            self.send_header("Cache-Control", "max-age=3600")
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}/keys"
    monkeypatch.setattr(doctor_checks, "KEYS_URL", url)
    monkeypatch.setattr("firebase_admin._token_gen.ID_TOKEN_CERT_URI", url)
    monkeypatch.setattr("firebase_admin._user_mgt.UserManager.ID_TOOLKIT_URL", url)
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(fcm.credentials(tmp_path)))
    settings.CHAT_AUTH = "firebase"
    settings.GOOGLE_CLOUD_PROJECT = PROJECT
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield clock
    server.shutdown()
    server.server_close()
    thread.join()


async def test_good_keys(keys: dict[str, float]) -> None:
    findings = await examine_tokens()

    assert not_well(findings) == []
    assert [finding.text for finding in findings[1:]] == [
        "A forged token is refused.",
        "Firebase answers whether a token is revoked.",
    ]


@pytest.mark.parametrize(
    ("skew", "level", "named"),
    [(90, Level.PROBLEM, "behind Google's"), (-90, Level.WARNING, "ahead of Google's")],
)
async def test_a_clock_that_is_wrong(
    keys: dict[str, float], skew: float, level: Level, named: str
) -> None:
    keys["skew"] = skew
    only(await examine_tokens(), level, named, "NTP")


async def test_keys_that_are_not_to_be_had(
    keys: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}/keys"
    monkeypatch.setattr(doctor_checks, "KEYS_URL", url)
    only(await examine_tokens(), Level.PROBLEM, "CHAT_AUTH=firebase", "cannot be fetched")


async def test_no_credentials_for_firebase(
    keys: dict[str, float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Signatures are checked all the same."""
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    only(
        await examine_tokens(), Level.WARNING, "revoked tokens are accepted", "firebaseauth.viewer"
    )


async def test_the_emulator_of_tokens(keys: dict[str, float], settings: Settings) -> None:
    """It signs nothing: there are no keys to fetch, and it is no fault that it answers."""
    settings.FIREBASE_AUTH_EMULATOR_HOST = doctor_checks.KEYS_URL.split("/")[2]
    only(await examine_tokens(), Level.WARNING, "unsigned", "Unset")

    settings.FIREBASE_AUTH_EMULATOR_HOST = f"127.0.0.1:{free_port()}"
    only(await examine_tokens(), Level.PROBLEM, "no emulator answers", "emulators:start")


# Settings and pages


async def test_wrong_settings(settings: Settings) -> None:
    """By the checks that stop a start."""
    settings.DEBUG = False
    findings = await examine_settings()

    assert [(finding.level, finding.text[:13]) for finding in not_well(findings)] == [
        (Level.PROBLEM, "CHAT_AUTH=dev")
    ] + ([(Level.WARNING, "SECRET_KEY ha")] if len(settings.SECRET_KEY) < 50 else [])


async def test_static_files_that_were_not_collected(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    only(await examine_pages(), Level.PROBLEM, str(tmp_path), "collectstatic")


async def test_hosts_of_any_name(settings: Settings) -> None:
    settings.ALLOWED_HOSTS, settings.DEBUG = ["*"], True
    only(await examine_pages(), Level.WARNING, "ALLOWED_HOSTS")


# The database


@contextmanager
def database_at(url: str) -> Iterator[str]:
    """Its alias for Django, as DATABASE_URL would configure it."""
    configured = connections.configure_settings({DEFAULT_DB_ALIAS: database(url)})
    connections.settings["examined"] = configured[DEFAULT_DB_ALIAS]
    try:
        yield "examined"
    finally:
        del connections.settings["examined"]


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("sqlite:///{folder}/new.sqlite3", ["migrations are not applied", "manage.py migrate"]),
        ("sqlite:///{folder}/none/db", ["DATABASE_URL", "SQLite cannot be used"]),
        ("postgres://chat@127.0.0.1:1/chat", ["DATABASE_URL", "PostgreSQL cannot be used"]),
    ],
)
async def test_a_wrong_database(
    django_db_blocker: DjangoDbBlocker, tmp_path: Path, url: str, named: list[str]
) -> None:
    with database_at(url.format(folder=tmp_path)) as alias, django_db_blocker.unblock():
        only(await examine_database(alias), Level.PROBLEM, *named)


async def test_a_replica_of_postgresql(
    django_db_blocker: DjangoDbBlocker, postgres_server: str
) -> None:
    """It reads and does not write."""
    url = f"{postgres_server}?options=-c%20default_transaction_read_only%3Don"
    with database_at(url) as alias, django_db_blocker.unblock():
        findings = await examine_database(alias)

    assert "This PostgreSQL refuses writes." in {finding.text for finding in findings}


async def test_sqlite_for_several_instances(
    transactional_db: None, settings: Settings, redis_server: str
) -> None:
    use_redis(settings, redis_server)
    only(await examine_database(), Level.WARNING, "SQLite", "PostgreSQL or Firestore")


# All of it


async def test_side_by_side() -> None:
    """One that hangs or fails keeps nobody from the findings of the others."""

    async def fail() -> Sequence[Finding]:
        raise RuntimeError("unforeseen")

    async def fine() -> Sequence[Finding]:
        return [ok("fine")]

    found = {name: one async for name, one in examine_all({"a": fail, "b": fine})}

    assert [finding.level for finding in found["b"]] == [Level.OK]
    only(found["a"], Level.PROBLEM, "RuntimeError: unforeseen")


def doctor(environment: dict[str, str]) -> tuple[int, str]:
    """Exit code and output of the command, as an operator runs it."""
    done = run_python("manage.py", "doctor", environment={**os.environ, **environment})
    return done.returncode, done.stdout + done.stderr


def test_a_healthy_installation(tmp_path: Path, redis_server: str) -> None:
    environment = isolated_environment(tmp_path, REDIS_URL=redis_server)
    migrate(environment)
    code, output = doctor(environment)

    assert code == 0, output
    assert "Nothing is down." in output
    assert "DOWN" not in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"DATABASE_URL": "postgres://chat@127.0.0.1:1/chat"}, "DOWN database"),
        ({"REDIS_URL": "redis://127.0.0.1:1"}, "DOWN redis"),
        (
            {"REDIS_SENTINELS": "127.0.0.1:1", "REDIS_SENTINEL_MASTER": "chat"},
            "DOWN redis",
        ),
        (
            {
                "NOTIFICATION_QUEUE_URL": "http://127.0.0.1:1/1/jobs",
                "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1",
                **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "x"),
                "AWS_DEFAULT_REGION": "eu-central-1",
            },
            "DOWN queue",
        ),
        ({"CHAT_STORE": "firestore", "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"}, "DOWN store"),
        ({"PUSH_BACKEND": "apns"}, "DOWN settings  PUSH_BACKEND"),
        ({"ALLOWED_ORIGINS": "app.example"}, "DOWN settings  ALLOWED_ORIGINS"),
    ],
    ids=["database", "redis", "sentinel", "queue", "firestore", "push", "origins"],
)
def test_a_fault_by_itself(
    tmp_path: Path, fault: dict[str, str], named: str, healthy: dict[str, str]
) -> None:
    """The real command names the part, and no other part; but the store is in the database."""
    code, output = doctor({**healthy, "GOOGLE_CLOUD_PROJECT": "chat", **fault})

    assert code == 1
    assert named in output
    assert output.count("DOWN ") == 1 + ("DATABASE_URL" in fault), output
    assert "Traceback" not in output


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    environment = isolated_environment(tmp_path_factory.mktemp("healthy"))
    migrate(environment)
    return environment


def test_a_broken_installation(tmp_path: Path) -> None:
    """Whatever is wrong is named in one run, and the exit code is 1."""
    faults = {"CHAT_STORE": "mongo", "REDIS_URL": "redis://127.0.0.1:1"}
    code, output = doctor(isolated_environment(tmp_path, **faults))

    assert code == 1
    assert "DOWN settings  CHAT_STORE is 'mongo'" in output
    assert "DOWN store     The store was not examined" in output
    assert "migrations are not applied" in output
    assert "DOWN redis     REDIS_URL" in output
    assert "Down: database, redis, search, settings, store." in output
    assert "Traceback" not in output
