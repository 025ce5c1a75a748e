"""Signing in to the admin: guesses are limited for each account from each address."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

import httpx
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from chat.limits import sign_ins
from chat.limits.sign_ins import ATTEMPTS
from config.application import Application
from messaging.runtime.instance import Instance
from tests.instances import new_instance, use_redis
from tests.metrics import sample

PASSWORD = "a long and good password"
TOO_MANY = "too many attempts to sign in to this account from your address"
_networks = count(1)


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    await sync_to_async(User.objects.create_superuser)("root", password=PASSWORD)
    async with new_instance() as instance:
        yield instance


async def sign_in(
    application: Application,
    address: str,
    *,
    username: str = "root",
    password: str = "wrong",
    browser: str = "",
    origin: str = "http://testserver",
) -> httpx.Response:
    """Send the form from an address, as a browser does that has its cookies."""
    transport = httpx.ASGITransport(app=application, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        token = "a" * 32
        return await client.post(
            "/admin/login/?next=/admin/",
            data={"username": username, "password": password, "csrfmiddlewaretoken": token},
            headers={
                "Cookie": f"csrftoken={token}; operator_browser={browser}",
                "Origin": origin,
            },
        )


def attempts(result: str) -> float:
    return sample("chat_operator_sign_ins_total", result=result)


@pytest.fixture
def address() -> str:
    """One from which nobody has tried before."""
    return f"192.0.2.{next(_networks)}"


async def test_after_five_guesses_no_more_are_looked_at(
    application: Application, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not the right one either; the page says when to come again, and the log has no name."""
    limited = attempts("limited")
    guesses = [
        await sign_in(application, address, password=f"wrong {number}") for number in range(5)
    ]
    assert {answer.status_code for answer in guesses} == {200}
    assert all("correct username and password" in answer.text for answer in guesses)

    refused = await sign_in(application, address, password=PASSWORD)

    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert TOO_MANY in refused.text
    assert "sessionid" not in refused.cookies
    assert attempts("limited") == limited + 1
    lines = [record.msg for record in caplog.records if "operator.sign_in" in str(record.msg)]
    assert len(lines) == 6
    assert address in str(lines[-1])
    assert "root" not in json.dumps(lines)


async def test_others_are_let_in(application: Application, address: str) -> None:
    """The operator from elsewhere, and other accounts from there."""
    for _ in range(8):
        await sign_in(application, address)
    await sync_to_async(User.objects.create_superuser)("other", password=PASSWORD)

    elsewhere = await sign_in(
        application, f"198.51.100.{address.rpartition('.')[2]}", password=PASSWORD
    )
    other = await sign_in(application, address, username="other", password=PASSWORD)

    for answer in (elsewhere, other):
        assert answer.status_code == 302
        assert answer.cookies["sessionid"]


