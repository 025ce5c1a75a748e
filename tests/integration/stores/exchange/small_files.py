"""Small files of the exchange format, made from records."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.identifiers import derived_id, direct_conversation_id
from messaging.domain.message import Message
from messaging.domain.participant import Participant, Role
from messaging.exchange.lines import encode
from messaging.exchange.records import ConversationEnd, End, FullMessage, Header, Person, Record

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DIRECT = Conversation(
    id=direct_conversation_id("ann", "bob"),
    kind=ConversationKind.DIRECT,
    title=None,
    participants={
        one: Participant(user_id=one, role=Role.MEMBER, joined_version=0) for one in ("ann", "bob")
    },
    created_at=AT,
    updated_at=AT,
    active_at=AT,
)


def messages_of(
    conversation: Conversation, texts: Sequence[str]
) -> tuple[Conversation, list[FullMessage]]:
    """Return the conversation with messages of Ann, and the messages."""
    found = [
        FullMessage(
            message=Message(
                id=derived_id(conversation.id, str(seq)),
                conversation_id=conversation.id,
                seq=seq,
                version=seq,
                sender_id="ann",
                client_id=None,
                text=text,
                reply_to=None,
                mentions=(),
                created_at=AT,
                content_hash="hash",
                created_version=seq,
            )
        )
        for seq, text in enumerate(texts, 1)
    ]
    number = len(found)
    sent = {"ann": number} if found else {}
    return replace(conversation, seq=number, version=number, sent_seq=sent), found


def file_with(
    texts: Sequence[str], *people: Person, conversation: Conversation = DIRECT, id_: str = "file"
) -> bytes:
    """Return the file of one conversation in which Ann wrote these texts."""
    found, full = messages_of(conversation, texts)
    records: list[Record] = [
        Header(made_at=AT, id=id_),
        *people,
        found,
        *full,
        ConversationEnd(conversation_id=found.id, messages=len(full)),
    ]
    return b"".join(map(encode, chain(records, [End(records=len(records))])))
