"""Conversations and their participants."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers, service_serializers
from chat.payloads.answers import own_settings_data, service_conversation_data
from chat.payloads.decoding import DocumentDecoder
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.service_access import ACT_AS, MANAGE, NOTHING
from chat.rest.views.base import APIView
from messaging.concurrency.steps import in_steps
from messaging.domain.conversation import ConversationKind, History, Posting
from messaging.domain.participant import Notify, Role
from messaging.services import conversations, participants
from messaging.services.account import conversation_preferences, own_conversations
from messaging.services.back_end import conversations as service_conversations
from messaging.services.back_end import participants as service_participants
from messaging.wire.representations import (
    participant_data,
    personal_conversation_data,
)

_STEP = 8
"""How many conversations are encoded in one step of the event loop. One with 500 ranges in
`uncounted` takes a quarter of a millisecond."""

_CREATE = DocumentDecoder(serializers.CreateConversation)
_ADD = DocumentDecoder(serializers.AddParticipants)

_SETTINGS = {"posting": Posting, "history": History}


def _settings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a group that a body names."""
    return {name: kind(body[name]) for name, kind in _SETTINGS.items() if name in body}


def _new(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a new conversation."""
    return {**body, "kind": ConversationKind(body["kind"]), **_settings(body)}


class ConversationsView(APIView):
    scopes: ClassVar = {"GET": ACT_AS, "POST": ACT_AS | MANAGE}

    sensitive = frozenset({"POST"})

    @described(
        operation_id="list_conversations",
        parameters=[serializers.ConversationsQuery],
        responses={200: responses.ConversationPage},
    )
    async def get(self, request: Request) -> Response:
        """List my conversations, latest activity first."""
        query = self.query(serializers.ConversationsQuery)
        page = await own_conversations.list_conversations(
            self.instance,
            user_id=self.user_id,
            limit=query["limit"],
            cursor=query.get("cursor"),
            archived=query.get("archived"),
            kind=ConversationKind(query["kind"]) if "kind" in query else None,
        )
        items = [
            personal_conversation_data(own.conversation, own.position)
            async for own in in_steps(page.items, size=_STEP)
        ]
        return Response({"items": items, "next_cursor": page.next_cursor})

    @described(
        operation_id="create_conversation",
        request=service_serializers.CreateConversation,
        responses={200: responses.ConversationWithAdded, 201: responses.ConversationWithAdded},
    )
    async def post(self, request: Request) -> Response:
        """Create a conversation; 200 if the pair or the client_id already has one."""
        if self.service is not None:
            founded = await service_conversations.create_conversation(
                self.instance,
                service=self.service,
                **_new(self.body(service_serializers.CreateConversation)),
            )
            data = service_conversation_data(founded.own.conversation)
        else:
            founded = await conversations.create_conversation(
                self.instance,
                user_id=self.user_id,
                by_service=self.on_behalf,
                **_new(self.body(serializers.CreateConversation, _CREATE)),
            )
            data = personal_conversation_data(founded.own.conversation, founded.own.position)
        data["added"] = list(founded.added)
        return Response(data, status=201 if founded.created else 200)


class ConversationView(APIView):
    scopes: ClassVar = {"GET": ACT_AS | MANAGE, "PATCH": ACT_AS | MANAGE, "DELETE": MANAGE}
    service_only = frozenset({"DELETE"})

    @described(operation_id="get_conversation", responses={200: responses.Conversation})
    async def get(self, request: Request, conversation_id: str) -> Response:
        """Get a conversation with all its participants."""
        if self.service is not None:
            conversation = await service_conversations.get_conversation(
                self.instance, service=self.service, conversation_id=conversation_id
            )
            return Response(service_conversation_data(conversation))
        own = await conversations.get_conversation(
            self.instance, user_id=self.user_id, conversation_id=conversation_id
        )
        return Response(personal_conversation_data(own.conversation, own.position, everybody=True))

    @described(
        operation_id="update_conversation",
        request=service_serializers.UpdateConversation,
        responses={200: responses.Conversation},
    )
    async def patch(self, request: Request, conversation_id: str) -> Response:
        """Change a group: title, metadata, picture, posting, history; requires owner or admin."""
        if self.service is not None:
            body = self.body(service_serializers.UpdateConversation)
            conversation = await service_conversations.update_conversation(
                self.instance,
                service=self.service,
                conversation_id=conversation_id,
                changes=body | _settings(body),
            )
            return Response(service_conversation_data(conversation))
        body = self.body(serializers.UpdateConversation)
        changes = body | _settings(body)
        own = await conversations.update_conversation(
            self.instance, user_id=self.user_id, conversation_id=conversation_id, changes=changes
        )
        return Response(personal_conversation_data(own.conversation, own.position))

    @described(operation_id="delete_conversation", responses={204: None})
    async def delete(self, request: Request, conversation_id: str) -> Response:
        """Delete a group with its messages; only for service accounts."""
        assert self.service is not None
        await service_conversations.delete_conversation(
            self.instance, service=self.service, conversation_id=conversation_id
        )
        return Response(status=204)


class ParticipantsView(APIView):
    scopes: ClassVar = {"POST": ACT_AS | MANAGE}

    sensitive = frozenset({"POST"})

    @described(
        operation_id="add_participants",
        request=serializers.AddParticipants,
        responses={200: responses.ConversationWithAdded},
    )
    async def post(self, request: Request, conversation_id: str) -> Response:
        """Add people to a group; requires owner or admin."""
        body = self.body(serializers.AddParticipants, _ADD)
        wanted: dict[str, Any] = {
            "conversation_id": conversation_id,
            "user_ids": body["user_ids"],
            "role": Role(body.get("role", Role.MEMBER)),
        }
        if self.service is not None:
            conversation = await service_participants.add_participants(
                self.instance, service=self.service, **wanted
            )
            data = service_conversation_data(conversation)
        else:
            await participants.add_participants(
                self.instance, user_id=self.user_id, by_service=self.on_behalf, **wanted
            )
            own = await conversations.get_conversation(
                self.instance, user_id=self.user_id, conversation_id=conversation_id
            )
            conversation = own.conversation
            data = personal_conversation_data(conversation, own.position)
        named = dict.fromkeys(body["user_ids"])
        data["added"] = [one for one in named if one in conversation.participants]
        return Response(data)


class ParticipantView(APIView):
    scopes: ClassVar = {"PATCH": ACT_AS | MANAGE, "DELETE": ACT_AS | MANAGE}

    sensitive = frozenset({"PATCH", "DELETE"})

    @described(
        operation_id="update_participant",
        request=serializers.UpdateParticipant,
        responses={200: responses.Participant},
    )
    async def patch(self, request: Request, conversation_id: str, user_id: str) -> Response:
        """Change the role of a participant; requires owner. `me` is the caller."""
        body = self.body(serializers.UpdateParticipant)
        person = self._person(user_id)
        wanted: dict[str, Any] = {
            "conversation_id": conversation_id,
            "participant_id": person,
            "role": Role(body["role"]),
        }
        if self.service is not None:
            conversation = await service_participants.set_role(
                self.instance, service=self.service, **wanted
            )
        else:
            conversation = await participants.set_role(
                self.instance, user_id=self.user_id, **wanted
            )
        return Response(participant_data(conversation.participants[person]))

    @described(operation_id="remove_participant", responses={204: None})
    async def delete(self, request: Request, conversation_id: str, user_id: str) -> Response:
        """Remove a participant, or leave. `me` is the caller."""
        wanted = {
            "conversation_id": conversation_id,
            "participant_id": self._person(user_id),
        }
        if self.service is not None:
            await service_participants.remove_participant(
                self.instance, service=self.service, **wanted
            )
        else:
            await participants.remove_participant(self.instance, user_id=self.user_id, **wanted)
        return Response(status=204)

    def _person(self, user_id: str) -> str:
        return self.user_id if user_id == "me" else user_id


class ConversationPreferencesView(APIView):
    scopes: ClassVar = {"GET": NOTHING, "PATCH": NOTHING}

    @described(operation_id="get_conversation_preferences", responses={200: responses.Preferences})
    async def get(self, request: Request, conversation_id: str) -> Response:
        """Get my own settings in this conversation."""
        settings = await conversation_preferences.get_preferences(
            self.instance, user_id=self.user_id, conversation_id=conversation_id
        )
        return Response(own_settings_data(settings))

    @described(
        operation_id="update_conversation_preferences",
        request=serializers.UpdatePreferences,
        responses={200: responses.Preferences},
    )
    async def patch(self, request: Request, conversation_id: str) -> Response:
        """Change my own settings in this conversation; absent fields stay unchanged."""
        changes = self.body(serializers.UpdatePreferences)
        if "notify" in changes:
            changes["notify"] = Notify(changes["notify"])
        settings = await conversation_preferences.set_preferences(
            self.instance, user_id=self.user_id, conversation_id=conversation_id, changes=changes
        )
        return Response(own_settings_data(settings))