async def test_an_address_guesses_at_few_accounts(
    application: Application, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another name each time, so that no account is tried twice; an operator elsewhere signs in."""
    # Nothing is refilled meanwhile, however slow the machine is.
    slow = replace(sign_ins.ATTEMPTS_OF_ADDRESS, per_second=1 / 600)
    monkeypatch.setattr(sign_ins, "ATTEMPTS_OF_ADDRESS", slow)
    answers = [
        await sign_in(application, address, username=f"name-{number}") for number in range(22)
    ]
    elsewhere = await sign_in(
        application, f"198.51.100.{address.rpartition('.')[2]}", password=PASSWORD
    )

    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 2
    assert "too many attempts to sign in from your address" in answers[-1].text
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 600
    assert elsewhere.status_code == 302


async def test_an_office_that_signs_in_uses_up_nothing(
    application: Application, address: str
) -> None:
    """What succeeds is given back to the address, too."""
    for _ in range(25):
        assert (await sign_in(application, address, password=PASSWORD)).status_code == 302


class SlowHasher(PBKDF2PasswordHasher):
    """Hashes once it is let to; how many did so at once at most."""

    algorithm = "slow"
    iterations = 1
    let = threading.Event()
    inside = most_inside = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        SlowHasher.inside += 1
        SlowHasher.most_inside = max(SlowHasher.most_inside, SlowHasher.inside)
        self.let.wait(30)
        encoded: str = super().encode(password, salt, iterations)
        SlowHasher.inside -= 1
        return encoded


async def test_one_password_is_hashed_at_a_time(
    application: Application, settings: Settings
) -> None:
    """Of all addresses together. Few wait for it, the others are told when to come again."""
    settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher"]
    tries = [
        asyncio.create_task(sign_in(application, f"203.0.113.{number}", username=f"name-{number}"))
        for number in range(12)
    ]
    async with asyncio.timeout(30):
        while sum(one.done() for one in tries) < 3:
            await asyncio.sleep(0.01)
    refused = [one.result() for one in tries if one.done()]
    SlowHasher.let.set()
    answers = await asyncio.gather(*tries)

    assert [answer.status_code for answer in refused] == [429] * 3
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [429] * 3
    assert SlowHasher.most_inside == 1


async def test_a_browser_in_which_somebody_signed_in_goes_before_strangers(
    application: Application, settings: Settings, address: str
) -> None:
    """Though its address has failed before, and the line was full when it came."""
    known = await sign_in(application, address, password=PASSWORD)
    cookie = known.headers["Set-Cookie"]
    assert "operator_browser=" in cookie
    browser = known.cookies["operator_browser"]
    await sign_in(application, address)
    settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher", *settings.PASSWORD_HASHERS]
    SlowHasher.let.clear()
    guesses = [
        asyncio.create_task(sign_in(application, f"203.0.113.{number}", username=f"name-{number}"))
        for number in range(12)
    ]
    async with asyncio.timeout(30):
        await asyncio.wait(guesses, return_when=asyncio.FIRST_COMPLETED)
    stranger = asyncio.create_task(sign_in(application, address, password=PASSWORD))
    forged = asyncio.create_task(
        sign_in(application, address, password=PASSWORD, browser="WyJ4Il0:1:x")
    )
    operator = asyncio.create_task(
        sign_in(application, address, password=PASSWORD, browser=browser)
    )
    assert {(await stranger).status_code, (await forged).status_code} == {429}
    SlowHasher.let.set()

    assert (await operator).status_code == 302
    answers = await asyncio.gather(*guesses)
    assert sorted(answer.status_code for answer in answers) == [200] * 8 + [429] * 4


async def test_a_refused_attempt_takes_no_place_in_the_line(
    application: Application, settings: Settings, address: str
) -> None:
    """However many come from an address beyond its attempts, another address is served."""
    for _ in range(ATTEMPTS.burst):
        await sign_in(application, address, password="wrong")
    settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher"]
    SlowHasher.let.clear()
    hashing = asyncio.create_task(sign_in(application, "203.0.113.200", username="name-200"))
    async with asyncio.timeout(30):
        while SlowHasher.inside == 0:
            await asyncio.sleep(0.01)

    refused = await asyncio.gather(
        *(sign_in(application, address, password="wrong") for _ in range(12))
    )
    waiting = asyncio.create_task(sign_in(application, "203.0.113.201", username="name-201"))
    SlowHasher.let.set()

    assert {answer.status_code for answer in refused} == {429}
    assert min(int(answer.headers["Retry-After"]) for answer in refused) > 1  # of its own rate
    assert [(await one).status_code for one in (hashing, waiting)] == [200, 200]


async def test_a_form_of_another_kind_is_limited_for_the_account(
    application: Application, address: str
) -> None:
    """Its name is read by the form itself, which says the same as the page in front of it."""
    transport = httpx.ASGITransport(app=application, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        fields = {"username": "root", "password": "wrong", "csrfmiddlewaretoken": "a" * 32}
        answers = [
            await client.post(
                "/admin/login/",
                files={name: (None, value) for name, value in fields.items()},
                headers={"Cookie": f"csrftoken={'a' * 32}", "Origin": "http://testserver"},
            )
            for _ in range(ATTEMPTS.burst + 1)
        ]

    assert [answer.status_code for answer in answers] == [200] * ATTEMPTS.burst + [429]
    assert TOO_MANY in answers[-1].text


async def test_a_refused_form_is_no_failed_attempt(
    application: Application, settings: Settings, address: str
) -> None:
    """Another site can send one from an operator's browser: the place does not rest for it, and the
    browser keeps its precedence."""
    known = await sign_in(application, address, password=PASSWORD)
    browser = known.cookies["operator_browser"]
    for _ in range(6):
        forged = await sign_in(application, address, browser=browser, origin="http://other.example")
        assert forged.status_code == 403
    settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher", *settings.PASSWORD_HASHERS]
    SlowHasher.let.clear()
    guesses = [
        asyncio.create_task(sign_in(application, f"203.0.113.{number}", username=f"name-{number}"))
        for number in range(12)
    ]
    async with asyncio.timeout(30):
        await asyncio.wait(guesses, return_when=asyncio.FIRST_COMPLETED)
    operator = asyncio.create_task(
        sign_in(application, address, password=PASSWORD, browser=browser)
    )
    answered: list[asyncio.Task[httpx.Response]] = []
    for one in (*guesses, operator):
        one.add_done_callback(answered.append)
    async with asyncio.timeout(30):
        while sum(one.done() for one in guesses) < 4:  # the last has made room for the operator
            await asyncio.sleep(0.01)
    SlowHasher.let.set()
    await asyncio.gather(operator, *guesses)

    assert operator.result().status_code == 302
    admitted = [one for one in answered if one.result().status_code != 429]
    assert admitted.index(operator) == 1  # after the one that was hashed already


async def test_addresses_of_one_network_are_one(application: Application) -> None:
    """Of IPv6 a customer has a /64."""
    answers = [await sign_in(application, f"2001:db8:0:4::{number:x}") for number in range(1, 8)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2


async def test_who_signs_in_may_mistype_again(application: Application, address: str) -> None:
    for _ in range(3):
        for _ in range(4):
            assert (await sign_in(application, address)).status_code == 200
        assert (await sign_in(application, address, password=PASSWORD)).status_code == 302


async def test_names_that_nobody_has_are_limited_as_others(
    application: Application, address: str
) -> None:
    """So the limit tells nobody which accounts there are."""
    answers = [await sign_in(application, address, username="nobody") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]


async def test_where_redis_is_all_instances_count_together(
    transactional_db: None, redis_server: str, settings: Settings, address: str
) -> None:
    use_redis(settings, redis_server, prefix=address)
    statuses = []
    for guesses in (3, 3):
        async with new_instance() as instance:
            application = Application(instance)
            statuses += [(await sign_in(application, address)).status_code for _ in range(guesses)]

    assert statuses == [200] * 5 + [429]


async def test_a_form_in_another_encoding_is_refused(
    application: Application, address: str
) -> None:
    """In UTF-7 a name can be a lone surrogate, which no answer can show."""
    token = "a" * 32
    fields = {"username": "+2AA-", "password": "+2AA-", "csrfmiddlewaretoken": token}
    body = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    transport = httpx.ASGITransport(app=application, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        answer = await client.post(
            "/admin/login/",
            content=f"{body}--x--\r\n".encode(),
            headers={
                "Content-Type": "multipart/form-data; boundary=x; charset=utf-7",
                "Cookie": f"csrftoken={token}",
                "Origin": "http://testserver",
            },
        )

    assert answer.status_code == 400
