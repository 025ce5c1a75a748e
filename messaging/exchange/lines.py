"""Encodes records as lines, and decodes lines to records.

The encoding of a record is always the same: hashes of lines compare what stores hold.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from messaging.domain.conversation import Conversation
from messaging.domain.fields.codec import ATTRIBUTE, Conversions, reader, writer
from messaging.domain.fields.earlier_texts import EarlierText, EarlierTexts
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.message import Attachment, Message, PersonReactions, ReactionSummary
from messaging.domain.participant import OwnFlags, Participant, Preferences, ReadPosition
from messaging.domain.people import QuietHours, UserSettings
from messaging.domain.recipients import Device
from messaging.domain.reports import Report, ReportCopy
from messaging.domain.uncounted import Uncounted
from messaging.exchange import line_types
from messaging.exchange.records import (
    FORMAT,
    VERSION,
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

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Of a line. A message to which 1,000 people reacted takes less than one."""


class Malformed(Exception):
    """The line is not a record of the format. The argument is the reason, for a person."""


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _same(_: object) -> Any:
    return None


_SIMPLE: Mapping[Any, Any] = {
    str: None,
    int: None,
    bool: None,
    datetime: _utc,
    time: None,
    tuple[str, ...]: None,
    Mapping[str, int]: None,
    Mapping[str, datetime]: None,
}
_PLAIN_WRITTEN = Conversions(
    types={**_SIMPLE, frozenset[str]: sorted, Uncounted: lambda one: one.ranges()},
    enumeration=_same,
)
_PLAIN_READ = Conversions(
    types={**_SIMPLE, frozenset[str]: frozenset, Uncounted: Uncounted.of}, enumeration=_same
)


def _both(entity: type, line: Any, inner: Mapping[Any, tuple[Any, Any]]) -> tuple[Any, Any]:
    """Return the functions that write and read a value inside of a line."""
    written = {kind: write for kind, (write, _) in inner.items()}
    read = {kind: read for kind, (_, read) in inner.items()}
    return (
        writer(entity, _with(_PLAIN_WRITTEN, written), build=line),
        reader(entity, _with(_PLAIN_READ, read), source=ATTRIBUTE),
    )


def _with(conversions: Conversions, types: Mapping[Any, Any]) -> Conversions:
    return replace(conversions, types={**conversions.types, **types})


