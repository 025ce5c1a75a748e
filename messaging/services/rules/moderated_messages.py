"""Sends and edits that moderation judges first.

A change is first evaluated on what is stored. So moderation never judges a change that is refused
anyway, or a message that is stored already: a known `client_id` is answered as without moderation.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from messaging.changes.change import Outcome
from messaging.changes.messages.editing import EditMessage
from messaging.changes.messages.sending import SendMessage
from messaging.changes.needs import Known
from messaging.changes.rights import authorized
from messaging.changes.text_rules import require_text
from messaging.domain.exceptions import MessagingError
from messaging.domain.integrations.moderation import Submission, TextKind
from messaging.runtime.instance import Instance
from messaging.services.rules.moderation import judge, stored_with_report
from messaging.services.rules.submission import authorize, submit


async def submit_moderated_send(
    instance: Instance, conversation_id: str, change: SendMessage
) -> Outcome:
    """Judge a new message, then submit it. A `client_id` costs a read. Raises the same errors as
    `submit`, and RefusedByModeration."""
    if not change.text:
        return await submit(instance, conversation_id, change)
    # Its commit reads the attachments, and judges them.
    text_alone = replace(change, attachment_ids=())
    first = () if change.client_id is None else (change.creates,)
    original = () if change.reply_to is None else (change.reply_to,)
    outcome = await _evaluate(instance, conversation_id, text_alone, (*original, *first))
    if outcome.change is None:
        return outcome
    submission = Submission(
        kind=TextKind.MESSAGE,
        user_id=change.sender_id,
        text=change.text,
        conversation_id=conversation_id,
        message_id=change.creates,
        client_id=change.client_id,
        require_text=require_text,
    )
    judgement = await judge(instance, submission)
    judged = replace(change, text=judgement.text)
    return await stored_with_report(
        instance, submission, judgement, partial(submit, instance, conversation_id, judged)
    )


async def submit_moderated_edit(
    instance: Instance, conversation_id: str, change: EditMessage
) -> Outcome:
    """Judge the new text of a message, then submit the edit. Costs a read. Raises the same errors
    as `submit`, and RefusedByModeration."""
    text = change.changes.get("text")
    if not text:
        return await submit(instance, conversation_id, change)
    outcome = await _evaluate(instance, conversation_id, change, (change.message_id,))
    if outcome.change is None:
        return outcome
    submission = Submission(
        kind=TextKind.EDIT,
        user_id=change.user_id,
        text=text,
        conversation_id=conversation_id,
        message_id=change.message_id,
        require_text=require_text,
    )
    judgement = await judge(instance, submission)
    judged = replace(change, changes={**change.changes, "text": judgement.text})
    return await stored_with_report(
        instance, submission, judgement, partial(submit, instance, conversation_id, judged)
    )


async def _evaluate(
    instance: Instance,
    conversation_id: str,
    change: SendMessage | EditMessage,
    message_ids: Sequence[str],
) -> Outcome:
    """Return what the change would do now. A cached conversation is enough to permit it; a refusal
    is based on a state that was read for it. Raises the same errors as `submit`."""
    conversation = instance.cache.get(conversation_id)
    if conversation is None or not authorized(change, conversation):
        conversation = await authorize(instance, conversation_id, change)
    known = Known()
    if message_ids:
        known.messages.update(await instance.store.get_messages(conversation_id, message_ids))
    try:
        return change.apply(conversation, known)
    except MessagingError:
        return change.apply(await authorize(instance, conversation_id, change), known)
