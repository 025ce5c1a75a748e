"""The page that shows a new secret, once. It is not stored in a message or a cookie."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse


def secret_page(
    modeladmin: "ModelAdmin[Any]", request: HttpRequest, row: Model, secret: str
) -> HttpResponse:
    """Return the page. No cache keeps it."""
    opts = modeladmin.opts
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": "The new secret",
        "subtitle": str(row),
        "opts": opts,
        "secret": secret,
        "next": reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
    }
    answer = TemplateResponse(request, "admin/chat/secret.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
