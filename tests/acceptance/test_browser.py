"""Two real Chromium tabs on two instances: what people see when they chat."""

import asyncio
import os
import re
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FrameLocator, Locator, Page, expect

from tests.clients.rest import Rest, http_client

# The browser lives on this loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


class Instances(Protocol):
    """Two instances on the same Redis and store, both with the demo page."""

    @property
    def urls(self) -> Sequence[str]: ...


class Person:
    """What one person does and sees, in a tab or in a frame."""

    def __init__(self, screen: Page | FrameLocator) -> None:
        self.screen = screen

    def find(self, test_id: str) -> Locator:
        return self.screen.get_by_test_id(test_id)

    @property
    def composer(self) -> Locator:
        return self.find("composer")

    def conversation(self, name: str) -> Locator:
        listed = re.compile(f"^{re.escape(name)} ")  # what was said last may name people as well
        return self.find("conversation-list").get_by_role("button", name=listed)

    def unread(self, name: str) -> Locator:
        return self.conversation(name).get_by_test_id("unread")

    def message(self, text: str) -> Locator:
        return self.find("message").filter(has_text=text)

    async def write_to(self, name: str) -> None:
        """Start a direct conversation, or go back to it."""
        await self.find("new-direct").click()
        await self.screen.get_by_role("dialog").get_by_role("button", name=name).click()
        await expect(self.find("conversation-name")).to_have_text(name)

    async def create_group(self, title: str, *names: str) -> None:
        await self.find("new-group").click()
        await self.find("group-title").fill(title)
        for name in names:
            await self.screen.get_by_role("checkbox", name=name).check()
        await self.find("create-group").click()
        await expect(self.find("conversation-name")).to_have_text(title)

    async def open(self, name: str) -> None:
        await self.conversation(name).click()
        await expect(self.find("conversation-name")).to_have_text(name)

    async def say(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def choose(self, text: str, choice: str) -> None:
        """Pick from the menu of a message."""
        await self.message(text).hover()
        await self.message(text).get_by_test_id("message-menu").click()
        await self.find(choice).click()


class Room:
    """Where people open the page in one browser, each with storage of their own."""

    def __init__(self, browser: Browser, stack: AsyncExitStack) -> None:
        self.browser = browser
        self.stack = stack
        self.complaints: list[str] = []

    async def tab(self, url: str) -> Page:
        context = await self.browser.new_context(
            viewport={"width": 1280, "height": 800},
            locale="en-GB",
            reduced_motion="reduce",  # transitions cost a third of the CPU of a page
        )
        await self.stack.enter_async_context(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda line: self.complaints.append(line.text) if line.type == "error" else None,
        )
        await page.goto(url)
        return page

    async def person(self, url: str, user_id: str) -> Person:
        person = Person(await self.tab(f"{url}/?user={user_id}"))
        await expect(person.find("connection")).to_have_attribute("data-state", "connected")
        return person


@pytest_asyncio.fixture(loop_scope="session")
async def room(chromium: Browser) -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        room = Room(chromium, stack)
        yield room
        assert room.complaints == []


async def test_two_people_on_two_instances_talk(two_instances: Instances, room: Room) -> None:
    """Messages, typing indicators, unread counts and read receipts cross instances, live."""
    first, second = two_instances.urls
    alice = await room.person(first, "alice")
    bob = await room.person(second, "bob")
    instances = [await person.find("instance").inner_text() for person in (alice, bob)]
    assert instances[0] != instances[1]

    await alice.write_to("Bob")
    await expect(bob.conversation("Alice")).to_be_visible()
    await alice.say("Good morning! Are we still on for the release today?")
    sent = alice.message("Good morning!").last
    await expect(sent).to_have_attribute("data-state", "delivered")
    await expect(bob.conversation("Alice")).to_contain_text("Good morning!")
    await expect(bob.unread("Alice")).to_have_text("1")

    await alice.say("The notes are ready, only the picture is missing.")
    await expect(bob.unread("Alice")).to_have_text("2")

    await bob.open("Alice")
    await expect(bob.message("picture is missing")).to_be_visible()
    await expect(bob.unread("Alice")).to_have_count(0)
    await expect(sent).to_have_attribute("data-state", "read")

    await bob.composer.press_sequentially("We are. ")
    await expect(alice.find("typing")).to_have_text("Bob is typing…")
    await bob.say("We are. I go through the checklist once more, then we ship it.")
    await expect(alice.find("typing")).to_be_empty()
    await expect(alice.message("checklist")).to_be_visible()
    await expect(bob.message("checklist")).to_have_attribute("data-state", "read")

    await bob.choose("picture is missing", "reply")
    await bob.say("Take one of this very conversation!")
    await expect(alice.message("this very conversation")).to_contain_text("notes are ready")
    await alice.say("Good idea.\nSmile, everybody.")
    await expect(bob.message("Good idea.")).to_contain_text("Smile")
    await expect(alice.message("Good idea.")).to_have_attribute("data-state", "read")

    if path := os.environ.get("CHAT_PICTURE"):
        await take_picture(room, first, path)


async def test_edits_and_deletions_show_everywhere(two_instances: Instances, room: Room) -> None:
    """An edited message is marked as edited; a deleted one keeps its place and loses its text, and
    is unread for nobody. The first message of a group that the page has created is the system's."""
    first, second = two_instances.urls
    title = f"Edits {uuid.uuid4()}"
    alice = await room.person(first, "alice")
    bob = await room.person(second, "bob")
    carol = await room.person(second, "carol")
    await alice.create_group(title, "Bob", "Carol")
    await bob.open(title)
    await alice.say("Meet at nine")
    await alice.say("Forget the keys")
    await expect(bob.find("message")).to_have_count(2)
    await expect(carol.unread(title)).to_have_text("2")

    await alice.choose("Meet at nine", "edit")
    await expect(alice.composer).to_have_value("Meet at nine")
    await alice.say("Meet at ten")
    for person in (alice, bob):
        await expect(person.message("Meet at ten")).to_contain_text("edited")
        await expect(person.message("Meet at nine")).to_have_count(0)

    await alice.choose("Forget the keys", "delete")
    await alice.find("confirm").click()
    for person in (alice, bob):
        await expect(person.message("Message deleted")).to_have_attribute("data-seq", "3")
        await expect(person.message("Forget the keys")).to_have_count(0)
    await expect(bob.conversation(title)).to_contain_text("Message deleted")
    await expect(carol.unread(title)).to_have_text("1")


async def test_reactions_show_everywhere(two_instances: Instances, room: Room) -> None:
    """Given from the menu, taken back by a click, on both instances."""
    first, second = two_instances.urls
    title = f"Reactions {uuid.uuid4()}"
    ann, bob = await room.person(first, "alice"), await room.person(second, "bob")
    await ann.create_group(title, "Bob")
    await bob.open(title)
    await ann.say("cake?")

    await bob.choose("cake?", "react-❤️")
    for person, pressed in ((ann, "false"), (bob, "true")):
        button = person.message("cake?").get_by_test_id("reaction")
        await expect(button).to_have_text("❤️ 1")
        await expect(button).to_have_attribute("aria-pressed", pressed)
    await ann.message("cake?").get_by_test_id("reaction").click()
    await expect(bob.message("cake?").get_by_test_id("reaction")).to_have_text("❤️ 2")
    for person in (bob, ann):
        await person.message("cake?").get_by_test_id("reaction").click()
    for person in (ann, bob):
        await expect(person.message("cake?").get_by_test_id("reaction")).to_have_count(0)


async def test_a_reload_shows_the_whole_history(two_instances: Instances, room: Room) -> None:
    """After a reload on either instance everything is there, in order; older pages come on
    scrolling up. A person who opens it reads from the first unread message on."""
    first, second = two_instances.urls
    title = f"History {uuid.uuid4()}"
    count, typed = 60, 3  # more than a page, and some of it on the page
    async with http_client(first) as http:
        writer = Rest(http, "alice")
        group = await writer.create_group("bob", title=title)
        for number in range(1, count - typed + 1):
            await writer.send(group["id"], f"Message number {number}.", f"{number}")
    alice = await room.person(first, "alice")
    bob = await room.person(second, "bob")
    for person in (alice, bob):
        await person.open(title)
    await expect(bob.message("number 1.")).to_be_in_viewport()
    await bob.find("jump").click()
    await expect(bob.message(f"number {count - typed}.")).to_be_in_viewport()
    for number in range(count - typed + 1, count + 1):
        await alice.say(f"Message number {number}.")
    await expect(bob.message(f"number {count}.")).to_be_visible()
    await expect(alice.message(f"number {count}.")).to_have_attribute("data-state", "read")

    for person in (alice, bob):
        assert isinstance(person.screen, Page)
        await person.screen.reload()
        await expect(person.find("conversation-name")).to_have_text(title)
        await expect(person.message(f"number {count}.")).to_be_in_viewport()
        await person.find("message").first.scroll_into_view_if_needed()
        await expect(person.find("message")).to_have_count(count)
        await expect(person.find("message")).to_have_text(
            [re.compile(rf"number {number}\.") for number in range(1, count + 1)]
        )
        last = person.message(f"number {count}.")
        state = "read" if person is alice else "received"
        await expect(last).to_have_attribute("data-state", state)
        await expect(person.unread(title)).to_have_count(0)


async def test_people_come_and_go(two_instances: Instances, room: Room) -> None:
    """An added person sees the group at once, and a removed person loses it at once. The other
    people see a notice."""
    first, second = two_instances.urls
    title = f"People {uuid.uuid4()}"
    alice = await room.person(first, "alice")
    carol = await room.person(second, "carol")
    await alice.create_group(title, "Bob")
    await alice.say("Carol is missing")

    await alice.find("details").click()
    dialog = alice.screen.get_by_role("dialog")
    await dialog.get_by_role("button", name="Add").first.click()
    await expect(alice.find("system-message").last).to_have_text("You added Carol")
    await carol.open(title)
    await expect(carol.message("Carol is missing")).to_be_visible()
    await expect(carol.find("participants")).to_have_text("Alice, Bob and you")

    await dialog.get_by_role("button", name="Remove").last.click()
    await expect(alice.find("system-message").last).to_have_text("You removed Carol")
    await expect(carol.conversation(title)).to_have_count(0)
    await expect(carol.composer).to_be_hidden()


async def test_people_whom_the_page_does_not_know_have_names(
    one_instance: Instances, room: Room
) -> None:
    """The page shows the names of their profiles."""
    (url,) = one_instance.urls
    title = f"Names {uuid.uuid4()}"
    async with http_client(url) as http:
        zoe = Rest(http, f"zoe-{uuid.uuid4()}")
        await zoe.request("PATCH", "/me", {"name": "Zoë"})
        group = await zoe.create_group("alice", title=title)
        await zoe.request("POST", f"/conversations/{group['id']}/messages", {"text": "It is me"})
    alice = await room.person(url, "alice")

    await alice.open(title)

    await expect(alice.find("participants")).to_have_text("Zoë and you")
    await expect(alice.message("It is me")).to_contain_text("Zoë")


async def test_the_phone_rings_for_a_person_who_is_away(
    one_instance: Instances, room: Room
) -> None:
    """It shows the latest message with its sender until the message is read. It does not ring for a
    person who looks at the page: the page acknowledges."""
    (url,) = one_instance.urls
    title = f"Phones {uuid.uuid4()}"
    alice = await room.person(url, "alice")
    carol = await room.person(url, "carol")
    await expect(carol.find("phone")).to_contain_text("Silent.")
    assert isinstance(carol.screen, Page)
    await carol.screen.context.close()

    await alice.write_to("Carol")
    await alice.say("Are you coming?")
    await alice.say("We start without you")
    await alice.create_group(title, "Carol")
    await alice.say("Who brings the cake?")

    carol = await room.person(url, "carol")
    direct = carol.find("notification").filter(has_text="We start without you")
    group = carol.find("notification").filter(has_text=title)
    await expect(direct).to_contain_text("Alice")
    await expect(group).to_contain_text("Alice: Who brings the cake?")
    await expect(carol.find("notification").filter(has_text="Are you coming?")).to_have_count(0)
    if path := os.environ.get("CHAT_PHONE_PICTURE"):
        assert isinstance(carol.screen, Page)
        await carol.screen.screenshot(path=path)

    await direct.click()
    await expect(carol.message("We start without you")).to_be_visible()
    await expect(direct).to_have_count(0)
    await expect(group).to_be_visible()

    await carol.say("On my way")
    await expect(alice.conversation("Carol")).to_contain_text("On my way")
    async with http_client(url) as http:
        assert await outcome_for_the_other(Rest(http, "carol"), "On my way") == "dropped"


async def outcome_for_the_other(sender: Rest, text: str) -> str:
    """Whether the other person of a direct conversation was notified of its latest message."""
    (conversation,) = [
        one
        for one in (await sender.request("GET", "/conversations"))["items"]
        if one["last_message"] is not None and one["last_message"]["text"] == text
    ]
    path = f"/conversations/{conversation['id']}/messages/{conversation['last_message']['id']}"
    async with asyncio.timeout(20):
        while True:
            (item,) = (await sender.request("GET", f"{path}/delivery"))["items"]
            if item["push"]["verdict"] != "pending":
                verdict: str = item["push"]["verdict"]
                return verdict
            await asyncio.sleep(0.1)


async def take_picture(room: Room, url: str, path: str) -> None:
    """The README's picture: the demo page as it greets a visitor, after the talk above."""
    carol = await room.person(url, "carol")
    await carol.create_group("Launch party", "Alice", "Bob")
    await carol.say("Cake at four, in the kitchen")
    await expect(carol.message("Cake")).to_have_attribute("data-state", re.compile("sent|deliv"))
    page = await room.tab(url)
    alice = Person(page.frame_locator("iframe[title=Alice]"))
    bob = Person(page.frame_locator("iframe[title=Bob]"))
    await alice.open("Bob")
    await bob.open("Alice")
    await expect(alice.message("Good idea.")).to_have_attribute("data-state", "read")
    await bob.composer.press_sequentially("Done, it is in the")
    await expect(alice.find("typing")).to_have_text("Bob is typing…")
    await page.screenshot(path=path)
