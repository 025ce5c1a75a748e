"""Who may do what in the admin, and what it says when the store is away."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.contrib import admin

from chat.admin.base import StoreModelAdmin
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.personal_data.audit import ActorKind
from messaging.domain.personal_data.jobs import JobKind, JobState
from messaging.models import JobRecord, WebhookEndpointRecord
from messaging.runtime.instance import Instance
from tests.integration.admin import Operator, text_of
from tests.integration.admin.conftest import SignIn
from tests.integration.chat import Api, ok

ROLES = ("support", "moderator", "operator")
FINDING = {
    "conversation": {*ROLES},
    "message": {"moderator", "operator"},
    "person": {*ROLES},
    "report": {"moderator", "operator"},
    "notification": {*ROLES},
    "deadletter": {"operator"},
    "process": {"support", "operator"},
    "serviceaccount": set(),
}
DOING = {
    ("conversation", "freeze"): {"moderator", "operator"},
    ("conversation", "unfreeze"): {"moderator", "operator"},
    ("conversation", "delete"): {"operator"},
    ("conversation", "expel"): {"operator"},
    ("conversation", "assign_role"): {"operator"},
    ("message", "redact"): {"moderator", "operator"},
    ("person", "ban"): {"moderator", "operator"},
    ("person", "unban"): {"moderator", "operator"},
    ("person", "log_out"): {*ROLES},
    ("person", "erase_person"): {"operator"},
    ("person", "export_person"): {"operator"},
    ("report", "dismiss"): {"moderator", "operator"},
    ("report", "redact_reported"): {"moderator", "operator"},
    ("report", "ban_author"): {"moderator", "operator"},
    ("deadletter", "replay"): {"operator"},
    ("serviceaccount", "issue_token"): set(),
    ("serviceaccount", "change"): set(),
    ("serviceaccount", "revoke_token"): set(),
    ("serviceaccount", "revoke"): set(),
}


def kept() -> Iterator[tuple[str, StoreModelAdmin]]:
    for model in filter(admin.site.is_registered, apps.get_models()):
        modeladmin = admin.site.get_model_admin(model)
        if isinstance(modeladmin, StoreModelAdmin):
            yield model._meta.model_name or "", modeladmin


def test_everything_is_ruled_upon_here() -> None:
    """A new page or action has to be given to somebody first."""
    assert {name for name, _ in kept()} == FINDING.keys()
    assert {
        (name, getattr(action, "__name__", ""))
        for name, modeladmin in kept()
        for action in modeladmin.actions or ()
    } == DOING.keys()


@pytest.mark.parametrize("role", ROLES)
async def test_what_the_groups_may_see(operator: SignIn, ann: Api, role: str) -> None:
    group = await ann.group()
    person = await operator("somebody", group=role)

    for name, roles in FINDING.items():
        path = f"message/?conversation={group}" if name == "message" else f"{name}/"
        assert (await person.get(path)).status_code == (200 if role in roles else 403), name


@pytest.mark.parametrize("role", ROLES)
async def test_what_the_groups_may_do(operator: SignIn, ann: Api, role: str) -> None:
    """Where an action may not be chosen, Django says that none was."""
    group = await ann.group()
    person = await operator("somebody", group=role)

    for (name, action), roles in DOING.items():
        path = f"message/?conversation={group}" if name == "message" else f"{name}/"
        if name == "message" and role in roles:
            await person.post(path, {"look": "1", "reason": "why"})
        answer = await person.act(path, action, "x", confirmed=False)
        confirming = 'name="confirmed"' in answer.text
        assert confirming is (role in roles), (name, action)


async def test_a_way_that_leads_nowhere_is_not_shown(operator: SignIn, ann: Api) -> None:
    """To messages, for those who may not read them."""
    path = f"conversation/{await ann.group()}/change/"

    support = await (await operator("somebody", group="support")).page(path)
    moderator = await (await operator("another", group="moderator")).page(path)

    assert "Read the messages" not in support
    assert "Read the messages" in moderator


async def test_whoever_may_only_look_changes_nothing(operator: SignIn, ann: Api, bob: Api) -> None:
    """All view permissions, and no other."""
    group = await ann.group(bob)
    message = await bob.send(group)
    made = await ann.post(
        "/reports", message_id=message["id"], conversation_id=group, reason="foul"
    )
    viewer = await operator("viewer", permissions=[f"view_{name}" for name in FINDING])
    await viewer.post(f"message/?conversation={group}", {"look": "1", "reason": "why"})
    keys = {
        "conversation": group,
        "message": f"{group}.{message['id']}",
        "person": "bob",
        "report": made.json()["id"],
        "deadletter": "x",
        "serviceaccount": "x",
    }
    before = ok(await bob.get(f"/conversations/{group}"))

    for name, action in DOING:
        path = f"message/?conversation={group}" if name == "message" else f"{name}/"
        await viewer.act(path, action, keys[name], until="", user="bob", role="owner")

    assert ok(await bob.get(f"/conversations/{group}")) == before
    assert (await bob.send(group, "still here"))["seq"] == 2
    page = await viewer.get(f"conversation/{group}/change/")
    assert page.status_code == 200
    assert 'name="action"' not in page.text


async def test_nobody_else_gets_in(client: object, operator: SignIn) -> None:
    """Without a session, the way leads to the sign-in."""
    stranger = await operator("stranger", permissions=["view_conversation"])
    stranger.sign_out()

    answer = await stranger.get("conversation/")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")


async def test_nothing_is_edited_or_added(ann: Api, root: Operator) -> None:
    """What operators do are actions."""
    group = await ann.group()

    answer = await root.post(f"conversation/{group}/change/", {"title": "Other"})
    assert answer.status_code == 405
    assert (await root.get("conversation/add/")).status_code == 403
    assert (await root.get(f"conversation/{group}/delete/")).status_code == 403


async def test_the_pages_keep_to_their_policy(ann: Api, root: Operator) -> None:
    """No script and no style in the page itself."""
    group = await ann.group()

    for path in ("conversation/", f"conversation/{group}/change/", "report/", "process/"):
        answer = await root.get(path)
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert " style=" not in answer.text
        assert "<style" not in answer.text
        assert "<script>" not in answer.text


async def test_the_store_is_away(
    ann: Api, root: Operator, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, as what it is."""
    group = await ann.group()

    async def fail(*_: object, **__: object) -> object:
        raise StoreUnavailable

    monkeypatch.setattr(instance.catalogue, "list_conversations", fail)
    monkeypatch.setattr(instance.store, "get_conversation", fail)

    for path in (
        "conversation/",
        f"conversation/{group}/change/",
        f"conversation/{group}/history/",
    ):
        answer = await root.get(path)
        assert answer.status_code == 503
        assert "The store is unavailable" in text_of(answer)
    # Django's own deletion is not used, whatever the store says.
    assert (await root.get(f"conversation/{group}/delete/")).status_code == 403


async def test_the_database_or_the_storage_is_away_for_a_moment(
    root: Operator,
    instance: Instance,
    end_storage: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pages of Django's own tables say it, too."""
    export = await JobRecord.objects.acreate(
        id="a" * 26,
        kind=JobKind.EXPORT.value,
        person_id="ann",
        actor_kind=ActorKind.OPERATOR.value,
        actor="root",
        state=JobState.DONE.value,
        notes={"part": "0" * 32},
        requested_at=datetime.now(UTC),
    )
    endpoint = await WebhookEndpointRecord.objects.acreate(url="https://example.org/")

    async def fail(*_: object) -> None:
        raise StoreUnavailable

    end_storage()
    monkeypatch.setattr(instance.webhooks, "put_test", fail)

    answers = [
        await root.get(f"../messaging/jobrecord/{export.pk}/file/"),
        await root.act("../messaging/webhookendpointrecord/", "send_test_event", str(endpoint.pk)),
    ]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert "The storage of files is unavailable" in text_of(answers[0])
