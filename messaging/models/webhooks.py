"""Webhooks: the endpoints, and the log of what was delivered. They are in `DATABASE_URL` on every
store."""

from django.db import models

from messaging.models.lengths import ID_LENGTH

_URL_LENGTH = 500
_SECRET_LENGTH = 100
_TYPE_LENGTH = 32
_WEBHOOK_ID_LENGTH = 100
_OWNER_LENGTH = 64


class WebhookEndpointRecord(models.Model):
    url = models.CharField("URL", max_length=_URL_LENGTH)
    description = models.CharField(max_length=200, blank=True)
    events = models.JSONField(default=list, blank=True)
    """The types of events; empty for all."""
    enabled = models.BooleanField(default=True)
    switched_off_for = models.CharField(max_length=200, blank=True, editable=False)
    """Why the product switched it off; empty if it did not."""
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    failing_since = models.DateTimeField(null=True, editable=False)
    secret = models.CharField(max_length=_SECRET_LENGTH, editable=False)
    previous_secret = models.CharField(max_length=_SECRET_LENGTH, blank=True, editable=False)
    """It signs too, until the time below."""
    previous_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        db_table = "messaging_webhook_endpoint"
        verbose_name = "webhook endpoint"

    def __str__(self) -> str:
        return self.url


class WebhookDeliveryRecord(models.Model):
    """An event for an endpoint, as ids only: the log, the events that wait, and those that can be
    replayed."""

    endpoint = models.ForeignKey(WebhookEndpointRecord, on_delete=models.CASCADE)
    webhook_id = models.CharField(max_length=_WEBHOOK_ID_LENGTH)
    type = models.CharField(max_length=_TYPE_LENGTH)
    conversation_id = models.CharField("conversation", max_length=ID_LENGTH, blank=True)
    version = models.PositiveBigIntegerField(default=0)
    about = models.CharField(max_length=ID_LENGTH, blank=True)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField("time of the event")
    state = models.CharField(max_length=16)
    attempts = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True)
    failure = models.CharField(max_length=32, blank=True)
    attempted_at = models.DateTimeField(null=True)
    first_failed_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    owner = models.CharField(max_length=_OWNER_LENGTH, blank=True)
    leased_until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "messaging_webhook_delivery"
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        constraints = (
            models.UniqueConstraint(
                fields=["endpoint", "webhook_id"], name="messaging_webhook_once"
            ),
        )
        indexes = (
            models.Index(fields=["endpoint", "state", "id"], name="messaging_webhook_log"),
            models.Index(
                fields=["next_at"],
                condition=models.Q(state="waiting"),
                name="messaging_webhook_waiting",
            ),
        )

    def __str__(self) -> str:
        return self.webhook_id
