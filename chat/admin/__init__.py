"""The admin: one file per thing that operators manage, for every store."""

from django.contrib import admin

from chat.admin import (
    conversations,
    dead_letters,
    messages,
    notifications,
    people,
    processes,
    reports,
    texts,
)
from chat.admin.integrations import moderation, service_accounts, webhooks
from chat.admin.personal_data import audit, holds, jobs, retention

__all__ = [
    "audit",
    "conversations",
    "dead_letters",
    "holds",
    "jobs",
    "messages",
    "moderation",
    "notifications",
    "people",
    "processes",
    "reports",
    "retention",
    "service_accounts",
    "texts",
    "webhooks",
]

admin.site.site_header = admin.site.site_title = "Chat"
admin.site.site_url = None
admin.site.index_title = "Operations"
