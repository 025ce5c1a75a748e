"""What a client has to show, as the store has it, and how a shown state differs from that."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.clients.rest import Rest

Json = dict[str, Any]

LEAST_MESSAGES = 50
"""How many of the latest messages of a conversation a client has to hold."""


async def truth_of(rest: Rest) -> Mapping[str, Json]:
    """By id, every conversation of this person: with its `messages` and `receipts`."""
    found = await rest.list_conversations()
    for id_, conversation in found.items():
        path = f"/conversations/{id_}"
        messages = await rest.request("GET", f"{path}/messages", limit=100)
        receipts = await rest.request("GET", f"{path}/receipts")
        conversation["messages"] = messages["items"]
        conversation["receipts"] = {one["user_id"]: one["read_seq"] for one in receipts["items"]}
    return found


def differences(state: Json, truth: Mapping[str, Json], user_id: str) -> Iterator[str]:
    """What of a shown state is not so, in words."""
    shown = {one["id"]: one for one in state["conversations"]}
    if len(shown) != len(state["conversations"]):
        yield "A conversation is shown twice."
    for id_ in truth.keys() - shown.keys():
        yield f"Conversation {id_} ({truth[id_]['title']}) is missing."
    for id_ in shown.keys() - truth.keys():
        yield f"Conversation {id_} ({shown[id_].get('title')}) is shown, and one is not in it."
    for id_ in truth.keys() & shown.keys():
        name = truth[id_]["title"] or id_
        for text in _different(shown[id_], truth[id_], user_id):
            yield f"{name}: {text}"


def _different(shown: Json, true: Json, user_id: str) -> Iterator[str]:
    if shown["title"] != true["title"]:
        yield f"the title is {true['title']!r}, shown is {shown['title']!r}"
    yield from _different_messages(shown["messages"], true["messages"])
    for field in ("read_seq", "unread_count"):
        if shown[field] != true[field]:
            yield f"{field} is {true[field]}, shown is {shown[field]}"
    for person, read_seq in true["receipts"].items():
        seen = shown["receipts"].get(person, 0)
        if person != user_id and seen != read_seq:
            yield f"{person} has read up to {read_seq}, shown is {seen}"


def _different_messages(shown: Sequence[Json], true: Sequence[Json]) -> Iterator[str]:
    if len(shown) < min(len(true), LEAST_MESSAGES):
        yield f"{len(shown)} messages are shown of {len(true)}: {[one['seq'] for one in shown]}"
        return
    seqs = [one["seq"] for one in shown]
    if seqs != sorted(set(seqs)):
        yield f"the messages are shown in the order {seqs}"
        return
    latest = true[-len(shown) :] if shown else []
    for one, other in zip(shown[-len(latest) :], latest, strict=True):
        for field in ("id", "seq", "sender_id", "text"):
            if one[field] != other[field]:
                yield f"message {other['seq']}: {field} is {other[field]!r}, not {one[field]!r}"
        if one["deleted"] is not (other["deleted_at"] is not None):
            yield f"message {other['seq']}: deleted is {other['deleted_at'] is not None}"
