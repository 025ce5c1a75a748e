"""Service accounts, their tokens and their history. They are in `DATABASE_URL` on every store."""

from django.db import models

from messaging.models.lengths import OPERATOR_LENGTH, USER_ID_LENGTH

_NAME_LENGTH = 40
_TOKEN_ID_LENGTH = 12
METHOD_LENGTH = 8
REQUEST_ID_LENGTH = 64


class ServiceAccountRecord(models.Model):
    name = models.CharField(primary_key=True, max_length=_NAME_LENGTH)
    scopes = models.JSONField(default=list)
    requests_per_second = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=OPERATOR_LENGTH, blank=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "messaging_service_account"
        verbose_name = "service account"

    def __str__(self) -> str:
        return self.name


class ServiceTokenRecord(models.Model):
    """A token, of which only a digest is stored."""

    id = models.CharField(primary_key=True, max_length=_TOKEN_ID_LENGTH)
    account = models.ForeignKey(
        ServiceAccountRecord, on_delete=models.CASCADE, related_name="tokens"
    )
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=OPERATOR_LENGTH, blank=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "messaging_service_token"
        verbose_name = "token of a service account"

    def __str__(self) -> str:
        return self.id


class ServiceActionRecord(models.Model):
    """A request of a service account."""

    name = models.CharField(max_length=_NAME_LENGTH)
    token_id = models.CharField(max_length=_TOKEN_ID_LENGTH)
    at = models.DateTimeField()
    method = models.CharField(max_length=METHOD_LENGTH)
    path = models.TextField()
    status = models.PositiveSmallIntegerField()
    request_id = models.CharField(max_length=REQUEST_ID_LENGTH)
    person_id = models.CharField(max_length=USER_ID_LENGTH, blank=True)

    class Meta:
        db_table = "messaging_service_action"
        verbose_name = "action of a service account"
        indexes = (models.Index(fields=["name", "id"], name="messaging_service_history"),)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
