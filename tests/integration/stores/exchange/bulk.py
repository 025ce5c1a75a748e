"""A file of many messages, made without a store, for the long forms of dumps and loads."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.identifiers import content_hash, derived_id
from messaging.domain.message import Message, PersonReactions, ReactionSummary
from messaging.domain.participant import Participant, ReadPosition, Role
from messaging.exchange.hashing import ConversationHash
from messaging.exchange.lines import encode
from messaging.exchange.records import (
    ConversationEnd,
    End,
    FullMessage,
    Header,
    Person,
    Position,
)

PEOPLE = ("ann", "bob", "cid", "dan")
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def write_file(path: Path, *, messages: int, conversations: int) -> None:
    """Write a file with so many messages in all. Every tenth message has a reaction."""
    each = messages // conversations
    records = 0
    with path.open("wb") as file:

        def put(line: bytes) -> None:
            nonlocal records
            file.write(line)
            records += 1

        put(encode(Header(made_at=_AT, source="bulk", id=f"bulk-{messages}")))
        for user_id in PEOPLE:
            put(encode(Person(user_id=user_id, name=user_id.title())))
        for number in range(conversations):
            for line in _conversation(derived_id("bulk", str(number)), each):
                put(line)
        file.write(encode(End(records=records)))


def _conversation(id_: str, messages: int) -> Iterator[bytes]:
    hashed = ConversationHash()
    last = {user_id: _last_seq(place, messages) for place, user_id in enumerate(PEOPLE)}
    final = PEOPLE[(messages - 1) % len(PEOPLE)]
    yield hashed.add(
        Conversation(
            id=id_,
            kind=ConversationKind.GROUP,
            title="Bulk",
            participants={
                user_id: Participant(
                    user_id=user_id, role=Role.MEMBER if place else Role.OWNER, joined_version=0
                )
                for place, user_id in enumerate(PEOPLE)
            },
            created_at=_AT,
            updated_at=_AT,
            active_at=_AT + timedelta(seconds=messages),
            seq=messages,
            version=messages,
            sent_seq={user_id: seq for user_id, seq in last.items() if seq},
            last_sender_id=final,
            other_seq=messages - 1,
        )
    )
    for user_id in PEOPLE:
        read = ReadPosition(user_id=user_id, read_seq=messages, delivered_seq=messages)
        yield encode(Position(conversation_id=id_, position=read))
    for seq in range(1, messages + 1):
        yield hashed.add(_message(id_, seq))
    yield encode(ConversationEnd(conversation_id=id_, messages=messages, hash=hashed.digest()))


def _last_seq(place: int, messages: int) -> int:
    behind = (messages - 1 - place) % len(PEOPLE)
    return max(messages - behind, 0)


def _message(conversation_id: str, seq: int) -> FullMessage:
    id_ = derived_id(conversation_id, str(seq))
    reacted = seq % 10 == 0
    message = Message(
        id=id_,
        conversation_id=conversation_id,
        seq=seq,
        version=seq,
        sender_id=PEOPLE[(seq - 1) % len(PEOPLE)],
        client_id=f"client-{seq}",
        text=f"This is message number {seq} of a conversation with many of them.",
        reply_to=None,
        mentions=(),
        created_at=_AT + timedelta(seconds=seq),
        content_hash=content_hash(id_),
        created_version=seq,
        reactions={"👍": ReactionSummary(count=1, user_ids=("bob",))} if reacted else {},
    )
    own = (PersonReactions(message_id=id_, user_id="bob", emojis=("👍",)),) if reacted else ()
    return FullMessage(message=message, reactions=own)
