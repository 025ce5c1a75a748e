"""What the index takes in memory while it follows long texts."""

import tracemalloc

from django.db import DEFAULT_DB_ALIAS, connections

from messaging.followers.follower import NOTHING, Followed
from messaging.models import SearchMessageRecord
from messaging.search.follower import SearchFollower
from tests.samples import sample_message
from tests.unit.messaging import new_group

MEBIBYTE = 2**20
MESSAGES = 40


def test_the_words_of_long_texts_are_not_all_in_memory(each_database: str) -> None:
    """Each Chinese character is a word, and a list of 10,000 words takes 0.8 MiB."""
    group = new_group("ann")
    text = "語" * 10_000
    messages = [
        sample_message(id=f"{one:026x}", conversation_id=group.id, seq=one, version=one, text=text)
        for one in range(1, 1 + MESSAGES)
    ]
    followed = Followed(conversation=group, since=NOTHING, version=MESSAGES, messages=messages)
    database = connections[DEFAULT_DB_ALIAS]

    tracemalloc.start()
    try:
        SearchFollower().write(database, [followed])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert SearchMessageRecord.objects.count() == MESSAGES
    assert peak < 8 * MEBIBYTE
