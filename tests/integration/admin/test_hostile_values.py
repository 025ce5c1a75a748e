"""The admin with hostile values in its paths, queries, cookies and forms: no page fails."""

import http.client
import random
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import psycopg
import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.urls import URLPattern, URLResolver, get_resolver

from tests.integration.config.servers.served import operator_session, served
from tests.servers.commands import serve_command

HOSTILE = ("x", "9" * 40, "%00", "%FF%FE")
"""As they stand in an address: no number, one that no column has, NUL, what is no UTF-8."""
SEARCHED = (
    *HOSTILE,
    "-1",
    "a%00b",
    "%ED%A0%80",
    "%0D%0AX-Header:1",
    "a" * 10_240,
    "2024-99-99",
    "_00",
)
"""Surrogates, a line, 10 KiB, a day that does not exist, an escape of Django's admin."""
GOOD_ANSWERS = {200, 302, 400, 403, 404, 405, 429, 431}
"""429 of the sign-in alone, which is tried too often here."""
DATABASES = ("sqlite", "postgresql")
SHORT, LONG = {"postgresql": 6, "sqlite": 8}, {"postgresql": 1, "sqlite": 4}
"""Of how many addresses, cookies and fields one is tried; fewer on SQLite, which takes more."""
T = TypeVar("T")
_TOKEN = "a" * 32
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def patterns(entries: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """The routes below `/admin/`, with `{}` in the place of each argument."""
    for entry in entries:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns, route)
        elif route.startswith("admin/"):
            parts = [
                "{}" if part.startswith("<") else part.strip("^$") for part in route.split("/")
            ]
            if "(" not in route:
                yield "/" + "/".join(parts)


def lists() -> Iterator[tuple[str, list[str]]]:
    """Each list of the admin, and the parameters that it knows."""
    for model in filter(admin.site.is_registered, apps.get_models()):
        model_admin = admin.site.get_model_admin(model)
        names = ["q", "p", "_to_field", "_changelist_filters", "after", "unknown", "id__in"]
        for one in model_admin.list_filter:
            if isinstance(one, type) and issubclass(one, SimpleListFilter):
                names.append(one.parameter_name or "")
            else:
                field = one[0] if isinstance(one, tuple) else one
                names += [f"{field}__exact", f"{field}__id__exact"]
        yield f"/admin/{model._meta.app_label}/{model._meta.model_name}/", names


def addresses() -> Iterator[str]:
    for template in sorted(set(patterns(get_resolver().url_patterns))):
        if "{}" in template:
            yield from (template.replace("{}", value) for value in HOSTILE)
        else:
            yield template
    for number in range(1, 25):  # of any content type
        yield f"/admin/r/{number}/x/"
    for path, names in lists():
        conversation = f"conversation={'a' * 26}&" if path.endswith("/message/") else ""
        for name in names:
            values = SEARCHED if name == "q" else HOSTILE[:3]
            yield from (f"{path}?{conversation}{name}={value}" for value in values)


def some(cases: Iterable[T], step: int) -> Sequence[T]:
    """One in `step`, spread over all of them and the same in each run."""
    everything = list(cases)
    return random.Random(step).sample(everything, len(everything) // step)


class Client:
    """A client that sends the bytes that it is given."""

    def __init__(self, port: int) -> None:
        """Whoever makes it closes its connection."""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def status(
        self,
        path: str,
        cookies: Mapping[str, str],
        *,
        method: str = "GET",
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> int:
        connection = self.connection
        connection.putrequest(method, path, skip_accept_encoding=True)
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        # As bytes, some of which http.client itself would refuse.
        connection.putheader("Cookie", cookie.encode("utf-8", "surrogateescape"))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        data = (body or "").encode()
        if body is not None:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data or None)
        answer = connection.getresponse()
        answer.read()
        return answer.status


@pytest.fixture
def settings_of(request: pytest.FixtureRequest) -> dict[str, str]:
    """What has to be set to use a database of this test alone."""
    if request.param == "sqlite":
        return {}
    server = request.getfixturevalue("postgres_server")
    name = f"hostile_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return {"DATABASE_URL": f"{server.rpartition('/')[0]}/{name}"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("tried", [SHORT, pytest.param(LONG, marks=pytest.mark.fuzz)])
@pytest.mark.parametrize("settings_of", DATABASES, indirect=True)
def test_no_hostile_value_is_a_fault(
    settings_of: dict[str, str], tried: Mapping[str, int], tmp_path: Path
) -> None:
    step = tried["postgresql" if settings_of else "sqlite"]
    settings = {**settings_of, "CHAT_RATE_LIMITS": "off"}
    with served(serve_command, tmp_path, **settings) as (port, _), ExitStack() as resources:
        session = operator_session(tmp_path, settings)
        client = Client(port)
        resources.callback(client.connection.close)
        good = {"sessionid": session, "csrftoken": _TOKEN}
        assert client.status("/admin/", good) == 200
        wrong: list[tuple[int, str]] = []

        def check(what: str, status: int) -> None:
            if status not in GOOD_ANSWERS:
                wrong.append((status, what[:200]))

        for address in some(addresses(), step):
            check(address, client.status(address, good))
        for name, value in some(_cookies(), step):
            check(f"cookie {name}={value!r}", client.status("/admin/", {**good, name: value}))
            check(f"cookie {name}={value!r}", client.status("/admin/login/", {name: value}))
        for path, form, field, value in some(_fields(), step):
            sent = {**form, "csrfmiddlewaretoken": _TOKEN}
            encoded = urlencode({k: v for k, v in sent.items() if k != field})
            body = f"{encoded}&{field}={value}"
            status = client.status(path, good, method="POST", body=body, headers=_FORM)
            check(f"{path} {field}={value}", status)
        assert not wrong, wrong


def _cookies() -> Iterator[tuple[str, str]]:
    for name in ("sessionid", "csrftoken", "messages"):
        yield from ((name, value) for value in (*SEARCHED, *_cookie_values()))


def _fields() -> Iterator[tuple[str, dict[str, str], str, str]]:
    """A form, and one of its fields with a hostile value."""
    for path, form in _forms():
        for field in form:
            yield from ((path, form, field, value) for value in HOSTILE)


def _cookie_values() -> Iterator[str]:
    yield from ("x", "", '"', '"\\000"', '"a\\000b"', '"\\355\\240\\200"', "é", "a" * 8_192)
    yield from ("\udcff\udcfe", "\udced\udca0\udc80", "a" * 32, "a" * 40, "-1", "9" * 40)


def _forms() -> Iterator[tuple[str, dict[str, str]]]:
    yield "/admin/login/", {"username": "u", "password": "p", "next": "/admin/"}
    for path, _ in lists():
        yield path, {"action": "x", "_selected_action": "y", "index": "0", "select_across": "0"}
    yield "/admin/chat/person/", {"action": "ban", "_selected_action": "ann", "confirmed": "yes"}
    yield "/admin/auth/user/", {"action": "delete_selected", "_selected_action": "1"}
    yield "/admin/auth/user/add/", {"username": "u", "password1": "p", "password2": "p"}
