"""Values that a later release wrote, which was rolled back: they are read, and never raise."""

import ast
import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from google.cloud import firestore
from hypothesis import given
from hypothesis import strategies as st

import messaging.domain
from messaging.domain.change import ChangeType
from messaging.domain.conversation import ConversationKind
from messaging.domain.health import Condition
from messaging.domain.identifiers import random_id
from messaging.domain.integrations.moderation import TextKind
from messaging.domain.integrations.service_accounts import Scope
from messaging.domain.integrations.webhooks import DeliveryState, WebhookEvent
from messaging.domain.participant import Notify, Preferences, Role
from messaging.domain.people import AddedBy, PresenceStatus
from messaging.domain.recipients import Decision, Device, Platform, Reason, TokenKind, Verdict
from messaging.domain.reports import ReportCopy, ReportStatus
from messaging.models import ConversationRecord, PersonRecord
from messaging.stores.catalogue import Catalogue
from messaging.stores.conversations import Store
from messaging.stores.decisions import ChunkKey, DecisionStore
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.people import PeopleStore
from messaging.stores.recipients import RecipientStore
from messaging.stores.reports import ReportStore
from messaging.stores.shared import stored_enums
from messaging.stores.shared.stored_enums import UNKNOWN, member_of
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_conversation, new_report, sending

LATER = "later"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = {
    *("kind", "role", "notify", "added_by", "token_kind", "platform", "verdict", "status"),
}
NEVER_STORED = {ChangeType, Condition, PresenceStatus, TextKind}
LEFT_OUT = {DeliveryState, Scope, WebhookEvent}
"""Stored, but a row or an item with an unknown one is not read."""
READ_AS_TEXT = {Reason}
"""Stored, and shown as it is: `Decision.reason` is a string."""


def rewritten(value: Any) -> Any:
    """The same, with another value in the place of each of an enumeration."""
    if isinstance(value, Mapping):
        return {
            name: LATER if name in NAMES and isinstance(one, str) else rewritten(one)
            for name, one in value.items()
        }
    if isinstance(value, list):  # the people of a list, one after the other
        return [LATER if is_role(one) else rewritten(one) for one in value]
    return value


def is_role(value: Any) -> bool:
    return isinstance(value, str) and value in set(Role)


def rewrite_sql(alias: str) -> None:
    for model in apps.get_app_config("messaging").get_models():
        for record in model._default_manager.using(alias).all():
            changed = []
            for field in model._meta.concrete_fields:
                value = getattr(record, field.attname)
                if field.attname in NAMES and isinstance(value, str):
                    later: Any = LATER
                else:
                    later = rewritten(value)
                if later != value:
                    setattr(record, field.attname, later)
                    changed.append(field.attname)
            if changed:  # rows of the audit trail have none of them, and refuse to be saved
                record.save(using=alias, update_fields=changed)


def rewrite_firestore(project: str) -> None:
    client = firestore.Client(project=project)

    def walk(collections: Iterable[Any]) -> None:
        for collection in collections:
            for document in collection.list_documents():
                found = document.get()
                if found.exists:
                    document.set(rewritten(found.to_dict()))
                walk(document.collections())

    walk(client.collections())
    client.close()


@pytest.fixture
def rewrite(
    store: SqlStore | FirestoreStore, project: str, request: pytest.FixtureRequest
) -> Callable[[], None]:
    if isinstance(store, FirestoreStore):
        return lambda: rewrite_firestore(project)
    alias = "postgres" if "postgres_store" in request.fixturenames else "default"
    return lambda: rewrite_sql(alias)


async def stored_values(store: Store, project: str, alias: str, id_: str) -> Sequence[str]:
    """The kind of a conversation, what Ann is notified of, and who may add her, as the store has
    them."""
    if isinstance(store, FirestoreStore):
        client = firestore.Client(project=project)
        paths = (f"conversations/{id_}", "users/ann")
        documents = [await asyncio.to_thread(client.document(path).get) for path in paths]
        client.close()
        conversation, person = (document.to_dict() for document in documents)
        notify = conversation["preferences"]["ann"]["notify"]
        return conversation["kind"], notify, person["added_by"]
    record = await ConversationRecord.objects.using(alias).aget(id=id_)
    ann = await PersonRecord.objects.using(alias).aget(user_id="ann")
    return record.kind, record.preferences["ann"]["notify"], ann.added_by


