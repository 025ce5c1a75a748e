"""Conversations: create, get and change them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog

from messaging.changes.conversations import (
    NewConversation,
    UpdateConversation,
    new_direct_conversation,
    new_group_conversation,
)
from messaging.changes.messages.reporting import with_creation_report
from messaging.changes.needs import Known
from messaging.changes.rights import require_participant, require_people
from messaging.changes.sizes import takes_more_people
from messaging.changes.text_rules import require_client_id
from messaging.domain.conversation import (
    Conversation,
    ConversationKind,
    History,
    Posting,
)
from messaging.domain.exceptions import (
    ClientIdReused,
    InvalidRequest,
    StoreUnavailable,
)
from messaging.domain.identifiers import require_conversation_id, require_user_id
from messaging.domain.limits import get_limits
from messaging.domain.participant import ReadPosition
from messaging.runtime.instance import Instance
from messaging.services.account.blocks import require_open_pair
from messaging.services.rules.carried_through import carried_through
from messaging.services.rules.creation_quotas import Quota
from messaging.services.rules.moderation import moderated_title
from messaging.services.rules.own_positions import own_position
from messaging.services.rules.rights import read_conversation
from messaging.services.rules.stored_blocks import write_block_into_conversation
from messaging.services.rules.submission import submit
from messaging.services.rules.welcome import welcome
from messaging.stores.conversations import AlreadyExists, CommitUnknown
from messaging.stores.exchange import is_shell

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnConversation:
    """A conversation with the read position of one participant."""

    conversation: Conversation
    position: ReadPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundedConversation:
    own: OwnConversation
    created: bool
    """False if it already existed: a direct conversation, or this `client_id`."""
    added: Sequence[str]
    """The people in the request who are now in the conversation."""


async def create_conversation(
    instance: Instance,
    *,
    user_id: str,
    kind: ConversationKind,
    participant_ids: Sequence[str],
    title: str | None = None,
    client_id: str | None = None,
    metadata: str | None = None,
    picture: str | None = None,
    posting: Posting = Posting.ALL,
    history: History = History.FULL,
    system_messages: bool = False,
    by_service: bool = False,
    creator_id: str | None = None,
) -> FoundedConversation:
    """Create a conversation. The creator of a group is its owner. `by_service`: a service account
    acts on behalf of the owner, without quotas; or by itself, if it is the `creator_id`.

    Two people have one direct conversation, whoever creates it and however often. A group with a
    known `client_id` is the group that was created with it, whatever people the request names.
    People who must not be added to groups are left out, see `welcome`. A `client_id` costs a read.
    Raises InvalidRequest, ClientIdReused, Blocked, BeingErased for a new direct conversation,
    RateLimited, RefusedByModeration, StoreUnavailable.
    """
    if client_id is not None:
        require_client_id(client_id)
    others = _require_user_ids(participant_ids, besides=user_id)
    fields = NewConversation(
        title=title,
        metadata=metadata,
        picture=picture,
        posting=posting,
        history=history,
        system_messages=system_messages,
    ).checked()
    if kind is ConversationKind.DIRECT:
        wanted = new_direct_conversation(user_id, others, fields)
        quota = Quota(rates=instance.rates, user_id=user_id, conversations=1, by_service=by_service)
        conversation, created = await _store_direct(
            instance, wanted, user_id, others[0], quota, by=creator_id or user_id
        )
    else:
        wanted = new_group_conversation(user_id, others, fields, client_id, creator_id=creator_id)
        if not takes_more_people(wanted):
            detail = "The conversation is too large. Name fewer people."
            raise InvalidRequest.of("participant_ids", detail, "too_many")
        quota = Quota(
            rates=instance.rates,
            user_id=user_id,
            conversations=1,
            people=len(others),
            by_service=by_service,
        )
        conversation, created = await _store_group(
            instance,
            wanted,
            user_id,
            quota,
            by=creator_id or user_id,
            retried=client_id is not None,
        )
    if creator_id is None:
        require_participant(conversation, user_id)
    else:
        require_people(conversation)  # a service also sees it after the owner has left
    if created:
        logger.info("conversation.created", conversation_id=conversation.id, kind=kind.value)
        position = ReadPosition(user_id=user_id)
        own = OwnConversation(conversation=conversation, position=position)
    else:
        own = await _with_position(instance, user_id, conversation)
    added = [one for one in others if one in conversation.participants]
    return FoundedConversation(own=own, created=created, added=added)


async def _store_group(
    instance: Instance,
    wanted: Conversation,
    user_id: str,
    quota: Quota,
    *,
    by: str,
    retried: bool,
) -> tuple[Conversation, bool]:
    """Store a group with those of its people who may be added. A retried request costs one read,
    even after the day's quota is used up."""
    existing = await instance.store.get_conversation(wanted.id) if retried else None
    if existing is not None:
        return _the_same(existing, wanted), False
    others = [one for one in wanted.participants if one != user_id]
    await quota.take()
    try:
        title = await moderated_title(instance, user_id, wanted.id, wanted.title)
        let_in = {user_id, *await welcome(instance, user_id, others)}
    except BaseException:  # nothing is written yet, also if the request was cancelled
        await quota.give_back()
        raise
    people = {id_: one for id_, one in wanted.participants.items() if id_ in let_in}
    founded = replace(wanted, participants=people, title=title)
    return await _store_founded(instance, with_creation_report(founded, by=by), quota)


