"""Actions of the admin that ask for confirmation. The audit trail records them before they are
carried out, and a failure after; the history records them after."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import structlog
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme

from chat.admin.base import StoreModelAdmin
from chat.admin.bridge import on_loop
from chat.admin.integrations.secrets import token_page
from chat.admin.lists import Rows
from chat.admin.personal_data.noting import note
from chat.state import instance_of
from messaging.domain.exceptions import MessagingError
from messaging.notifications.queue.dead_letters import NoDeadLetters
from messaging.notifications.queue.sqs import QueueUnavailable

logger = structlog.get_logger(__name__)

Act = Callable[..., Awaitable[Any]]
Action = Callable[..., HttpResponse]
_MAX_NAMED = 100
"""The most rows that a confirmation names."""


def act(
    description: str,
    *,
    permission: str,
    consequence: str,
    form: type[forms.Form] = forms.Form,
    final: bool = False,
    also: Callable[[Any], Model] | None = None,
    secret: bool = False,
) -> Callable[[Act], Action]:
    """Turn a coroutine function into an admin action.

    The function gets the row, the operator's name as `by` and the values of the form, and runs on
    the instance's event loop. The admin checks `permission` by `has_<permission>_permission`.
    `consequence` is the text of the confirmation; its button is red if the action is `final`.
    `also` returns a second object whose history records the action. With `secret`, the function
    returns a token for a single row, which the answer shows once.
    """

    def make(carry_out: Act) -> Action:
        def action(modeladmin: StoreModelAdmin, request: HttpRequest, rows: Rows) -> HttpResponse:
            confirmed = "confirmed" in request.POST
            fields = form(request.POST if confirmed else None)
            found = [modeladmin.get_object(request, key) for key in rows.keys]
            chosen = [row for row in found if row is not None]
            if confirmed and fields.is_valid():
                said = [f"{name}: {value}" for name, value in fields.cleaned_data.items()]
                name = f"{modeladmin.opts.model_name}.{carry_out.__name__}"
                for row in chosen:
                    note(request, name, row, values=fields.cleaned_data)
                    failure, result = _carried_out(
                        modeladmin,
                        request,
                        row,
                        carry_out=carry_out,
                        description=description,
                        values=fields.cleaned_data,
                    )
                    if failure is not None:
                        note(
                            request,
                            name,
                            row,
                            values=fields.cleaned_data,
                            failure=_code_of(failure),
                        )
                    outcome = () if failure is None else (f"failed: {failure}",)
                    entry = "; ".join((description, *said, *outcome))
                    modeladmin.log_change(request, row, entry)
                    if also is not None:
                        modeladmin.log_change(request, also(row), f"{entry}; by {row} ({row.pk})")
                    if secret and result is not None:
                        return token_page(modeladmin, request, row, result)
                return HttpResponseRedirect(_next_page(request))
            return _question(
                modeladmin,
                request,
                chosen,
                name=carry_out.__name__,
                description=description,
                consequence=consequence,
                final=final,
                form=fields,
                keys=[row.pk for row in chosen],
            )

        action.__name__ = carry_out.__name__
        return admin.action(description=description, permissions=[permission])(action)

    return make


def confirmed(
    description: str,
    *,
    permission: str,
    consequence: str,
    final: bool = False,
    single: bool = False,
) -> Callable[[Callable[..., HttpResponse | None]], Callable[..., HttpResponse | None]]:
    """Turn a function into an action on the rows of a table, which is carried out once it is
    confirmed. It gets the model admin, the request and a queryset, and writes the history.

    With `single`, the action is refused unless exactly one row is chosen.
    """

    def make(carry_out: Callable[..., HttpResponse | None]) -> Callable[..., HttpResponse | None]:
        @wraps(carry_out)
        def action(
            modeladmin: Any, request: HttpRequest, rows: "QuerySet[Any]"
        ) -> HttpResponse | None:
            if single and len(rows[:2]) != 1:
                modeladmin.message_user(request, "Choose one row.", messages.ERROR)
                return None
            keys = request.POST.getlist(ACTION_CHECKBOX_NAME)
            if "confirmed" in request.POST:
                chosen = {"rows": rows.count(), "keys": ", ".join(keys[:_MAX_NAMED])}
                name = f"{modeladmin.opts.model_name}.{carry_out.__name__}"
                note(request, name, None, values=chosen)
                return carry_out(modeladmin, request, rows)
            return _question(
                modeladmin,
                request,
                rows[:_MAX_NAMED],
                name=carry_out.__name__,
                description=description,
                consequence=consequence,
                final=final,
                form=forms.Form(),
                keys=keys,
                unnamed=max(rows.count() - _MAX_NAMED, 0),
            )

        return admin.action(description=description, permissions=[permission])(action)

    return make


def _question(
    modeladmin: Any,
    request: HttpRequest,
    rows: Iterable[Model],
    *,
    name: str,
    description: str,
    consequence: str,
    final: bool,
    form: forms.Form,
    keys: Sequence[str],
    unnamed: int = 0,
) -> HttpResponse:
    """Return the page that asks for confirmation. `unnamed`: the number of further rows. If all
    rows of the list were chosen, the confirmed form says so again."""
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": description,
        "consequence": consequence,
        "final": final,
        "opts": modeladmin.opts,
        "rows": rows,
        "unnamed": unnamed,
        "keys": keys,
        "across": request.POST.get("select_across") == "1",
        "form": form,
        "name": name,
        "checkbox": ACTION_CHECKBOX_NAME,
        "next": _next_page(request),
        "media": modeladmin.media,
    }
    return TemplateResponse(request, "admin/chat/confirm.html", context)


def _carried_out(
    modeladmin: StoreModelAdmin,
    request: HttpRequest,
    row: Any,
    *,
    carry_out: Act,
    description: str,
    values: dict[str, Any],
) -> tuple[Exception | None, Any]:
    """Run the action. Return the error if it failed, and its result. A failed action is recorded
    too, because it may have been done in part, or may be done later."""
    by = request.user.get_username()
    failure: Exception | None = None
    result = None
    try:
        result = on_loop(carry_out)(instance_of(request), row, by=by, **values)
    except (MessagingError, QueueUnavailable, NoDeadLetters) as error:
        modeladmin.message_user(request, f"{description}: {row}. {error}", messages.ERROR)
        failure = error
    else:
        modeladmin.message_user(request, f"{description}: {row}, done.", messages.SUCCESS)
    logger.info(
        "operator.acted", act=carry_out.__name__, by=by, key=str(row.pk), failed=failure is not None
    )
    return failure, result


def _code_of(failure: Exception) -> str:
    """Return the code of an error. Its text may name a person."""
    return failure.code if isinstance(failure, MessagingError) else type(failure).__name__


def _next_page(request: HttpRequest) -> str:
    """Return the page that the operator came from."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return request.get_full_path()
