"""Writes what a load holds, to Firestore: each step in one commit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.fields.codec import types_of
from messaging.domain.fields.plain import attachments_data
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.identifiers import random_id
from messaging.domain.participant import OwnFlags, ReadPosition
from messaging.domain.people import UserSettings
from messaging.domain.reports import Report
from messaging.exchange.records import FullMessage, FullReport, Person
from messaging.stores.conversations import AlreadyExists, CommitUnknown, Conflict
from messaging.stores.exchange import AlreadyStored, Begun, is_shell, shell_id, shell_of
from messaging.stores.firestore.attachments.documents import attachment_name, encode_attachment
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import Writes
from messaging.stores.firestore.documents.conversations import (
    conversation_name,
    decode_conversation,
    new_conversation,
)
from messaging.stores.firestore.documents.conversions import Fields
from messaging.stores.firestore.documents.messages import full_message, message_name
from messaging.stores.firestore.documents.positions import (
    changed_flags,
    new_position,
    position_name,
)
from messaging.stores.firestore.messages import list_latest
from messaging.stores.firestore.reactions import put_reactions
from messaging.stores.firestore.recipients import device_fields, settings_fields
from messaging.stores.recipients import token_digest

_UNSET = OwnFlags()


async def put_person(connection: Connection, person: Person) -> bool:
    database = connection.database
    fields = person_fields(person)
    tokens = {database.document("device_tokens", token_digest(one)): one for one in person.devices}
    # A token that another person has registered since is theirs.
    taken = await connection.get("put_person", list(tokens)) if tokens else []
    free = {name: one for name, one in tokens.items() if name not in {doc.name for doc in taken}}
    fields["devices"] = {one.id: device_fields(one) for one in free.values()}
    writes = Writes(database)
    writes.create(database.document("users", person.user_id), fields)
    for name, device in free.items():
        writes.set(name, {"user_id": person.user_id, "device_id": device.id})
    try:
        await connection.commit("put_person", writes)
    except AlreadyExists:
        return False
    except (CommitUnknown, Conflict) as error:
        raise StoreUnavailable from error
    return True


def person_fields(person: Person) -> Fields:
    """Return the fields of a person's document, except the devices."""
    fields: Fields = {
        name: value
        for name, value in (
            ("name", person.name),
            ("picture", person.picture),
            ("valid_after", person.valid_after),
            ("banned_until", person.banned_until),
        )
        if value is not None
    }
    if person.valid_after is not None or person.banned_until is not None:
        fields["access_changed_at"] = COMMIT_TIME
    own = person.settings
    fields |= settings_fields({name: getattr(own, name) for name in types_of(UserSettings)})
    fields["blocked"] = dict.fromkeys(person.blocked, True)
    fields["left"] = dict(person.left)
    return fields


async def begin(connection: Connection, conversation: Conversation, load_id: str) -> Begun:
    mark = shell_id(load_id, conversation.id)
    name = conversation_name(connection.database, conversation.id)
    found = await connection.get("begin_load", [name])
    if not found:
        shell = shell_of(conversation, mark)
        writes = Writes(connection.database)
        writes.create(name, new_conversation(shell))
        try:
            await connection.commit("begin_load", writes)
        except AlreadyExists:
            pass
        except (CommitUnknown, Conflict) as error:
            raise StoreUnavailable from error
        found = await connection.get("begin_load", [name])
    stored = decode_conversation(found[0])
    latest = await list_latest(connection, conversation.id, limit=1)
    if not latest and is_shell(stored) and stored.commit_id != mark:
        writes = Writes(connection.database)
        token = cast("int", stored.token)
        writes.update(name, {"commit_id": mark}, ["commit_id"], token=token)
        try:
            await connection.commit("begin_load", writes)
        except (Conflict, AlreadyExists, CommitUnknown) as error:
            raise StoreUnavailable from error
        stored = decode_conversation((await connection.get("begin_load", [name]))[0])
    return Begun(
        conversation=stored,
        loading=stored.commit_id == mark,
        last_seq=latest[-1].seq if latest else 0,
    )


