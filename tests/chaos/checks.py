"""The checks: what was acknowledged, what is stored and what the crowd has seen, side by side.

Each check takes the evidence and returns what is wrong with it; none of them knows of a fault.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.ledger import Ledger
from tests.clients.known import Known, Violation, Wrong
from tests.clients.rest import Data
from tests.clients.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    ledger: Ledger
    conversations: Mapping[str, Data]
    """As REST shows them in the end, by id."""
    histories: Mapping[str, Sequence[Data]]
    receipts: Mapping[str, Mapping[str, int]]
    """How far each participant has read, by conversation."""
    lists: Mapping[str, Mapping[str, Data]]
    """Everybody's own list of conversations, by person and id."""
    views: Sequence[View]
    instance_ids: frozenset[str]


Findings = Iterator[Violation]
Check = Callable[[Evidence], Findings]


def acknowledged_is_stored_once(evidence: Evidence) -> Findings:
    """Each acknowledged message is in the history, at the place that the answer named; whatever
    else is there was sent, and once."""
    sends = evidence.ledger.sends
    for conversation_id, history in evidence.histories.items():
        times = Counter(message["client_id"] for message in history)
        by_id = {message["id"]: message for message in history}
        for client_id, many in times.items():
            sent = sends.get(client_id)
            if many > 1:
                yield Violation(Wrong.DOUBLED, f"{client_id} is stored {many} times")
            if sent is None or sent.refused or sent.conversation_id != conversation_id:
                yield Violation(Wrong.BROKEN, f"{client_id} is stored and was not accepted")
        for sent in sends.values():
            if sent.conversation_id != conversation_id or sent.acknowledged_at is None:
                continue
            stored = by_id.get(sent.message_id)
            if stored is None:
                yield Violation(Wrong.LOST, f"{sent.client_id} was acknowledged, is not stored")
            elif (stored["seq"], stored["sender_id"]) != (sent.seq, sent.sender_id):
                yield Violation(Wrong.BROKEN, f"{sent.client_id} is another message by now")


def numbers_have_no_holes(evidence: Evidence) -> Findings:
    """seq counts the messages, version the changes: as many as were acknowledged."""
    ledger = evidence.ledger
    for conversation_id, history in evidence.histories.items():
        conversation = evidence.conversations[conversation_id]
        seqs = [message["seq"] for message in history]
        if seqs != list(range(1, conversation["seq"] + 1)):
            yield Violation(Wrong.BROKEN, f"{conversation_id}: the messages are numbered {seqs}")
        versions = [message["version"] for message in history]
        if len(set(versions)) < len(versions) or max(versions, default=0) > conversation["version"]:
            yield Violation(Wrong.BROKEN, f"{conversation_id}: the versions are {versions}")
        least = ledger.changes[conversation_id]
        most = least + ledger.unsure[conversation_id]
        if not least <= conversation["version"] <= most:
            text = f"version {conversation['version']} after {least} to {most} changes"
            yield Violation(Wrong.BROKEN, f"{conversation_id}: {text}")


def changes_are_kept(evidence: Evidence) -> Findings:
    """Edits, deletions, titles, people and read positions are as acknowledged."""
    ledger = evidence.ledger
    for conversation_id, conversation in evidence.conversations.items():
        for message in evidence.histories[conversation_id]:
            content = None if message["deleted_at"] is not None else message["text"]
            if content not in ledger.contents.get(message["id"], {content}):
                yield Violation(Wrong.LOST, f"message {message['id']} is not as it was left")
        title = conversation["title"]
        if title not in ledger.titles.get(conversation_id, {None}):
            yield Violation(Wrong.LOST, f"{conversation_id} is called {title!r}")
        inside = {person["user_id"] for person in conversation["participants"]}
        for user_id, states in ledger.members[conversation_id].items():
            if (user_id in inside) not in states:
                yield Violation(Wrong.LOST, f"{conversation_id}: {user_id} in or out")
    for (conversation_id, user_id), seq in ledger.reads.items():
        if evidence.receipts[conversation_id].get(user_id, seq) < seq:
            yield Violation(Wrong.LOST, f"{conversation_id}: {user_id} had read {seq}")


def everybody_has_everything(evidence: Evidence) -> Findings:
    """What each client holds is what is stored, and only participants hold anything."""
    for view in evidence.views:
        for conversation_id, conversation in evidence.conversations.items():
            known = view.conversations.get(conversation_id)
            people = {person["user_id"] for person in conversation["participants"]}
            where = f"{view.user_id}: {conversation_id}"
            if view.user_id not in people:
                if known is not None and known.inside:
                    yield Violation(Wrong.LEAKED, f"{where}: still believes to be in")
            elif known is None or not known.inside or known.cursor is None:
                yield Violation(Wrong.LOST, f"{where}: does not know of it")
            else:
                history = evidence.histories[conversation_id]
                for text in _differences(known, conversation, people, history):
                    yield Violation(Wrong.LOST, f"{where}: {text}")


