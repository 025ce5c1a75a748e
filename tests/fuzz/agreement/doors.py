"""The tables of doors: everywhere that a participant can read messages. Add each new door here.

Through none of them, a person sees a message from before their `visible_from`.
"""

from collections.abc import Mapping, Sequence

from messaging.domain.exceptions import MessagingError
from messaging.notifications.decisions import circumstances_of
from messaging.notifications.policy import Stage
from tests.fuzz.agreement.mirror import Mirror
from tests.fuzz.agreement.scene import NOWHERE, Command, Json, Request, Scene, messages_in

LISTS: Mapping[str, str] = {
    "the conversation": "",
    "the latest page": "messages?limit=100",
    "the page before": "messages?limit=100&before=1000",
    "the page before what is visible": "messages?limit=100&before={visible_from}",
    "the page after": "messages?limit=100&after=0",
    "the page around the first": "messages?limit=100&around=1",
    "all by their ids": "messages?ids={ids}",
    "pins": "pins",
    "all files": "attachments?limit=100",
    "files by their ids": "attachments?ids={files}",
    "all changes": "changes?since=0",
    "changes since joining": "changes?since={joined_version}",
    "my conversations": "/conversations?limit=100",
}
"""What they show of messages and files is visible to the person."""

ABOUT_ONE: Mapping[str, Request] = {
    "get": Request("GET", "messages/{message_id}"),
    "delete": Request("DELETE", "messages/{message_id}"),
    "edit": Request("PATCH", "messages/{message_id}", {"text": "hidden"}),
    "pin": Request("PUT", "messages/{message_id}/pin"),
    "unpin": Request("DELETE", "messages/{message_id}/pin"),
    "react": Request("PUT", "messages/{message_id}/reactions/x"),
    "take back": Request("DELETE", "messages/{message_id}/reactions/x"),
    "who reacted": Request("GET", "messages/{message_id}/reactions/x"),
    "delivery": Request("GET", "messages/{message_id}/delivery"),
    "report": Request(
        "POST",
        "/reports",
        {"conversation_id": "{id}", "message_id": "{message_id}", "reason": "hidden"},
    ),
}
"""404 for a message that the person may not see."""

COMMANDS_ABOUT_ONE: Mapping[str, Command] = {
    "edit": Command("message.edit", {"message_id": "{message_id}", "text": "hidden"}),
    "delete": Command("message.delete", {"message_id": "{message_id}"}),
    "react": Command("reaction.add", {"message_id": "{message_id}", "emoji": "x"}),
    "take back": Command("reaction.remove", {"message_id": "{message_id}", "emoji": "x"}),
}
"""`message_not_found` for a message that the person may not see."""

WITHOUT_MESSAGES = frozenset(
    {
        *("GET me", "GET me/preferences", "GET blocks", "GET devices", "GET presence"),
        "GET users",
        "GET conversations/<str:conversation_id>/preferences",
        "GET conversations/<str:conversation_id>/receipts",
    }
)
"""The paths that show no message."""

EXAMINED_ELSEWHERE = frozenset({"GET search"})
"""`test_late_joiners` tries it: its index follows the store some time later, and is off here."""


async def try_lists(
    mirror: Mirror, scene: Scene, conversation: Json, hidden_files: Sequence[str]
) -> None:
    """Ask for everything that shows messages."""
    first = conversation["visible_from"]
    joined = {one["user_id"]: one["joined_version"] for one in conversation["participants"]}
    names = {
        "ids": ",".join(scene.sent[-100:]) or NOWHERE,
        "files": ",".join(hidden_files) or NOWHERE,
        "joined_version": joined[mirror.user_id],
        "visible_from": first,
    }
    for name, path in LISTS.items():
        filled = full_path(path, scene).format(**names)
        answer = await mirror.api(mirror.site).get(filled)
        assert answer.status_code == 200, (name, answer.text)
        assert not any(file in answer.text for file in hidden_files), name
        assert [one for one in messages_in(answer.json()) if one["seq"] < first] == [], name


async def try_one(mirror: Mirror, scene: Scene, message_id: str) -> None:
    """Ask for a hidden message."""
    names = {"id": scene.id, "message_id": message_id}
    for name, about in ABOUT_ONE.items():
        path = full_path(about.path, scene).format(**names)
        body = about.body and {key: text.format(**names) for key, text in about.body.items()}
        answer = await mirror.api(mirror.site).request(about.method, path, json=body)
        assert answer.status_code == 404, (name, answer.text)
        assert answer.json()["code"] == "message_not_found", (name, answer.text)
    for name, command in COMMANDS_ABOUT_ONE.items():
        fields = {key: text.format(**names) for key, text in command.fields.items()}
        assert await refusal(mirror, scene, command.type, fields) == "message_not_found", name


async def try_replies(mirror: Mirror, scene: Scene, message_id: str, seq: int) -> None:
    """Refer to a hidden message by its id, and by its number."""
    for path, method, body in (
        ("messages", "POST", {"text": "re", "reply_to": message_id}),
        ("unread", "PUT", {"seq": seq}),
    ):
        answer = await mirror.api(mirror.site).request(method, full_path(path, scene), json=body)
        assert answer.status_code in {400, 403, 404}, (path, answer.text)


async def try_push(mirror: Mirror, scene: Scene, message_id: str) -> None:
    """Decide on a push of a hidden message that has waited until now."""
    store = mirror.site.instance.store
    conversation = await store.get_conversation(scene.id)
    message = (await store.get_messages(scene.id, [message_id]))[message_id]
    assert conversation is not None
    known = circumstances_of(mirror.user_id, conversation, message, Stage.SENT, read=False)
    assert not known.participant, "a push shows what is hidden"


async def refusal(mirror: Mirror, scene: Scene, kind: str, fields: Json) -> str | None:
    """Return the code with which a command is refused."""
    assert mirror.connection is not None
    try:
        await mirror.site.command(mirror.connection, kind, conversation_id=scene.id, **fields)
    except MessagingError as error:
        return error.code
    return None


def full_path(path: str, scene: Scene) -> str:
    return path if path.startswith("/") else f"/conversations/{scene.id}/{path}".rstrip("/")
