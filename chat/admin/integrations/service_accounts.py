"""Service accounts: create one, issue and revoke its tokens, and see what it did."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from chat.admin.base import StoreModelAdmin, Table
from chat.admin.bridge import on_loop
from chat.admin.confirmed_actions import act
from chat.admin.integrations.secrets import token_page
from chat.admin.lists import Found, Wanted
from chat.models import ServiceAccount
from chat.state import instance_of
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.integrations.service_accounts import (
    DEFAULT_REQUESTS_PER_SECOND,
    MAX_REQUESTS_PER_SECOND,
    NAME_RULE,
    Scope,
    ServiceToken,
    is_name,
)
from messaging.domain.integrations.service_accounts import ServiceAccount as Account
from messaging.runtime.instance import Instance
from messaging.services.operators import service_accounts

_SHOWN_ACTIONS = 100


class ScopesForm(forms.Form):
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, scope.value) for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
    )
    requests_per_second = forms.IntegerField(
        min_value=1,
        max_value=MAX_REQUESTS_PER_SECOND,
        initial=DEFAULT_REQUESTS_PER_SECOND,
        help_text="The rate of all its requests together, on behalf of whomever.",
    )


class TokenForm(forms.Form):
    expires_at = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="In UTC. Leave it empty for a token that does not expire.",
    )

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError("This time is in the past. Enter a later one.")
        return expires_at


class AccountForm(TokenForm, ScopesForm):
    name = forms.SlugField(max_length=40, help_text=f"{NAME_RULE}. It cannot be changed.")
    field_order = ("name", "scopes", "requests_per_second", "expires_at")


class TokenIdForm(forms.Form):
    token_id = forms.RegexField(
        r"^[0-9a-f]{12}$", label="Token", help_text="The id of the token: svc_ID_…"
    )


@act(
    "Issue another token",
    permission="manage",
    consequence="The other tokens stay valid. To rotate, move the service to the new token, then "
    "revoke the old one.",
    form=TokenForm,
    secret=True,
)
async def issue_token(
    instance: Instance, account: ServiceAccount, *, by: str, expires_at: datetime | None
) -> str:
    return await service_accounts.issue_token(
        instance.service_accounts, name=account.pk, by=by, expires_at=expires_at
    )


@act(
    "Change scopes and rate",
    permission="manage",
    consequence="The change holds at once for all tokens of the account.",
    form=ScopesForm,
)
async def change(
    instance: Instance,
    account: ServiceAccount,
    *,
    by: str,
    scopes: list[str],
    requests_per_second: int,
) -> None:
    await service_accounts.change_account(
        instance.service_accounts,
        name=account.pk,
        scopes=[Scope(scope) for scope in scopes],
        requests_per_second=requests_per_second,
        by=by,
    )


@act(
    "Revoke a token",
    permission="manage",
    consequence="All requests with this token are refused, at once and permanently.",
    form=TokenIdForm,
    final=True,
)
async def revoke_token(
    instance: Instance, account: ServiceAccount, *, by: str, token_id: str
) -> None:
    await service_accounts.revoke_token(
        instance.service_accounts, name=account.pk, token_id=token_id, by=by
    )


@act(
    "Revoke the account",
    permission="manage",
    consequence="All tokens of the account are refused, at once and permanently. Its messages "
    "stay.",
    final=True,
)
async def revoke(instance: Instance, account: ServiceAccount, *, by: str) -> None:
    await service_accounts.revoke_account(instance.service_accounts, name=account.pk, by=by)


@admin.register(ServiceAccount)
class ServiceAccountAdmin(StoreModelAdmin):
    list_display = ("name", "scopes", "requests_per_second", "last_used_at", "revoked_at")
    fields = (
        *("name", "scopes", "requests_per_second", "created_at", "created_by"),
        *("last_used_at", "revoked_at"),
    )
    actions = (issue_token, change, revoke_token, revoke)
    single_object_actions = frozenset({"issue_token", "change", "revoke_token"})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.add_serviceaccount")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.change_serviceaccount")

    def unavailable_actions(self, row: Any) -> set[str]:
        every = {"issue_token", "change", "revoke_token", "revoke"}
        return set() if row.revoked_at is None else every

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Create an account, and show its first token once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        answer: HttpResponse = self._answer(request, lambda: self._add(request))
        return answer

    def _add(self, request: HttpRequest) -> HttpResponse:
        form = AccountForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            given = dict(form.cleaned_data)
            scopes = [Scope(scope) for scope in given.pop("scopes")]
            create = on_loop(service_accounts.create_account)
            try:
                token = create(
                    instance_of(request).service_accounts,
                    scopes=scopes,
                    by=request.user.get_username(),
                    **given,
                )
            except InvalidRequest as error:
                form.add_error(None, error.detail)
            else:
                row = ServiceAccount(name=given["name"])
                self.log_addition(request, row, f"scopes: {', '.join(sorted(scopes))}")
                return token_page(self, request, row, token)
        context = {
            **self.admin_site.each_context(request),
            "title": "Create a service account",
            "opts": self.opts,
            "form": form,
            "list_url": self.list_url(request),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/chat/form.html", context)

    async def list_rows(self, instance: Instance, wanted: Wanted) -> Found:
        accounts = await instance.service_accounts.list_accounts()
        after = [one for one in accounts if wanted.after is None or one.name > wanted.after]
        shown = after[: wanted.limit]
        more = len(after) > len(shown)
        return Found(rows=[_row(one) for one in shown], next=shown[-1].name if more else None)

    async def find_row(self, instance: Instance, key: str) -> ServiceAccount | None:
        account = await instance.service_accounts.get(key) if is_name(key) else None
        return None if account is None else _row(account)

    async def list_tables(self, instance: Instance, row: Any) -> list[Table]:
        actions = await instance.service_accounts.list_actions(row.pk, limit=_SHOWN_ACTIONS)
        return [
            Table(
                title="Tokens",
                headings=("Token", "State", "Created", "By", "Expires", "Last used"),
                rows=[
                    (
                        one.id,
                        _state(one),
                        one.created_at,
                        one.created_by,
                        one.expires_at or "–",
                        one.last_used_at or "–",
                    )
                    for one in row.account.tokens
                ],
            ),
            Table(
                title=f"Latest changes, at most {_SHOWN_ACTIONS}",
                headings=("Time", "Request", "Status", "On behalf of", "Token", "Request id"),
                rows=[
                    (
                        one.at,
                        f"{one.method} {one.path}",
                        one.status,
                        one.person_id or "–",
                        one.token_id,
                        one.request_id,
                    )
                    for _, one in actions
                ],
            ),
        ]


def _state(token: ServiceToken) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expired else "valid"


def _row(account: Account) -> ServiceAccount:
    used = [one.last_used_at for one in account.tokens if one.last_used_at is not None]
    row = ServiceAccount(
        name=account.name,
        scopes=", ".join(sorted(account.scopes)),
        requests_per_second=account.requests_per_second,
        created_at=account.created_at,
        created_by=account.created_by,
        last_used_at=max(used, default=None),
        revoked_at=account.revoked_at,
    )
    row.account = account
    return row