async def test_they_stay_where_something_else_is_written(
    store: Store,
    recipients: RecipientStore,
    rewrite: Callable[[], None],
    project: str,
    request: pytest.FixtureRequest,
) -> None:
    """By a message, by another setting of the same person, and by one of another person."""
    alias = "postgres" if "postgres_store" in request.fixturenames else "default"
    created = await store.create_conversation(new_conversation("ann", "bob"))
    await store.set_preferences(created.id, "ann", {"notify": Notify.NONE})
    await recipients.set_settings("ann", {"added_by": AddedBy.ANYONE})
    await sync_to_async(rewrite)()

    found = await store.get_conversation(created.id)
    assert found is not None
    await store.commit(sending(found, "Hello"))
    await store.set_preferences(created.id, "ann", {"muted_until": NOW})
    await store.set_preferences(created.id, "bob", {"notify": Notify.NONE})
    await recipients.set_settings("ann", {"push_text": False})

    assert await stored_values(store, project, alias, created.id) == (LATER, LATER, LATER)


async def test_everything_is_read(
    store: Store,
    people: PeopleStore,
    recipients: RecipientStore,
    decisions: DecisionStore,
    reports: ReportStore,
    catalogue: Catalogue,
    rewrite: Callable[[], None],
) -> None:
    """As what each of them counts as."""
    created = await store.create_conversation(new_conversation("ann", "bob"))
    await store.set_preferences(created.id, "ann", {"notify": Notify.NONE})
    await recipients.set_settings("ann", {"added_by": AddedBy.ANYONE})
    device = Device(
        id="phone",
        token="t",
        token_kind=TokenKind.INSTALLATION_ID,
        platform=Platform.WEB,
        registered_at=NOW,
    )
    await recipients.put_device("ann", device, most=5)
    key = ChunkKey(conversation_id=created.id, message_id=random_id(), chunk=0)
    sent = Decision(verdict=Verdict.SENT, reason="absent", at=NOW)
    await decisions.record(key, {"ann": sent}, expires_at=datetime(2999, 1, 1, tzinfo=UTC))
    report, _ = await reports.put_report(new_report("ann"), copy=ReportCopy(text="foul"))

    await sync_to_async(rewrite)()

    found = await store.get_conversation(created.id)
    assert found is not None
    assert found.kind is ConversationKind.GROUP
    assert {one.role for one in found.participants.values()} == {Role.MEMBER}
    assert found.preferences.get("ann", Preferences()).notify is Notify.ALL
    page = await store.list_own_conversations("ann", limit=10, people=50)
    (listed,) = page.conversations
    assert listed.kind is ConversationKind.GROUP
    assert listed.participants is not None
    assert {one.role for one in listed.participants.values()} == {Role.MEMBER}
    (place,) = await store.list_memberships("ann", limit=10, personal=True)
    assert place.preferences.notify is Notify.ALL
    assert (await people.get_privacy(["ann"]))["ann"].added_by is AddedBy.NOBODY
    recipient = (await recipients.get_recipients(["ann"]))["ann"]
    assert recipient.settings.added_by is AddedBy.NOBODY
    (kept,) = recipient.devices
    assert (kept.token_kind, kept.platform) == (TokenKind.TOKEN, Platform.ANDROID)
    known = await decisions.list_decisions(created.id, key.message_id)
    assert known["ann"].verdict is Verdict.DROPPED
    stored_report = await reports.get_report(report.id)
    assert stored_report is not None
    assert stored_report.status is ReportStatus.OPEN
    assert [one.status for one in await reports.list_reports(limit=5)] == [ReportStatus.OPEN]
    assert [one.id for one in await catalogue.list_conversations(limit=5)] == [created.id]


@given(kind=st.sampled_from(list(UNKNOWN)), value=st.none() | st.integers() | st.text())
def test_any_value_is_some_member(kind: type[StrEnum], value: object) -> None:
    """A known one is itself; everything else is what an unknown one counts as."""
    known = {member.value: member for member in kind}
    assert member_of(kind, value) is known.get(value, UNKNOWN[kind])  # type: ignore[call-overload]
    for member in kind:
        assert member_of(kind, member.value) is member


def test_each_enumeration_of_the_domain_says_what_an_unknown_value_is() -> None:
    """Unless no store has it."""
    enumerations = {
        one
        for module in walk_packages(messaging.domain.__path__, "messaging.domain.")
        for one in vars(import_module(module.name)).values()
        if isinstance(one, type) and issubclass(one, StrEnum) and one is not StrEnum
    }
    assert enumerations - NEVER_STORED - LEFT_OUT - READ_AS_TEXT == set(UNKNOWN)


def test_stores_read_them_in_one_way() -> None:
    """A call of the enumeration itself would raise."""
    names = {kind.__name__ for kind in UNKNOWN}
    folder = Path(stored_enums.__file__).parents[1]
    calls = [
        f"{file.name}:{node.lineno}"
        for file in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]
    assert calls == []
