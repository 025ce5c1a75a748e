"""The objects that operators manage, as unmanaged models for Django's admin.

They have no tables here: the admin fills them from the configured store (`chat.admin`). Permissions
refer to them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from django.db import models

from messaging.domain.conversation import Conversation as StoredConversation
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS
from messaging.domain.integrations.service_accounts import ServiceAccount as StoredServiceAccount
from messaging.domain.message import Message as StoredMessage
from messaging.domain.people import Profile
from messaging.domain.reports import ReportCopy
from messaging.runtime.figures import Figures

Names = Mapping[str, str]
"""Names by user id."""
EMPTY: Names = MappingProxyType({})


class Conversation(models.Model):
    id = models.CharField(primary_key=True, max_length=26)
    kind = models.CharField(max_length=16)
    title = models.TextField()
    people = models.PositiveIntegerField()
    messages = models.PositiveBigIntegerField()
    version = models.PositiveBigIntegerField()
    frozen = models.BooleanField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField("last change")

    entity: StoredConversation

    class Meta:
        managed = False
        default_permissions = ("view", "delete")
        permissions = (
            ("freeze_conversation", "Can freeze conversations"),
            ("manage_people_of_conversation", "Can remove people from conversations, and promote"),
        )

    def __str__(self) -> str:
        return self.title or f"{self.kind.capitalize()} {self.id}"


class Message(models.Model):
    """Operators with the view permission may read conversations."""

    id = models.CharField(primary_key=True, max_length=53)
    conversation = models.CharField(max_length=26)
    seq = models.PositiveBigIntegerField("number")
    sender = models.CharField(max_length=128)
    text = models.TextField()
    created_at = models.DateTimeField("sent")
    edited_at = models.DateTimeField("edited", null=True)
    deleted_at = models.DateTimeField("deleted", null=True)

    names: Names = EMPTY
    """The names of its people, as far as they were looked up. The same holds below."""
    entity: StoredMessage

    earlier = NO_EARLIER_TEXTS
    """The earlier texts of the message, if they were read."""

    class Meta:
        managed = False
        default_permissions = ("view",)
        permissions = (("redact_message", "Can redact messages"),)

    def __str__(self) -> str:
        return f"Message {self.seq or self.pk} of {self.conversation}"


class Person(models.Model):
    user_id = models.CharField("user", primary_key=True, max_length=128)
    banned_until = models.DateTimeField(null=True)
    logged_out_at = models.DateTimeField("logged out everywhere", null=True)

    profile: Profile | None = None

    class Meta:
        managed = False
        verbose_name_plural = "people"
        default_permissions = ("view",)
        permissions = (
            ("ban_person", "Can ban people"),
            ("log_out_person", "Can log people out everywhere"),
        )

    def __str__(self) -> str:
        return self.user_id


class Report(models.Model):
    id = models.CharField(primary_key=True, max_length=26)
    status = models.CharField(max_length=16)
    reason = models.TextField()
    author = models.CharField("about", max_length=128)
    reporter = models.CharField("reported by", max_length=128)
    conversation = models.CharField(max_length=26)
    message = models.CharField(max_length=26)
    created_at = models.DateTimeField("reported")
    closed_at = models.DateTimeField("closed", null=True)
    closed_by = models.CharField(max_length=150)

    copy: ReportCopy | None = None
    """The message when it was reported, if that was looked up and is still kept."""
    addresses: Mapping[str, str] = EMPTY
    """The addresses of its files, by attachment id."""
    names: Names = EMPTY

    class Meta:
        managed = False
        default_permissions = ("view",)
        permissions = (("handle_report", "Can close reports"),)

    def __str__(self) -> str:
        return f"Report about {self.author}"


class Notification(models.Model):
    id = models.CharField(primary_key=True, max_length=53)
    conversation = models.CharField(max_length=26)
    message = models.CharField(max_length=26)
    failed_at = models.DateTimeField("failed")
    failures = models.TextField("not reached")

    entities: tuple[StoredConversation, StoredMessage]

    class Meta:
        managed = False
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Notifications of message {self.message}"


class DeadLetter(models.Model):
    id = models.CharField(primary_key=True, max_length=100)
    kind = models.CharField(max_length=16)
    conversation = models.CharField(max_length=26)
    message = models.CharField(max_length=26)
    people = models.PositiveIntegerField()
    made_at = models.DateTimeField("made", null=True)

    class Meta:
        managed = False
        default_permissions = ("view",)
        permissions = (("replay_deadletter", "Can replay dead letters"),)

    def __str__(self) -> str:
        return self.id


class ServiceAccount(models.Model):
    name = models.CharField(primary_key=True, max_length=40)
    scopes = models.TextField()
    requests_per_second = models.PositiveIntegerField()
    created_at = models.DateTimeField("created")
    created_by = models.CharField(max_length=150)
    last_used_at = models.DateTimeField("last used", null=True)
    revoked_at = models.DateTimeField("revoked", null=True)

    account: StoredServiceAccount

    class Meta:
        managed = False
        default_permissions = ("view", "add", "change")

    def __str__(self) -> str:
        return self.name


class Process(models.Model):
    boot_id = models.CharField(primary_key=True, max_length=26)
    instance_id = models.CharField("instance", max_length=128)
    role = models.CharField(max_length=16)
    version = models.CharField(max_length=32)
    sockets = models.PositiveIntegerField()
    link = models.CharField("link to Redis", max_length=16)

    figures: Figures

    class Meta:
        managed = False
        verbose_name = "process"
        verbose_name_plural = "overview"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.instance_id
