"""Reads everything that a dump holds, from Firestore."""

import asyncio
from collections.abc import Sequence
from typing import Any

from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.message import Message, PersonReactions
from messaging.domain.reports import ReportCopy
from messaging.exchange.records import FullMessage, FullReport, Person
from messaging.stores.catalogue import Place
from messaging.stores.exchange import FullChanges
from messaging.stores.firestore.attachments.documents import attachment_name, decode_attachment
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import query
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversations import (
    conversation_name,
    decode_conversation,
)
from messaging.stores.firestore.documents.messages import (
    decode_earlier,
    decode_message,
    message_name,
)
from messaging.stores.firestore.people import read_access, read_privacy, read_profile
from messaging.stores.firestore.recipients import read_devices, read_settings
from messaging.stores.firestore.reports import copied_attachments, read_report
from messaging.stores.firestore.values import Reference, read_text, read_texts, read_time

_QUERIES_AT_ONCE = 16


async def list_people(connection: Connection, *, after: str, limit: int) -> list[Person]:
    last = [Reference(connection.database.document("users", after))] if after else []
    found = await connection.query(
        "list_full_people",
        connection.database.root,
        query("users", order_by=[("__name__", "ascending")], start_after=last, limit=limit),
    )
    return [read_person(document) for document in found]


def read_person(document: Any) -> Person:
    access, privacy = read_access(document), read_privacy(document)
    profile = read_profile(document)
    return Person(
        user_id=profile.user_id,
        name=profile.name,
        picture=profile.picture,
        valid_after=access.valid_after,
        banned_until=access.banned_until,
        settings=read_settings(document),
        blocked=tuple(sorted(privacy.blocked)),
        left=privacy.left,
        devices=tuple(read_devices(document).values()),
    )


async def list_messages(
    connection: Connection, conversation_id: str, *, after_seq: int, limit: int
) -> list[FullMessage]:
    found = await connection.query(
        "list_full_messages",
        conversation_name(connection.database, conversation_id),
        query("messages", ("seq", ">", after_seq), order_by=[("seq", "ascending")], limit=limit),
    )
    return await _full(connection, found, at=None)


async def read_changes(
    connection: Connection, conversation_id: str, *, since: int, limit: int
) -> FullChanges:
    name = conversation_name(connection.database, conversation_id)
    structured = query(
        "messages", ("version", ">", since), order_by=[("version", "ascending")], limit=limit
    )
    changed, at = await connection.query_snapshot("read_full_changes", name, structured)
    found = await connection.get("read_full_changes", [name], at=at)
    return FullChanges(
        conversation=decode_conversation(found[0]) if found else None,
        messages=await _full(connection, changed, at=at),
    )


async def _full(
    connection: Connection, documents: Sequence[Any], *, at: Any | None
) -> list[FullMessage]:
    """Return the messages of these documents, and what belongs to them, as it was at a time."""
    messages = [(decode_message(document), decode_earlier(document)) for document in documents]
    reacted = await _reactions(connection, [one for one, _ in messages], at=at)
    ids = [one.id for message, _ in messages for one in message.attachments]
    files = await _files(connection, ids, at=at)
    return [
        FullMessage(
            message=message,
            earlier=earlier,
            reactions=reacted.get(message.id, ()),
            files=[files[one.id] for one in message.attachments if one.id in files],
        )
        for message, earlier in messages
    ]


async def _reactions(
    connection: Connection, messages: Sequence[Message], *, at: Any | None
) -> dict[str, tuple[PersonReactions, ...]]:
    places = asyncio.Semaphore(_QUERIES_AT_ONCE)

    async def read(message: Message) -> tuple[PersonReactions, ...]:
        async with places:
            found = await connection.query(
                "list_full_reactions",
                message_name(connection.database, message.conversation_id, message.id),
                query("reactions", order_by=[("__name__", "ascending")]),
                at=at,
            )
        own = [
            PersonReactions(
                message_id=message.id,
                user_id=id_of(document),
                emojis=tuple(read_texts(document.fields["emojis"])),
            )
            for document in found
        ]
        return tuple(sorted(own, key=lambda one: one.user_id))

    reacted = [one for one in messages if one.reactions]
    found = await asyncio.gather(*map(read, reacted))
    return {message.id: own for message, own in zip(reacted, found, strict=True)}


async def _files(
    connection: Connection, ids: Sequence[str], *, at: Any | None = None
) -> dict[str, StoredAttachment]:
    if not ids:
        return {}
    names = [attachment_name(connection.database, id_) for id_ in ids]
    found = await connection.get("list_full_files", names, at=at)
    files = [decode_attachment(document) for document in found]
    return {one.id: one for one in files}


async def list_reports(
    connection: Connection, *, limit: int, after: Place | None
) -> list[FullReport]:
    database = connection.database
    last: tuple[object, ...] = ()
    if after is not None:
        last = (after[0], Reference(database.document("reports", after[1])))
    found = await connection.query(
        "list_full_reports",
        database.root,
        query(
            "reports",
            order_by=[("created_at", "descending"), ("__name__", "descending")],
            start_after=last,
            limit=limit,
        ),
    )
    return await full_reports(connection, found)


async def full_reports(connection: Connection, reports: Sequence[Any]) -> list[FullReport]:
    """Return the reports of documents, with their copies and the attachments of these."""
    names = [connection.database.document("report_copies", id_of(one)) for one in reports]
    read = await connection.get("list_full_reports", names) if names else []
    copies = {id_of(document): document for document in read}
    return [await _report(connection, one, copies.get(id_of(one))) for one in reports]


async def _report(connection: Connection, document: Any, copied: Any | None) -> FullReport:
    report = read_report(document)
    text = None if copied is None else read_text(copied.fields["text"])
    if copied is None or text is None:
        return FullReport(report=report)
    copy = ReportCopy(text=text, attachments=copied_attachments(copied))
    files = await _files(connection, [one.id for one in copy.attachments])
    return FullReport(
        report=report,
        copy=copy,
        copy_expires_at=read_time(copied.fields["expires_at"]),
        files=[files[one.id] for one in copy.attachments if one.id in files],
    )
