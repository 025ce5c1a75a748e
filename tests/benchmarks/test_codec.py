"""What compiled codecs take, beside the same written by hand."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from timeit import timeit
from typing import Any

import pytest
from google.cloud.firestore_v1 import types

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.models import MessageRecord
from messaging.stores.firestore.documents.messages import decode_message, encode_message
from messaging.stores.firestore.values import (
    plain_time,
    read_text,
    read_texts,
    read_time,
    write_fields,
)
from messaging.stores.shared.commit_time import stamped, stamped_conversation
from messaging.stores.sql import rows
from messaging.wire.representations import message_data, optional_timestamp, timestamp
from tests.samples import sample_conversation, sample_message

ROUNDS = 1_500
CALLS = 50
NOW = datetime(2026, 1, 1, microsecond=678_000, tzinfo=UTC)
MESSAGE = sample_message(
    id="a1s2d3f4g5h6j7k8l9z0x1c2v3",
    conversation_id="q2m6v5b4x3n7k8j9h0g1f2d3s4",
    seq=42,
    version=57,
    client_id="7f3c-1",
    text="Are you coming?",
    created_at=NOW,
    edited_at=NOW,
    content_hash="0" * 32,
    created_version=56,
)
PENDING = replace(MESSAGE, edited_at=COMMIT_TIME)
CONVERSATION = sample_conversation(
    at=NOW,
    id=MESSAGE.conversation_id,
    active_at=COMMIT_TIME,
    seq=42,
    version=57,
    last_message=PENDING,
    sent_seq={"ann": 42},
)


def stamped_by_hand(message: Message, at: datetime) -> Message:
    return Message(
        id=message.id,
        conversation_id=message.conversation_id,
        seq=message.seq,
        version=message.version,
        sender_id=message.sender_id,
        client_id=message.client_id,
        text=message.text,
        reply_to=message.reply_to,
        mentions=message.mentions,
        created_at=at if message.created_at is COMMIT_TIME else message.created_at,
        edited_at=at if message.edited_at is COMMIT_TIME else message.edited_at,
        deleted_at=at if message.deleted_at is COMMIT_TIME else message.deleted_at,
        content_hash=message.content_hash,
        created_version=message.created_version,
        mentions_all=message.mentions_all,
        kind=message.kind,
        metadata=message.metadata,
        pinned_at=at if message.pinned_at is COMMIT_TIME else message.pinned_at,
        attachments=message.attachments,
        reactions=message.reactions,
    )


def conversation_by_replace(conversation: Conversation, at: datetime) -> Conversation:
    last = conversation.last_message
    return replace(
        conversation,
        active_at=at,
        updated_at=at,
        last_message=stamped_by_hand(last, at) if last else None,
        token=1,
    )


def of_record_by_hand(record: MessageRecord) -> Message:
    return Message(
        id=record.id,
        conversation_id=record.conversation_id,
        seq=record.seq,
        version=record.version,
        sender_id=record.sender_id,
        client_id=record.client_id,
        text=record.text,
        reply_to=record.reply_to,
        mentions=tuple(record.mentions),
        created_at=record.created_at,
        edited_at=record.edited_at,
        deleted_at=record.deleted_at,
        content_hash=record.content_hash,
        created_version=record.created_version,
    )


def fields_by_hand(message: Message) -> Mapping[str, Any]:
    return {
        "seq": message.seq,
        "version": message.version,
        "sender_id": message.sender_id,
        "client_id": message.client_id,
        "text": message.text,
        "reply_to": message.reply_to,
        "mentions": list(message.mentions),
        "created_at": message.created_at,
        "edited_at": message.edited_at,
        "deleted_at": message.deleted_at,
        "content_hash": message.content_hash,
        "created_version": message.created_version,
    }


def of_document_by_hand(document: Any) -> Message:
    _, conversation_id, _, id_ = document.name.rsplit("/", 3)
    found = document.fields
    return Message(
        id=id_,
        conversation_id=conversation_id,
        seq=found["seq"].integer_value,
        version=found["version"].integer_value,
        sender_id=found["sender_id"].string_value,
        client_id=read_text(found["client_id"]),
        text=read_text(found["text"]),
        reply_to=read_text(found["reply_to"]),
        mentions=tuple(read_texts(found["mentions"])),
        created_at=plain_time(found["created_at"].timestamp_value),
        edited_at=read_time(found["edited_at"]),
        deleted_at=read_time(found["deleted_at"]),
        content_hash=found["content_hash"].string_value,
        created_version=found["created_version"].integer_value or None,
    )


def data_by_hand(message: Message) -> Mapping[str, Any]:
    return {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "seq": message.seq,
        "version": message.version,
        "created_version": message.first_version,
        "kind": message.kind.value,
        "sender_id": message.sender_id,
        "client_id": message.client_id,
        "text": message.text,
        "metadata": None if message.metadata is None else json.loads(message.metadata),
        "reply_to": message.reply_to,
        "mentions": list(message.mentions),
        "mentions_all": message.mentions_all,
        "pinned_at": optional_timestamp(message.pinned_at),
        "attachments": [],
        "reactions": {},
        "created_at": timestamp(message.created_at),
        "edited_at": optional_timestamp(message.edited_at),
        "deleted_at": optional_timestamp(message.deleted_at),
    }


@dataclass
class Case:
    name: str
    by_hand: Callable[[], object]
    compiled: Callable[[], object]


@pytest.fixture
def cases() -> list[Case]:
    document = types.Document.pb(types.Document())
    document.name = (
        f"projects/p/databases/d/documents/conversations/{MESSAGE.conversation_id}"
        f"/messages/{MESSAGE.id}"
    )
    write_fields(document.fields, encode_message(MESSAGE))
    record = rows.message_record(MESSAGE)
    return [
        Case(
            "stamp a message", lambda: stamped_by_hand(PENDING, NOW), lambda: stamped(PENDING, NOW)
        ),
        Case(
            "stamp a conversation (`replace`)",
            lambda: conversation_by_replace(CONVERSATION, NOW),
            lambda: stamped_conversation(CONVERSATION, NOW, token=1),
        ),
        Case(
            "read a message's row",
            lambda: of_record_by_hand(record),
            lambda: rows.message(record),
        ),
        Case(
            "write a message's document",
            lambda: fields_by_hand(MESSAGE),
            lambda: encode_message(MESSAGE),
        ),
        Case(
            "read a message's document",
            lambda: of_document_by_hand(document),
            lambda: decode_message(document),
        ),
        Case(
            "show a message to clients",
            lambda: data_by_hand(MESSAGE),
            lambda: message_data(MESSAGE),
        ),
    ]


def test_both_ways_agree(cases: list[Case]) -> None:
    for case in cases:
        assert case.compiled() == case.by_hand(), case.name


@pytest.mark.benchmark
def test_compiled_beside_hand_written(cases: list[Case]) -> None:
    """The least of many short rounds, one way after the other in each."""
    print()
    for case in cases:
        least = {False: 1.0, True: 1.0}
        for number in range(ROUNDS):
            for compiled in (True, False) if number % 2 else (False, True):
                way = case.compiled if compiled else case.by_hand
                least[compiled] = min(least[compiled], timeit(way, number=CALLS) / CALLS)
        ratio = least[True] / least[False]
        print(
            f"  {case.name:<36}{least[False] * 1e6:6.2f} µs by hand"
            f"{least[True] * 1e6:8.2f} µs compiled  {ratio:5.2f}"
        )
