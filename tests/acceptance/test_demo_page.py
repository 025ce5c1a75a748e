"""What a customer tries on the demo page: markup, mentions, reactions, search, presence, the reason
of a push, all of it by keyboard, and on a telephone."""

import re
import time
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.acceptance.test_browser import Instances, Person, Room, room
from tests.clients.rest import Rest, http_client

__all__ = ["room"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_markup_and_mentions(one_instance: Instances, room: Room) -> None:
    """A name is completed; the mentioned person sees the mention in the list and in the message."""
    (url,) = one_instance.urls
    title = f"Markup {uuid4()}"
    alice, bob = await room.person(url, "alice"), await room.person(url, "bob")
    await alice.create_group(title, "Bob", "Carol")

    await alice.composer.press_sequentially("**Tea** at `four`, @bo")
    await expect(alice.find("mention-option")).to_contain_text("Bob")
    await alice.composer.press("Enter")
    await expect(alice.composer).to_have_value("**Tea** at `four`, @Bob ")
    await alice.composer.press("Enter")

    await expect(bob.conversation(title).get_by_test_id("mentioned")).to_be_visible()
    await expect(bob.conversation(title)).to_contain_text("Alice: Tea at four, @Bob")
    await bob.open(title)
    text = bob.message("four").locator(".text")
    await expect(text).to_have_text("Tea at four, @Bob", use_inner_text=True)
    await expect(text.locator("strong")).to_contain_text("Tea")
    await expect(text.locator(".md-mention")).to_have_text("@Bob")
    await expect(bob.conversation(title).get_by_test_id("mentioned")).to_have_count(0)


async def test_a_draft_keeps_its_mentions(one_instance: Instances, room: Room) -> None:
    """A name that was chosen for one conversation mentions nobody in another one."""
    (url,) = one_instance.urls
    title, other = f"Draft {uuid4()}", f"Without Bob {uuid4()}"
    alice, bob = await room.person(url, "alice"), await room.person(url, "bob")
    await alice.create_group(other, "Carol")
    await alice.create_group(title, "Bob")

    await alice.composer.press_sequentially("@bo")
    await expect(alice.find("mention-option")).to_contain_text("Bob")
    await alice.composer.press("Enter")
    await alice.open(other)
    await alice.say("Ask @Bob")
    message = alice.message("Ask @Bob")
    await expect(message).to_have_attribute("data-state", re.compile("sent|delivered"))
    await alice.open(title)
    await expect(alice.composer).to_have_value("@Bob ")
    await alice.composer.press("Enter")

    await expect(bob.conversation(title).get_by_test_id("mentioned")).to_be_visible()


async def test_any_emoji_is_a_reaction(one_instance: Instances, room: Room) -> None:
    """The picker finds it by its name."""
    (url,) = one_instance.urls
    alice = await room.person(url, "alice")
    await alice.create_group(f"Emoji {uuid4()}", "Bob")
    await alice.say("We ship today")

    await alice.choose("We ship", "react-more")
    await alice.find("emoji-search").fill("rock")
    await alice.find("emoji-search").press("Enter")

    reaction = alice.message("We ship").get_by_test_id("reaction")
    await expect(reaction).to_have_text("🚀 1")
    await expect(reaction).to_have_attribute("aria-pressed", "true")


async def test_a_found_message_is_shown_where_it_was_said(
    one_instance: Instances, room: Room
) -> None:
    """The message may be far above the latest ones; from there the history goes on to the end."""
    (url,) = one_instance.urls
    title, word = f"Search {uuid4()}", f"w{uuid4().hex}"
    async with http_client(url) as http:
        writer = Rest(http, "alice")
        group = await writer.create_group("bob", title=title)
        for number in range(1, 121):
            said = f"The {word} is here" if number == 5 else f"Number {number}."
            await writer.send(group["id"], said, f"{number}")
    alice = await room.person(url, "alice")
    await alice.open(title)
    await expect(alice.message("Number 120.")).to_be_in_viewport()

    await alice.find("search").click()
    await alice.find("search-input").fill(word)
    await expect(alice.find("found")).to_contain_text(title)
    await alice.find("found").click()

    await expect(alice.message(word)).to_be_in_viewport()
    await expect(alice.message("Number 120.")).to_have_count(0)
    await alice.find("jump").click()
    await expect(alice.message("Number 120.")).to_be_in_viewport()


async def test_who_is_there_is_shown(one_instance: Instances, room: Room) -> None:
    """The list and the top of the conversation show when a person comes or goes."""
    (url,) = one_instance.urls
    alice = await room.person(url, "alice")
    dave = await room.person(url, "dave")
    await alice.write_to("Dave")
    await expect(alice.find("presence")).to_have_text("Online")
    await expect(alice.conversation("Dave")).to_contain_text("online")

    assert isinstance(dave.screen, Page)
    await dave.screen.context.close()
    await expect(alice.find("presence")).to_contain_text("Last active", timeout=30_000)


async def test_why_the_phone_rang(one_instance: Instances, room: Room) -> None:
    """Each notification on the phone shows the reason; so does the menu of each message."""
    (url,) = one_instance.urls
    alice = await room.person(url, "alice")
    await alice.create_group(f"Why {uuid4()}", "Dave")
    dave = await room.person(url, "dave")
    assert isinstance(dave.screen, Page)
    await expect(dave.find("phone")).to_be_visible()  # it is registered
    await dave.screen.context.close()
    said = f"Where are you? {uuid4()}"
    await alice.say(said)
    await alice.choose(said, "about-delivery")
    await expect(alice.find("delivery-person")).to_contain_text("Dave")

    dave = await room.person(url, "dave")
    rung = dave.find("notification").filter(has_text=said)
    await expect(rung.get_by_test_id("why")).to_have_text("You were not connected.")
    await rung.click()
    await dave.choose(said, "about-push")
    await expect(dave.find("push-why")).to_have_text("It rang. You were not connected.")


async def test_a_low_window_scrolls_all_of_its_list(one_instance: Instances, room: Room) -> None:
    """Two people above each other on a telephone: their own phones leave no room for a list."""
    (url,) = one_instance.urls
    title = f"Low {uuid4()}"
    async with http_client(url) as http:
        for number in range(3):
            await Rest(http, "alice").create_group("bob", title=f"{title} {number}")
    page = await room.tab("about:blank")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(url)
    alice = Person(page.frame_locator("iframe[title=Alice]"))
    await expect(alice.find("phone")).to_be_visible()
    rows = alice.find("conversation-list")
    await expect(rows.get_by_text(f"{title} 0")).to_be_attached()
    whole, shown = await rows.evaluate("list => [list.scrollHeight, list.clientHeight]")
    assert shown == whole


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
async def test_everything_by_keyboard(one_instance: Instances, room: Room, width: int) -> None:
    """Nobody needs a mouse to begin a group, write, complete a name, answer, react, edit, delete,
    pin, search and go back."""
    (url,) = one_instance.urls
    alice = await room.person(url, "alice")
    page = alice.screen
    assert isinstance(page, Page)
    await page.set_viewport_size({"width": width, "height": 800})
    keyboard, title = page.keyboard, f"Keys {uuid4()}"

    await tab_to(page, "new-group")
    await keyboard.press("Enter")
    await tab_to(page, "group-title")
    await keyboard.type(title)
    await keyboard.press("Tab")
    await keyboard.press("Space")  # Bob
    await tab_to(page, "create-group")
    await keyboard.press("Enter")
    await expect(alice.composer).to_be_focused()

    await keyboard.type("Tea, @b")
    await keyboard.press("Enter")
    await keyboard.type("and cake?")
    await keyboard.press("Enter")
    message = alice.message("Tea, @Bob and cake?")
    await expect(message).to_have_count(1)

    async def choose(choice: str) -> None:
        """Open the menu of the message before the composer, and go to this choice."""
        await tab_to(page, "message-menu", backwards=True)
        await keyboard.press("Enter")
        for _ in range(12):
            if await page.evaluate("document.activeElement.dataset.testid") == choice:
                break
            await keyboard.press("ArrowDown")
        await keyboard.press("Enter")

    await choose("react-🎉")
    await expect(message.get_by_test_id("reaction")).to_have_text("🎉 1")
    await expect(message.get_by_test_id("message-menu")).to_be_focused()
    await choose("pin-message")
    await expect(alice.find("pins")).to_be_visible()
    await choose("reply")
    await keyboard.type("Yes")
    await keyboard.press("Enter")
    await expect(alice.message("Yes")).to_contain_text("and cake?")
    await expect(alice.message("Yes")).to_have_attribute("data-state", re.compile("sent|delivered"))
    await keyboard.press("ArrowUp")
    await expect(alice.composer).to_have_value("Yes")
    await keyboard.press("End")
    await keyboard.type(", please")
    await keyboard.press("Enter")
    await expect(alice.message("Yes, please")).to_contain_text("edited")
    await choose("delete")
    await tab_to(page, "confirm")
    await keyboard.press("Enter")
    await expect(alice.message("Message deleted")).to_be_visible()

    await keyboard.press("Control+k")
    await expect(alice.find("search-input")).to_be_focused()
    await keyboard.type(title.rsplit("-", maxsplit=1)[-1])
    await keyboard.press("Escape")  # clears the field
    await keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    if width < 600:
        await tab_to(page, "back", backwards=True)
        await keyboard.press("Enter")
        await expect(alice.conversation(title)).to_be_visible()


async def tab_to(page: Page, test_id: str, *, backwards: bool = False) -> None:
    """Press Tab until the focus is there."""
    for _ in range(60):
        if await page.evaluate("document.activeElement?.dataset.testid") == test_id:
            return
        await page.keyboard.press("Shift+Tab" if backwards else "Tab")
    raise AssertionError(f"Tab does not lead to {test_id}")


@pytest.mark.benchmark
async def test_the_first_message_is_there_within_a_second(
    one_instance: Instances, room: Room
) -> None:
    """From the request of the page on, on a quiet machine."""
    (url,) = one_instance.urls
    async with http_client(url) as http:
        writer = Rest(http, "alice")
        group = await writer.create_group("bob", title=f"Fast {uuid4()}")
        for number in range(50):
            await writer.send(group["id"], f"Message {number}", f"{number}")
    times = []
    for _ in range(3):
        page = await room.tab("about:blank")
        began = time.monotonic()
        await page.goto(f"{url}/?user=alice#{group['id']}")
        await expect(Person(page).message("Message 49")).to_be_visible()
        times.append(time.monotonic() - began)
    print(f"first message: {[round(one, 2) for one in times]} s")

    assert min(times) <= 1
