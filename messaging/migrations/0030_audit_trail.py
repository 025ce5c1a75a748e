"""The audit trail. Its tables are new and empty; triggers keep its entries as they are."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

_DAYS = 30
_ERASED = "erased:"
_SQLITE = (
    """CREATE TRIGGER messaging_audit_unchanged BEFORE UPDATE ON messaging_audit_entry BEGIN
        SELECT RAISE(ABORT, 'Entries of the audit trail are never changed.');
    END""",
    f"""CREATE TRIGGER messaging_audit_kept BEFORE DELETE ON messaging_audit_entry
    WHEN OLD.at > datetime('now', '-{_DAYS} days') BEGIN
        SELECT RAISE(ABORT, 'Entries of the last {_DAYS} days are never deleted.');
    END""",
    f"""CREATE TRIGGER messaging_audit_subject_kept BEFORE UPDATE ON messaging_audit_subject
    WHEN NEW.id <> OLD.id OR substr(NEW.user_id, 1, {len(_ERASED)}) <> '{_ERASED}' BEGIN
        SELECT RAISE(ABORT, 'People of the audit trail are only erased, never changed.');
    END""",
)
_POSTGRESQL = (
    f"""CREATE FUNCTION messaging_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            RAISE EXCEPTION 'Entries of the audit trail are never changed.';
        END IF;
        IF OLD.at > now() - interval '{_DAYS} days' THEN
            RAISE EXCEPTION 'Entries of the last {_DAYS} days are never deleted.';
        END IF;
        RETURN OLD;
    END $$""",
    """CREATE TRIGGER messaging_audit_kept BEFORE UPDATE OR DELETE ON messaging_audit_entry
    FOR EACH ROW EXECUTE FUNCTION messaging_audit_guard()""",
    """CREATE FUNCTION messaging_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'The audit trail is never changed.';
    END $$""",
    """CREATE TRIGGER messaging_audit_not_emptied BEFORE TRUNCATE ON messaging_audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION messaging_audit_refuse()""",
    f"""CREATE TRIGGER messaging_audit_subject_kept BEFORE UPDATE ON messaging_audit_subject
    FOR EACH ROW WHEN (NEW.id <> OLD.id OR substr(NEW.user_id, 1, {len(_ERASED)}) <> '{_ERASED}')
    EXECUTE FUNCTION messaging_audit_refuse()""",
)
_REMOVED = {
    "sqlite": (
        "DROP TRIGGER messaging_audit_unchanged",
        "DROP TRIGGER messaging_audit_kept",
        "DROP TRIGGER messaging_audit_subject_kept",
    ),
    "postgresql": (
        "DROP TRIGGER messaging_audit_kept ON messaging_audit_entry",
        "DROP TRIGGER messaging_audit_not_emptied ON messaging_audit_entry",
        "DROP TRIGGER messaging_audit_subject_kept ON messaging_audit_subject",
        "DROP FUNCTION messaging_audit_guard",
        "DROP FUNCTION messaging_audit_refuse",
    ),
}


def add_guards(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for statement in {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[vendor]:
        schema_editor.execute(statement)


def remove_guards(apps: Any, schema_editor: Any) -> None:
    for statement in _REMOVED[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0029_deletions")]

    operations = [
        migrations.CreateModel(
            name="AuditSubjectRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("user_id", models.CharField(max_length=128)),
            ],
            options={
                "verbose_name": "person in the audit trail",
                "verbose_name_plural": "people in the audit trail",
                "db_table": "messaging_audit_subject",
                "indexes": [models.Index(fields=["user_id"], name="messaging_audit_subject_id")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("user_id__startswith", "erased:"), _negated=True),
                        fields=("user_id",),
                        name="messaging_audit_subject_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEntryRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                ("actor_kind", models.CharField(max_length=16, verbose_name="kind of actor")),
                ("actor", models.CharField(max_length=150)),
                ("action", models.CharField(max_length=100)),
                (
                    "conversation_id",
                    models.CharField(blank=True, max_length=26, verbose_name="conversation"),
                ),
                ("message_id", models.CharField(blank=True, max_length=26, verbose_name="message")),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("failure", models.CharField(blank=True, max_length=100)),
                ("detail", models.JSONField(default=dict)),
                ("request_id", models.CharField(blank=True, max_length=64, verbose_name="request")),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.auditsubjectrecord",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit trail",
                "db_table": "messaging_audit_entry",
                "indexes": [
                    models.Index(fields=["at"], name="messaging_audit_at"),
                    models.Index(fields=["person", "id"], name="messaging_audit_person"),
                    models.Index(
                        fields=["conversation_id", "id"], name="messaging_audit_conversation"
                    ),
                    models.Index(fields=["action", "id"], name="messaging_audit_action"),
                    models.Index(fields=["actor", "id"], name="messaging_audit_actor"),
                ],
            },
        ),
        migrations.RunPython(add_guards, remove_guards),
    ]
