"""One person's conversations from Firestore, without the other people in them.

A query with a field mask bills the same documents, but sends only the requested fields:
https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#projection
"""

from collections.abc import Sequence
from typing import Any

from messaging.domain.conversation import Companion, Membership
from messaging.domain.participant import Participant
from messaging.stores.conversations import ListedPage
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import query
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversations import (
    COUNT_FIELDS,
    LISTED_FIELDS,
    conversation_name,
    decode_listed,
    own_number,
    own_preferences,
    uncounted_of,
)
from messaging.stores.firestore.documents.cursors import cursor_of, decode_cursor
from messaging.stores.firestore.documents.participants import (
    count_of,
    decode_participant,
    decode_participants,
    shows_people,
)
from messaging.stores.firestore.documents.readable import decode_readable
from messaging.stores.firestore.values import Reference, quoted

_LATEST = 1_000
"""The number of a person's conversations that are searched for companions."""
_IN_EACH = 4
_PERSONAL = ("uncounted", "mentions_all_seq", "last_sender_id", "other_seq")


async def list_own(
    connection: Connection, user_id: str, *, limit: int, people: int, cursor: str | None
) -> ListedPage:
    last: Sequence[object] = ()
    if cursor is not None:
        active_at, conversation_id = decode_cursor(cursor)
        last = (active_at, Reference(conversation_name(connection.database, conversation_id)))
    found = await _query_own(
        connection,
        "list_own_conversations",
        user_id,
        [*LISTED_FIELDS, *_own(user_id, "roles", "sent_seq", "mentioned_seq", "preferences")],
        limit=limit,
        start_after=last,
    )
    # Documents are read whole if an earlier release wrote them last, or if more people are
    # requested than the summary contains.
    whole = {
        document.name: document
        for document in await _read_whole(
            connection,
            "list_own_conversations",
            [one for one in found if not shows_people(one, people)],
        )
    }
    documents = [
        one if shows_people(one, people) else whole[one.name]
        for one in found
        if shows_people(one, people) or one.name in whole  # otherwise it was deleted meanwhile
    ]
    page, unreadable = decode_readable(documents, lambda one: decode_listed(one, user_id, people))
    return ListedPage(
        conversations=[listed for listed in page if listed is not None],
        next_cursor=cursor_of(found[-1]) if len(found) == limit else None,
        unreadable=unreadable,
    )


async def list_memberships(
    connection: Connection, user_id: str, *, limit: int, personal: bool
) -> Sequence[Membership]:
    only = _place(user_id, personal=personal)
    found = await _query_own(connection, "list_memberships", user_id, only, limit=limit)
    memberships, _ = decode_readable(found, lambda one: _membership(one, user_id))
    return memberships


async def get_memberships(
    connection: Connection, user_id: str, conversation_ids: Sequence[str], *, personal: bool
) -> Sequence[Membership]:
    if not conversation_ids:
        return []
    found = await connection.get(
        "get_memberships",
        [
            conversation_name(connection.database, conversation_id)
            for conversation_id in conversation_ids
        ],
        only=_place(user_id, personal=personal),
    )
    own = [one for one in found if user_id in one.fields["roles"].map_value.fields]
    memberships, _ = decode_readable(own, lambda one: _membership(one, user_id))
    return memberships


async def list_companions(
    connection: Connection, user_id: str, others: Sequence[str], *, most: int | None
) -> Sequence[Companion]:
    if not others:
        return []
    fields = ["version", *COUNT_FIELDS, *(f"roles.{quoted(other)}" for other in others)]
    found = await _query_own(connection, "list_companions", user_id, fields, limit=_LATEST)
    shared = [document for document in found if document.fields["roles"].map_value.fields]
    uncounted = [] if most is None else [one for one in shared if count_of(one) is None]
    whole = {
        document.name: len(decode_participants(document.fields))
        for document in await _read_whole(connection, "list_companions", uncounted)
    }
    companions: list[Companion] = []
    named: dict[str, int] = {}
    for document in shared:
        count = count_of(document)
        if count is None:
            count = whole.get(document.name, 0)
        if most is not None and not 0 < count <= most:
            continue
        roles = document.fields["roles"].map_value.fields
        for other in roles:
            if other == user_id and other not in others:
                continue
            named[other] = named.get(other, 0) + 1
            if named[other] <= _IN_EACH:
                person = decode_participant(other, roles[other].map_value.fields)
                companions.append(_companion(document, person, count))
    return companions


async def _query_own(
    connection: Connection,
    operation: str,
    user_id: str,
    only: Sequence[str],
    *,
    limit: int,
    start_after: Sequence[object] = (),
) -> list[Any]:
    return await connection.query(
        operation,
        connection.database.root,
        query(
            "conversations",
            ("participant_ids", "contains", user_id),
            order_by=[("active_at", "descending"), ("__name__", "descending")],
            start_after=start_after,
            limit=limit,
            only=only,
        ),
    )


async def _read_whole(
    connection: Connection, operation: str, found: Sequence[Any]
) -> Sequence[Any]:
    if not found:
        return []
    return await connection.get(operation, [document.name for document in found])


def _membership(document: Any, user_id: str) -> Membership:
    fields = document.fields
    own = decode_participant(user_id, fields["roles"].map_value.fields[user_id].map_value.fields)
    return Membership(
        conversation_id=id_of(document),
        version=fields["version"].integer_value,
        seq=fields["seq"].integer_value,
        joined_version=own.joined_version,
        visible_from=own.visible_from,
        sent_seq=own_number(document, "sent_seq", user_id),
        participant_count=count_of(document),
        uncounted=uncounted_of(document),
        preferences=own_preferences(document, user_id),
        mentioned_seq=own_number(document, "mentioned_seq", user_id),
        mentions_all_seq=fields["mentions_all_seq"].integer_value,
        last_sender_id=fields["last_sender_id"].string_value,
        other_seq=fields["other_seq"].integer_value,
    )


def _companion(document: Any, person: Participant, count: int) -> Companion:
    return Companion(
        user_id=person.user_id,
        conversation_id=id_of(document),
        version=document.fields["version"].integer_value,
        joined_version=person.joined_version,
        participant_count=count,
    )


def _place(user_id: str, *, personal: bool) -> Sequence[str]:
    """Return the paths of the fields of one person's membership."""
    place = ["seq", "version", *COUNT_FIELDS, *_own(user_id, "roles", "sent_seq")]
    if not personal:
        return place
    return [*place, *_PERSONAL, *_own(user_id, "preferences", "mentioned_seq")]


def _own(user_id: str, *maps: str) -> Sequence[str]:
    """Return the paths of one person's entries in these maps."""
    return [f"{name}.{quoted(user_id)}" for name in maps]
