"""Answers to requests that no view answered: a problem under the API, a plain page elsewhere.

Django calls these handlers for exceptions that leave a view or a middleware. They must be
synchronous (https://docs.djangoproject.com/en/5.2/ref/views/#error-views). The pages need no
template, session or database, so they also work when one of these has failed.
"""

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from chat.errors import STATUS, Problem, problem_of, problem_response
from chat.middleware import API_PATHS

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
<p>{text}</p>
<p>Request {request_id}</p>
</html>
"""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a malformed request: 413 for a body that is too large, otherwise 400."""
    problem = problem_of(exception)
    title = "Content too large" if problem.status == 413 else "Bad request"
    return _failure(request, problem, title=title)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    problem = Problem(code="permission_denied", detail="You do not have permission to do this.")
    return _failure(request, problem, title="Permission denied")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    problem = Problem(code="not_found", detail="This page does not exist.")
    return _failure(request, problem, title="Not found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a bug; Django has logged it."""
    detail = "An internal error occurred. Report it with the request id."
    problem = Problem(code="internal_error", detail=detail)
    return _failure(request, problem, title="Server error")


def unreadable(path: str, status: int, request_id: str, *, detail: str) -> HttpResponse:
    """Answer bytes that Django could not parse as a request: 413, or 400 with this detail."""
    problem = Problem(code="invalid_request", detail=detail)
    if status == 413:
        problem = Problem(code="payload_too_large", detail="The request is too large. Send less.")
    response = _answer(path, problem, request_id, title=STATUS[problem.code][1])
    response["X-Request-ID"] = request_id
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _failure(request: HttpRequest, problem: Problem, *, title: str) -> HttpResponse:
    return _answer(request.path, problem, getattr(request, "request_id", ""), title=title)


def _answer(path: str, problem: Problem, request_id: str, *, title: str) -> HttpResponse:
    if path.startswith(API_PATHS):
        return problem_response(problem, request_id)
    page = format_html(_PAGE, title=title, text=problem.detail, request_id=request_id)
    return HttpResponse(page, status=problem.status)
