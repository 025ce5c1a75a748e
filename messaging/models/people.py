"""People, their settings and their devices."""

from django.db import models

from messaging.models.lengths import DEVICE_ID_LENGTH, ID_LENGTH, USER_ID_LENGTH


class PersonRecord(models.Model):
    """A person's sign-ins, ban, blocks, and profile."""

    user_id = models.CharField(primary_key=True, max_length=USER_ID_LENGTH)
    valid_after = models.DateTimeField(null=True)
    banned_until = models.DateTimeField(null=True)
    access_changed_at = models.DateTimeField(null=True, db_index=True)
    blocked = models.JSONField(default=list)
    private_reading = models.BooleanField(default=False, db_default=False)
    added_by = models.CharField(max_length=16, default="anyone", db_default="anyone")
    left_groups = models.JSONField(default=dict, db_default={})
    name = models.TextField(null=True)  # noqa: DJ001  never set is not removed
    picture = models.TextField(null=True)  # noqa: DJ001  never set is not removed

    class Meta:
        db_table = "messaging_person"
        verbose_name = "person"
        # Many bans are permanent: they all end at the same moment.
        indexes = (
            models.Index(fields=["banned_until", "user_id"], name="messaging_person_banned"),
        )

    def __str__(self) -> str:
        return self.user_id


class RecipientRecord(models.Model):
    """A person's settings for all conversations."""

    user_id = models.CharField(primary_key=True, max_length=USER_ID_LENGTH)
    settings = models.JSONField(default=dict)

    class Meta:
        db_table = "messaging_recipient"
        verbose_name = "recipient"

    def __str__(self) -> str:
        return self.user_id


class DeviceRecord(models.Model):
    """A device that gets a person's notifications. `token_digest` keeps a token from belonging to
    two devices."""

    user_id = models.CharField(max_length=USER_ID_LENGTH)
    device_id = models.CharField(max_length=DEVICE_ID_LENGTH)
    token = models.TextField()
    token_digest = models.CharField(max_length=ID_LENGTH, unique=True)
    token_kind = models.CharField(max_length=16)
    platform = models.CharField(max_length=16)
    registered_at = models.DateTimeField()

    class Meta:
        db_table = "messaging_device"
        verbose_name = "device"
        constraints = (
            models.UniqueConstraint(fields=["user_id", "device_id"], name="messaging_device_once"),
        )

    def __str__(self) -> str:
        return f"{self.device_id} of {self.user_id}"
