"""Checks one record of the exchange format: what its fields say of each other.

Each function yields the reasons why a record cannot be loaded.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise

from messaging.changes.profile_rules import is_picture
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.identifiers import direct_conversation_id, is_stored_user_id, is_user_id
from messaging.domain.message import Attachment
from messaging.domain.participant import ReadPosition
from messaging.domain.personal_data.jobs import ERASED_PREFIX
from messaging.exchange.records import FullMessage, FullReport, Person

_MAX_REASONS = 10
"""Of one kind, in one record."""


def conversation_reasons(conversation: Conversation) -> Iterator[str]:
    people, seq = conversation.participants, conversation.seq
    if not people and not conversation.version:
        yield "The conversation has never had participants."
    if conversation.kind is ConversationKind.DIRECT:
        yield from _direct_reasons(conversation)
    if any(one.joined_version > conversation.version for one in people.values()):
        yield "A participant joined at a version above that of the conversation."
    if any(not 1 <= one.visible_from <= seq + 1 for one in people.values()):
        yield "`visible_from` of a participant is not from 1 to the number after `seq`."
    for name in ("sent_seq", "mentioned_seq"):
        if any(one > seq for one in getattr(conversation, name).values()):
            yield f"`{name}` has a number above `seq`."
    for name in ("other_seq", "mentions_all_seq", "pinned_count"):
        if people and getattr(conversation, name) > seq:  # a deleted group keeps them
            yield f"`{name}` is above `seq`."
    bounds = [one for ends in conversation.uncounted.ranges() for one in ends]
    if any(one > other for one, other in pairwise(bounds)) or any(
        one < 1 or one > seq for one in bounds
    ):
        yield "`uncounted` is not a list of ascending ranges up to `seq`."
    last_sender = [conversation.last_sender_id] if conversation.last_sender_id else []
    yield from picture_reasons(conversation.picture)
    yield from _bad_ids(people, is_user_id)
    yield from reserved_ids(
        *conversation.sent_seq,
        *conversation.mentioned_seq,
        *conversation.preferences,
        *conversation.blocked_by,
        *last_sender,
    )


def _direct_reasons(conversation: Conversation) -> Iterator[str]:
    people = conversation.participants
    if len(people) > 2:
        yield "A direct conversation has two participants."
    elif len(people) == 2 and conversation.id != (expected := direct_conversation_id(*people)):
        yield f"The id of the direct conversation of these two people is {expected}."


def position_reasons(position: ReadPosition, seq: int) -> Iterator[str]:
    """`seq` is that of the conversation."""
    flags = position.flags
    for name, number in (
        ("read_seq", position.read_seq),
        ("delivered_seq", position.delivered_seq),
        ("marked_unread", flags.marked_unread),
        ("marked_read_seq", flags.marked_read_seq),
        ("archived_seq", flags.archived_seq),
    ):
        if number is not None and number > seq:
            yield f"`{name}` is above `seq` of the conversation."


def message_reasons(full: FullMessage) -> Iterator[str]:
    message = full.message
    if message.deleted_at is None and message.text is None:
        yield "The message is not deleted, but has no text."
    if message.deleted_at is not None:
        left = [name for name, value in _content(full) if value]
        if left:
            yield f"The message is deleted, but has {', '.join(left)}."
    if full.reactions and not message.reactions:
        yield "The message has `reacted`, but no `reactions`, which counts them for everybody."
    if (message.created_version or 0) > message.version:
        yield "`created_version` is above `version`."
    yield from _files_reasons(
        full.files,
        message.attachments,
        conversation_id=message.conversation_id,
        message_id=message.id,
    )
    for one in full.files:
        if one.seq not in {None, message.seq}:
            yield f"The file {one.id} has another `seq` than the message."
    yield from reserved_ids(
        message.sender_id,
        *message.mentions,
        *(one.user_id for one in full.reactions),
        *chain.from_iterable(one.user_ids for one in message.reactions.values()),
    )


def report_reasons(full: FullReport) -> Iterator[str]:
    yield from _files_reasons(
        full.files,
        () if full.copy is None else full.copy.attachments,
        conversation_id=full.report.conversation_id,
        message_id=full.report.message_id,
    )
    yield from reserved_ids(full.report.author_id)


def person_reasons(person: Person) -> Iterator[str]:
    """A service may have a profile, and an erased person has nothing: nobody could erase it."""
    if person.user_id.startswith(ERASED_PREFIX):
        yield f"The user id {person.user_id} is reserved."
    yield from reserved_ids(person.user_id, *person.blocked)
    yield from picture_reasons(person.picture)


def picture_reasons(picture: str | None) -> Iterator[str]:
    """An empty picture was removed."""
    if picture and not is_picture(picture):
        yield "The picture is no https URL of ASCII characters, without a user name."


def reserved_ids(*user_ids: str) -> Iterator[str]:
    yield from _bad_ids(user_ids, is_stored_user_id)


def _bad_ids(user_ids: Iterable[str], allowed: Callable[[str], bool]) -> Iterator[str]:
    bad = (one for one in dict.fromkeys(user_ids) if not allowed(one))
    for user_id in islice(bad, _MAX_REASONS):
        yield f"The user id {user_id} is reserved."


def _content(full: FullMessage) -> Iterator[tuple[str, object]]:
    """Yield the fields that a deleted message has lost, with their values."""
    message = full.message
    yield "`text`", message.text
    yield "`metadata`", message.metadata
    yield "`attachments`", message.attachments
    yield "`earlier_texts`", full.earlier
    yield "`reacted`", full.reactions


def _files_reasons(
    files: Sequence[StoredAttachment],
    attachments: Sequence[Attachment],
    *,
    conversation_id: str,
    message_id: str,
) -> Iterator[str]:
    known = {one.id for one in attachments}
    for one in files:
        if one.id not in known:
            yield f"The file {one.id} is not one of `attachments`."
        if one.conversation_id != conversation_id or one.message_id != message_id:
            yield f"The file {one.id} belongs to another message."
