"""Verification: checks a conversation against its messages.

seq, version, the latest message and people's sent and read positions are stored beside the
messages, and change with them in one commit. A restored backup, a script or a manual change in the
database may make them differ. Reactions may outlive their deleted message (`leftover_reactions`).

Promises: an error is reported only for a state that nobody changed during the check, and repaired
only if nobody changed it since. Messages are read in pages, each once. If a conversation changes
constantly, only the facts that do not depend on the time are checked.

Not promised: lost messages do not come back. Numbers without a message are reported and left.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace

import structlog

from messaging.concurrency.retries import retried
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound
from messaging.domain.message import Message
from messaging.domain.participant import ReadPosition
from messaging.services.operators.findings import Drift, Finding, Report
from messaging.services.operators.leftover_reactions import LeftoverReactions
from messaging.services.operators.survey import PAGE, Survey
from messaging.stores.conversations import Commit, CommitUnknown, Conflict, Store
from messaging.stores.damage import UNREADABLE

logger = structlog.get_logger(__name__)

_IDS = 500
_AT_ONCE = 4
_LOOKS = 20
_STRICT_LOOKS = 3
_PAUSE_SECONDS = 0.1
_NOTE_SECONDS = 8.0


def _ignore(_: int) -> None: ...


async def all_conversation_ids(store: Store) -> AsyncIterator[str]:
    """Yield the ids of all conversations, page by page."""
    after = ""
    while ids := await retried(store.list_conversation_ids, after=after, limit=_IDS):
        for conversation_id in ids:
            yield conversation_id
        after = ids[-1]


async def verify_conversations(
    *,
    store: Store,
    conversation_ids: AsyncIterable[str],
    repair: bool = False,
    on_read: Callable[[int], None] = _ignore,
) -> AsyncIterator[Report]:
    """Yield a report of each conversation, a few at once and in any order. A missing conversation
    has none. `on_read` is called with the number of messages of each read. Raises StoreUnavailable.

    The instances learn of repairs as they learn of commits by an instance that has lost Redis: a
    note in the store makes them read what changed.
    """
    note = _Note(store)
    running: set[asyncio.Task[Report | None]] = set()

    async def verify(conversation_id: str) -> Report | None:
        try:
            return await verify_conversation(
                store=store,
                conversation_id=conversation_id,
                repair=repair,
                note=note,
                on_read=on_read,
            )
        except ConversationNotFound:
            return None

    try:
        async for conversation_id in conversation_ids:
            running.add(asyncio.create_task(verify(conversation_id)))
            if len(running) == _AT_ONCE:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for report in filter(None, [task.result() for task in done]):
                    yield report
        for report in filter(None, await asyncio.gather(*running)):
            yield report
    finally:
        for task in running:
            task.cancel()


async def verify_conversation(
    *,
    store: Store,
    conversation_id: str,
    repair: bool = False,
    note: "_Note | None" = None,
    on_read: Callable[[int], None] = _ignore,
) -> Report:
    """Return the report of one conversation. It is checked until nobody changes it during the
    check.

    Raises ConversationNotFound, StoreUnavailable.
    """
    survey = None
    leftovers = LeftoverReactions(store, repair=repair)
    repairing: Sequence[Finding] = ()
    for tries in range(_LOOKS):
        await asyncio.sleep(_PAUSE_SECONDS * min(tries, 5))
        try:
            conversation = await _read(store, conversation_id)
            if survey is None or not survey.fits(conversation):
                survey = Survey(store, conversation, leftovers, on_read)
            await survey.look()
            positions = await retried(store.list_read_positions, conversation_id)
            later = await _read(store, conversation_id)
            findings = list(_findings(conversation, later, survey, positions))
            if repair and not findings and later.token == conversation.token:
                findings = list(_lacking(conversation, survey))
        except UNREADABLE as error:
            place = "" if survey is None else await _place_of_damage(store, conversation_id, survey)
            detail = f"{place}{type(error).__name__}: {error}"
            unreadable = Finding(drift=Drift.UNREADABLE, detail=detail)
            return _report(conversation_id, survey, [unreadable])
        if later.token != conversation.token and (findings or tries < _STRICT_LOOKS):
            continue
        if not findings:
            # Also if the answer to a successful repair was lost.
            findings = [*repairing, *leftovers.findings()]
            return _report(conversation_id, survey, findings, repaired=repair and bool(findings))
        if not repair or not any(finding.repairable for finding in findings):
            findings += leftovers.findings()
            return _report(conversation_id, survey, findings, repaired=repair)
        repairing = findings
        try:
            await store.commit(_repair(conversation, survey, positions))
        except (Conflict, CommitUnknown):
            continue
        logger.warning(
            "conversation.repaired",
            conversation_id=conversation_id,
            drift=[finding.drift.value for finding in findings],
        )
        await (note or _Note(store)).put()
        findings += leftovers.findings()
        return _report(conversation_id, survey, findings, repaired=True)
    detail = "; ".join(finding.detail for finding in findings)
    unsettled = Finding(
        drift=Drift.UNSETTLED, detail=f"it changes too often, check again later: {detail}"
    )
    return _report(conversation_id, survey, [unsettled])


async def _read(store: Store, conversation_id: str) -> Conversation:
    conversation = await retried(store.get_conversation, conversation_id)
    if conversation is None:
        raise ConversationNotFound
    return conversation


async def _place_of_damage(store: Store, conversation_id: str, survey: Survey) -> str:
    """Return which of the messages that were to be read next cannot be read, for a person; empty if
    all of them can."""
    for seq in range(survey.read_up_to + 1, survey.read_up_to + PAGE + 1):
        try:
            await retried(store.list_messages, conversation_id, first_seq=seq, last_seq=seq)
        except UNREADABLE:
            return f"the message number {seq} cannot be read: "
    return ""


def _report(
    conversation_id: str,
    survey: Survey | None,
    findings: Sequence[Finding],
    *,
    repaired: bool = False,
) -> Report:
    return Report(
        conversation_id=conversation_id,
        messages=survey.messages if survey is not None else 0,
        findings=tuple(findings),
        repaired=repaired,
    )


def _findings(
    conversation: Conversation,
    later: Conversation,
    survey: Survey,
    positions: Sequence[ReadPosition],
) -> Iterator[Finding]:
    """Yield the errors. `conversation` was read before everything else, `later` after it."""
    if survey.missing:
        yield Finding(drift=Drift.MISSING, detail=survey.missing)
    if not conversation.seq <= survey.seq <= later.seq:
        detail = f"seq is {conversation.seq}, but the latest message is number {survey.seq}"
        yield Finding(drift=Drift.SEQ, detail=detail)
    if later.version < survey.version:
        detail = f"version is {later.version}, but {survey.version} was already assigned"
        yield Finding(drift=Drift.VERSION, detail=detail)
    if later.token == conversation.token:
        yield from _findings_at_rest(conversation, survey)
    last = max(survey.seq, later.seq if later.token != conversation.token else 0)
    for position in positions:
        if max(position.read_seq, position.delivered_seq) > last:
            detail = (
                f"{position.user_id} has read up to {position.read_seq} and received up to "
                f"{position.delivered_seq} of {last}: new messages would not count as unread"
            )
            yield Finding(drift=Drift.READ, detail=detail)


def _findings_at_rest(conversation: Conversation, survey: Survey) -> Iterator[Finding]:
    """Yield the errors that show only in a conversation that did not change meanwhile."""
    if conversation.last_message != survey.latest:
        detail = f"last_message is {_named(conversation.last_message)}, but the latest message is"
        yield Finding(drift=Drift.LAST_MESSAGE, detail=f"{detail} {_named(survey.latest)}")
    sent_seq = survey.sent_seq(conversation)
    for user_id in sorted(sent_seq.keys() | conversation.sent_seq.keys()):
        kept, true = conversation.sent_seq.get(user_id, 0), sent_seq.get(user_id, 0)
        if kept != true:
            detail = f"sent_seq of {user_id} is {kept}, but their latest message is number {true}"
            yield Finding(drift=Drift.SENT_SEQ, detail=detail)
    if not conversation.uncounted.within(survey.uncounted):
        detail = "unread counts leave out messages that are neither deleted nor system messages"
        yield Finding(drift=Drift.UNCOUNTED, detail=detail)


def _lacking(conversation: Conversation, survey: Survey) -> Iterator[Finding]:
    """Yield the gaps that earlier releases leave, which are repaired but not reported: deleted
    messages that count as unread."""
    if not survey.uncounted.within(conversation.uncounted):
        detail = "deleted messages count as unread"
        yield Finding(drift=Drift.UNCOUNTED, detail=detail)


def _repair(
    conversation: Conversation, survey: Survey, positions: Sequence[ReadPosition]
) -> Commit:
    """Return the repair as a durable change, so that it reaches everyone who has the conversation
    open."""
    after = replace(
        conversation,
        seq=survey.seq,
        version=max(conversation.version, survey.version) + 1,
        last_message=survey.latest,
        sent_seq=survey.sent_seq(conversation),
        uncounted=survey.uncounted,
    )
    beyond = [
        replace(
            position,
            read_seq=min(position.read_seq, survey.seq),
            delivered_seq=min(position.delivered_seq, survey.seq),
        )
        for position in positions
        if max(position.read_seq, position.delivered_seq) > survey.seq
    ]
    return Commit(before=conversation, after=after, positions=beyond)


def _named(message: Message | None) -> str:
    """Describe a message, without its text."""
    if message is None:
        return "none"
    return f"{message.id} (number {message.seq}, version {message.version})"


class _Note:
    """Makes the instances read what changed in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._id = f"verify-{secrets.token_hex(8)}"
        self._put_at = float("-inf")

    async def put(self) -> None:
        if time.monotonic() - self._put_at > _NOTE_SECONDS:
            self._put_at = time.monotonic()
            await self._store.put_link_note(self._id)
