"""Orders with their conversations, and the events that were received."""

from django.conf import settings
from django.db import models


class Order(models.Model):
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    item = models.CharField(max_length=100)
    state = models.CharField(max_length=16, default="placed")
    conversation_id = models.CharField(max_length=26, blank=True, db_index=True)
    messages = models.PositiveIntegerField(default=0)
    """The messages of people, as the webhooks have counted them."""

    def __str__(self) -> str:
        return f"Order {self.pk}: {self.item}"


class ReceivedEvent(models.Model):
    """An event that was handled. Its repeats are dropped."""

    id = models.CharField(primary_key=True, max_length=256)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.id
