"""People in the admin: finding them, banning them, logging them out."""

import re
from collections.abc import Callable

import pytest

from messaging.domain.exceptions import StoreUnavailable
from messaging.runtime.instance import Instance
from tests.integration.admin import Operator, rows_of, text_of
from tests.integration.chat import Api, ok, problem
from tests.unit.chat.wire import Wire

DEVICE = {"token": "t", "platform": "web"}


async def test_people_are_found(ann: Api, api: Callable[[str], Api], root: Operator) -> None:
    """Those of whom something is kept are listed; anybody's page can be asked for."""
    await ann.request("PUT", "/devices/phone", json=DEVICE)
    await api("a.b:c").request("PUT", "/blocks/ann")
    await root.act("person/", "ban", "mallory", until="")

    assert rows_of(await root.get("person/")) == ["a.b:c", "ann", "mallory"]
    assert rows_of(await root.get("person/", banned="1")) == ["mallory"]
    assert rows_of(await root.get("person/", q="nobody-yet")) == ["nobody-yet"]
    assert rows_of(await root.get("person/", q="no id")) == []


async def test_the_page_of_a_person(ann: Api, bob: Api, root: Operator) -> None:
    """Devices without their tokens, presence, conversations."""
    await ann.request("PUT", "/devices/phone", json={**DEVICE, "token": "secret-token"})
    await ann.group(bob, title="Tea")

    answer = await root.get("person/ann/change/")

    page = text_of(answer)
    assert "phone web" in page
    assert "Tea" in page
    assert "secret-token" not in answer.text


async def test_people_have_names(
    ann: Api, bob: Api, api: Callable[[str], Api], root: Operator
) -> None:
    """Beside their ids, wherever operators meet them; a name's markup is shown and not obeyed, and
    no browser of an operator loads a picture."""
    await ann.patch("/me", name="Ann <b>Lee</b>", picture="https://example.com/ann.jpg")
    await bob.patch("/me", name="Bob")
    await ann.request("PUT", "/devices/phone", json=DEVICE)
    group = await ann.group(bob, api("cid"))
    message = (await ann.send(group, "hello"))["id"]
    await bob.post("/reports", conversation_id=group, message_id=message, reason="spam")
    inside = f"message/?conversation={group}"
    await root.post(inside, {"look": "1", "reason": "a report"})

    assert "ann Ann <b>Lee</b>" in await root.page("person/")
    page = await root.get("person/ann/change/")
    assert "Ann <b>Lee</b>" in text_of(page)
    assert "https://example.com/ann.jpg" in text_of(page)
    assert "<img" not in page.text.partition('id="container"')[2]
    people = await root.page(f"conversation/{group}/change/")
    assert "ann · Ann <b>Lee</b> owner" in people
    assert "cid member" in people
    for path in (inside, f"message/{group}.{message}/change/", "report/"):
        assert "ann · Ann <b>Lee</b>" in await root.page(path), path
    report = rows_of(await root.get("report/"))[0]
    assert "ann · Ann <b>Lee</b>" in await root.page(f"report/{report}/change/")
    assert "bob · Bob" in await root.page(f"report/{report}/change/")
    assert "bob · Bob" in await root.page(f"notification/{group}.{message}/change/")


async def test_the_sockets_of_a_person(
    ann: Api, root: Operator, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one, and where else there are some."""

    async def elsewhere(user_id: str) -> list[str]:
        return ["boot-of-another"]

    sockets = [Wire(instance, "ann"), Wire(instance, "ann")]
    try:
        ids = [(await socket.opened())["data"]["connection_id"] for socket in sockets]
        await sockets[0].ask("activity", active=True)

        page = await root.page("person/ann/change/")
        assert "Presence Connected Last active yes" in page
        for connection_id in ids:
            assert f"{instance.id} {connection_id}" in page
        assert re.search(f"{ids[0]}[^|]{{20,60}} – yes", page)

        monkeypatch.setattr(instance.presence, "elsewhere", elsewhere)
        assert "boot-of-another one or more" in await root.page("person/ann/change/")
    finally:
        for socket in sockets:
            await socket.end()
    assert "Presence Connected Last active no" in await root.page("person/bob/change/")


async def test_what_failed_is_in_the_history_too(
    ann: Api, root: Operator, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An act that met an outage may be done all the same, or in part."""

    async def fail(*args: object, **options: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(instance.people, "set_ban", fail)

    answer = await root.act("person/", "ban", "ann", until="")

    assert "done." not in text_of(answer)
    history = await root.page("person/ann/history/")
    assert "Ban; until: 9999" in history
    assert "failed:" in history


async def test_a_ban_until_a_moment(ann: Api, root: Operator) -> None:
    """It has to be one to come; without one it is for good."""
    past = await root.act("person/", "ban", "ann", until="2020-01-01T00:00")
    assert "This time is in the past. Enter a later one." in text_of(past)
    ok(await ann.get("/me"))

    await root.act("person/", "ban", "ann", until="2999-01-01T00:00")
    assert problem(await ann.get("/me")) == (403, "banned")
    assert "Jan. 1, 2999" in await root.page("person/ann/change/")

    await root.act("person/", "ban", "ann", until="")
    assert "for good" in await root.page("person/ann/change/")
    await root.act("person/", "unban", "ann")
    ok(await ann.get("/me"))
    history = await root.page("person/ann/history/")
    assert history.count("Ban;") == 2
    assert "Lift the ban" in history


async def test_somebody_is_logged_out(ann: Api, root: Operator) -> None:
    await root.act("person/", "log_out", "ann")

    assert problem(await ann.get("/me")) == (401, "token_revoked")
