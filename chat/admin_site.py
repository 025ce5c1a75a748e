"""The admin site, with limited sign-in attempts (`chat.admin.sign_in`)."""

from http import HTTPStatus
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


class ChatAdminSite(AdminSite):
    def get_urls(self) -> list[Any]:
        """Leave out Django's redirect to "the page on the site". There is none, and it would query
        tables that do not exist."""
        return [one for one in super().get_urls() if getattr(one, "name", "") != "view_on_site"]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Answer 429 with `Retry-After` if the sign-in attempt is not accepted."""
        # Django loads this site before the models that the form needs.
        from chat.admin.sign_in import SignInForm  # noqa: PLC0415
        from chat.limits.sign_ins import remember_browser  # noqa: PLC0415

        self.login_form = SignInForm
        response: HttpResponse = super().login(request, extra_context)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            remember_browser(response)
        if isinstance(response, TemplateResponse):
            form = (response.context_data or {}).get("form")
            if isinstance(form, SignInForm) and form.retry_after:
                response.status_code = 429
                response["Retry-After"] = str(form.retry_after)
        return response


class ChatAdminConfig(AdminConfig):
    default_site = "chat.admin_site.ChatAdminSite"
