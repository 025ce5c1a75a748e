"""What one record must not say, and what it may."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import pytest

from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.identifiers import derived_id, direct_conversation_id
from messaging.domain.limits import BOUNDS
from messaging.domain.participant import OwnFlags, Participant, ReadPosition, Role
from messaging.exchange.checking import check
from messaging.exchange.lines import Malformed, decode, encode
from messaging.exchange.reading import read_lines
from messaging.exchange.records import (
    EXPORT_SOURCE,
    ConversationEnd,
    End,
    FullMessage,
    Header,
    Person,
    Position,
    Reaction,
    Record,
)
from tests.unit.messaging.exchange.samples import (
    AT,
    ATTACHMENT,
    CONVERSATION,
    FILE,
    FULL_MESSAGE,
    MESSAGE,
    RECORDS,
)

SENT = replace(FULL_MESSAGE, message=replace(MESSAGE, deleted_at=None))
POSITION = Position(
    conversation_id=CONVERSATION.id, position=ReadPosition(user_id="bob", read_seq=2)
)


def reasons(
    conversation: Conversation = CONVERSATION,
    position: Position = POSITION,
    message: FullMessage = SENT,
    *people: Person,
    source: str = "",
) -> list[str]:
    """Return the problems of a file with these records, which otherwise has none."""

    def records() -> Iterator[Record]:
        yield Header(made_at=AT, id="made", source=source)
        yield from people
        yield conversation
        yield position
        yield message
        yield ConversationEnd(conversation_id=conversation.id, messages=1)
        yield End(records=5 + len(people))

    file = b"".join(map(encode, records()))
    return [problem.reason for problem in check(read_lines(BytesIO(file)))]


def test_a_good_file_has_no_problem() -> None:
    assert reasons() == []


def test_the_export_of_a_person_is_no_dump() -> None:
    """It would create conversations in which the messages of everybody else are missing."""
    (reason,) = reasons(source=EXPORT_SOURCE)
    assert reason.startswith("The file is the export of a person")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"read_seq": 10**9}, "`read_seq` is above `seq`"),
        ({"delivered_seq": 3}, "`delivered_seq` is above `seq`"),
        ({"flags": OwnFlags(marked_unread=3)}, "`marked_unread` is above"),
        ({"flags": OwnFlags(archived_seq=3)}, "`archived_seq` is above"),
    ],
)
def test_a_position_is_within_its_conversation(values: dict[str, object], reason: str) -> None:
    """Otherwise nothing that is written later would ever be unread."""
    moved = replace(POSITION, position=replace(POSITION.position, **values))  # type: ignore[arg-type]
    (found,) = reasons(position=moved)
    assert found.startswith(reason)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"other_seq": 3}, "`other_seq` is above `seq`."),
        ({"mentions_all_seq": 3}, "`mentions_all_seq` is above `seq`."),
        ({"pinned_count": 3}, "`pinned_count` is above `seq`."),
        ({"last_sender_id": "__x__"}, "The user id __x__ is reserved."),
        ({"sent_seq": {"__x__": 1}}, "The user id __x__ is reserved."),
        ({"blocked_by": frozenset({"__x__"})}, "The user id __x__ is reserved."),
    ],
)
def test_a_conversation_agrees_with_itself(values: dict[str, object], reason: str) -> None:
    changed = replace(CONVERSATION, **values)  # type: ignore[arg-type]
    assert reasons(changed) == [reason]


def _crowd(number: int, last: str) -> Conversation:
    ids = [*(f"user-{one}" for one in range(number - 1)), last]
    people = {id_: Participant(user_id=id_, role=Role.MEMBER, joined_version=0) for id_ in ids}
    return replace(CONVERSATION, participants=people)


def test_every_user_id_is_checked() -> None:
    """Not only the first ones. A store refuses some."""
    assert reasons(_crowd(300, "__x__")) == ["The user id __x__ is reserved."]
    person = Person(user_id="ann", blocked=tuple(f"__{one:03}__" for one in range(300)))
    assert len(reasons(CONVERSATION, POSITION, SENT, person)) == 10


def test_everything_that_a_setting_allows_can_be_loaded() -> None:
    text = "x" * BOUNDS["text_bytes"][1]
    long = replace(SENT, message=replace(SENT.message, text=text))
    assert reasons(_crowd(BOUNDS["participants"][1], "ann"), message=long) == []
    longer = replace(SENT, message=replace(SENT.message, text=f"{text}x"))
    assert reasons(message=longer) == [f"The text has more than {len(text)} bytes."]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"conversation_id": "a" * 26}, "belongs to another message."),
        ({"message_id": "a" * 26}, "belongs to another message."),
        ({"message_id": None}, "belongs to another message."),
        ({"seq": 1}, "has another `seq` than the message."),
        ({"id": "a" * 26}, "is not one of `attachments`."),
    ],
)
def test_a_file_belongs_to_its_message(values: dict[str, object], reason: str) -> None:
    """Otherwise one could read and delete the files of others."""
    file = replace(FILE, **values)  # type: ignore[arg-type]
    assert reasons(message=replace(SENT, files=(file,))) == [f"The file {file.id} {reason}"]


def test_reactions_are_counted() -> None:
    """Otherwise the store would have entries that nobody sees, and no dump would be the same."""
    uncounted = replace(SENT, message=replace(SENT.message, reactions={}))
    (reason,) = reasons(message=uncounted)
    assert reason.startswith("The message has `reacted`, but no `reactions`")


def test_a_reaction_by_itself_belongs_to_an_export() -> None:
    (reaction,) = [one for one in RECORDS if isinstance(one, Reaction)]
    records: list[Record] = [Header(made_at=AT, id="1"), CONVERSATION, reaction]
    (first, *_) = check(read_lines(BytesIO(b"".join(map(encode, records)))))
    assert (first.line, "export of a person" in first.reason) == (3, True)


def test_a_deleted_message_has_no_content() -> None:
    deleted = replace(MESSAGE, text=None, attachments=(), metadata=None, reactions={})
    assert reasons(message=FullMessage(message=deleted)) == []
    (reason,) = reasons(message=FULL_MESSAGE)
    assert reason.startswith("The message is deleted, but has `text`, ")


@pytest.mark.parametrize(
    "record",
    [
        replace(SENT, files=(replace(FILE, part="../../secret"),)),
        replace(SENT, files=(replace(FILE, width=2**31),)),
        replace(SENT, message=replace(MESSAGE, attachments=(replace(ATTACHMENT, id="x"),))),
        replace(SENT, message=replace(MESSAGE, content_hash="x" * 65)),
        replace(SENT, message=replace(MESSAGE, client_id="x" * 129)),
        replace(SENT, message=replace(MESSAGE, reply_to="x")),
        replace(CONVERSATION, content_hash="x" * 65),
        replace(CONVERSATION, pinned_count=2**31),
    ],
)
def test_a_value_that_no_column_holds_is_malformed(record: Record) -> None:
    line = encode(record)
    with pytest.raises(Malformed):
        decode(line)


@pytest.mark.parametrize("record", [Header(made_at=AT, id="1"), SENT])
def test_a_line_that_is_nested_deeply_is_malformed(record: Record) -> None:
    line = encode(record).replace(b"{", b'{"x": ' + b"[" * 50_000, 1)
    with pytest.raises(Malformed, match="nested too deeply"):
        decode(line)


def test_a_direct_conversation_has_two_people() -> None:
    crowd = replace(_crowd(3, "ann"), kind=ConversationKind.DIRECT)
    assert reasons(crowd) == ["A direct conversation has two participants."]


def test_a_conversation_without_people_has_changed() -> None:
    """Otherwise it would be the shell of a load for ever."""
    empty = replace(CONVERSATION, participants={}, version=0)
    assert "The conversation has never had participants." in reasons(empty)


def test_an_erased_person_has_neither_an_account_nor_a_conversation() -> None:
    """Nobody could erase either. Their messages stay as tombstones."""
    reason = "The user id erased:x is reserved."
    assert reasons(_crowd(3, "erased:x")) == [reason]
    assert reasons(CONVERSATION, POSITION, SENT, Person(user_id="erased:x")) == [reason]
    tombstone = replace(
        MESSAGE, text=None, attachments=(), metadata=None, reactions={}, sender_id="erased:x"
    )
    assert reasons(message=FullMessage(message=tombstone)) == []


def test_a_service_takes_part_in_nothing_and_may_have_a_profile() -> None:
    assert reasons(_crowd(3, "service:bot")) == ["The user id service:bot is reserved."]
    assert reasons(CONVERSATION, POSITION, SENT, Person(user_id="service:bot", name="Bot")) == []


def test_two_people_have_one_direct_conversation() -> None:
    """With another id, they would begin a second one."""
    pair = _crowd(2, "ann")
    expected = direct_conversation_id("ann", "user-0")
    direct = replace(pair, kind=ConversationKind.DIRECT)
    wrong = f"The id of the direct conversation of these two people is {expected}."
    assert wrong in reasons(direct)
    assert wrong not in reasons(replace(direct, id=expected))


@pytest.mark.parametrize("picture", ["javascript:alert(1)", "http://example.org/a.png", "a b"])
def test_a_picture_is_an_https_url(picture: str) -> None:
    """Clients show it."""
    wrong = "The picture is no https URL of ASCII characters, without a user name."
    assert reasons(replace(CONVERSATION, picture=picture)) == [wrong]
    assert reasons(CONVERSATION, POSITION, SENT, Person(user_id="ann", picture=picture)) == [wrong]
    assert reasons(CONVERSATION, POSITION, SENT, Person(user_id="ann", picture="")) == []


def test_a_damaged_line_is_the_only_problem() -> None:
    """Not what follows it, as if that belonged to the conversation before."""

    def conversation(number: int) -> list[Record]:
        id_ = derived_id("conversation", str(number))
        messages = [
            FullMessage(
                message=replace(
                    SENT.message,
                    id=derived_id(id_, str(seq)),
                    conversation_id=id_,
                    seq=seq,
                    version=seq,
                    created_version=seq,
                    attachments=(),
                    reactions={},
                )
            )
            for seq in (1, 2)
        ]
        position = replace(POSITION, conversation_id=id_)
        end = ConversationEnd(conversation_id=id_, messages=2, hash="0" * 64 if number else None)
        return [replace(CONVERSATION, id=id_), position, *messages, end]

    records = [Header(made_at=AT, id="made"), *conversation(0), *conversation(1), End(records=11)]
    lines = list(map(encode, records))
    lines[6] = lines[6].replace(b'"kind":"group"', b'"kind":"crowd"')

    problems = list(check(read_lines(BytesIO(b"".join(lines)))))

    assert [problem.line for problem in problems] == [7]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (gzip.compress(b"{}", mtime=0), "line 1: The file is compressed. Unpack it first."),
        (b"PK\x03\x04...", "line 1: The file is compressed. Unpack it first."),
        (b"\xef\xbb\xbf{}", "line 1: The file begins with a byte order mark. Remove it."),
        ("{}".encode("utf-16"), "line 1: The file is in UTF-16. It must be in UTF-8."),
        (b"name,text\n", "line 1: JSON is malformed: invalid character (byte 4)."),
        (
            encode(Header(made_at=AT, id="made", version=2)),
            "line 1: The file has version 2 of the format. This release reads 1.",
        ),
        (
            encode(Header(made_at=AT, id="made")).replace(b"chat-exchange", b"chat-other"),
            "line 1: The format is not `chat-exchange`.",
        ),
    ],
)
def test_a_file_of_another_format_is_refused_with_a_clear_reason(file: bytes, reason: str) -> None:
    (first, *_) = check(read_lines(BytesIO(file)))
    assert str(first) == reason
