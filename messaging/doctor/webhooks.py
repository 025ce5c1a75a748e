"""The examination of the webhook endpoints and of the moderation hook."""

from collections.abc import Sequence

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error

from messaging.doctor.findings import Finding, ok, problem, warning
from messaging.models import ModerationHookRecord, WebhookDeliveryRecord, WebhookEndpointRecord
from messaging.outbound.addresses import parse_networks
from messaging.outbound.urls import refusal


async def examine_webhooks() -> Sequence[Finding]:
    """Say which endpoints are off or fail, and which URLs can never be reached."""
    try:
        return await sync_to_async(_examine)()
    except Error as error:
        text = f"The webhook endpoints cannot be read: {error}"
        return [warning(text, "See the findings about the database. Run `manage.py migrate`.")]


def _examine() -> Sequence[Finding]:
    findings: list[Finding] = []
    for endpoint in WebhookEndpointRecord.objects.order_by("pk"):
        findings += _of_endpoint(endpoint)
    for hook in ModerationHookRecord.objects.filter(enabled=True):
        findings += _of_url("The moderation hook", hook.url)
    failed = WebhookDeliveryRecord.objects.filter(state="failed").count()
    if failed:
        text = f"{failed} webhook events failed for a day and were passed over."
        findings.append(warning(text, "Correct the endpoint, then replay them in the admin."))
    return findings or [ok("Every webhook endpoint that is on answers, as far as is known.")]


def _of_endpoint(endpoint: WebhookEndpointRecord) -> Sequence[Finding]:
    name = f"Webhook endpoint {endpoint.pk}"
    if endpoint.switched_off_for:
        text = f"{name} was switched off: {endpoint.switched_off_for}."
        return [warning(text, "Correct it, then switch it on in the admin.")]
    if not endpoint.enabled:
        return []
    if endpoint.failing_since is not None:
        since = endpoint.failing_since.isoformat(timespec="minutes")
        text = f"{name} has failed since {since}."
        return [warning(text, "The webhook deliveries in the admin show its answers.")]
    return _of_url(name, endpoint.url)


def _of_url(name: str, url: str) -> Sequence[Finding]:
    reason = refusal(url, parse_networks(settings.CHAT_OUTBOUND_ALLOWED_NETWORKS))
    return [] if reason is None else [problem(f"{name} is never reached.", reason)]
