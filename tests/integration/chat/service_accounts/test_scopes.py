"""What each scope opens: all operations, and all scopes."""

import pytest

from messaging.domain.integrations.service_accounts import Scope
from tests.integration.chat import Api, problem, schema
from tests.integration.chat.rest.test_schema import served_views
from tests.integration.chat.service_accounts import ServiceApi
from tests.integration.chat.service_accounts.conftest import MakeService

ACT_AS, SEND, MANAGE, EXPORT = Scope
PERSON = {ACT_AS}
NOBODY: set[Scope] = set()
OPENED: dict[str, set[Scope]] = {
    "list_conversations": PERSON,
    "create_conversation": {ACT_AS, MANAGE},
    "get_conversation": {ACT_AS, MANAGE},
    "update_conversation": {ACT_AS, MANAGE},
    "delete_conversation": {MANAGE},
    "add_participants": {ACT_AS, MANAGE},
    "update_participant": {ACT_AS, MANAGE},
    "remove_participant": {ACT_AS, MANAGE},
    "list_messages": PERSON,
    "send_message": {ACT_AS, SEND},
    "get_message": PERSON,
    "edit_message": PERSON,
    "delete_message": {ACT_AS, SEND, MANAGE},
    "list_versions": {MANAGE},
    "search_messages": PERSON,
    "pin_message": PERSON,
    "unpin_message": PERSON,
    "list_pins": PERSON,
    "list_reactions": PERSON,
    "add_reaction": PERSON,
    "remove_reaction": PERSON,
    "get_delivery": PERSON,
    "list_changes": PERSON,
    "mark_read": PERSON,
    "mark_unread": PERSON,
    "unmark_unread": PERSON,
    "list_receipts": PERSON,
    "list_attachments": PERSON,
    "announce_attachment": PERSON,
    "complete_attachment": PERSON,
    "list_users": PERSON,
    "set_profile": {MANAGE},
    "erase_user": {EXPORT},
    "export_user": {EXPORT},
    "get_job": {EXPORT},
    # A person's own: sign-ins, settings, devices, blocks, presence, reports.
    "get_me": NOBODY,
    "update_me": NOBODY,
    "log_out_everywhere": NOBODY,
    "get_preferences": NOBODY,
    "update_preferences": NOBODY,
    "get_conversation_preferences": NOBODY,
    "update_conversation_preferences": NOBODY,
    "list_blocks": NOBODY,
    "block_person": NOBODY,
    "unblock_person": NOBODY,
    "list_devices": NOBODY,
    "register_device": NOBODY,
    "remove_device": NOBODY,
    "get_presence": NOBODY,
    "report_message": NOBODY,
    "set_typing": NOBODY,
}
"""The scopes, each of which opens an operation; `act_as` only on behalf of a person."""
IDS = {
    **dict.fromkeys(("conversation_id", "message_id", "attachment_id", "job_id"), "a" * 26),
    "user_id": "bob",
    "device_id": "phone",
    "emoji": "👍",
}


def operations() -> list[tuple[str, str, str]]:
    """Operation id, method and path of all operations that need a token."""
    return [
        (operation["operationId"], method.upper(), path.removeprefix("/api/v1"))
        for path, item in schema()["paths"].items()
        for method, operation in item.items()
        if operation["operationId"] in OPENED
    ]


def test_every_operation_is_in_the_table() -> None:
    """A new one has to be opened, or kept shut, on purpose: here, and in `scopes` of its view."""
    documented = {
        operation["operationId"]: set(operation.get("x-scopes", ()))
        for item in schema()["paths"].values()
        for operation in item.values()
        if operation["operationId"] != "create_development_token"
    }

    assert documented == OPENED
    for _, view, method in served_views():
        assert view.public or method.upper() in view.scopes, (view, method)


@pytest.mark.parametrize("scope", [None, *Scope])
async def test_a_service_acts_by_itself_as_its_scope_says(
    make_service: MakeService, scope: Scope | None, subtests: pytest.Subtests
) -> None:
    """One that lacks it hears which; what no scope opens is not for services."""
    service = await make_service("bot", scope or ACT_AS)
    held = {scope} - {None, ACT_AS}

    for operation, method, path in operations():
        with subtests.test(operation):
            own = OPENED[operation] - PERSON
            answer = await service.request(method, path.format(**IDS))

            if own & held:
                assert answer.status_code != 403, answer.text
            else:
                code = "scope_missing" if own else "permission_denied"
                assert problem(answer) == (403, code)


@pytest.mark.parametrize("scope", [*Scope])
async def test_only_act_as_acts_on_behalf_of_a_person(
    make_service: MakeService, scope: Scope, subtests: pytest.Subtests
) -> None:
    service = (await make_service("bot", scope)).acting_as("ann")

    for operation, method, path in operations():
        with subtests.test(operation):
            answer = await service.request(method, path.format(**IDS))

            if ACT_AS not in OPENED[operation]:
                assert problem(answer) == (403, "permission_denied")
            elif scope is ACT_AS:
                assert answer.status_code != 403, answer.text
            else:
                assert problem(answer) == (403, "scope_missing")


async def test_people_act_for_themselves_alone(ann: Api, service: ServiceApi) -> None:
    """With the header, or where only services act."""
    group = await ann.group()
    mine = (await ann.send(group))["id"]

    for method, path in (
        ("DELETE", f"/conversations/{group}"),
        ("GET", f"/conversations/{group}/messages/{mine}/versions"),
        ("PUT", "/users/bob"),
    ):
        assert problem(await ann.request(method, path)) == (403, "permission_denied")
    borrowed = await ann.request("GET", "/conversations", headers={"Chat-Act-As": "bob"})
    assert problem(borrowed) == (403, "permission_denied")
    for answer in (
        await ann.patch(f"/conversations/{group}", frozen=True),
        await ann.post("/conversations", kind="group", participant_ids=[], owner_id="bob"),
        await ann.post(f"/conversations/{group}/messages", text="x", kind="system"),
    ):
        assert problem(answer) == (403, "permission_denied")


async def test_methods_and_preflights_are_those_of_people(service: ServiceApi) -> None:
    assert (await service.request("OPTIONS", "/me")).status_code == 204
    assert problem(await service.request("PUT", "/me")) == (405, "method_not_allowed")
    assert problem(await service.get("/nothing")) == (404, "not_found")
