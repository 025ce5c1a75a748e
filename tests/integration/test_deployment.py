"""Settings of production: Django's own checks, what stops the start, and what browsers are told."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from config.development.instances import development_environment

_CHECKOUT = Path(__file__).resolve().parents[2]
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
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=_CHECKOUT,
        env=kept | _PRODUCTION | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_deployment_check_is_clean() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


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

    served = subprocess.run(
        [sys.executable, "-c", "import config.asgi"],
        cwd=_CHECKOUT,
        env={**os.environ, **_PRODUCTION, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert served.returncode != 0
    assert check in served.stderr

    assert manage("check", **{**development_environment(), **environment}).returncode == 0


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
