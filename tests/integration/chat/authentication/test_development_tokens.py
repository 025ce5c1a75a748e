"""Development tokens over HTTP: for clients on this machine."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from config.application import Application
from tests.integration.chat import check_answer, problem, wrong_fields

Stranger = Callable[..., httpx.AsyncClient]


@pytest_asyncio.fixture
async def stranger(application: Application) -> AsyncIterator[Callable[[str], httpx.AsyncClient]]:
    """Somebody without a token, at an address: `stranger("10.0.0.1")`."""
    clients = []

    def at(address: str = "127.0.0.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=application, client=(address, 50_000))
        client = httpx.AsyncClient(
            transport=transport,
            base_url="http://testserver/api/v1",
            event_hooks={"response": [check_answer]},
        )
        clients.append(client)
        return client

    yield at
    for client in clients:
        await client.aclose()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
async def test_a_client_on_this_machine_signs_in(stranger: Stranger, address: str) -> None:
    client = stranger(address)
    before = datetime.now(UTC)

    answer = await client.post("/dev/tokens", json={"user_id": "ann", "expires_in": 90})

    assert answer.status_code == 201
    expires_at = datetime.fromisoformat(answer.json()["expires_at"])
    assert timedelta(seconds=89) <= expires_at - before <= timedelta(seconds=95)
    me = await client.get("/me", headers={"Authorization": f"Bearer {answer.json()['token']}"})
    assert me.json()["user_id"] == "ann"


async def test_other_machines_get_none(stranger: Stranger) -> None:
    for address in ("10.0.0.1", "192.168.1.7", "2001:db8::1", "unix:"):
        answer = await stranger(address).post("/dev/tokens", json={"user_id": "ann"})
        assert problem(answer) == (403, "permission_denied")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil"])
async def test_pages_of_other_sites_get_none(stranger: Stranger, origin: str) -> None:
    """A browser on this machine sends their requests from here."""
    answer = await stranger().post(
        "/dev/tokens", json={"user_id": "ann"}, headers={"Origin": origin}
    )

    assert problem(answer) == (403, "permission_denied")


async def test_a_page_on_another_port_may_read_it(stranger: Stranger) -> None:
    origin = "http://localhost:5173"

    answer = await stranger().post(
        "/dev/tokens", json={"user_id": "ann"}, headers={"Origin": origin}
    )

    assert answer.status_code == 201
    assert answer.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "user_id", "required"),
        ({"user_id": "a b"}, "user_id", "invalid"),
        ({"user_id": "me"}, "user_id", "invalid"),
        ({"user_id": "ann", "expires_in": 0}, "expires_in", "min_value"),
        ({"user_id": "ann", "expires_in": 86_401}, "expires_in", "max_value"),
        ({"user_id": "ann", "expires_in": "60"}, "expires_in", "invalid"),
        ({"user_id": "ann", "role": "admin"}, "role", "unknown"),
        ({"user_id": "ann", "name": " "}, "name", "blank"),
        ({"user_id": "ann", "name": "x" * 101}, "name", "max_length"),
        ({"user_id": "ann", "picture": "http://a.b/c"}, "picture", "invalid"),
    ],
)
async def test_a_bad_request_names_the_field(
    stranger: Stranger, body: dict[str, object], field: str, code: str
) -> None:
    answer = await stranger().post("/dev/tokens", json=body)

    assert wrong_fields(answer) == [(field, code)]
