"""The instance in the scope."""

from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.test import Client

from chat.instances import NoInstance, instance_of, with_instance
from messaging.runtime.instance import Instance


def scope(**more: Any) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": "/", "headers": [], **more}


def test_it_is_found_by_scope_and_by_request(instance: Instance) -> None:
    served = with_instance(scope(), instance)

    assert instance_of(served) is instance
    assert instance_of(ASGIRequest(served, BytesIO())) is instance


def test_what_the_server_keeps_in_the_state_stays(instance: Instance) -> None:
    """uvicorn hands on what a lifespan has put there."""
    given = scope(state={"other": 1})

    served = with_instance(given, instance)

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
