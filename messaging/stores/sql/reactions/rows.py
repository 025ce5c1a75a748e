"""The rows of reactions, in the transaction of a commit or of a read."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

from messaging.domain.message import PersonReactions, ReactionKey
from messaging.models import ReactionRecord


def put(database: BaseDatabaseWrapper, changed: Sequence[PersonReactions]) -> None:
    """Replace the reactions of these people to these messages."""
    if not changed:
        return
    records = ReactionRecord.objects.using(database.alias)
    records.filter(_of([one.key for one in changed])).delete()
    records.bulk_create(
        ReactionRecord(
            message_id=one.message_id, user_id=one.user_id, emoji=emoji, position=position
        )
        for one in changed
        for position, emoji in enumerate(one.emojis)
    )


def get(
    database: BaseDatabaseWrapper, keys: Collection[ReactionKey]
) -> Mapping[ReactionKey, tuple[str, ...]]:
    records = ReactionRecord.objects.using(database.alias).filter(_of(keys))
    found: dict[ReactionKey, tuple[str, ...]] = defaultdict(tuple)
    for message_id, user_id, emoji in records.order_by("position").values_list(
        "message_id", "user_id", "emoji"
    ):
        found[message_id, user_id] += (emoji,)
    return found


def list_people(
    database: BaseDatabaseWrapper, message_id: str, emoji: str, after: str, limit: int
) -> list[str]:
    records = ReactionRecord.objects.using(database.alias).filter(
        message_id=message_id, emoji=emoji, user_id__gt=after
    )
    return list(records.order_by("user_id").values_list("user_id", flat=True)[:limit])


def list_messages(database: BaseDatabaseWrapper, message_ids: Collection[str]) -> set[str]:
    records = ReactionRecord.objects.using(database.alias).filter(message_id__in=message_ids)
    return set(records.values_list("message_id", flat=True).distinct())


def remove(database: BaseDatabaseWrapper, message_id: str) -> int:
    deleted, _ = ReactionRecord.objects.using(database.alias).filter(message_id=message_id).delete()
    return deleted


def _of(keys: Collection[ReactionKey]) -> Q:
    """Return the condition for these people on these messages: one term for each message or for
    each person, whichever are fewer."""
    by_message, by_person = defaultdict(list), defaultdict(list)
    for message_id, user_id in keys:
        by_message[message_id].append(user_id)
        by_person[user_id].append(message_id)
    condition = Q()
    if len(by_message) <= len(by_person):
        for message_id, user_ids in by_message.items():
            condition |= Q(message_id=message_id, user_id__in=user_ids)
    else:
        for user_id, message_ids in by_person.items():
            condition |= Q(user_id=user_id, message_id__in=message_ids)
    return condition
