"""The receiver of webhooks (https://www.standardwebhooks.com): verified, and each event once."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from standardwebhooks import Webhook, WebhookVerificationError

from shop import chat
from shop.models import Order, ReceivedEvent


@csrf_exempt  # the signature takes the place of the token
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Handle an event. An error leads to a repeat; a repeat has the same `webhook-id`."""
    try:
        event = Webhook(settings.CHAT_WEBHOOK_SECRET).verify(
            request.body, {name.lower(): value for name, value in request.headers.items()}
        )
    except WebhookVerificationError:
        return HttpResponseBadRequest("The signature is not valid.")
    event_id = request.headers["webhook-id"]
    with transaction.atomic():
        _, is_new = ReceivedEvent.objects.get_or_create(id=event_id)
        if is_new and event["type"] == "message.created":
            _answer(event["data"]["message"], event_id)
    return HttpResponse(status=204)


def _answer(message: dict[str, Any], event_id: str) -> None:
    """Count the messages of people, and answer the question for the state of an order."""
    if message["kind"] != "text" or message["sender_id"].startswith("service:"):
        return  # the answers of this site come back as events, too
    orders = Order.objects.filter(conversation_id=message["conversation_id"])
    orders.update(messages=F("messages") + 1)
    order = orders.first()
    if order is not None and message["text"].strip().lower() == "status?":
        # If this request is repeated after a crash, the `client_id` keeps it from sending twice.
        chat.send_text(
            order.conversation_id, f"{order} is {order.state}.", client_id=event_id[-128:]
        )