async def add_messages(
    connection: Connection, begun: Begun, messages: Sequence[FullMessage]
) -> None:
    database = connection.database
    id_ = begun.conversation.id
    writes = Writes(database)
    fence = {"commit_id": begun.conversation.commit_id}  # unchanged, but nobody else's by now
    token = cast("int", begun.conversation.token)
    writes.update(conversation_name(database, id_), fence, list(fence), token=token)
    for full in messages:
        message = full.message
        name = message_name(database, id_, message.id)
        writes.create(name, full_message(message, full.earlier))
        for own in full.reactions:
            put_reactions(writes, database, id_, own)
    await _put_files(connection, writes, [one for full in messages for one in full.files])
    try:
        await connection.commit("add_messages", writes)
    except AlreadyExists as error:
        named = next(iter(error.message_ids), None)
        raise AlreadyStored(f"message {named}" if named else "one of its records") from error
    except (CommitUnknown, Conflict) as error:
        raise StoreUnavailable from error


async def put_positions(
    connection: Connection, conversation_id: str, positions: Sequence[ReadPosition]
) -> None:
    writes = Writes(connection.database)
    for position in positions:
        fields = new_position(position)
        flags = position.flags
        if flags != _UNSET:
            changes = {name: getattr(flags, name) for name in types_of(OwnFlags)}
            fields |= changed_flags(position.user_id, changes)
        writes.set(position_name(connection.database, conversation_id, position.user_id), fields)
    await connection.write("put_positions", writes)


async def complete(connection: Connection, begun: Begun, conversation: Conversation) -> None:
    whole = replace(conversation, commit_id=random_id(), counted=True)
    fields = new_conversation(whole)
    mask = [name for name, value in fields.items() if value is not COMMIT_TIME]
    writes = Writes(connection.database)
    writes.update(
        conversation_name(connection.database, conversation.id),
        fields,
        mask,
        token=cast("int", begun.conversation.token),
    )
    try:
        await connection.commit("complete_load", writes)
    except (Conflict, AlreadyExists) as error:
        raise AlreadyStored(f"conversation {conversation.id}") from error
    except CommitUnknown as error:
        raise StoreUnavailable from error


async def delete_shell(connection: Connection, shell: Conversation) -> bool:
    writes = Writes(connection.database)
    name = conversation_name(connection.database, shell.id)
    writes.delete(name, token=cast("int", shell.token))
    try:
        await connection.commit("delete_shell", writes)
    except (Conflict, AlreadyExists):
        return False
    except CommitUnknown as error:
        raise StoreUnavailable from error
    return True


async def put_report(connection: Connection, full: FullReport) -> bool:
    database, report = connection.database, full.report
    writes = Writes(database)
    writes.create(database.document("reports", report.id), report_fields(report))
    if full.copy is not None:
        writes.set(database.document("report_copies", report.id), copy_fields(full))
    await _put_files(connection, writes, full.files)
    try:
        await connection.commit("load_report", writes)
    except AlreadyExists:
        return False
    except (CommitUnknown, Conflict) as error:
        raise StoreUnavailable from error
    return True


def report_fields(report: Report) -> Fields:
    fields: Fields = {
        "conversation_id": report.conversation_id,
        "message_id": report.message_id,
        "author_id": report.author_id,
        "reporter_id": report.reporter_id,
        "reason": report.reason,
        "created_at": report.created_at,
        "status": report.status.value,
    }
    if report.closed_at is not None:
        fields |= {"closed_at": report.closed_at, "closed_by": report.closed_by}
    return fields


def copy_fields(full: FullReport) -> Fields:
    """Return the fields of a report's copy, which must be there."""
    assert full.copy is not None
    copied: Fields = {
        "message_id": full.report.message_id,
        "text": full.copy.text,
        "attachments": attachments_data(full.copy.attachments),
    }
    if full.copy_expires_at is not None:
        copied["expires_at"] = full.copy_expires_at
    return copied


async def _put_files(
    connection: Connection, writes: Writes, files: Sequence[StoredAttachment]
) -> None:
    """Add the writes of the attachments that are not stored. Raises AlreadyStored for one of
    another conversation."""
    if not files:
        return
    names = {attachment_name(connection.database, one.id): one for one in files}
    there = await connection.get("add_messages", list(names))
    for document in there:
        own = names.pop(document.name)
        if document.fields["conversation_id"].string_value != own.conversation_id:
            raise AlreadyStored(f"attachment {own.id}")
    for name, one in names.items():
        writes.create(name, encode_attachment(one))
