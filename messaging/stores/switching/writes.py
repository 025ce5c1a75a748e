"""The operations of the stores that write, and what each of them changes.

A *key* names something that is copied as a whole: what changes together, or is found by one id. So
a move copies what has changed without looking for it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from messaging.domain.conversation import Conversation
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.reports import Report, ReportCopy
from messaging.exchange.records import FullReport, Person
from messaging.stores.attachments import AttachmentStore
from messaging.stores.catalogue import Catalogue
from messaging.stores.conversations import Commit, Store
from messaging.stores.decisions import ChunkKey, DecisionStore
from messaging.stores.epochs import EpochStore
from messaging.stores.erasure import ErasureStore
from messaging.stores.exchange import Begun, ExchangeStore
from messaging.stores.link_notes import LinkNoteStore
from messaging.stores.people import PeopleStore
from messaging.stores.reactions import ReactionStore
from messaging.stores.recipients import RecipientStore
from messaging.stores.reports import ReportStore

Keys = Callable[..., Iterable[str]]

CONVERSATION = "conversation"
"""A conversation with its messages, positions, preferences and flags."""
PERSON = "person"
REPORT = "report"
REPORTS = "reports"
"""All reports."""
ATTACHMENT = "attachment"
REACTIONS = "reactions"
"""What is left of the reactions to a deleted message."""
REACTIONS_OF = "reactions_of"
"""What is left of the reactions of a person to deleted messages."""
DECISIONS = "decisions"
"""The decisions about the notification of a message, for a chunk of people."""
DECISIONS_OF = "decisions_of"
"""The decision about a person and a message, which an erasure removes."""
_SEPARATOR = "/"


def key_of(kind: str, *ids: str) -> str:
    return _SEPARATOR.join((kind, *ids))


def parts_of(key: str) -> tuple[str, str]:
    """Return the kind of a key, and the rest of it. Only a person's id may contain the
    separator."""
    kind, _, rest = key.partition(_SEPARATOR)
    return kind, rest


def _conversation(conversation_id: str, *_: Any, **__: Any) -> Iterable[str]:
    return (key_of(CONVERSATION, conversation_id),)


def _conversation_itself(conversation: Conversation, *_: Any) -> Iterable[str]:
    return (key_of(CONVERSATION, conversation.id),)


def _commit(commit: Commit) -> Iterable[str]:
    yield key_of(CONVERSATION, commit.before.id)
    for one in commit.attached:
        yield key_of(ATTACHMENT, one.id)
    for id_ in commit.released:
        yield key_of(ATTACHMENT, id_)


def _load(begun: Begun, *_: Any) -> Iterable[str]:
    return (key_of(CONVERSATION, begun.conversation.id),)


def _attachment(attachment: StoredAttachment, *_: Any) -> Iterable[str]:
    return (key_of(ATTACHMENT, attachment.id),)


def _attachment_id(attachment_id: str) -> Iterable[str]:
    return (key_of(ATTACHMENT, attachment_id),)


def _reactions(conversation_id: str, message_id: str) -> Iterable[str]:
    return (key_of(REACTIONS, conversation_id, message_id),)


def _reactions_of(user_id: str) -> Iterable[str]:
    return (key_of(REACTIONS_OF, user_id),)


def _person(user_id: str, *_: Any, **__: Any) -> Iterable[str]:
    return (key_of(PERSON, user_id),)


def _person_itself(person: Person) -> Iterable[str]:
    return (key_of(PERSON, person.user_id),)


def _report(report: Report, *, copy: ReportCopy) -> Iterable[str]:
    return (key_of(REPORT, report.id),)


def _report_id(report_id: str, *_: Any, **__: Any) -> Iterable[str]:
    return (key_of(REPORT, report_id),)


def _full_report(full: FullReport) -> Iterable[str]:
    return (key_of(REPORT, full.report.id),)


def _reports(*_: Any) -> Iterable[str]:
    return (key_of(REPORTS),)


def _decisions(key: ChunkKey, *_: Any, **__: Any) -> Iterable[str]:
    return (key_of(DECISIONS, key.conversation_id, key.message_id, str(key.chunk)),)


def _erased_decisions(
    conversation_id: str, message_ids: Iterable[str], user_id: str
) -> Iterable[str]:
    return [key_of(DECISIONS_OF, conversation_id, id_, user_id) for id_ in message_ids]


def _nothing(*_: Any, **__: Any) -> Iterable[str]:
    return ()


WRITES: Mapping[type, Mapping[str, Keys]] = {
    Store: {
        "create_conversation": _conversation_itself,
        "commit": _commit,
        "set_preferences": _conversation,
        "set_blocked": _conversation,
        "advance_read": _conversation,
        "advance_delivered": _conversation,
        "set_flags": _conversation,
        "limit_position": _conversation,
    },
    AttachmentStore: {
        "create": _attachment,
        "replace": _attachment,
        "remove": _attachment_id,
    },
    ReactionStore: {"remove_reactions": _reactions},
    PeopleStore: {
        "log_out": _person,
        "revoke": _person,
        "set_ban": _person,
        "note_left": _person,
        "set_block": _person,
        "set_profile": _person,
        "complete_profile": _person,
    },
    RecipientStore: {
        "set_settings": _person,
        "put_device": _person,
        "remove_device": _person,
    },
    Catalogue: {"delete_messages": _conversation},
    ReportStore: {
        "put_report": _report,
        "delete_copies": _reports,
        "close_report": _report_id,
    },
    EpochStore: {"renew_epoch": _nothing},
    ExchangeStore: {
        "put_person": _person_itself,
        "begin_load": _conversation_itself,
        "add_messages": _load,
        "put_positions": _conversation,
        "complete_load": _load,
        "delete_shell": _conversation_itself,
        "load_report": _full_report,
    },
    ErasureStore: {
        "remove_position": _conversation,
        "remove_decisions": _erased_decisions,
        "remove_reactions": _reactions_of,
        "remove_account": _person,
        "remove_access": _person,
        "erase_reports": _reports,
    },
}
"""The writes that a freeze refuses, by the protocol of their store."""

UNREFUSED_WRITES: Mapping[type, Mapping[str, Keys]] = {
    LinkNoteStore: {"put_link_note": _nothing, "delete_link_note": _nothing},
    DecisionStore: {
        "claim": _decisions,
        "record": _decisions,
        "claim_sweep": _nothing,
        "put_unfinished_sweep": _nothing,
    },
}
"""The writes that go on during a freeze. Link notes and sweeps are not copied: they are about the
last seconds. A decision that is written during the freeze may be missing afterwards; a push that
was sent must not fail over it."""
