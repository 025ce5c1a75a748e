"""Start-up checks: each wrong setting is named; a Redis that is away is none."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from chat.checks import check_settings
from config.development.ports import free_port
from config.development.redis import run_redis
from tests.servers.forked import run_python

_URL = "redis://127.0.0.1:6379/0"
_LAYER = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}}


@pytest.fixture(autouse=True)
def _development(settings: Settings) -> None:
    """The other settings are as they should be."""
    settings.DEBUG = True


@pytest.mark.parametrize(
    ("wrong", "identifier", "named"),
    [
        ({"REDIS_URL": "127.0.0.1:6379"}, "chat.E007", "must begin with redis://"),
        ({"REDIS_URL": "http://127.0.0.1:6379"}, "chat.E007", "http"),
        ({"REDIS_URL": "unix:///run/redis.sock"}, "chat.E007", "REDIS_URL"),
        ({"REDIS_URL": "redis://:secret@/0"}, "chat.E007", "host and port"),
        ({"REDIS_URL": "redis://:secret@redis:70000"}, "chat.E007", "redis:70000"),
        ({"REDIS_URL": "redis://:secret/x@redis:6379"}, "chat.E007", "%2F"),
        ({"REDIS_URL": "redis://:secret[x@redis:6379"}, "chat.E007", "host and port"),
        ({"REDIS_URL": "redis://redis/chat"}, "chat.E007", "database"),
        ({"REDIS_URL": "redis://redis?ssl_cert_reqs=none"}, "chat.E007", "ssl_cert_reqs"),
        ({"REDIS_URL": "rediss://redis?ssl_cert_reqs=maybe"}, "chat.E007", "maybe"),
        ({"REDIS_URL": "rediss://redis?ssl_ca=/ca.pem"}, "chat.E007", "ssl_ca"),
        (
            {"REDIS_URL": "redis://:secret@a:6379,redis://:other@a:6379"},
            "chat.E007",
            "a:6379/0 twice",
        ),
        ({"REDIS_URL": "redis://a,redis://:other@A:6379/0"}, "chat.E007", "a:6379/0 twice"),
        ({"REDIS_URL": "redis://a/2,redis://a?db=2"}, "chat.E007", "a:6379/2 twice"),
        ({"REDIS_URL": "redis://a:6379,b:6379"}, "chat.E007", "a:6379,b:6379"),
        ({"REDIS_URL": "redis://a,redis://:secret@b/chat"}, "chat.E007", "'b' with a database"),
        ({"REDIS_URL": ",".join(f"redis://r{n}" for n in range(17))}, "chat.E007", "more than 16"),
        ({"CHAT_MAX_BEACONS": -1}, "chat.E039", "negative"),
        (
            {"REDIS_URL": _URL, "REDIS_SENTINELS": ["one"], "REDIS_SENTINEL_MASTER": "chat"},
            "chat.E008",
            "both",
        ),
        ({"REDIS_SENTINELS": ["10.0.0.1:26379"]}, "chat.E009", "REDIS_SENTINEL_MASTER"),
        ({"REDIS_SENTINEL_MASTER": "chat"}, "chat.E009", "REDIS_SENTINELS"),
        (
            {"REDIS_SENTINELS": ["one", "two:x"], "REDIS_SENTINEL_MASTER": "chat"},
            "chat.E012",
            "two:x",
        ),
        ({"REDIS_SENTINELS": ["one", ":1"], "REDIS_SENTINEL_MASTER": "chat"}, "chat.E012", ":1"),
        ({"REDIS_SENTINELS": ["one:0"], "REDIS_SENTINEL_MASTER": "chat"}, "chat.E012", "one:0"),
        (
            {"REDIS_SENTINELS": ["one"], "REDIS_SENTINEL_MASTER": "redis://:secret@"},
            "chat.E012",
            "REDIS_SENTINEL_MASTER",
        ),
        ({"REDIS_URL": _URL, "CHANNEL_LAYERS": _LAYER}, "chat.E010", "RedisChannelLayer"),
        ({"TRUSTED_PROXIES": -1}, "chat.E035", "TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": 1_000}, "chat.E035", "1000"),
        ({"CHAT_SEARCH": "elastic"}, "chat.E038", "'elastic'"),
        ({"CHAT_STORE": "mongo"}, "chat.E001", "'mongo'"),
        ({"CHAT_AUTH": "basic"}, "chat.E002", "'basic'"),
        ({"PUSH_BACKEND": "apns"}, "chat.E003", "'apns'"),
        ({"DEBUG": False}, "chat.E004", "CHAT_AUTH=dev"),
        (
            {"DEBUG": False, "CHAT_AUTH": "firebase", "FIREBASE_AUTH_EMULATOR_HOST": "x"}
            | {"GOOGLE_CLOUD_PROJECT": "demo"},
            "chat.E005",
            "FIREBASE_AUTH_EMULATOR_HOST",
        ),
        (
            {"CHAT_STORE": "firestore", "GOOGLE_CLOUD_PROJECT": ""},
            "chat.E006",
            "CHAT_STORE=firestore",
        ),
        (
            {"CHAT_AUTH": "firebase", "GOOGLE_CLOUD_PROJECT": ""},
            "chat.E006",
            "CHAT_AUTH=firebase (the default)",
        ),
        ({"ALLOWED_ORIGINS": ["https://app.example/"]}, "chat.E013", "https://app.example/"),
        ({"ALLOWED_ORIGINS": ["app.example"]}, "chat.E013", "ALLOWED_ORIGINS"),
        ({"ALLOWED_ORIGINS": ["https://*.example"]}, "chat.E013", "ALLOWED_ORIGINS"),
        ({"ALLOWED_ORIGINS": ["https://app.example:x"]}, "chat.E013", "ALLOWED_ORIGINS"),
        ({"ALLOWED_HOSTS": ["https://chat.example"]}, "chat.E014", "https://chat.example"),
        ({"ALLOWED_HOSTS": ["chat.example:443"]}, "chat.E014", "ALLOWED_HOSTS"),
        ({"NOTIFICATION_QUEUE_URL": "chat-notifications"}, "chat.E015", "chat-notifications"),
        ({"NOTIFICATION_QUEUE_URL": "https://sqs.example/1/chat.fifo"}, "chat.E015", "FIFO"),
    ],
)
def test_a_wrong_setting(
    settings: Settings, wrong: dict[str, Any], identifier: str, named: str
) -> None:
    """Its error names it, and shows no password."""
    for name, value in wrong.items():
        setattr(settings, name, value)

    (error,) = check_settings()

    assert error.id == identifier
    assert named in error.msg
    assert error.hint  # how to mend it
    assert "secret" not in f"{error.msg} {error.hint}"


@pytest.mark.parametrize("key", ["short", "a" * 64, "abcd" * 16, "django-insecure-" + "x1y2" * 20])
def test_a_weak_key(settings: Settings, key: str) -> None:
    """Development may have any."""
    settings.SECRET_KEY = key
    assert check_settings() == []

    settings.DEBUG, settings.CHAT_AUTH, settings.GOOGLE_CLOUD_PROJECT = False, "firebase", "chat"
    assert [error.id for error in check_settings()] == ["chat.E018"]


@pytest.mark.parametrize(
    "good",
    [
        {"ALLOWED_ORIGINS": ["https://app.example", "http://127.0.0.1:3000", "http://[::1]:80"]},
        {"ALLOWED_HOSTS": ["chat.example", ".chat.example", "127.0.0.1", "[::1]", "*"]},
        {"NOTIFICATION_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/1/chat"},
    ],
)
def test_a_good_setting(settings: Settings, good: dict[str, Any]) -> None:
    for name, value in good.items():
        setattr(settings, name, value)

    assert check_settings() == []


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "No such file"),
        ("{", "not valid JSON"),
        ("[]", "not a service account"),
        ("{}", None),
    ],
)
def test_the_file_of_credentials(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, named: str | None
) -> None:
    """It has to be there, and JSON."""
    file = tmp_path / "account.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    errors = check_settings()

    assert [error.id for error in errors] == (["chat.E016"] if named else [])
    assert all(named in error.msg and str(file) in error.msg for error in errors if named)


@pytest.mark.parametrize(
    ("sentinels", "master"),
    [
        (["10.0.0.1", "10.0.0.2:26380", "[::1]:26379"], "chat"),
        (["rediss://:secret@one:26379?ssl_ca_certs=/ca.pem", "two"], "rediss://u:p@Chat/2"),
    ],
)
def test_sentinels(settings: Settings, sentinels: list[str], master: str) -> None:
    """A host is enough, and a name."""
    settings.REDIS_SENTINELS, settings.REDIS_SENTINEL_MASTER = sentinels, master

    assert check_settings() == []


@pytest.mark.parametrize("cluster", [True, False])
def test_a_cluster(settings: Settings, cluster: bool) -> None:
    """A node of one is refused: the channel layer would not find its channels."""
    while (port := free_port()) > 55_535:  # 10,000 above it is the port of the cluster's own
        pass
    with run_redis(port, "--cluster-enabled", "yes" if cluster else "no"):
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        errors = check_settings()

    assert [error.id for error in errors] == (["chat.E011"] if cluster else [])


@contextmanager
def hung() -> Iterator[int]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("server", [hung(), nullcontext(free_port())], ids=["hung", "refuses"])
def test_an_unreachable_redis(settings: Settings, server: AbstractContextManager[int]) -> None:
    """It is no wrong setting, and holds up the start for about a second at most."""
    with server as port:
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        begun = time.monotonic()
        errors = check_settings()
        took = time.monotonic() - begun

    assert errors == []
    assert took < 3


@pytest.mark.parametrize("start", [["manage.py", "check"], ["-c", "import config.asgi"]])
def test_a_mistyped_name_is_a_warning(start: list[str]) -> None:
    """The setting that was meant keeps its default, so the start says so. It goes on, also beside
    what Kubernetes sets for a service named `chat`."""
    started = run_python(
        *start,
        environment={
            "PATH": os.environ["PATH"],
            "DEBUG": "1",
            "CHAT_AUHT": "dev",
            "CHAT_AUTH": "dev",
            "CHAT_SERVICE_HOST": "10.0.0.1",
            "CHAT_PORT_8000_TCP_ADDR": "10.0.0.1",
            "SECRET_KEY": "only for this test, and long enough for all of the checks",
        },
        check=True,
    )

    said = started.stdout + started.stderr
    assert "CHAT_AUHT is set, but this version has no such setting." in said
    assert not any(f"{name} is set" in said for name in ("CHAT_AUTH", "CHAT_SERVICE", "CHAT_PORT"))


@pytest.mark.parametrize("command", ["createsuperuser", "serve"])
def test_a_command_without_settings(command: str) -> None:
    """It names the missing setting in one line."""
    started = run_python("manage.py", command, environment={"PATH": os.environ["PATH"]})

    said = "Set SECRET_KEY to a long random string. docs/settings.md lists the settings.\n"
    assert (started.returncode, started.stdout, started.stderr) == (1, "", said)
