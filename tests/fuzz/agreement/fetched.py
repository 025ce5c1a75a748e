"""The state of a conversation as REST shows it to one person."""

from collections.abc import Mapping
from typing import Any

from tests.fuzz.agreement.scene import Json
from tests.integration.chat import Api, ok

_NOT_DERIVED = frozenset({"updated_at"})
"""What a client cannot know from events: the time of the store's latest write."""

LISTS = frozenset({"pins", "files", "receipts"})


async def fetch(person: Api, conversation_id: str, *, lists: bool) -> Json | None:
    """Return everything that a client shows; None for somebody who is not in it. `lists`: also the
    pins, the files and the receipts."""
    path = f"/conversations/{conversation_id}"
    answer = await person.get(path)
    if answer.status_code in {403, 404}:
        return None
    conversation = ok(answer)
    messages = ok(await person.get(f"{path}/messages", limit=100))["items"]
    latest = conversation["last_message"]
    state = {
        **conversation,
        "uncounted": sorted(
            seq for first, last in conversation["uncounted"] for seq in range(first, last + 1)
        ),
        "last_message": latest and {**latest, "my_reactions": None},
        "messages": messages,
    }
    if not lists:
        return state
    pins = ok(await person.get(f"{path}/pins"))["items"]
    files = ok(await person.get(f"{path}/attachments", limit=100))["items"]
    receipts = ok(await person.get(f"{path}/receipts"))["items"]
    direct = conversation["kind"] == "direct"
    return {
        **state,
        "pins": sorted(one["id"] for one in pins),
        "files": sorted(one["id"] for one in files),
        "receipts": {
            one["user_id"]: one["read_seq"]
            for one in receipts
            if not direct or one["user_id"] == person.user_id
        },
    }


def difference(held: Json, fetched: Json) -> Mapping[str, tuple[Any, Any]]:
    """Return what differs, by the name of the field: what the client holds, and what it fetches."""
    names = fetched.keys() | (held.keys() - LISTS)
    return {
        name: (held.get(name), fetched.get(name))
        for name in names - _NOT_DERIVED
        if _plain(held.get(name)) != _plain(fetched.get(name))
    }


def _plain(value: Any) -> Any:
    """Return a value without the order of people and of own reactions, which says nothing."""
    if isinstance(value, Mapping):
        plain = {name: _plain(one) for name, one in value.items()}
        if isinstance(plain.get("my_reactions"), list):
            plain["my_reactions"] = sorted(plain["my_reactions"])
        return plain
    if isinstance(value, list):
        if value and isinstance(value[0], Mapping) and "joined_version" in value[0]:
            value = sorted(value, key=lambda one: str(one["user_id"]))
        return [_plain(one) for one in value]
    return value
