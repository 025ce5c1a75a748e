"""All paths: the API, the admin, and the demo page if it is enabled."""

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from chat.pages.demo import DemoNotificationsView, DemoPushView, demo

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("chat.urls")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=static("chat/demo/icon.svg"))),
]
if settings.CHAT_DEMO:
    urlpatterns += [
        path("", demo),
        path("demo/notifications", DemoNotificationsView.as_view()),
        path("demo/pushes/<str:conversation_id>/<str:message_id>", DemoPushView.as_view()),
    ]

handler400 = "chat.pages.failures.bad_request"
handler403 = "chat.pages.failures.permission_denied"
handler404 = "chat.pages.failures.not_found"
handler500 = "chat.pages.failures.server_error"
