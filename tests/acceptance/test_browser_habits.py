"""What people expect holds on the demo page: of a browser (focus, Back, and texts they wrote), and
of a chat (files, pins, and a list that they order)."""

import json
import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from playwright.async_api import Page, WebSocketRoute, expect

from tests.acceptance.conftest import Run, name_people
from tests.acceptance.test_browser import Instances, Person, Room, room
from tests.clients.javascript.conftest import PACKAGE
from tests.clients.rest import Rest, http_client
from tests.conftest import skip_or_fail
from tests.files.s3_server import BUCKET, s3_server

__all__ = ["room"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = PACKAGE / "node_modules" / "axe-core" / "axe.min.js"


async def test_writing_goes_on_where_it_was(one_instance: Instances, room: Room) -> None:
    """A new conversation takes the focus to its composer; Back leads to the conversation before; a
    text that was refused comes back into the composer when it is taken out of the history."""
    (url,) = one_instance.urls
    title = f"Habits {uuid4()}"
    alice = await room.person(url, "alice")
    assert isinstance(alice.screen, Page)

    await alice.write_to("Bob")
    await expect(alice.composer).to_be_focused()
    await alice.create_group(title, "Bob")
    await expect(alice.composer).to_be_focused()

    await alice.screen.go_back()
    await expect(alice.find("conversation-name")).to_have_text("Bob")
    await alice.screen.go_forward()
    await expect(alice.find("conversation-name")).to_have_text(title)

    too_long = "x" * 10_001
    await alice.say(too_long)
    failed = alice.find("message")
    await expect(failed).to_have_attribute("data-state", "failed")
    await expect(alice.composer).to_have_value("")
    await failed.get_by_role("button", name="Discard").click()
    await expect(alice.composer).to_have_value(too_long)
    await expect(failed).to_have_count(0)


async def test_an_address_that_cannot_be_read_opens_no_conversation(
    one_instance: Instances, room: Room
) -> None:
    (url,) = one_instance.urls
    page = await room.tab(f"{url}/?user=alice#%")
    connection = page.get_by_test_id("connection")
    await expect(connection).to_have_attribute("data-state", "connected")


async def test_what_was_read_on_another_device_meanwhile_is_read(
    one_instance: Instances, room: Room
) -> None:
    """No event says so to a page that was not connected."""
    (url,) = one_instance.urls
    title = f"Meanwhile {uuid4()}"
    page = await room.tab("about:blank")
    reachable = True
    sockets: list[WebSocketRoute] = []

    async def pass_on(socket: WebSocketRoute) -> None:
        if reachable:
            socket.connect_to_server()
            sockets.append(socket)
        else:
            await socket.close(code=1013)

    await page.route_web_socket(re.compile("/ws/v1"), pass_on)
    await page.goto(f"{url}/?user=bob")
    bob = Person(page)
    alice = await room.person(url, "alice")
    await alice.create_group(title, "Bob")
    await alice.say("Read this on the train.")
    await expect(bob.unread(title)).to_have_text("1")

    reachable = False
    await sockets[-1].close(code=1013)
    await expect(bob.find("connection")).to_have_attribute("data-state", "reconnecting")
    async with http_client(url) as client:
        phone = Rest(client, "bob")
        listed = await phone.list_conversations()
        (id_,) = [id_ for id_, item in listed.items() if item["title"] == title]
        seq = listed[id_]["seq"]
        await phone.request("POST", f"/conversations/{id_}/read", {"seq": seq})
    await expect(bob.unread(title)).to_have_text("1")
    reachable = True

    await expect(bob.unread(title)).to_have_count(0, timeout=60_000)


async def test_what_an_earlier_release_left_to_send_is_sent(
    one_instance: Instances, room: Room
) -> None:
    """A page that is loaded again after an upgrade finds it under the same name."""
    (url,) = one_instance.urls
    async with http_client(url) as client:
        group = await Rest(client, "alice").create_group("bob", title=f"Left {uuid4()}")
    left = {
        "client_id": str(uuid4()),
        "conversation_id": group["id"],
        "text": "Written before the upgrade.",
        "reply_to": None,
        "created_at": "2026-01-01T00:00:00.000Z",
        "error": None,
    }
    page = await room.tab("about:blank")
    key, items = json.dumps("chat.outbox.alice"), json.dumps(json.dumps([left]))
    await page.add_init_script(f"sessionStorage.setItem({key}, {items})")
    await page.goto(f"{url}/?user=alice#{group['id']}")

    bob = await room.person(url, "bob")
    await bob.open(group["title"])
    await expect(bob.message("Written before the upgrade.")).to_be_visible()


async def test_a_photo_is_attached(two_instances: Instances, room: Room, tmp_path: Path) -> None:
    """It is shown before it is sent. Then the other person sees its thumbnail, which links to the
    photo."""
    first, second = two_instances.urls
    title = f"Photos {uuid4()}"
    alice = await room.person(first, "alice")
    bob = await room.person(second, "bob")
    await alice.create_group(title, "Bob")
    await bob.open(title)
    photo = tmp_path / "tea.png"
    Image.new("RGB", (640, 480), (180, 90, 20)).save(photo)

    await alice.find("attach-file").set_input_files(photo)
    await expect(alice.find("upload")).to_contain_text("tea.png")
    await alice.composer.press("Enter")  # it is sent as soon as it is uploaded

    for person in (alice, bob):
        picture = person.find("file").get_by_role("img", name="tea.png")
        await expect(picture).to_be_visible(timeout=60_000)
        await expect(picture).to_have_js_property("naturalWidth", 512)
    without_repeated_checks(room)
    href = await bob.find("file").get_attribute("href")
    assert href is not None
    async with httpx.AsyncClient() as client:
        answer = await client.get(href)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-security-policy"] == "sandbox"
    await expect(bob.conversation(title)).to_contain_text("tea.png")


async def test_pinned_messages(two_instances: Instances, room: Room) -> None:
    """Everybody sees which they are, and finds them in a list; only who may pin is offered it."""
    first, second = two_instances.urls
    title = f"Pins {uuid4()}"
    alice = await room.person(first, "alice")
    bob = await room.person(second, "bob")
    await alice.create_group(title, "Bob")
    await bob.open(title)
    await alice.say("The address is 12 Tea Street")
    await alice.say("See you there")

    await alice.choose("12 Tea Street", "pin-message")

    for person in (alice, bob):
        await expect(person.message("12 Tea Street").get_by_test_id("pin")).to_be_visible()
        await expect(person.message("See you there").get_by_test_id("pin")).to_have_count(0)
    await bob.find("pins").click()
    await expect(bob.find("pinned-message")).to_contain_text("12 Tea Street")
    await bob.find("pinned-message").click()
    await expect(bob.message("12 Tea Street")).to_have_class(re.compile("found"))
    await bob.message("See you there").hover()
    await bob.message("See you there").get_by_test_id("message-menu").click()
    await expect(bob.find("reply")).to_be_visible()
    await expect(bob.find("pin-message")).to_have_count(0)

    await alice.choose("12 Tea Street", "pin-message")
    for person in (alice, bob):
        await expect(person.find("pins")).to_be_hidden()
        await expect(person.find("pin")).to_have_count(0)


async def test_system_messages_are_notices(one_instance: Instances, room: Room) -> None:
    """They say what happened, count as unread for nobody, and stay after a reload."""
    (url,) = one_instance.urls
    title = f"System {uuid4()}"
    bob = await room.person(url, "bob")
    async with http_client(url) as client:
        alice = Rest(client, "alice")
        body = {
            "kind": "group",
            "participant_ids": ["bob"],
            "title": "Tea",
            "system_messages": True,
        }
        group = await alice.request("POST", "/conversations", body)
        await alice.request("PATCH", f"/conversations/{group['id']}", {"title": title})
        await alice.add(group["id"], "carol")
    await expect(bob.conversation(title)).to_contain_text("added")
    await expect(bob.unread(title)).to_have_count(0)
    said = ["created this group", f"The title is now “\u2068{title}\u2069”", "added"]

    await bob.open(title)
    for _ in range(2):
        await expect(bob.find("system-message")).to_have_text([re.compile(one) for one in said])
        await expect(bob.find("message")).to_have_count(0)
        assert isinstance(bob.screen, Page)
        await bob.screen.reload()


async def test_a_list_as_its_owner_wants_it(one_instance: Instances, room: Room) -> None:
    """All devices of a person show the same pinned, archived and marked conversations. A message of
    somebody else ends the archiving, and opening the conversation ends the mark."""
    (url,) = one_instance.urls
    early, late = f"Early {uuid4()}", f"Late {uuid4()}"
    laptop = await room.person(url, "carol")
    phone = await room.person(url, "carol")
    bob = await room.person(url, "bob")
    for title in (early, late):
        await bob.create_group(title, "Carol")
        await bob.say(f"Hello from {title}")
    listed = phone.find("conversation-list").get_by_test_id("conversation")
    await expect(listed.first).to_contain_text(late)

    await laptop.open(early)
    await choose(laptop, "pin-conversation")
    await expect(listed.first).to_contain_text(early)
    await expect(phone.conversation(early).get_by_test_id("pinned")).to_be_visible()

    await choose(laptop, "archive")
    for person in (laptop, phone):
        await expect(person.conversation(early)).to_have_count(0)
        await expect(person.find("archived")).to_contain_text("Archived (1)")
        await expect(person.find("archived")).to_contain_text(early)
    await bob.open(early)
    await bob.say("Are you still here?")
    for person in (laptop, phone):
        await expect(person.conversation(early)).to_be_visible()
        await expect(person.find("archived")).to_be_hidden()

    await choose(laptop, "mark-unread")
    for person in (laptop, phone):
        await expect(person.conversation(early).get_by_test_id("marked")).to_be_visible()
        await expect(person.unread(early)).to_have_count(0)
    await phone.open(early)
    for person in (laptop, phone):
        await expect(person.conversation(early).get_by_test_id("marked")).to_have_count(0)


async def choose(person: Person, choice: str) -> None:
    """Pick from the menu of the open conversation."""
    await person.find("conversation-menu").click()
    await person.find(choice).click()


async def test_photos_in_a_bucket(run_guarded: Run, room: Room, tmp_path: Path) -> None:
    """The page may upload them to the host of the bucket, and shows them from there."""
    photo = tmp_path / "tea.png"
    Image.new("RGB", (64, 48), (180, 90, 20)).save(photo)
    with (
        s3_server() as s3,
        run_guarded(1, CHAT_FILES="s3", CHAT_FILES_BUCKET=BUCKET, **s3.environment()) as running,
    ):
        name_people(running)
        alice = await room.person(running.urls[0], "alice")
        await alice.write_to("Bob")

        await alice.find("attach-file").set_input_files(photo)
        await expect(alice.find("upload")).to_have_attribute("data-state", "ready", timeout=60_000)
        await alice.find("send").click()

        picture = alice.find("file").get_by_role("img", name="tea.png")
        await expect(picture).to_have_js_property("naturalWidth", 64, timeout=60_000)
        assert (await picture.get_attribute("src") or "").startswith(s3.url)
        without_repeated_checks(room)
        assert isinstance(alice.screen, Page)
        await alice.screen.context.close()


def without_repeated_checks(room: Room) -> None:
    """Forget the answers 503 to a page that has its photo by now. On a busy machine the check of a
    photo takes longer than a request waits for it, and the answer tells the page to ask again.
    Chromium writes such answers to its console."""
    room.complaints[:] = [line for line in room.complaints if "503" not in line]


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core."""
    if not AXE.exists():
        skip_or_fail("axe-core is not installed. Run `make javascript`.")
    return AXE.read_text()


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
async def test_axe_finds_nothing(one_instance: Instances, room: Room, axe: str, width: int) -> None:
    """In the list, in a conversation, in menus, in the completion of names and in dialogs, in light
    and in dark."""
    (url,) = one_instance.urls
    title = f"Axe {uuid4()}"
    async with http_client(url) as client:
        alice = Rest(client, "alice")
        group = await alice.create_group("bob", title=title)
        bob = Rest(client, "bob")
        sent = await bob.send(group["id"], "Tea?", f"{uuid4()}")
        await bob.send(group["id"], "> so\n- `one` https://example.org", f"{uuid4()}")
        path = f"/conversations/{group['id']}/messages/{sent['id']}/reactions/🎉"
        await alice.request("PUT", path)
    person = await room.person(url, "alice")
    page = person.screen
    assert isinstance(page, Page)
    await page.set_viewport_size({"width": width, "height": 800})
    await page.evaluate(axe)

    async def require_clean(what: str) -> None:
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            wrong = [
                (one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]
            ]
            assert wrong == [], f"{what}, {scheme}"

    await expect(person.conversation(title)).to_be_visible()
    await require_clean("the list")
    await person.open(title)
    await expect(person.find("reaction")).to_be_visible()
    await require_clean("the conversation")
    await person.message("Tea?").hover()
    await person.message("Tea?").get_by_test_id("message-menu").click()
    await require_clean("the menu of a message")
    await page.keyboard.press("Escape")
    await person.composer.fill("@b")
    await expect(person.find("mention-option")).to_be_visible()
    await require_clean("people to mention")
    await page.keyboard.press("Escape")
    await person.find("emoji").click()
    await require_clean("the emoji")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await person.find("search-input").fill("so")
    await expect(person.find("found").first).to_be_visible()
    await require_clean("the search")
    await page.get_by_role("dialog").get_by_role("button", name="Done").click()
    await person.find("details").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await require_clean("people and title")
