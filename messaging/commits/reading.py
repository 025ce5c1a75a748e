"""Reads what the changes of a commit need, and evaluates them.

Rights come first: nothing is read for a person who may not see the conversation. Everything is read
after the base: any later change also changes the base, and then the commit fails.
"""

from collections.abc import Sequence, Set

from messaging.changes.change import ConversationChange
from messaging.changes.messages.editing import edits_text
from messaging.changes.messages.reacting import React
from messaging.changes.messages.sending import has_attachments
from messaging.changes.rights import authorized
from messaging.commits.evaluation import Evaluation
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.stores.conversations import Store


async def evaluate(
    store: Store, base: Conversation, batch: Sequence[tuple[ConversationChange, Set[str]]]
) -> Evaluation:
    """Return the evaluation of the changes, each with the ids of the messages that it needs."""
    wanted = {id_ for change, ids in batch if ids and authorized(change, base) for id_ in ids}
    changes = [change for change, _ in batch]
    edited = {change.message_id for change in changes if edits_text(change)}
    evaluation = Evaluation(base, {})
    await _read_messages(store, evaluation, wanted, edited)
    read = await _read_attachments(store, evaluation, changes)
    await _read_reactions(store, evaluation, changes)
    for change, ids in batch:
        if not ids <= wanted and authorized(change, evaluation.conversation):
            # An earlier change in this batch has added its actor.
            await _read_messages(store, evaluation, ids, edited)
        if has_attachments(change) and not read.issuperset(change.attachment_ids):
            await _read_attachments(store, evaluation, [change])
        if isinstance(change, React) and change.key not in evaluation.reactions:
            await _read_reactions(store, evaluation, [change])
        evaluation.add(change)
    return evaluation


async def _read_messages(
    store: Store, evaluation: Evaluation, wanted: Set[str], edited: Set[str]
) -> None:
    """Read messages, one read each; those that are edited with their earlier texts. What the
    evaluation has changed stays."""
    found: dict[str, Message] = {}
    if plain := wanted - edited:
        found.update(await store.get_messages(evaluation.base.id, sorted(plain)))
    if whole := wanted & edited:
        read = await store.get_edited(evaluation.base.id, sorted(whole))
        for id_, (message, earlier) in read.items():
            found[id_] = message
            evaluation.earlier.setdefault(id_, earlier)
    evaluation.messages = {**found, **evaluation.messages}


async def _read_attachments(
    store: Store, evaluation: Evaluation, changes: Sequence[ConversationChange]
) -> set[str]:
    """Read the attachments of sends, and return their ids. The commit fails if one changes
    meanwhile."""
    named = {
        id_
        for change in changes
        if has_attachments(change) and authorized(change, evaluation.conversation)
        for id_ in change.attachment_ids
    }
    if named:
        found = await store.attachments.get(sorted(named))
        evaluation.attachments = {**found, **evaluation.attachments}
    return named


async def _read_reactions(
    store: Store, evaluation: Evaluation, changes: Sequence[ConversationChange]
) -> None:
    """Read the reactions of the people who react to messages that exist."""
    keys = {
        change.key
        for change in changes
        if isinstance(change, React)
        and change.message_id in evaluation.messages
        and authorized(change, evaluation.conversation)
    }
    if keys:
        found = await store.reactions.get_reactions(evaluation.base.id, sorted(keys))
        evaluation.reactions |= {key: found.get(key, ()) for key in keys}
