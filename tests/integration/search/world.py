"""A few conversations, in which people and operators act at random."""

import contextlib
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

from messaging.changes.interventions import ExpireMessage
from messaging.domain.conversation import ConversationKind, History
from messaging.domain.exceptions import MessagingError
from messaging.domain.integrations.service_accounts import Scope, ServiceCaller
from messaging.domain.message import MessageKind
from messaging.domain.participant import Role
from messaging.personal_data.erasure import Erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages, participants, pins, reactions, receipts
from messaging.services.account import blocks
from messaging.services.back_end import messages as service_messages
from messaging.services.back_end import participants as service_participants
from messaging.services.operators import conversations as operators
from messaging.services.operators import people
from messaging.services.operators.verification import verify_conversation
from messaging.services.rules.submission import submit
from tests.erasures import erase_person

PEOPLE = ("ann", "bob", "cid", "dan")
WORDS = ("tea", "Coffee", "MILK", "sugar", "thé", "tearoom")


SERVICE = ServiceCaller(
    name="shop", token_id="0" * 12, scopes=frozenset(Scope), requests_per_second=1_000
)


CHANGES = frozenset(
    {
        *("SendMessage", "EditMessage", "DeleteMessage", "React", "PinMessage"),
        "UpdateConversation",
        *("AddParticipants", "RemoveParticipant", "SetRole"),
        *("SendServiceMessage", "SendSystemMessage", "AdmitParticipants"),
        *("RedactMessage", "ExpireMessage", "ExpelParticipant", "AssignRole"),
        *("ChangeConversation", "EmptyConversation"),
        *("EraseFromMessage", "EraseFromConversation"),
    }
)
"""The changes of a conversation that the acts below lead to: all that there are."""


class World:
    """A few conversations, in which people act at random."""

    def __init__(self, instance: Instance, seed: int) -> None:
        self.instance = instance
        self.random = random.Random(seed)
        self.ids: list[str] = []
        parts = instance.jobs.parts
        self._jobs = Jobs(parts, owner=f"{seed}", erasure=Erasure(parts, settle_seconds=0))

    async def found(self) -> None:
        """Create the conversations, or find those that an earlier process has created."""
        stored = await self.instance.store.list_conversation_ids(limit=100)
        if len(stored) == 5:
            self.ids = list(stored)
            return
        for history in (History.FULL, History.SINCE_JOINING):
            for system_messages in (False, True):
                founded = await conversations.create_conversation(
                    self.instance,
                    user_id="ann",
                    kind=ConversationKind.GROUP,
                    participant_ids=["bob"],
                    title="Tea",
                    history=history,
                    system_messages=system_messages,
                )
                self.ids.append(founded.own.conversation.id)
        direct = await conversations.create_conversation(
            self.instance, user_id="ann", kind=ConversationKind.DIRECT, participant_ids=["bob"]
        )
        self.ids.append(direct.own.conversation.id)

    def text(self) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(1, 4)))

    async def act(self) -> None:
        """Do something, which may be refused."""
        instance, draw = self.instance, self.random
        conversation_id, user_id = draw.choice(self.ids), draw.choice(PEOPLE)
        at: dict[str, Any] = {"user_id": user_id, "conversation_id": conversation_id}
        person = draw.choice(PEOPLE)
        stored = await instance.store.list_latest_messages(conversation_id, limit=20)
        message_id = draw.choice(stored).id if stored else "a" * 26
        about: dict[str, Any] = {**at, "message_id": message_id}
        acts: list[Callable[[], Awaitable[Any]]] = [
            *[lambda: messages.send_message(instance, **at, text=self.text())] * 8,
            lambda: messages.edit_message(instance, **about, changes={"text": self.text()}),
            lambda: messages.delete_message(instance, **about),
            lambda: reactions.set_reaction(instance, **about, emoji="👍", present=True),
            lambda: pins.set_pinned(instance, **about, pinned=True),
            lambda: participants.add_participants(instance, **at, user_ids=[person]),
            lambda: participants.remove_participant(instance, **at, participant_id=person),
            lambda: participants.set_role(instance, **at, participant_id=person, role=Role.ADMIN),
            lambda: conversations.update_conversation(
                instance, **at, changes={"history": draw.choice(list(History))}
            ),
            lambda: operators.redact_message(
                instance, conversation_id=conversation_id, message_id=message_id
            ),
            lambda: operators.expel_participant(
                instance, conversation_id=conversation_id, participant_id=person
            ),
            lambda: operators.set_frozen(
                instance, conversation_id=conversation_id, frozen=draw.random() < 0.3
            ),
            lambda: operators.assign_role(
                instance, conversation_id=conversation_id, participant_id=person, role=Role.OWNER
            ),
            lambda: blocks.block_person(instance, user_id=user_id, person_id=person),
            lambda: blocks.unblock_person(instance, user_id=user_id, person_id=person),
            lambda: people.ban_person(instance, person_id=person),
            lambda: people.unban_person(instance, person_id=person),
            lambda: receipts.mark_read(instance, **at, seq=1),
            lambda: self._repair(conversation_id),
            lambda: submit(instance, conversation_id, ExpireMessage(message_id=message_id)),
            lambda: self._erase(person),
            *self._acts_of_a_service(conversation_id, message_id, person),
        ]
        with contextlib.suppress(MessagingError):
            await draw.choice(acts)()

    def _acts_of_a_service(
        self, conversation_id: str, message_id: str, person: str
    ) -> list[Callable[[], Awaitable[Any]]]:
        at: dict[str, Any] = {"service": SERVICE, "conversation_id": conversation_id}
        metadata = json.dumps({"event": self.text()})
        return [
            lambda: service_messages.send_message(self.instance, **at, text=self.text()),
            lambda: service_messages.send_message(
                self.instance, **at, kind=MessageKind.SYSTEM, metadata=metadata
            ),
            lambda: service_messages.delete_message(self.instance, **at, message_id=message_id),
            lambda: service_participants.add_participants(self.instance, **at, user_ids=[person]),
            lambda: service_participants.remove_participant(
                self.instance, **at, participant_id=person
            ),
        ]

    async def _erase(self, person: str) -> None:
        """Erase a person, as far as the process comes. Others may add the person again."""
        await erase_person(self.instance, self._jobs, person)

    async def delete_first(self) -> None:
        await operators.delete_conversation(self.instance, conversation_id=self.ids[0])

    async def _repair(self, conversation_id: str) -> None:
        await verify_conversation(
            store=self.instance.store, conversation_id=conversation_id, repair=True
        )
