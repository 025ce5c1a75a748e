"""One person's conversations from SQL, without the other people in them.

Each read is one statement. Its cost for a conversation does not grow with the data that other
people stored there: the number of people is a column, and the people are read only if they are few.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Field, IntegerField, QuerySet, TextField
from django.db.models.expressions import RawSQL

from messaging.domain.conversation import Companion, ListedConversation, Membership
from messaging.domain.participant import Participant, Preferences, Role
from messaging.domain.uncounted import Uncounted
from messaging.models import ConversationRecord
from messaging.stores.conversations import ListedPage
from messaging.stores.damage import UNREADABLE, log_unreadable
from messaging.stores.shared import paging
from messaging.stores.shared.stored_enums import member_of
from messaging.stores.sql import rows
from messaging.stores.sql.conversations import last_message_sql, limited, people_sql
from messaging.stores.sql.conversations import read_message as _message
from messaging.stores.sql.conversations import read_people as _people
from messaging.stores.sql.damage.readable import read_in_halves, read_page, require_damage

_COUNTED = "{c}.counted_commit_id = {c}.commit_id AND {c}.participant_count IS NOT NULL"
"""Whether the column is valid: a commit of an earlier release has not written it."""
_OWN_SEQ = {
    "sqlite": "json_extract({{c}}.{name}, %s)",
    "postgresql": "CAST({{c}}.{name} ->> %s AS bigint)",
}
_SENT_SEQ = {vendor: sql.format(name="sent_seq") for vendor, sql in _OWN_SEQ.items()}
_MENTIONED_SEQ = {vendor: sql.format(name="mentioned_seq") for vendor, sql in _OWN_SEQ.items()}
_PREFERENCES = {
    "sqlite": "json_extract({c}.preferences, %s)",
    "postgresql": "CAST({c}.preferences -> %s AS text)",
}
_PEOPLE_COUNT = """CASE WHEN {c}.counted_commit_id = {c}.commit_id
    AND {c}.participant_count IS NOT NULL THEN {c}.participant_count ELSE (
        SELECT COUNT(*) FROM messaging_participant e WHERE e.conversation_id = {c}.id
    ) END"""
_FEW_PEOPLE = """CASE WHEN (
    SELECT COUNT(*) FROM (
        SELECT 1 FROM messaging_participant e WHERE e.conversation_id = {c}.id LIMIT %s
    ) few
) <= %s THEN {people} END"""
_OWN = """(
    SELECT o.{column} FROM messaging_participant o
    WHERE o.conversation_id = {c}.id AND o.user_id = %s
)"""
_IN_EACH = 4
"""The shared conversations that are returned for each companion."""


def list_memberships(
    database: BaseDatabaseWrapper,
    user_id: str,
    *,
    limit: int,
    personal: bool = False,
    only: Sequence[str] | None = None,
) -> list[Membership]:
    """Return memberships. `only`: of these conversations, in any order. Unreadable conversations
    are left out."""
    read = partial(_read_memberships, database, user_id, personal=personal)
    try:
        return read(limit=limit, only=only)
    except (*UNREADABLE, DatabaseError) as error:
        require_damage(error)
    ids = only
    if ids is None:
        records = ConversationRecord.objects.using(database.alias)
        listed = records.filter(participants__user_id=user_id).order_by("-active_at", "-id")
        ids = list(listed.values_list("id", flat=True)[:limit])

    def read_some(some: Sequence[str]) -> list[Membership]:
        found = {one.conversation_id: one for one in read(limit=len(some), only=some)}
        return [found[id_] for id_ in some if id_ in found]

    found, errors = read_in_halves(read_some, ids)
    log_unreadable(errors)
    return found


def _read_memberships(
    database: BaseDatabaseWrapper,
    user_id: str,
    *,
    limit: int,
    personal: bool,
    only: Sequence[str] | None,
) -> list[Membership]:
    vendor = database.vendor
    key = _key(vendor, user_id)
    named, order = "", "ORDER BY c.active_at DESC, c.id DESC LIMIT %s"
    parameters: list[Any] = [user_id, limit]
    if only is not None:
        if not only:
            return []
        named, order = f"AND p.conversation_id IN ({_marks(only)})", ""
        parameters = [user_id, *only]
    own = "'', NULL, 0, 0, '', 0"
    if personal:
        own = f"""c.uncounted, {_PREFERENCES[vendor].format(c="c")},
            {_MENTIONED_SEQ[vendor].format(c="c")},
            c.mentions_all_seq, c.last_sender_id, c.other_seq"""
    parameters = [key, *([key, key] if personal else []), *parameters]
    statement = f"""SELECT c.id, c.version, c.seq, p.joined_version, p.visible_from,
            {_SENT_SEQ[vendor].format(c="c")},
            CASE WHEN {_COUNTED.format(c="c")} THEN c.participant_count END,
            {own}
        FROM messaging_participant p
        JOIN messaging_conversation c ON c.id = p.conversation_id
        WHERE p.user_id = %s {named} {order}
    """  # noqa: S608  nothing of a request is in it
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        found = cursor.fetchall()
    return [
        Membership(
            conversation_id=id_,
            version=version,
            seq=seq,
            joined_version=joined_version,
            visible_from=visible_from,
            sent_seq=_number(sent_seq),
            participant_count=count,
            uncounted=Uncounted(uncounted),
            preferences=_preferences(preferences),
            mentioned_seq=_number(mentioned_seq),
            mentions_all_seq=mentions_all_seq,
            last_sender_id=last_sender_id,
            other_seq=other_seq,
        )
        for (
            id_,
            version,
            seq,
            joined_version,
            visible_from,
            sent_seq,
            count,
            uncounted,
            preferences,
            mentioned_seq,
            mentions_all_seq,
            last_sender_id,
            other_seq,
        ) in found
    ]


def list_listed(
    database: BaseDatabaseWrapper,
    user_id: str,
    *,
    limit: int,
    after: tuple[datetime, str] | None,
    people: int,
) -> ListedPage:
    """Return a conversation list. `people`: the most participants that are listed."""
    listed = ConversationRecord.objects.using(database.alias).filter(participants__user_id=user_id)
    if after is not None:
        listed = listed.filter(paging.before(after, value="active_at"))
    latest = limited(listed, order_by=("-active_at", "-id"), limit=limit)

    def read(some: QuerySet[ConversationRecord]) -> list[ListedConversation]:
        return [_listed(one, user_id) for one in _annotated(database, some, user_id, people)]

    page = read_page(latest, read, by="active_at", limit=limit)
    return ListedPage(
        conversations=page.found,
        next_cursor=rows.encode_cursor(page.last),
        unreadable=page.unreadable,
    )


def list_companions(
    database: BaseDatabaseWrapper, user_id: str, others: Sequence[str], *, most: int | None
) -> list[Companion]:
    """Return companions. `most`: skip conversations of more people."""
    if not others:
        return []
    count = _PEOPLE_COUNT.format(c="c")
    few = "" if most is None else f"AND {count} <= %s"
    statement = f"""SELECT user_id, conversation_id, version, joined_version, people FROM (
            SELECT o.user_id, o.conversation_id, c.version, o.joined_version, {count} AS people,
                ROW_NUMBER() OVER (PARTITION BY o.user_id ORDER BY c.active_at DESC) AS number
            FROM messaging_participant p
            JOIN messaging_participant o ON o.conversation_id = p.conversation_id
            JOIN messaging_conversation c ON c.id = p.conversation_id
            WHERE p.user_id = %s AND o.user_id IN ({_marks(others)}) {few}
        ) shared WHERE number <= {_IN_EACH}
    """  # noqa: S608  nothing of a request is in it
    parameters = [user_id, *others] + ([] if most is None else [most])
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        found = cursor.fetchall()
    return [
        Companion(
            user_id=companion,
            conversation_id=conversation_id,
            version=version,
            joined_version=joined_version,
            participant_count=people,
        )
        for companion, conversation_id, version, joined_version, people in found
    ]


def _annotated(
    database: BaseDatabaseWrapper, latest: Any, user_id: str, people: int
) -> Sequence[Any]:
    vendor, key = database.vendor, _key(database.vendor, user_id)
    people_ = people_sql(vendor)
    return list(
        latest.defer("sent_seq", "mentioned_seq", "preferences").annotate(
            people=_raw(_FEW_PEOPLE, TextField(), people + 1, people, people=people_),
            last=_raw(last_message_sql(vendor), TextField()),
            counted=_raw(_PEOPLE_COUNT, IntegerField()),
            own_sent_seq=_raw(_SENT_SEQ[vendor], BigIntegerField(), key),
            own_mentioned_seq=_raw(_MENTIONED_SEQ[vendor], BigIntegerField(), key),
            own_preferences=_raw(_PREFERENCES[vendor], TextField(), key),
            own_role=_raw(_OWN, TextField(), user_id, column="role"),
            own_joined=_raw(_OWN, BigIntegerField(), user_id, column="joined_version"),
            own_visible=_raw(_OWN, BigIntegerField(), user_id, column="visible_from"),
        )
    )


def _raw(sql: str, output: "Field[Any, Any]", *parameters: Any, **parts: str) -> RawSQL:
    """Return an expression on a row of `messaging_conversation`, which is `{c}` in it."""
    expression = sql.format(c="messaging_conversation", **parts)
    return RawSQL(expression, parameters, output_field=output)  # noqa: S611  a constant of ours


def _listed(record: Any, user_id: str) -> ListedConversation:
    rows.require_times(record)
    return rows.listed_conversation(
        record,
        participants=None if record.people is None else _people(record.people),
        participant_count=record.counted,
        last_message=_message(record.last),
        own=Participant(
            user_id=user_id,
            role=member_of(Role, record.own_role),
            joined_version=record.own_joined,
            visible_from=record.own_visible,
        ),
        sent_seq=_number(record.own_sent_seq),
        mentioned_seq=_number(record.own_mentioned_seq),
        preferences=_preferences(record.own_preferences),
        blocked=bool(record.blocked_by),
    )


def _number(found: Any) -> int:
    """Return a number of a JSON object, which may contain anything on SQLite. Raises TypeError."""
    if not isinstance(found, int | None):
        raise TypeError(f"{type(found).__name__} in place of a number")
    return found or 0


def _preferences(found: str | None) -> Preferences:
    stored = rows.preferences_of(found)
    return Preferences() if stored is None else rows.preferences(stored)


def _key(vendor: str, user_id: str) -> str:
    """Return the path of one person's entry in a JSON object. Ids contain neither quotes nor
    backslashes."""
    return f'$."{user_id}"' if vendor == "sqlite" else user_id


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))
