"""The paths of the API."""

from django.conf import settings
from django.urls import include, path, re_path

from chat.asyncapi import page
from chat.files.refusals import LocalFileView
from chat.pages import health, metrics, schema
from chat.rest.views import (
    attachments,
    base,
    blocks,
    conversations,
    deliveries,
    development_tokens,
    devices,
    me,
    messages,
    presence,
    receipts,
    reports,
    search,
    typing,
    users,
)
from chat.rest.views.back_end import jobs
from chat.rest.views.message_acts import pins, reactions

_CONVERSATION = "conversations/<str:conversation_id>"

_V1 = [
    path("me", me.MeView.as_view()),
    path("me/sessions", me.SessionsView.as_view()),
    path("blocks", blocks.BlocksView.as_view()),
    path("blocks/<str:user_id>", blocks.BlockView.as_view()),
    path("me/preferences", me.PreferencesView.as_view()),
    path("conversations", conversations.ConversationsView.as_view()),
    path(_CONVERSATION, conversations.ConversationView.as_view()),
    path(f"{_CONVERSATION}/participants", conversations.ParticipantsView.as_view()),
    path(f"{_CONVERSATION}/participants/<str:user_id>", conversations.ParticipantView.as_view()),
    path(f"{_CONVERSATION}/preferences", conversations.ConversationPreferencesView.as_view()),
    path(f"{_CONVERSATION}/messages", messages.MessagesView.as_view()),
    path(f"{_CONVERSATION}/messages/<str:message_id>", messages.MessageView.as_view()),
    path(f"{_CONVERSATION}/messages/<str:message_id>/pin", pins.PinView.as_view()),
    path(f"{_CONVERSATION}/pins", pins.PinsView.as_view()),
    path(
        f"{_CONVERSATION}/messages/<str:message_id>/reactions/<str:emoji>",
        reactions.ReactionView.as_view(),
    ),
    path(f"{_CONVERSATION}/messages/<str:message_id>/delivery", deliveries.DeliveryView.as_view()),
    path(f"{_CONVERSATION}/messages/<str:message_id>/versions", messages.VersionsView.as_view()),
    path(f"{_CONVERSATION}/changes", messages.ChangesView.as_view()),
    path(f"{_CONVERSATION}/read", receipts.ReadView.as_view()),
    path(f"{_CONVERSATION}/unread", receipts.UnreadView.as_view()),
    path(f"{_CONVERSATION}/receipts", receipts.ReceiptsView.as_view()),
    path(f"{_CONVERSATION}/typing", typing.TypingView.as_view()),
    path(f"{_CONVERSATION}/attachments", attachments.ConversationAttachmentsView.as_view()),
    path("attachments", attachments.AttachmentsView.as_view()),
    path("attachments/<str:attachment_id>/complete", attachments.CompletedAttachmentView.as_view()),
    path("reports", reports.ReportsView.as_view()),
    path("search", search.SearchView.as_view()),
    path("presence", presence.PresenceView.as_view()),
    path("users", users.UsersView.as_view()),
    path("users/<str:user_id>", users.UserView.as_view()),
    path("users/<str:user_id>/export", jobs.UserExportView.as_view()),
    path("jobs/<str:job_id>", jobs.JobView.as_view()),
    path("devices", devices.DevicesView.as_view()),
    path("devices/<str:device_id>", devices.DeviceView.as_view()),
]

if settings.CHAT_AUTH == "dev":
    _V1 += [path("dev/tokens", development_tokens.DevelopmentTokensView.as_view())]

urlpatterns = [
    path("api/v1/", include(_V1)),
    path("api/files/<path:key>", LocalFileView.as_view()),
    path("api/schema", schema.schema, name="schema"),
    path("api/asyncapi", page.asyncapi),
    path("api/docs", schema.page, name="docs"),
    path("metrics", metrics.metrics),
    path("health/live", health.LiveView.as_view()),
    path("health/ready", health.ReadyView.as_view()),
    re_path(r"^(?:api|health)/", base.not_found),
]
