"""The parts of the OpenAPI document that all operations share, so that views need not repeat
them."""

from typing import Any

from drf_spectacular import openapi
from drf_spectacular.utils import OpenApiParameter

from chat.errors import Problem
from chat.rest import responses
from chat.rest.service_access import ACT_AS_HEADER
from chat.rest.views.base import APIView
from messaging.domain.integrations.service_accounts import Scope

_EVERYWHERE = {
    400: "The request is malformed",
    401: "The token is missing or not valid",
    403: "Banned, or not allowed",
    406: "Only JSON is available",
    429: "A rate limit is exceeded; retry after Retry-After",
    500: "An internal error",
    503: "The store is unavailable; retry after Retry-After",
}
_IN_A_CONVERSATION = {
    403: "Not a participant, or not allowed",
    404: "No such conversation, message or participant",
}
_WITH_A_BODY = {413: "The body is too large", 415: "The body is not JSON"}
_CONFLICTS = {
    **dict.fromkeys(
        ("create_conversation", "send_message"), "This client_id was used with other content"
    ),
    "complete_attachment": "The file is not uploaded",
}
_TAGS = {
    "me": "me",
    "conversations": "conversations",
    "participants": "participants",
    "users": "participants",
    "messages": "messages",
    "pins": "messages",
    "changes": "messages",
    "read": "receipts",
    "receipts": "receipts",
    "typing": "presence",
    "presence": "presence",
    "devices": "devices",
    "attachments": "attachments",
    "search": "messages",
    "blocks": "moderation",
    "reports": "moderation",
    "jobs": "personal data",
    "export": "personal data",
    "dev": "development",
}
"""The tag of an operation, by the last part of its path that is listed here."""
_ACT_AS = OpenApiParameter(
    ACT_AS_HEADER,
    {"type": "string", "example": "alice"},
    OpenApiParameter.HEADER,
    description="Only with the token of a service account that has the scope `act_as`: the user "
    "id of the person on whose behalf it acts.",
)
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait before the next attempt",
        "required": True,
        "example": 2,
        "schema": {"type": "integer", "minimum": 1},
    }
}


class AutoSchema(openapi.AutoSchema):
    """Adds the bearer token, the tag, and the possible problems to each operation."""

    def get_tags(self) -> list[str]:
        parts = self.path.strip("/").split("/")[2:]
        return [next(_TAGS[part] for part in reversed(parts) if part in _TAGS)]

    def get_auth(self) -> list[dict[str, Any]]:
        people: list[dict[str, Any]] = [{"bearer": []}]
        if self.method in self._api_view.service_only:
            people = []
        return [*people, {"service": []}] if self._scopes() else people

    @property
    def _api_view(self) -> APIView:
        assert isinstance(self.view, APIView)
        return self.view

    def _scopes(self) -> list[str]:
        """Return the scopes that open the operation to service accounts."""
        return sorted(scope.value for scope in self._api_view.scopes.get(self.method, ()))

    def get_override_parameters(self) -> list[Any]:
        own = super().get_override_parameters()
        return [*own, _ACT_AS] if Scope.ACT_AS.value in self._scopes() else own

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        # Not in `get_response_serializers`: `@extend_schema` would replace it.
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            operation["summary"] = operation.pop("description").removesuffix(".")
            if scopes := self._scopes():
                operation["x-scopes"] = scopes
            problem = self.resolve_serializer(responses.Problem, "response").ref
            for status, description in self._problems().items():
                operation["responses"][str(status)] = {
                    "content": {Problem.MEDIA_TYPE: {"schema": problem}},
                    "description": description,
                    **({"headers": _RETRY_AFTER} if status in {429, 503} else {}),
                }
        return operation

    def _problems(self) -> dict[int, str]:
        problems = dict(_EVERYWHERE)
        named = self.path.endswith(("/attachments", "/reports", "/users", "/search"))
        if "{conversation_id}" in self.path or named:
            problems |= _IN_A_CONVERSATION
        if self.path.endswith(("/users/{user_id}", "/export", "/jobs/{job_id}")):
            problems[403] = "Not a service account, or without the scope"
        if "{job_id}" in self.path:
            problems[404] = "No such job of this service account"
        if "{device_id}" in self.path:
            problems[404] = "No such device"
        if self.method in {"POST", "PUT", "PATCH"}:
            problems |= _WITH_A_BODY
        if self.get_operation_id() in _CONFLICTS:
            problems[409] = _CONFLICTS[self.get_operation_id()]
        if "{attachment_id}" in self.path:
            problems[404] = "No such attachment of yours"
        return problems


def add_security_schemes(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Declare the tokens of people and of service accounts (a drf-spectacular hook)."""
    components = result.setdefault("components", {})
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "The token of a person"},
        "service": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "svc_…",
            "description": "The token of a service account. `x-scopes` of an operation names the "
            "scopes, each of which opens it; `act_as` only with the header `Chat-Act-As`.",
        },
    }
    return result


def close_request_bodies(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """State for every request body that unknown fields are refused (a drf-spectacular hook).

    Leave out defaults, which the descriptions have: generators require a field with a default.
    """
    schemas = result["components"]["schemas"]
    for item in result["paths"].values():
        for operation in item.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"]["$ref"].rpartition("/")[2]
                schemas[name]["additionalProperties"] = False
                schemas[name].pop("description", None)  # inherited from the base serializer
                for field in schemas[name]["properties"].values():
                    field.pop("default", None)
    return result
