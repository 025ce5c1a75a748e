"""The state of an application, in the scope and beside another one."""

from collections.abc import Iterator
from io import BytesIO
from itertools import combinations
from types import FunctionType, ModuleType
from typing import Any

import httpx
import pytest
from django.core.handlers.asgi import ASGIRequest
from django.core.signing import Signer
from django.http import HttpRequest
from django.test import Client
from prometheus_client.metrics import MetricWrapperBase
from pytest_django.fixtures import Settings

from chat.authentication import issue_development_token
from chat.limits.strangers import Strangers
from chat.state import ApplicationState, NoInstance, instance_of, state_of, with_state
from config.application import Application
from messaging.redis.rate_limits import Rate
from messaging.runtime.instance import Instance

ADDRESS = "203.0.113.50"


def scope(**more: Any) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": "/", "headers": [], **more}


def test_it_is_found_by_scope_and_by_request(instance: Instance) -> None:
    state = ApplicationState(instance)
    served = with_state(scope(), state)

    for source in (served, ASGIRequest(served, BytesIO())):
        assert state_of(source) is state
        assert instance_of(source) is instance


def test_what_the_server_keeps_in_the_state_stays(instance: Instance) -> None:
    """uvicorn hands on what a lifespan has put there."""
    given = scope(state={"other": 1})

    served = with_state(given, ApplicationState(instance))

    assert served["state"]["other"] == 1
    assert given["state"] == {"other": 1}


@pytest.mark.parametrize("source", [scope(), scope(state={}), HttpRequest()])
def test_without_one_the_error_says_what_to_serve_with(source: Any) -> None:
    with pytest.raises(NoInstance, match=r"config\.asgi\.application"):
        instance_of(source)


def test_what_needs_no_instance_is_answered_without(client: Client) -> None:
    """A refusal for want of a token, and a probe."""
    assert client.get("/health/live").status_code == 200
    assert client.get("/api/v1/me").status_code == 401


# Two applications of one process


def test_the_limits_are_those_of_the_settings_when_it_is_made(
    instance: Instance, settings: Settings
) -> None:
    before = ApplicationState(instance).person_rates
    settings.CHAT_LIMITS = {"sends_burst": 7, "requests_per_minute": 60, "typing_seconds": 9}

    after = ApplicationState(instance).person_rates

    assert (before.sends.burst, before.requests.burst, before.typing.interval) == (20, 300, 3)
    assert (after.sends.burst, after.requests.burst, after.typing.interval) == (7, 60, 9)


_SHARED = (Instance, Rate, Signer, type, ModuleType, FunctionType, MetricWrapperBase)
"""What the whole process has, or nobody changes."""


def parts(root: object) -> Iterator[object]:
    """The objects that may change, which this one holds, directly or through others."""
    seen: dict[int, object] = {}
    ahead = [root]
    while ahead:
        one = ahead.pop()
        if id(one) in seen or isinstance(one, _SHARED):
            continue
        seen[id(one)] = one
        if isinstance(one, dict):
            ahead += one.values()
        ahead += vars(one).values() if hasattr(one, "__dict__") else []
    for one in seen.values():
        if isinstance(one, (dict, list, set)) or type(one).__module__.startswith(
            ("chat.", "messaging.")
        ):
            yield one


def test_two_states_of_one_instance_hold_nothing_together(instance: Instance) -> None:
    """Except what is the instance's: its counts over all sockets, and its store of services."""
    held = [{id(part): part for part in parts(ApplicationState(instance))} for _ in range(3)]

    assert len(held[0]) > 20
    of_the_instance = {
        id(part) for one in (instance.rates, instance.service_accounts) for part in parts(one)
    }
    for one, other in combinations(held, 2):
        shared = [one[key] for key in one.keys() & other.keys() - of_the_instance]
        assert shared == []


async def test_what_one_application_has_counted_and_verified_is_unknown_to_another(
    instance: Instance, settings: Settings
) -> None:
    settings.CHAT_RATE_LIMITS = True
    few = Rate(name="few", per_second=1 / 3_600, burst=2)
    states = [ApplicationState(instance, strangers=Strangers(rate=few)) for _ in range(2)]
    token = issue_development_token("ann")

    async def ask(state: ApplicationState, **headers: str) -> int:
        transport = httpx.ASGITransport(app=Application(instance, state=state), client=(ADDRESS, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return (await client.get("/api/v1/me", headers=headers)).status_code

    used, fresh = states
    assert [await ask(used) for _ in range(3)] == [401, 401, 429]
    assert await ask(used, Authorization=f"Bearer {token}") == 200

    assert used.tokens.recall(token) is not None
    assert fresh.tokens.recall(token) is None
    assert [await ask(fresh) for _ in range(3)] == [401, 401, 429]
