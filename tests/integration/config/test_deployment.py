"""Settings of production: Django's own checks, what stops the start, and what browsers are told."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Sequence, Set
from pathlib import Path

import httpx
import pytest
from django.test import Client

from config.development.instances import development_environment, instance, uvicorn_command
from config.development.ports import free_port
from tests.clients.rest import token_of
from tests.databases import migrate
from tests.integration.config.servers.raw_peer import TEXT, Peer
from tests.servers.commands import daphne_command
from tests.servers.environment import isolated_environment
from tests.servers.forked import run_python

_CHECKOUT = Path(__file__).resolve().parents[3]
_PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "chat.example",
    "GOOGLE_CLOUD_PROJECT": "chat",
    "CHAT_AUTH": "firebase",
    "DEBUG": "",
    "REDIS_URL": "",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FIREBASE")}
    return run_python("manage.py", *arguments, environment=kept | _PRODUCTION | environment)


def test_the_deployment_check_is_clean() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_what_it_finds_in_djangos_own_middleware() -> None:
    """The check looks for middleware by name, and ours are subclasses with names of their own. By
    those of Django it finds what is a matter of the proxy in front (the redirect to TLS) or of
    whoever owns the domain (HSTS for other hosts below it, and in browsers' lists), and no more."""
    done = manage(
        *("check", "--deploy", "--fail-level", "WARNING"),
        DJANGO_SETTINGS_MODULE="tests.integration.config.by_name",
    )

    found = set(re.findall(r"security\.W\d+", done.stderr))
    assert found == {"security.W005", "security.W008", "security.W021"}


@pytest.mark.parametrize("trusted", ["*", "10.0.0.1, ::/0"])
def test_trusting_every_peer_as_a_proxy_is_warned_of(trusted: str) -> None:
    """Whoever reaches the port chooses its address then."""
    done = manage("check", "--deploy", FORWARDED_ALLOW_IPS=trusted)

    assert "chat.W002" in done.stderr
    assert f"FORWARDED_ALLOW_IPS is {trusted!r}" in done.stderr


def test_a_limit_of_zero_is_named_before_anything_divides_by_it() -> None:
    """The server does not start either; it says the same."""
    zero = {"DJANGO_SETTINGS_MODULE": "tests.integration.config.zero_limits"}
    for done in (manage("check", **zero), manage("serve", **zero)):
        assert done.returncode != 0
        assert "chat.E034" in done.stderr
        assert "CHAT_LIMITS has typing_seconds = 0. Set it to a value" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("value", ["tea", "[]", '{"apiKey": 1}', '{"apiKey": "key"}'])
def test_an_incomplete_configuration_of_firebase_stops_the_start(value: str) -> None:
    done = manage("check", CHAT_DEMO_FIREBASE=value)

    assert done.returncode != 0
    assert "CHAT_DEMO_FIREBASE is not complete" in done.stderr
    assert "vapidKey" in done.stderr


def test_behind_a_proxy_that_ends_tls(tmp_path: Path) -> None:
    """As it says by `X-Forwarded-Proto`, which browsers' requests to the admin depend on: cookies
    travel over TLS alone, and a form has to come from the origin that it goes to."""
    port = free_port()
    environment = isolated_environment(
        tmp_path, **{**_PRODUCTION, "ALLOWED_HOSTS": "chat.example,127.0.0.1"}
    )
    migrate(environment)
    name, password = "root", secrets.token_urlsafe()
    given = {"DJANGO_SUPERUSER_USERNAME": name, "DJANGO_SUPERUSER_PASSWORD": password}
    made = manage("createsuperuser", "--noinput", "--email", "", **environment, **given)
    assert made.returncode == 0, made.stderr
    headers = {
        "Host": "chat.example",
        "Origin": "https://chat.example",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "https",
    }
    for command in (uvicorn_command(port), [*daphne_command(port), "--proxy-headers"]):
        with (
            instance(port, environment=environment, command=command),
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False
            ) as http,
        ):
            page = http.get("/admin/login/")
            assert page.headers["Strict-Transport-Security"].startswith("max-age=")
            assert "Secure" in page.headers["Set-Cookie"]
            token = re.search(r"csrftoken=(\w+)", page.headers["Set-Cookie"])
            assert token is not None

            form = {"username": name, "password": password, "csrfmiddlewaretoken": token[1]}
            cookie = {"Cookie": f"csrftoken={token[1]}", "Referer": "https://chat.example/admin/"}
            answer = http.post("/admin/login/?next=/admin/", data=form, headers=cookie)
            assert answer.status_code == 302, answer.text
            another = {**cookie, "Origin": "https://another.example"}
            answer = http.post("/admin/login/?next=/admin/", data=form, headers=another)
            assert answer.status_code == 403


@pytest.mark.parametrize(
    ("environment", "check"),
    [
        ({"CHAT_AUTH": "dev"}, "chat.E004"),
        ({"FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099"}, "chat.E005"),
    ],
)
def test_what_lets_anybody_in_stops_the_start(environment: dict[str, str], check: str) -> None:
    """Unless DEBUG: tokens that anybody can make. The application itself refuses as well."""
    refused = manage("check", **environment)
    assert refused.returncode != 0
    assert check in refused.stderr

    served = run_python(
        "-c", "import config.asgi", environment={**os.environ, **_PRODUCTION, **environment}
    )
    assert served.returncode != 0
    assert check in served.stderr

    assert manage("check", **{**development_environment(), **environment}).returncode == 0


