"""Types and shapes of the requests of service accounts, where they differ from those of people.

OpenAPI shows these in place of people's, whose fields they extend.
"""

from typing import Any

from rest_framework import serializers

from chat.payloads import serializers as people
from chat.payloads.fields import StrictBooleanField, StrictCharField
from messaging.domain.message import MessageKind

ONLY = "Only for service accounts"
"""The beginning of the description of a field that people do not have."""
_KINDS = [kind.value for kind in MessageKind]


class SendMessage(people.SendMessage):
    kind = serializers.ChoiceField(
        _KINDS,
        required=False,
        help_text=f"{ONLY}: `system` sends a system message, whose `metadata.event` names it",
    )


class CreateConversation(people.CreateConversation):
    owner_id = StrictCharField(
        max_length=128,
        required=False,
        help_text=f"{ONLY}, which must name the owner of a group, or one of the two people of a "
        "direct conversation",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "owner_id" not in attrs:
            raise serializers.ValidationError(
                {"owner_id": serializers.ErrorDetail("Name the owner.", code="required")}
            )
        return attrs


class UpdateConversation(people.UpdateConversation):
    frozen = StrictBooleanField(
        required=False,
        help_text=f"{ONLY}: while it is true, only owners and admins can write",
    )
