"""Any text that is accepted, as pushes and the admin show it.

It shows something, is cut between graphemes only, and keeps its writing direction to itself.
"""

import asyncio
import re
from html import unescape
from uuid import uuid4

import httpx
import regex

from tests.clients.rest import token_of
from tests.fuzz.doors import Doors, Json, accepted, group
from tests.fuzz.texts import (
    graphemes,
    has_something_to_see,
    is_cut_between_graphemes,
    made,
    normalised,
    short_and_long,
    title_of,
)
from tests.releases import PRESENT

_BATCH = 47


@short_and_long
async def test_pushes_show_any_text(ann: Doors, url: str, count: int) -> None:
    """One line that shows something, cut between graphemes, with every direction closed."""
    texts = await accepted(ann, count)
    run = uuid4().hex[:8]
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            people = [f"phone-{run}-{start + index}" for index in range(len(batch))]
            for person, text in zip(people, batch, strict=True):
                await register_phone(client, person)
                conversation = await group(ann, person, title=title_of(text))
                body = {"text": text}
                await ann.request("POST", f"/conversations/{conversation}/messages", body)
            for person, text in zip(people, batch, strict=True):
                shown = await notification(client, person)
                check_pushed(shown["title"], title_of(text), instead="ann")
                said = shown["body"].removeprefix("ann: ")
                check_pushed(said, normalised(text), instead="New message")


def check_pushed(shown: str, text: str, *, instead: str) -> None:
    """Either it shows of the text, or what is shown in its place."""
    assert has_something_to_see(shown)
    assert not regex.search(r"[\p{Cc}\p{Zl}\p{Zp}]", shown)
    open_ = 0
    for character in shown:
        open_ += character in "\u2066\u2067\u2068\u202a\u202b\u202d\u202e"
        open_ -= character in "\u2069\u202c"
    assert open_ <= 0, ascii(shown)
    if shown == instead:
        return
    bidi = r"[\u2066-\u2069\u202a-\u202e]"
    line = regex.sub(r"[\s\p{Cc}\p{Zl}\p{Zp}]+", " ", text).strip()
    whole = graphemes(regex.sub(bidi, "", line))
    kept = graphemes(regex.sub(bidi, "", shown).removesuffix("…").rstrip())
    assert "".join(whole[: len(kept)]).rstrip() == "".join(kept), (ascii(shown), ascii(text))


async def register_phone(client: httpx.AsyncClient, person: str) -> None:
    answer = await client.put(
        "/api/v1/devices/phone",
        json={"token": f"token-of-{person}", "platform": "web"},
        headers={"Authorization": f"Bearer {token_of(person)}"},
    )
    assert answer.status_code == 200, answer.text


async def notification(client: httpx.AsyncClient, person: str) -> Json:
    """The one that this person's phone shows, once it does."""
    headers = {"Authorization": f"Bearer {token_of(person)}"}
    async with asyncio.timeout(30):
        while True:
            items = (await client.get("/demo/notifications", headers=headers)).json()["items"]
            if items:
                shown: Json = items[0]
                return shown
            await asyncio.sleep(0.05)


@short_and_long
async def test_the_admin_shows_any_text(
    ann: Doors, url: str, environment: dict[str, str], count: int
) -> None:
    """In its list cut between graphemes, on its page whole; markup is text."""
    conversation = await group(ann)
    path = f"/conversations/{conversation}/messages"
    sent = {}
    for text in made(count):
        answer = await ann.request("POST", path, {"text": text})
        if answer["status"] == 201:
            sent[answer["id"]] = normalised(text)
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        await sign_in(client, environment)
        listed: dict[str, str] = {}
        query = f"?conversation={conversation}"
        page = (await form(client, f"/admin/chat/message/{query}", look="1", reason="test")).text
        while True:
            for key, cell in _ROW.findall(page):
                listed[key.partition(".")[2]] = shown_in(cell)
            more = re.search(r'href="(\?[^"]*)" rel="next"', page)
            if more is None:
                break
            page = (await client.get(f"/admin/chat/message/{unescape(more[1])}")).text
        assert listed.keys() == sent.keys()
        for id_, text in sent.items():
            assert is_cut_between_graphemes(listed[id_], text), (ascii(listed[id_]), ascii(text))
            assert len(listed[id_]) <= 160
        for id_, text in list(sent.items())[::6]:
            one = (await client.get(f"/admin/chat/message/{conversation}.{id_}/change/")).text
            whole = re.search(r'field-text">.*?<div class="readonly">(.*?)</div>', one, re.DOTALL)
            assert whole is not None
            assert shown_in(whole[1].replace("<br>", "\n")) == text, ascii(text)


_ROW = re.compile(r'name="_selected_action" value="([^"]+)".*?field-shown">(.*?)</td>', re.DOTALL)


def shown_in(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


async def sign_in(client: httpx.AsyncClient, environment: dict[str, str]) -> None:
    """As a superuser, which it makes."""
    name = f"root-{uuid4().hex[:8]}"
    given = {
        "DJANGO_SUPERUSER_PASSWORD": "correct horse battery",
        "DJANGO_SUPERUSER_EMAIL": "root@example.org",
    }
    PRESENT.manage({**environment, **given}, "createsuperuser", "--noinput", "--username", name)
    answer = await form(client, "/admin/login/", username=name, password="correct horse battery")
    assert answer.status_code == 302


async def form(client: httpx.AsyncClient, path: str, **values: str) -> httpx.Response:
    """The answer to a form; for one that leads elsewhere than to the start, what is there."""
    page = await client.get(path)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token is not None, page.text
    answer = await client.post(path, data={**values, "csrfmiddlewaretoken": token[1]})
    if answer.status_code == 302 and "login" not in path:
        return await client.get(answer.headers["Location"])
    return answer
