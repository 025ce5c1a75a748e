"""The table of acts: what people do in a conversation, each as one request or one command. Add each
new act here.

An act gets a number, and makes of it what it needs. It may be refused, for any reason that the
contract names. Then nothing has changed.
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from tests.fuzz.agreement.scene import LATEST, Command, Json, Request, Scene

EMOJI = ("👍", "❤️", "🎉", "+1", "cake", "🏳️‍🌈", "😂")
_NOTIFY = ("all", "mentions", "none")
_FAR = "2099-01-01T00:00:00.000Z"

Act = Request | Command
Making = Callable[[Scene, int], Act]


def _about(method: str, rest: str = "", **body: object) -> Making:
    """A request about one of the messages."""
    return lambda scene, number: Request(
        method, f"messages/{scene.message(number)}{rest}", body or None
    )


def _emoji(number: int) -> str:
    return EMOJI[number // LATEST % len(EMOJI)]


def _reaction(method: str) -> Making:
    def make(scene: Scene, number: int) -> Request:
        emoji = quote(_emoji(number), safe="")
        return Request(method, f"messages/{scene.message(number)}/reactions/{emoji}")

    return make


def _reaction_command(kind: str) -> Making:
    return lambda scene, number: Command(
        kind, {"message_id": scene.message(number), "emoji": _emoji(number)}
    )


def _member(method: str, **body: object) -> Making:
    return lambda scene, number: Request(
        method, f"participants/{scene.person(number)}", body or None
    )


def _text(scene: Scene, number: int) -> Json:
    """The fields of a message."""
    fields: Json = {"text": f"text {number}"}
    if number % 2:
        fields["mentions"] = [scene.person(number // 2)]
    if number % 3 == 0 and scene.sent:
        fields["reply_to"] = scene.message(number)
    if number % 5 == 0:
        fields["metadata"] = {"number": number}
    if number % 7 == 0:
        fields["mentions_all"] = True
    return fields


def _repeat(_: Scene, number: int) -> Request:
    """The same `client_id` with the same content, or with another one."""
    return Request(
        "POST", "messages", {"text": f"again {number % 4}", "client_id": f"repeated-{number % 3}"}
    )


def _read(scene: Scene, number: int) -> Request:
    return Request("POST", "read", {"seq": scene.seq(number), "clear": number % 2 == 0})


def _prefer(field: str, *values: object) -> Making:
    return lambda _, number: Request("PATCH", "preferences", {field: values[number % len(values)]})


def _change(field: str, *values: object) -> Making:
    """A request that changes the conversation."""
    return lambda _, number: Request("PATCH", "", {field: values[number % len(values)]})


def _always(act: Act) -> Making:
    return lambda *_: act


ACTS: Mapping[str, Making] = {
    "send": lambda scene, number: Request("POST", "messages", _text(scene, number)),
    "say": lambda scene, number: Command(
        "message.send", {**_text(scene, number), "client_id": f"said-{number}"}
    ),
    "repeat": _repeat,
    "share": lambda scene, number: Request(
        "POST", "messages", {"text": ("", "files")[number % 2]}, files=1 + number % 2
    ),
    "edit": lambda scene, number: Request(
        "PATCH", f"messages/{scene.message(number)}", {"text": f"edited {number}"}
    ),
    "correct": lambda scene, number: Command(
        "message.edit", {"message_id": scene.message(number), "text": f"corrected {number}"}
    ),
    "describe": lambda scene, number: Request(
        "PATCH", f"messages/{scene.message(number)}", {"metadata": {"number": number}}
    ),
    "delete": _about("DELETE"),
    "withdraw": lambda scene, number: Command(
        "message.delete", {"message_id": scene.message(number)}
    ),
    "react": _reaction("PUT"),
    "take back": _reaction("DELETE"),
    "add reaction": _reaction_command("reaction.add"),
    "remove reaction": _reaction_command("reaction.remove"),
    "pin": _about("PUT", "/pin"),
    "unpin": _about("DELETE", "/pin"),
    "report": lambda scene, number: Request(
        "POST",
        "/reports",
        {"conversation_id": scene.id, "message_id": scene.message(number), "reason": "spam"},
    ),
    "read": _read,
    "read here": lambda scene, number: Command("receipt.read", {"seq": scene.seq(number)}),
    "receive": lambda scene, number: Command("receipt.delivered", {"seq": scene.seq(number)}),
    "mark": lambda scene, number: Request("PUT", "unread", {"seq": max(scene.seq(number), 1)}),
    "unmark": _always(Request("DELETE", "unread")),
    "archive": _prefer("archived", True, True, False),
    "keep on top": _prefer("pinned", True, False),
    "notify": _prefer("notify", *_NOTIFY),
    "mute": _prefer("muted_until", _FAR, None),
    "add": lambda scene, number: Request(
        "POST", "participants", {"user_ids": [scene.person(number)]}
    ),
    "remove": _member("DELETE"),
    "leave": _always(Request("DELETE", "participants/me")),
    "promote": _member("PATCH", role="admin"),
    "demote": _member("PATCH", role="member"),
    "rename": _change("title", *(f"Title {number}" for number in range(3))),
    "redescribe": _change("metadata", None, *({"number": number} for number in range(2))),
    "picture": _change("picture", None, "https://chat.example/1.png", "https://chat.example/2.png"),
    "restrict": _change("posting", "all", "admins"),
    "hide": _change("history", "since_joining", "full"),
    "block": lambda scene, number: Request("PUT", f"/blocks/{scene.people[number % 2]}"),
    "unblock": lambda scene, number: Request("DELETE", f"/blocks/{scene.people[number % 2]}"),
    "introduce": lambda scene, number: Request("PATCH", "/me", {"name": f"Name {number}"}),
    "type": _always(Request("POST", "typing")),
    "start typing": _always(Command("typing.start", {})),
    "stop typing": _always(Command("typing.stop", {})),
}
"""By the name of the act. Anybody may try it."""

OWN = frozenset(
    {
        *("read", "read here", "mark", "unmark"),
        *("archive", "keep on top", "notify", "mute"),
    }
)
"""What changes only the person's own state. Its events have no version, so a person does one of
them at a time: of two at once on two instances, the store may keep the one whose event came
first."""

NO_ACTS = frozenset(
    {
        # Of the person, and of no conversation.
        *("DELETE me/sessions", "PATCH me/preferences", "POST dev/tokens"),
        *("PUT devices/<str:device_id>", "DELETE devices/<str:device_id>"),
        # Each world begins with it. Both steps of an upload are a part of `share`.
        *("POST conversations", "POST attachments"),
        "POST attachments/<str:attachment_id>/complete",
    }
)
"""The method and path of what changes something, and is no act."""

NO_ACT_COMMANDS = frozenset(
    {"conversation.sync", "receipts.sync", "presence.watch", "activity", "auth.refresh", "ping"}
)
"""The commands that change nothing in a conversation. Clients send the first two to catch up."""