def _each(both: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return the functions for a tuple of such values."""
    write, read = both
    return (
        lambda values: tuple(map(write, values)) if values else (),
        lambda lines: tuple(map(read, lines)) if lines else (),
    )


def _by_name(both: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return the functions for a mapping to such values."""
    write, read = both
    return (
        lambda values: {name: write(one) for name, one in values.items()} if values else {},
        lambda lines: {name: read(one) for name, one in lines.items()} if lines else {},
    )


_QUIET_HOURS = _both(QuietHours, line_types.QuietHoursLine, {})
_ATTACHMENTS = _each(_both(Attachment, line_types.AttachmentLine, {}))
_EARLIER_TEXTS = _each(_both(EarlierText, line_types.EarlierTextLine, {}))
_NESTED: Mapping[Any, tuple[Any, Any]] = {
    OwnFlags: _both(OwnFlags, line_types.OwnFlagsLine, {}),
    UserSettings: _both(UserSettings, line_types.SettingsLine, {QuietHours: _QUIET_HOURS}),
    tuple[Attachment, ...]: _ATTACHMENTS,
    Mapping[str, Preferences]: _by_name(_both(Preferences, line_types.PreferencesLine, {})),
    Mapping[str, ReactionSummary]: _by_name(
        _both(ReactionSummary, line_types.ReactionSummaryLine, {})
    ),
}
_WRITTEN = _with(_PLAIN_WRITTEN, {kind: write for kind, (write, _) in _NESTED.items()})
_READ = _with(_PLAIN_READ, {kind: read for kind, (_, read) in _NESTED.items()})
_NOT_IN_LINES = ("last_message", "updated_at", "commit_id", "token", "counted")

_participant_line = writer(Participant, _WRITTEN, build=line_types.ParticipantLine)
_participant = reader(Participant, _READ, source=ATTRIBUTE)
_device_line = writer(Device, _WRITTEN, build=line_types.DeviceLine)
_device = reader(Device, _READ, source=ATTRIBUTE)
_conversation_line = writer(
    Conversation,
    _WRITTEN,
    build=line_types.ConversationLine,
    without=(*_NOT_IN_LINES, "participants"),
    given=("participants",),
)
_conversation = reader(
    Conversation,
    _READ,
    source=ATTRIBUTE,
    given=("participants", "updated_at"),
    without=("last_message", "commit_id", "token", "counted"),
)
_message_line = writer(
    Message,
    _WRITTEN,
    build=line_types.MessageLine,
    given=("earlier_texts", "reacted", "files"),
)
_message = reader(Message, _READ, source=ATTRIBUTE)
_file_line = writer(StoredAttachment, _WRITTEN, build=line_types.FileLine, without=("token",))
_file = reader(StoredAttachment, _READ, source=ATTRIBUTE, without=("token",))
_report_line = writer(
    Report,
    _WRITTEN,
    build=line_types.ReportLine,
    given=("text", "attachments", "copy_expires_at", "files"),
)
_report = reader(Report, _READ, source=ATTRIBUTE)
_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(reduce(or_, line_types.LINES))


def encode(record: Record) -> bytes:
    """Return the line of a record, with the line feed."""
    return _ENCODER.encode(_LINES[type(record)](record)) + b"\n"


def decode(line: bytes) -> Record:
    """Return the record of a line. Raises Malformed."""
    if len(line) > MAX_LINE_BYTES:
        raise Malformed(f"The line has more than {MAX_LINE_BYTES} bytes.")
    if b"\\u0000" in line:
        raise Malformed("The line has the character NUL (\\u0000), which no store keeps.")
    try:
        found = _DECODER.decode(line)
        return _RECORDS[type(found)](found)
    except UnicodeDecodeError:
        raise Malformed("The line is not UTF-8.") from None
    except RecursionError:
        raise Malformed("The line is nested too deeply.") from None
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        reason = _of_another_format(line) or str(error)
        raise Malformed(reason if reason.endswith(".") else f"{reason}.") from None


class _AnyHeader(msgspec.Struct, kw_only=True, tag="header", tag_field="record"):
    format: str = FORMAT
    version: int


def _of_another_format(line: bytes) -> str:
    """Return what is wrong with the format of a header; empty if this is not one."""
    try:
        header = msgspec.json.decode(line, type=_AnyHeader)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    if header.format != FORMAT:
        return f"The format is not `{FORMAT}`."
    if header.version > VERSION:
        return f"The file has version {header.version} of the format. This release reads {VERSION}."
    return ""


def _of_conversation(conversation: Conversation) -> Any:
    people = tuple(map(_participant_line, conversation.participants.values()))
    return _conversation_line(conversation, participants=people)


def _to_conversation(line: Any) -> Conversation:
    people = {one.user_id: _participant(one) for one in line.participants}
    if len(people) != len(line.participants):
        raise ValueError("A participant is named twice.")
    return _conversation(line, people, _utc(line.active_at))


def _of_message(full: FullMessage) -> Any:
    return _message_line(
        full.message,
        earlier_texts=_EARLIER_TEXTS[0](full.earlier.texts() if full.earlier else ()),
        reacted=tuple(
            [
                line_types.PersonReactionsLine(user_id=one.user_id, emojis=one.emojis)
                for one in full.reactions
            ]
        ),
        files=tuple([_file_line(one) for one in full.files]),
    )


def _to_message(line: Any) -> FullMessage:
    reactions = [
        PersonReactions(message_id=line.id, user_id=one.user_id, emojis=one.emojis)
        for one in line.reacted
    ]
    return FullMessage(
        message=_message(line),
        earlier=EarlierTexts.of(_EARLIER_TEXTS[1](line.earlier_texts)),
        reactions=tuple(reactions),
        files=tuple(map(_file, line.files)),
    )


def _of_position(one: Position) -> Any:
    position = one.position
    return line_types.PositionLine(
        conversation_id=one.conversation_id,
        user_id=position.user_id,
        read_seq=position.read_seq,
        delivered_seq=position.delivered_seq,
        flags=_NESTED[OwnFlags][0](position.flags),
    )


def _to_position(line: Any) -> Position:
    position = ReadPosition(
        user_id=line.user_id,
        read_seq=line.read_seq,
        delivered_seq=line.delivered_seq,
        flags=_NESTED[OwnFlags][1](line.flags),
    )
    return Position(conversation_id=line.conversation_id, position=position)


def _of_report(full: FullReport) -> Any:
    copy = full.copy
    return _report_line(
        full.report,
        text=None if copy is None else copy.text,
        attachments=_ATTACHMENTS[0](() if copy is None else copy.attachments),
        copy_expires_at=full.copy_expires_at and _utc(full.copy_expires_at),
        files=tuple([_file_line(one) for one in full.files]),
    )


def _to_report(line: Any) -> FullReport:
    return FullReport(
        report=_report(line),
        copy=None
        if line.text is None
        else ReportCopy(text=line.text, attachments=_ATTACHMENTS[1](line.attachments)),
        copy_expires_at=line.copy_expires_at,
        files=tuple(map(_file, line.files)),
    )


_person_line = writer(
    Person, _WRITTEN, build=line_types.PersonLine, without=("devices",), given=("devices",)
)
_person = reader(Person, _READ, source=ATTRIBUTE, given=("devices",))


def _of_person(person: Person) -> Any:
    return _person_line(person, devices=tuple(map(_device_line, person.devices)))


def _to_person(line: Any) -> Person:
    return _person(line, tuple(map(_device, line.devices)))


_LINES: Mapping[type, Callable[[Any], Any]] = {
    Header: writer(Header, _WRITTEN, build=line_types.HeaderLine),
    Person: _of_person,
    Conversation: _of_conversation,
    Position: _of_position,
    FullMessage: _of_message,
    Reaction: writer(Reaction, _WRITTEN, build=line_types.ReactionLine),
    ConversationEnd: writer(ConversationEnd, _WRITTEN, build=line_types.ConversationEndLine),
    FullReport: _of_report,
    End: writer(End, _WRITTEN, build=line_types.EndLine),
}
_RECORDS: Mapping[type, Callable[[Any], Record]] = {
    line_types.HeaderLine: reader(Header, _READ, source=ATTRIBUTE),
    line_types.PersonLine: _to_person,
    line_types.ConversationLine: _to_conversation,
    line_types.PositionLine: _to_position,
    line_types.MessageLine: _to_message,
    line_types.ReactionLine: reader(Reaction, _READ, source=ATTRIBUTE),
    line_types.ConversationEndLine: reader(ConversationEnd, _READ, source=ATTRIBUTE),
    line_types.ReportLine: _to_report,
    line_types.EndLine: reader(End, _READ, source=ATTRIBUTE),
}
