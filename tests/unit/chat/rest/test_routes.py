"""The table of routes gives Django's own match, or leaves the path to Django."""

import pytest
from django.http import HttpResponse
from django.urls import ResolverMatch, get_resolver, include, path, resolve
from django.urls.resolvers import RegexPattern, URLResolver

from chat.rest.routes import Routes
from chat.urls import _V1 as PATTERNS  # the paths of the API

PATHS = [f"/api/v1/{one.pattern}" for one in PATTERNS]
VALUES = ("direct-1", "%41", "é", "a b", "service:crm", "😀", "..", "\n", "a.b", "me")


@pytest.fixture(scope="module")
def routes() -> Routes:
    return Routes(get_resolver())


def facts(match: ResolverMatch) -> dict[str, object]:
    """Return what a match says. `tried` is for Django's page about unknown paths; the API has no
    `extra_kwargs`."""
    ignored = {"tried", "extra_kwargs"}
    return {name: value for name, value in vars(match).items() if name not in ignored}


def filled(route: str, value: str) -> str:
    return "/".join(value if part.startswith("<") else part for part in route.split("/"))


@pytest.mark.parametrize("route", PATHS)
def test_each_path_of_the_api_has_the_match_of_django(routes: Routes, route: str) -> None:
    for value in VALUES:
        wanted = filled(route, value)
        match = routes.match(wanted)

        assert match is not None
        assert facts(match) == facts(resolve(wanted))


@pytest.mark.parametrize(
    "wanted",
    [
        *("/api/v1/", "/api/v1", "/api/v1/nothing", "/api/v1/me/", "/api/v1//me", "/api/v2/me"),
        *("/api/v1/conversations/", "/api/v1/conversations//messages", "/api/v1/users/a/nothing"),
        *("/api/schema", "/api/files/a/b", "/health/live", "/metrics", "/admin/", "/", ""),
    ],
)
def test_any_other_path_is_left_to_django(routes: Routes, wanted: str) -> None:
    assert routes.match(wanted) is None


def test_two_requests_share_no_values(routes: Routes) -> None:
    first, second = (routes.match(f"/api/v1/users/{one}") for one in ("ann", "bob"))

    assert first is not None
    assert second is not None
    assert (first.kwargs, second.kwargs) == ({"user_id": "ann"}, {"user_id": "bob"})


def test_a_word_beside_a_parameter_is_refused() -> None:
    """Then the order of the patterns decides."""

    def view() -> HttpResponse:
        return HttpResponse()

    patterns = [path("users/<str:user_id>", view), path("users/me/sessions", view)]
    ambiguous = URLResolver(RegexPattern(r"^/"), [path("api/v1/", include(patterns))])

    with pytest.raises(ValueError, match="Rename one"):
        Routes(ambiguous)
