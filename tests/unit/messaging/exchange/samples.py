"""Records of the exchange format in which every field has another value than its default."""

from datetime import UTC, datetime, time

from messaging.domain.conversation import Conversation, ConversationKind, History, Posting
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import derived_id
from messaging.domain.message import (
    Attachment,
    Message,
    MessageKind,
    PersonReactions,
    ReactionSummary,
)
from messaging.domain.participant import (
    Notify,
    OwnFlags,
    Participant,
    Preferences,
    ReadPosition,
    Role,
)
from messaging.domain.people import AddedBy, QuietHours, UserSettings
from messaging.domain.recipients import Device, Platform, TokenKind
from messaging.domain.reports import Report, ReportCopy, ReportStatus
from messaging.domain.uncounted import Uncounted
from messaging.exchange.records import (
    ConversationEnd,
    End,
    FullMessage,
    FullReport,
    Header,
    Person,
    Position,
    Reaction,
    Record,
)

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
CONVERSATION_ID = derived_id("conversation")
MESSAGE_ID = derived_id("message")
FILE = StoredAttachment(
    id=derived_id("file"),
    conversation_id=CONVERSATION_ID,
    owner_id="ann",
    filename="tea.jpg",
    content_type="image/jpeg",
    size=7,
    created_at=AT,
    status=AttachmentStatus.READY,
    part="0" * 32,
    width=1,
    height=2,
    has_thumbnail=True,
    message_id=MESSAGE_ID,
    seq=2,
    sweep_at=LATER,
)
ATTACHMENT = Attachment(
    id=FILE.id,
    filename="tea.jpg",
    content_type="image/jpeg",
    size=7,
    width=1,
    height=2,
    has_thumbnail=True,
)
MESSAGE = Message(
    id=MESSAGE_ID,
    conversation_id=CONVERSATION_ID,
    seq=2,
    version=4,
    sender_id="ann",
    client_id="1",
    text="hello\n👍🏽 \u2028",
    reply_to=derived_id("first"),
    mentions=("bob",),
    created_at=AT,
    edited_at=LATER,
    deleted_at=LATER,
    content_hash="hash",
    created_version=2,
    mentions_all=True,
    kind=MessageKind.SYSTEM,
    metadata='{"b":1,"a":1.0}',
    pinned_at=LATER,
    attachments=(ATTACHMENT,),
    reactions={"👍": ReactionSummary(count=2, user_ids=("bob", "ann"))},
)
CONVERSATION = Conversation(
    id=CONVERSATION_ID,
    kind=ConversationKind.GROUP,
    title="Tea",
    participants={
        "bob": Participant(user_id="bob", role=Role.OWNER, joined_version=0),
        "ann": Participant(user_id="ann", role=Role.MEMBER, joined_version=1, visible_from=2),
    },
    created_at=AT,
    updated_at=LATER,
    active_at=LATER,
    seq=2,
    version=4,
    sent_seq={"ann": 2},
    mentioned_seq={"bob": 2},
    last_sender_id="ann",
    other_seq=1,
    preferences={"bob": Preferences(muted_until=LATER, notify=Notify.MENTIONS)},
    blocked_by=frozenset({"ann"}),
    frozen=True,
    uncounted=Uncounted.of([[1, 1]]),
    metadata="{}",
    picture="https://example.org/a.png",
    posting=Posting.ADMINS,
    history=History.SINCE_JOINING,
    system_messages=True,
    pinned_count=1,
    mentions_all_seq=2,
    content_hash="of it",
)
FULL_MESSAGE = FullMessage(
    message=MESSAGE,
    earlier=NO_EARLIER_TEXTS.adding("helo", None).adding("hello", AT),
    reactions=(
        PersonReactions(message_id=MESSAGE_ID, user_id="ann", emojis=("👍",)),
        PersonReactions(message_id=MESSAGE_ID, user_id="bob", emojis=("👍",)),
    ),
    files=(FILE,),
)
RECORDS: tuple[Record, ...] = (
    Header(made_at=AT, source="sql", id="made"),
    Person(
        user_id="ann",
        name="Ann",
        picture="",
        valid_after=AT,
        banned_until=LATER,
        settings=UserSettings(
            quiet_hours=QuietHours(time_zone="Europe/Berlin", start=time(22), end=time(7, 30)),
            push_text=False,
            private_reading=True,
            added_by=AddedBy.NOBODY,
        ),
        blocked=("bob",),
        left={CONVERSATION_ID: AT},
        devices=(
            Device(
                id="phone",
                token="t",
                token_kind=TokenKind.INSTALLATION_ID,
                platform=Platform.WEB,
                registered_at=AT,
            ),
        ),
    ),
    CONVERSATION,
    Position(
        conversation_id=CONVERSATION_ID,
        position=ReadPosition(
            user_id="bob",
            read_seq=1,
            delivered_seq=2,
            flags=OwnFlags(marked_unread=1, marked_read_seq=1, pinned=True, archived_seq=2),
        ),
    ),
    FULL_MESSAGE,
    Reaction(
        conversation_id=CONVERSATION_ID, message_id=MESSAGE_ID, user_id="ann", emojis=("👍", "tea")
    ),
    ConversationEnd(conversation_id=CONVERSATION_ID, messages=1, hash="0" * 64),
    FullReport(
        report=Report(
            id=derived_id("report"),
            conversation_id=CONVERSATION_ID,
            message_id=MESSAGE_ID,
            author_id="ann",
            reporter_id="bob",
            reason="spam",
            created_at=AT,
            status=ReportStatus.BANNED,
            closed_at=LATER,
            closed_by="root",
        ),
        copy=ReportCopy(text="hello", attachments=(ATTACHMENT,)),
        copy_expires_at=LATER,
        files=(FILE,),
    ),
    End(records=9),
)