def test_a_weak_key_stops_the_start() -> None:
    """It signs the sessions of the admin. Development may have any."""
    refused = manage("check", SECRET_KEY="short")
    assert refused.returncode != 0
    assert "chat.E018" in refused.stderr

    assert manage("check", **{**development_environment(), "SECRET_KEY": "short"}).returncode == 0


def test_a_weak_password_makes_no_operator() -> None:
    done = manage(
        "shell",
        "-c",
        "from django.contrib.auth.password_validation import validate_password\n"
        "for password in ('1', 'password1234', '736451927364', 'correct horse battery'):\n"
        "    try: validate_password(password); print('taken', password)\n"
        "    except Exception as error: print('refused', password)",
    )

    assert re.findall(r"(taken|refused) (.*)", done.stdout) == [
        ("refused", "1"),
        ("refused", "password1234"),
        ("refused", "736451927364"),
        ("taken", "correct horse battery"),
    ]


FAULTS = {
    "CHAT_STORE": "mongo",
    "CHAT_AUTH": "basic",
    "PUSH_BACKEND": "apns",
    "REDIS_URL": "http://10.0.0.1",
    "REDIS_SENTINELS": "10.0.0.1:26379",
    "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099",
    "ALLOWED_ORIGINS": "app.example",
    "ALLOWED_HOSTS": "https://chat.example",
    "NOTIFICATION_QUEUE_URL": "jobs",
    "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json",
}


@pytest.mark.parametrize("names", [FAULTS.keys() - {"REDIS_URL"}, {"REDIS_URL"}], ids=len)
def test_faults_in_the_settings_stop_the_start(names: Set[str]) -> None:
    """All of them are named at once, each with a hint. (Two of these are two ways to Redis.)"""
    refused = manage("check", **{name: FAULTS[name] for name in names})

    assert refused.returncode != 0
    assert {name for name in FAULTS if f"{name} " in refused.stderr} >= names
    assert refused.stderr.count("HINT:") >= len(names)
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/schema", "/health/live", "/api/nothing"])
def test_answers_of_the_api_are_no_pages(client: Client, path: str) -> None:
    """A browser that is led there loads and shows nothing."""
    answer = client.get(path)

    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/api/docs"])
def test_pages_load_from_here_alone(client: Client, path: str) -> None:
    """No script of anybody else's, none within the page, and in no frame."""
    answer = client.get(path)
    policy = answer["Content-Security-Policy"]

    assert answer.status_code == 200
    assert "default-src 'self'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert b"<script>" not in answer.content.replace(b" ", b"")


def test_cookies_of_the_admin_travel_over_tls_alone() -> None:
    done = manage(
        "shell",
        "-c",
        "from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY)",
    )

    assert done.stdout.split()[-3:] == ["True"] * 3


@pytest.mark.django_db
def test_cookies_open_nothing(admin_client: Client) -> None:
    """Who is logged in to the admin is nobody to the API."""
    assert admin_client.get("/api/v1/me").status_code == 401


_UNUSED = {
    *("boto3", "daphne", "twisted", "firebase_admin", "google.cloud.firestore_v1", "grpc"),
    *("psycopg", "django.contrib.postgres", "cryptography", "opentelemetry", "requests", "yaml"),
    *("drf_spectacular.openapi", "uritemplate", "jinja2", "unittest", "rich", "pygments"),
}
_MOST_MODULES = 950
"""Of the libraries and of Python 3.11: 906 in an instance. With its own modules, each takes some
25 kB and half a millisecond at start."""
_OWN = ("chat", "config", "messaging")


def _foreign(modules: Sequence[str]) -> Sequence[str]:
    return [name for name in modules if name.partition(".")[0] not in _OWN]


def test_a_process_imports_only_what_it_uses(tmp_path: Path) -> None:
    """Libraries that take long: for a server of uvicorn's with SQLite, none of them. The garbage
    collector, which rests meanwhile, is on afterwards."""
    program = (
        "import gc, json, sys, config.asgi\n"
        "print(json.dumps([gc.isenabled(), gc.get_freeze_count() > 0, sorted(sys.modules)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=_CHECKOUT,
        env=os.environ | isolated_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    collecting, frozen, modules = json.loads(done.stdout)

    assert not _UNUSED & set(modules)
    assert len(_foreign(modules)) <= _MOST_MODULES
    assert collecting
    assert frozen


def test_a_command_imports_only_what_it_uses() -> None:
    """Neither a server nor the views."""
    program = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", program],
        cwd=_CHECKOUT,
        env=os.environ | development_environment(DJANGO_SETTINGS_MODULE="config.settings"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    modules = json.loads(done.stdout)

    assert not (_UNUSED | {"uvicorn", "config.urls"}) & set(modules)
    assert len(_foreign(modules)) <= _MOST_MODULES


def test_runserver_is_daphnes(tmp_path: Path) -> None:
    """Django's own knows no WebSockets."""
    environment = isolated_environment(tmp_path)
    migrate(environment)
    port = free_port()
    command = [sys.executable, "manage.py", "runserver", str(port), "--noreload"]
    with instance(port, environment=environment, command=command), Peer(port) as peer:
        peer.open(token_of("ann"))
        kind, payload = peer.next_frame()

    assert kind == TEXT
    assert json.loads(payload)["type"] == "hello"
