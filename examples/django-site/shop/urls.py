"""The paths of the site."""

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from django.views.static import serve

from shop import views, webhooks

urlpatterns = [
    path("", views.home),
    path("join", views.join),
    path("login", LoginView.as_view(template_name="form.html")),
    path("logout", LogoutView.as_view()),
    path("chat/token", views.token),
    path("orders", views.order),
    path("orders/<int:order_id>/ship", views.ship),
    path("chat-client/<path:path>", serve, {"document_root": settings.CHAT_CLIENT}),
]
if settings.CHAT_WEBHOOK_SECRET:  # without it, nothing can be verified
    urlpatterns.append(path("hooks/chat", webhooks.receive))