def _differences(
    known: Known, conversation: Data, people: set[str], history: Sequence[Data]
) -> Iterator[str]:
    if known.cursor != conversation["version"]:
        yield f"is at version {known.cursor} of {conversation['version']}"
    for message in history:
        held = known.messages.get(message["id"])
        if held is None and message["seq"] > known.floor_seq:
            yield f"has no seq {message['seq']}"
        elif held is not None and not _is_same(held, message):
            yield f"has seq {message['seq']} as of version {held['version']}"
    if len(known.messages) > len(history):
        yield "has messages that are not stored"
    if known.title != conversation["title"]:
        yield f"calls it {known.title!r}"
    if known.people is not None and known.people != people:
        yield f"sees other people: {sorted(known.people ^ people)}"


def lists_show_what_is_stored(evidence: Evidence) -> Findings:
    """Everybody's own list has the conversations that they are in, and of each the right numbers,
    latest message, number of people, read position and unread count.

    A deleted message may count as unread: instances of earlier releases do not tell of deletions.
    """
    for user_id, listed in evidence.lists.items():
        inside = {
            conversation_id
            for conversation_id, conversation in evidence.conversations.items()
            if user_id in {person["user_id"] for person in conversation["participants"]}
        }
        if listed.keys() & evidence.conversations.keys() != inside:
            yield Violation(Wrong.LOST, f"{user_id} is in {inside}, lists {list(listed)}")
        for conversation_id in inside & listed.keys():
            for text in _misstated(evidence, user_id, conversation_id):
                yield Violation(Wrong.BROKEN, f"{user_id} lists {conversation_id}: {text}")


def _misstated(evidence: Evidence, user_id: str, conversation_id: str) -> Iterator[str]:
    item = evidence.lists[user_id][conversation_id]
    conversation = evidence.conversations[conversation_id]
    history = evidence.histories[conversation_id]
    for name in ("seq", "version", "participant_count", "title"):
        if item[name] != conversation[name]:
            yield f"{name} {item[name]}, not {conversation[name]}"
    last = item["last_message"]
    if bool(last) != bool(history) or (last and not _is_same(last, history[-1])):
        yield f"latest message {last}"
    own = [message["seq"] for message in history if message["sender_id"] == user_id]
    acknowledged = evidence.ledger.reads.get((conversation_id, user_id), 0)
    least_read = max([acknowledged, *own])
    if not least_read <= item["read_seq"] <= conversation["seq"]:
        yield f"read up to {item['read_seq']}, not {least_read} or more"
    above = [message for message in history if message["seq"] > item["read_seq"]]
    least = sum(message["deleted_at"] is None for message in above)
    if not least <= item["unread_count"] <= len(above):
        yield f"{item['unread_count']} unread, not {least} to {len(above)}"


def _is_same(one: Data, other: Data) -> bool:
    """Whether two states of a message are one, in all that both name: an earlier release leaves
    out what a later one adds."""
    names = one.keys() & other.keys() - {"created_version"}
    return all(one[name] == other[name] for name in names) and _unless_unknown(
        one.get("created_version"), other.get("created_version")
    )


def _unless_unknown(one: object, other: object) -> bool:
    """An earlier release that changes a message forgets when it was sent."""
    return one is None or other is None or one == other


def nobody_gets_what_came_after_their_removal(evidence: Evidence) -> Findings:
    """Each change that somebody got was made while they were in, or was their own removal.

    When people came and went is put together from what all clients were told; an addition is
    known of everybody who was in at any state that somebody saw.
    """
    moves = _moves(evidence.views)
    for view in evidence.views:
        for conversation_id, version in view.received:
            before = [move for move in moves[conversation_id, view.user_id] if move[0] <= version]
            moved_at, inside = max(before, default=(0, True))
            if not inside and moved_at < version:
                yield Violation(
                    Wrong.LEAKED,
                    f"{view.user_id} left {conversation_id} at {moved_at}, got {version}",
                )


def _moves(views: Sequence[View]) -> Mapping[tuple[str, str], set[tuple[int, bool]]]:
    """The versions at which somebody came (True) or went (False), by conversation and person."""
    moves: defaultdict[tuple[str, str], set[tuple[int, bool]]] = defaultdict(set)
    for view in views:
        for (conversation_id, version), (kind, people) in view.people.items():
            for user_id in people:
                moves[conversation_id, user_id].add((version, kind == "participant.added"))
        for conversation_id, user_id, version in view.joined:
            moves[conversation_id, user_id].add((version, True))
    return moves


def events_say_where_they_come_from(evidence: Evidence) -> Findings:
    """Each event carries the id of an instance."""
    for view in evidence.views:
        for origin in view.origins - evidence.instance_ids:
            yield Violation(Wrong.BROKEN, f"{view.user_id} heard of an instance {origin}")


def nothing_was_wrong_on_the_way(evidence: Evidence) -> Findings:
    """On the wire each conversation's versions only rose, none came twice, no hole without a
    word, nothing of conversations one is not in; no answer was one that may not be."""
    for view in evidence.views:
        yield from view.violations
    yield from evidence.ledger.answered_wrongly


CHECKS: Sequence[Check] = (
    acknowledged_is_stored_once,
    numbers_have_no_holes,
    changes_are_kept,
    everybody_has_everything,
    lists_show_what_is_stored,
    nobody_gets_what_came_after_their_removal,
    events_say_where_they_come_from,
    nothing_was_wrong_on_the_way,
)


def find_all(evidence: Evidence) -> Sequence[Violation]:
    return [violation for check in CHECKS for violation in check(evidence)]
