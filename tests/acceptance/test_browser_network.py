"""The demo page on a network that goes, or that is slow."""

import asyncio
import re
from uuid import uuid4

import pytest
from playwright.async_api import Page, Route, expect

from tests.acceptance.test_browser import Instances, Person, Room, room

__all__ = ["room"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _forgive(room: Room) -> None:
    """Forget what Chromium itself says of requests without a network."""
    room.complaints[:] = [one for one in room.complaints if "ERR_INTERNET_DISCONNECTED" not in one]


async def test_a_page_without_a_network_says_so(one_instance: Instances, room: Room) -> None:
    """What is written meanwhile is shown as waiting, and leaves when the network is back."""
    (url,) = one_instance.urls
    alice = await room.person(url, "alice")
    assert isinstance(alice.screen, Page)
    await alice.create_group(f"Tunnel {uuid4()}", "Bob")
    await expect(alice.find("system-message")).to_be_visible()
    connection = alice.find("connection")

    await alice.screen.context.set_offline(True)
    await expect(connection).to_have_text("Offline")
    await alice.say("Written in a tunnel.")
    await expect(alice.find("message")).to_have_attribute("data-state", "pending")

    await alice.screen.context.set_offline(False)
    await expect(connection).to_have_text("Connected")
    await expect(alice.find("message")).to_have_attribute("data-state", "sent")
    _forgive(room)


async def test_a_message_is_shown_before_the_history_is_loaded(
    one_instance: Instances, room: Room
) -> None:
    (url,) = one_instance.urls
    page = await room.tab("about:blank")
    loads = asyncio.Event()

    async def hold(route: Route) -> None:
        await loads.wait()
        await route.continue_()

    await page.route(re.compile("/messages$"), hold)
    await page.goto(f"{url}/?user=alice")
    alice = Person(page)
    await alice.create_group(f"Slow {uuid4()}", "Bob")

    await page.context.set_offline(True)
    await alice.say("Written while it was loaded.")
    await expect(alice.find("message")).to_have_attribute("data-state", "pending")
    await expect(alice.find("system-message")).to_have_count(0)

    await page.context.set_offline(False)
    loads.set()
    await expect(alice.find("system-message")).to_be_visible()
    await expect(alice.find("message")).to_have_attribute("data-state", "sent")
    _forgive(room)
