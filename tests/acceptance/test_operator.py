"""An operator's day in the admin, in a real browser, while people chat in others.

`make test` runs it on Firestore, `make chaos` on SQLite too.
"""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from messaging.notifications.jobs import NotifyJob, encode
from messaging.notifications.policy import Stage
from messaging.notifications.queue.sqs import Entry, SqsQueue, create_queues
from tests.acceptance.conftest import Instances, Run, kept_loop
from tests.acceptance.test_browser import Person, Room, room
from tests.clients.rest import Rest, http_client
from tests.notifications.fcm_server import URL_VARIABLE
from tests.notifications.sqs_server import aws_environment
from tests.notifications.workers import worker
from tests.releases import PRESENT

__all__ = ["room"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

_PASSWORD = "a password for tests only"

_MAKE_OPERATORS = f"""
from django.contrib.auth.models import Group, Permission, User
operator = User.objects.create_user("olga", password="{_PASSWORD}", is_staff=True)
operator.groups.add(Group.objects.get(name="operator"))
viewer = User.objects.create_user("vera", password="{_PASSWORD}", is_staff=True)
viewer.user_permissions.add(*Permission.objects.filter(
    content_type__app_label="chat", codename__startswith="view_"))
"""


@pytest.fixture(params=[pytest.param("sql", marks=pytest.mark.chaos), "firestore"])
def chat(
    request: pytest.FixtureRequest, run_guarded: Run, queue_url: str, sqs_url: str
) -> Iterator[Instances]:
    """The product with a queue and a worker: one instance on SQLite, or two on Firestore and
    Redis."""
    settings = {"NOTIFICATION_QUEUE_URL": queue_url, **aws_environment(sqs_url)}
    count = 1
    if request.param == "firestore":
        count = 2
        settings |= {
            "CHAT_STORE": "firestore",
            "REDIS_URL": request.getfixturevalue("redis_server").removesuffix("/0") + "/6",
            "FIRESTORE_EMULATOR_HOST": request.getfixturevalue("firestore_emulator"),
            "GOOGLE_CLOUD_PROJECT": f"test-{uuid4().hex}",
        }
    with run_guarded(count, **settings) as instances:
        make_operators(instances.environment)
        nowhere = {URL_VARIABLE: "http://127.0.0.1:1"}  # pushes are log lines here
        with kept_loop(instances), worker({**instances.environment, **nowhere}):
            yield instances


@pytest.fixture
def queue_url(sqs_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in aws_environment(sqs_url).items():
        monkeypatch.setenv(name, value)
    return create_queues(f"operator-{uuid4().hex[:6]}", hidden=60)


def make_operators(environment: Mapping[str, str]) -> None:
    """Olga of the group `operator`, and Vera, who may view everything."""
    PRESENT.manage(environment, "shell", "--verbosity", "0", "-c", _MAKE_OPERATORS)


class Desk:
    """The admin in one tab."""

    def __init__(self, page: Page, url: str, store: str) -> None:
        self.page = page
        self._url = url
        self._store = store

    @classmethod
    async def at(cls, room: Room, url: str, store: str) -> "Desk":
        page = await room.tab("about:blank")
        await page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        await page.goto(f"{url}/admin/")
        return cls(page, url, store)

    async def sign_in(self, name: str) -> None:
        await self.page.get_by_label("Username").fill(name)
        await self.page.get_by_label("Password").fill(_PASSWORD)
        await self.page.get_by_role("button", name="Log in").click()
        await expect(self.page.get_by_text("Operations")).to_be_visible()

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self._url}/admin/{path}")

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def follow(self, name: str) -> None:
        await self.page.locator("#content").get_by_role("link", name=name).first.click()

    async def sees(self, *texts: str) -> None:
        for text in texts:
            await expect(self.page.locator("#container")).to_contain_text(text)

    async def picture(self, name: str) -> None:
        """For people to look at, where CHAT_PICTURES names a folder."""
        if folder := os.environ.get("CHAT_PICTURES"):
            path = Path(folder) / f"{self._store}-{name}.png"
            await self.page.screenshot(path=path, full_page=True)


@pytest.mark.timeout(300)
async def test_an_operators_day(
    chat: Instances, room: Room, queue_url: str, request: pytest.FixtureRequest
) -> None:
    """From a report to a ban, from a silent phone to a replayed dead letter."""
    store = request.node.callspec.params["chat"]
    first, last = chat.urls[0], chat.urls[-1]
    title = f"Tea {uuid4().hex[:6]}"
    alice = await room.person(first, "alice")
    bob = await room.person(last, "bob")
    await alice.create_group(title, "Bob", "Carol")
    await alice.say("Who is bringing the cake?")
    await bob.open(title)
    await bob.say("Nobody likes your cake, Alice.")
    await expect(alice.message("Nobody likes")).to_be_visible()
    async with http_client(first) as http:
        rest = Rest(http, "alice")
        await rest.request("PUT", "/devices/phone", {"token": "t", "platform": "web"})
        conversation = (await rest.request("GET", "/conversations"))["items"][0]
        message = conversation["last_message"]
        await rest.request(
            "POST",
            "/reports",
            {
                "conversation_id": conversation["id"],
                "message_id": message["id"],
                "reason": "He is rude to me.",
            },
        )

    olga = await Desk.at(room, first, store)
    await olga.sign_in("olga")
    await olga.picture("01-index")
    await find_the_message(olga, title)
    await redact_it(olga, alice, bob)
    await ban_its_author(olga, room, bob)
    await see_why_nobody_was_rung(olga, conversation["id"], message["id"])
    await replay_a_dead_letter(olga, queue_url, conversation["id"], message["id"])
    await look_around(olga, title)
    await whoever_only_views_cannot(room, first, store)


async def find_the_message(olga: Desk, title: str) -> None:
    """In the queue of reports; before it is shown, the reason is asked for, and written down."""
    await olga.follow("Reports")
    await olga.sees("He is rude to me.", "bob", "alice")
    await olga.picture("02-reports")
    await olga.page.locator("#result_list tbody a").first.click()
    await olga.sees("He is rude to me.")
    await olga.picture("03-report")

    await olga.follow("Read the conversation")
    await olga.sees("Give a reason for reading them")
    await expect(olga.page.get_by_text("Nobody likes your cake")).to_have_count(0)
    await olga.picture("04-look")
    await olga.page.get_by_label("Reason").fill("Alice has reported a message.")
    await olga.press("Read the messages")
    await olga.sees("Nobody likes your cake, Alice.", "Who is bringing the cake?")
    await olga.picture("05-messages")
    await olga.page.locator("#result_list tbody a").first.click()
    await olga.sees("Nobody likes your cake, Alice.")
    await olga.picture("06-message")

    await olga.open("chat/conversation/")
    await olga.sees(title)
    await olga.picture("07-conversations")
    await olga.follow(title)
    await olga.sees("bob", "member", "alice", "owner")
    await olga.picture("08-conversation")
    await olga.page.get_by_role("link", name="History").click()
    await olga.sees("Looked into it: Alice has reported a message.", "olga")
    await olga.picture("09-history")


async def redact_it(olga: Desk, alice: Person, bob: Person) -> None:
    """Gone from the open pages of its people at once."""
    await olga.open("chat/report/")
    await olga.page.locator("#result_list tbody a").first.click()
    await olga.press("Redact the message")
    await olga.sees("deleted for everyone")
    await olga.picture("10-redact")
    await olga.press("Redact the message")
    for person in (alice, bob):
        await expect(person.message("Message deleted")).to_be_visible()
        await expect(person.message("Nobody likes")).to_have_count(0)
    await olga.sees("done.", "redacted")
    await olga.picture("11-redacted")


async def ban_its_author(olga: Desk, room: Room, bob: Person) -> None:
    """Whose sockets close."""
    await olga.follow("bob")
    await olga.sees("Presence", "Devices that get pushes")
    await olga.picture("12-person")
    await olga.press("Ban")
    await olga.picture("13-ban")
    await olga.press("Ban")
    await olga.sees("done.", "for good")
    await expect(bob.find("connection")).to_have_attribute("data-state", "stopped")
    await olga.picture("14-banned")
    await olga.open("chat/person/?banned=1")
    await olga.sees("bob")
    await olga.picture("15-people")
    # Whatever his page asked for since was refused, which Chromium writes to its console.
    room.complaints[:] = [line for line in room.complaints if "403" not in line]


async def see_why_nobody_was_rung(olga: Desk, conversation_id: str, message_id: str) -> None:
    await olga.open("chat/notification/")
    await olga.picture("16-notifications")
    await olga.page.locator("#searchbar").fill(f"{conversation_id} {message_id}")
    await olga.press("Search")
    await olga.page.locator("#result_list tbody a").first.click()
    row = olga.page.get_by_role("row", name="carol")
    for _ in range(100):
        if await row.get_by_text("no_device").count():
            break
        await olga.page.reload()
    await expect(row).to_contain_text("dropped")
    await expect(row).to_contain_text("no_device")
    await olga.picture("17-notification")


async def replay_a_dead_letter(
    olga: Desk, queue_url: str, conversation_id: str, message_id: str
) -> None:
    """It goes back to the queue, and the worker takes it."""
    queue = SqsQueue(queue_url)
    dead = await queue.dead_letters()
    assert dead is not None
    job = NotifyJob(
        conversation_id=conversation_id,
        message_id=message_id,
        seq=2,
        chunk=0,
        stage=Stage.SENT,
        user_ids=("carol",),
        made_at=time.time() - 7200,
    )
    await dead.send([Entry(body=encode(job))])
    await olga.open("chat/deadletter/")
    await olga.sees(message_id)
    await olga.picture("18-dead-letters")
    await olga.page.locator("input.action-select").first.check()
    await olga.page.locator("select[name=action]").select_option("Replay")
    await olga.press("Go")
    await olga.sees("The jobs return to the queue.")
    await olga.picture("19-replay")
    await olga.press("Replay")
    await olga.sees("done.", "Nothing here.")
    assert list(await dead.receive(1, hidden=1, wait=1)) == []
    await dead.close()
    await queue.close()


async def look_around(olga: Desk, title: str) -> None:
    await olga.open("chat/person/alice/change/")
    await olga.sees("phone", "Sockets", "instance-")
    await olga.picture("23-person-with-a-device")
    for act in ("Delete", "Change a role", "Remove somebody", "Freeze"):
        await olga.open("chat/conversation/")
        await olga.follow(title)
        await olga.press(act)
        await olga.picture(f"24-{act.lower().replace(' ', '-')}")
    await olga.sees("Members can no longer write.")
    await olga.press("Freeze")
    await olga.open("chat/conversation/?frozen=1")
    await olga.sees(title)
    await olga.picture("26-frozen")
    await olga.open("chat/process/")
    await olga.sees("instance-1", "Sockets")
    await olga.picture("20-overview")
    await olga.open("chat/conversation/?q=nobody")
    await olga.picture("21-nothing")


async def whoever_only_views_cannot(room: Room, url: str, store: str) -> None:
    """There is nothing for them to press."""
    vera = await Desk.at(room, url, store)
    await vera.sign_in("vera")
    for path in ("report/?status=all", "person/?q=bob", "conversation/"):
        await vera.open(f"chat/{path}")
        await expect(vera.page.locator("select[name=action]")).to_have_count(0)
        await vera.page.locator("#result_list tbody a").first.click()
        await expect(vera.page.locator("button[name=action]")).to_have_count(0)
        await expect(vera.page.locator("input[name=_save]")).to_have_count(0)
    await vera.picture("22-viewer")
    for path in ("deadletter/", "notification/"):
        await vera.open(f"chat/{path}")
        await vera.sees("Nothing here.")
        await expect(vera.page.locator("select[name=action]")).to_have_count(0)
