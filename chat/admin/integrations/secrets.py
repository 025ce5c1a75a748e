"""The page that shows a new secret or token, once. No message, no cookie and no cache keeps it."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse


def secret_page(
    modeladmin: "ModelAdmin[Any]",
    request: HttpRequest,
    row: object,
    secret: str,
    *,
    note: str = "",
) -> HttpResponse:
    """Return the page of a secret that signs requests to a receiver."""
    return _page(modeladmin, request, row, secret, name="secret", owner="receiver", note=note)


def token_page(
    modeladmin: "ModelAdmin[Any]", request: HttpRequest, row: object, token: str
) -> HttpResponse:
    """Return the page of a service account's token."""
    return _page(modeladmin, request, row, token, name="token", owner="service")


def _page(
    modeladmin: "ModelAdmin[Any]",
    request: HttpRequest,
    row: object,
    secret: str,
    *,
    name: str,
    owner: str,
    note: str = "",
) -> HttpResponse:
    opts = modeladmin.opts
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": f"The new {name} of {row}",
        "opts": opts,
        "name": name,
        "owner": owner,
        "note": note,
        "secret": secret,
        "next": reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
    }
    answer = TemplateResponse(request, "admin/chat/secret.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