@carried_through
async def _store_direct(
    instance: Instance,
    wanted: Conversation,
    user_id: str,
    person_id: str,
    quota: Quota,
    *,
    by: str,
) -> tuple[Conversation, bool]:
    """Store a direct conversation. An existing one is returned, whoever blocks whom, and also while
    one of the two is being erased."""
    existing = await instance.store.get_conversation(wanted.id)
    if existing is not None:
        return _whole(existing), False
    await require_open_pair(instance, user_id, person_id)
    await quota.take()
    wanted = with_creation_report(wanted, by=by)
    conversation, created = await _store_founded(instance, wanted, quota)
    # A concurrent block did not find the conversation. It is only in its person's document.
    blocks = await instance.people.get_blocks([user_id, person_id])
    for one, other in ((user_id, person_id), (person_id, user_id)):
        if other in blocks[one]:
            await write_block_into_conversation(instance, conversation.id, one, other, blocked=True)
            instance.publisher.publish_blocks(conversation.id)
    return conversation, created


@carried_through
async def _store_founded(
    instance: Instance, wanted: Conversation, quota: Quota
) -> tuple[Conversation, bool]:
    """Return the stored conversation, after announcing it to its people, and whether it is new. The
    quota is given back if it is not."""
    try:
        conversation = await instance.store.create_conversation(wanted)
    except AlreadyExists:
        await quota.give_back()
        conversation = await _existing(instance, wanted)
        instance.cache.put(conversation)
        return conversation, False
    except CommitUnknown:
        # If it already existed, announcing it again has no effect.
        conversation = await _existing(instance, wanted)
    instance.cache.put(conversation)
    instance.publisher.publish_founded(conversation)
    instance.webhooks.founded(conversation.id)
    instance.following.founded(conversation)
    return conversation, True


async def _existing(instance: Instance, wanted: Conversation) -> Conversation:
    """Return the existing conversation. Its id derives from the request, or is known only to us, so
    it is the right one."""
    look = partial(instance.store.get_conversation, wanted.id)
    try:
        existing = await look()
    except StoreUnavailable:
        instance.unsettled_commits.add(look)
        raise
    if existing is None:
        instance.unsettled_commits.add(look)
        raise StoreUnavailable
    return _the_same(existing, wanted)


def _whole(existing: Conversation) -> Conversation:
    """Raises StoreUnavailable if a load still writes the conversation. If the load was given up, a
    sweep removes the conversation (`messaging.deletions`)."""
    if is_shell(existing):
        raise StoreUnavailable
    return existing


def _the_same(existing: Conversation, wanted: Conversation) -> Conversation:
    """Require the same content. Raises ClientIdReused if the conversation was created with other
    content, StoreUnavailable."""
    _whole(existing)
    if existing.content_hash != wanted.content_hash:
        raise ClientIdReused
    return existing


async def get_conversation(
    instance: Instance, *, user_id: str, conversation_id: str
) -> OwnConversation:
    """Return a conversation. Raises ConversationNotFound, NotAParticipant, StoreUnavailable."""
    conversation = await read_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    return await _with_position(instance, user_id, conversation)


async def update_conversation(
    instance: Instance, *, user_id: str, conversation_id: str, changes: Mapping[str, Any]
) -> OwnConversation:
    """Change the `title`, `metadata`, `picture`, `posting` or `history` of a group; at least one is
    given. This requires owner or admin. Another `history` concerns only people who are added later.

    Raises InvalidRequest, ConversationNotFound, NotAParticipant, PermissionDenied,
    RefusedByModeration, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    if not changes:
        raise InvalidRequest.of("title", "Send a field to change.", "required")
    fields = NewConversation(**changes).checked()
    wanted = {name: getattr(fields, name) for name in changes}
    change = UpdateConversation(user_id=user_id, changes=wanted)
    if wanted.get("title") and instance.moderation.active:
        conversation = await read_conversation(
            instance, user_id=user_id, conversation_id=conversation_id
        )
        change.apply(conversation, Known())  # refused now, moderation need not judge it
        if wanted["title"] != conversation.title:
            wanted["title"] = await moderated_title(
                instance, user_id, conversation_id, wanted["title"]
            )
    outcome = await submit(instance, conversation_id, change)
    # The conversation is that after the whole commit, which may also have removed this person.
    require_participant(outcome.conversation, user_id)
    return await _with_position(instance, user_id, outcome.conversation)


async def _with_position(
    instance: Instance, user_id: str, conversation: Conversation
) -> OwnConversation:
    position = await own_position(instance, conversation, user_id)
    return OwnConversation(conversation=conversation, position=position)


def _require_user_ids(user_ids: Sequence[str], *, besides: str) -> list[str]:
    """Return the distinct other people. Raises InvalidRequest for malformed ids, and for too
    many."""
    for index, user_id in enumerate(user_ids):
        require_user_id(f"participant_ids.{index}", user_id)
    others = [user_id for user_id in dict.fromkeys(user_ids) if user_id != besides]
    limit = get_limits().participants
    if len(others) + 1 > limit:
        detail = f"A conversation has at most {limit} participants. Name fewer people."
        raise InvalidRequest.of("participant_ids", detail, "max_length")
    return others
