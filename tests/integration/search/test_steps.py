"""Each way in which the databases look for messages finds the same."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.transaction import atomic

from messaging.models import SearchMembershipRecord
from messaging.search.finding import Filters, find
from messaging.search.positions import MAX_POSITION, position_of
from messaging.search.query import Query, parse
from messaging.search.scopes import conversation_scope, sender_scope
from messaging.search.sql import postgresql, sqlite
from messaging.search.sql.dialect import dialect_of
from messaging.search.words import words_of

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
CONVERSATIONS, MESSAGES = 80, 600
IDS = [f"{number:026x}" for number in range(CONVERSATIONS)]
VISIBLE_FROM = {
    "many": {one: 1 + number % 4 for number, one in enumerate(IDS[:60])},
    "few": {one: 1 + number % 4 for number, one in enumerate(IDS[50:53])},
    "nobody": {},
}
QUERIES = ("tea", "te", '"green tea"', "milk gre", "tea milk", '"tea milk" s', "rare", "absent")
FILTERS = (
    Filters(),
    Filters(sender_id="ann"),
    Filters(conversation_id=IDS[51]),
    Filters(after=FIRST + timedelta(minutes=3), before=FIRST + timedelta(minutes=8)),
)


@dataclass(frozen=True)
class Message:
    id: str
    conversation_id: str
    seq: int
    sender_id: str
    text: str
    at: datetime


@pytest.fixture
def messages(each_database: str) -> Sequence[Message]:
    """Messages in the index, with their memberships."""
    draw, written = random.Random(1), []
    for number in range(MESSAGES):
        words = draw.choices(("tea", "milk", "green", "team", "sugar"), k=draw.randint(1, 5))
        written.append(
            Message(
                id=f"{number:026x}",
                conversation_id=IDS[number % CONVERSATIONS],
                seq=number // CONVERSATIONS + 1,
                sender_id="ann" if number % 9 == 0 else "bob",
                text=" ".join([*words, *(["rare"] if number % 50 == 0 else [])]),
                at=FIRST + timedelta(seconds=number),
            )
        )
    database = connections[DEFAULT_DB_ALIAS]
    rows = []
    for one in written:
        scopes = conversation_scope(one.conversation_id), sender_scope(one.sender_id)
        place = position_of(one.at, one.id), one.conversation_id, one.seq, one.id
        rows.append((*place, " ".join([*scopes, *words_of(one.text)])))
    with atomic():
        assert dialect_of(database).insert(database, rows) == MESSAGES
        assert dialect_of(database).insert(database, rows[:5]) == 0  # their positions are taken
    SearchMembershipRecord.objects.bulk_create(
        SearchMembershipRecord(user_id=user_id, conversation_id=id_, visible_from=first)
        for user_id, memberships in VISIBLE_FROM.items()
        for id_, first in memberships.items()
    )
    return written


@pytest.mark.parametrize(
    ("newest", "following", "few_own", "own", "matches"),
    [
        (10_000, 0, 0, 0, (1, 1)),
        (50, 10_000, 0, 0, (10_000, 1)),
        (7, 0, 10_000, 10_000, (1, 1)),
        (7, 0, 0, 0, (10_000, 1)),
        (7, 0, 0, 0, (5, 11)),
        (7, 0, 0, 10_000, (5, 1)),
    ],
    ids=["newest", "newest-again", "own", "matches", "matches-again", "own-after-matches"],
)
def test_every_step_finds_the_same(
    messages: Sequence[Message],
    monkeypatch: pytest.MonkeyPatch,
    newest: int,
    following: int,
    few_own: int,
    own: int,
    matches: tuple[int, int],
) -> None:
    for dialect in (sqlite, postgresql):
        monkeypatch.setattr(dialect, "NEWEST", newest)
        monkeypatch.setattr(dialect, "FEW_OWN", few_own)
        monkeypatch.setattr(dialect, "OWN", own)
        monkeypatch.setattr(dialect, "MATCHES", matches)
    monkeypatch.setattr(sqlite, "NEXT", following)
    monkeypatch.setattr(sqlite, "MERGED", 0.05)
    monkeypatch.setattr(postgresql, "WALKED", 9)
    for user_id in VISIBLE_FROM:
        for q in QUERIES:
            for filters in FILTERS:
                wanted = expected(messages, user_id, parse(q), filters)
                assert found(user_id, parse(q), filters) == wanted, (user_id, q, filters)


@pytest.mark.parametrize("each_database", ["sqlite"], indirect=True)
def test_a_short_prefix_of_few_messages_costs_what_a_word_does(
    messages: Sequence[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is how many messages have it, and not its length."""
    monkeypatch.setattr(sqlite, "NEWEST", 7)
    monkeypatch.setattr(sqlite, "FEW_OWN", 0)
    assert len(messages) == MESSAGES
    before = instructions("rare")
    assert instructions("rar") < 2 * before


def instructions(q: str) -> int:
    """How many hundreds of instructions SQLite takes for a search."""
    database = connections[DEFAULT_DB_ALIAS]
    taken = count()
    database.connection.set_progress_handler(lambda: next(taken) and 0, 100)
    found("many", parse(q), Filters())
    database.connection.set_progress_handler(None, 0)
    return next(taken)


def found(user_id: str, query: Query, filters: Filters) -> Sequence[str]:
    """All hits, page by page."""
    below: int | None = MAX_POSITION
    ids: list[str] = []
    while below is not None:
        database = connections[DEFAULT_DB_ALIAS]
        page = find(database, user_id, query, filters, below=below, limit=40)
        assert page.below is None or page.below < below
        ids += [hit.message_id for hit in page.hits]
        below = page.below
    return ids


def expected(
    messages: Sequence[Message], user_id: str, query: Query, filters: Filters
) -> Sequence[str]:
    """The ids of all that match, the newest first."""
    visible_from = VISIBLE_FROM[user_id]
    return [
        one.id
        for one in reversed(messages)
        if one.seq >= visible_from.get(one.conversation_id, MESSAGES)
        and query.matches(one.text)
        and filters.sender_id in (None, one.sender_id)
        and filters.conversation_id in (None, one.conversation_id)
        and (filters.after is None or one.at > filters.after)
        and (filters.before is None or one.at < filters.before)
    ]
