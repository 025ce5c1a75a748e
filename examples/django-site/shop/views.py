"""The pages of the site."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required, user_passes_test
from django.contrib.auth.forms import UserCreationForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from shop import chat
from shop.models import Order


def join(request: HttpRequest) -> HttpResponse:
    """Create a user, and name them in the chat."""
    form = UserCreationForm(request.POST or None)
    if form.is_valid():
        user = form.save()
        login(request, user)
        chat.name_user(user)
        return redirect("/")
    return render(request, "form.html", {"form": form})


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the orders of the customer, with their conversations. Show all orders to the staff."""
    orders = Order.objects.order_by("-pk")
    if not request.user.is_staff:
        orders = orders.filter(customer=request.user)
    context = {
        "orders": orders,
        "unread": chat.count_unread(request.user),
        "chat_url": settings.CHAT_URL,
    }
    return render(request, "home.html", context)


@login_required
def token(request: HttpRequest) -> JsonResponse:
    """Turn the session into a token of the chat, for the client in the page."""
    return JsonResponse({"token": chat.token_for(request.user)})


@login_required
@require_POST
def order(request: HttpRequest) -> HttpResponse:
    """Place an order, and open its conversation."""
    placed = Order.objects.create(customer=request.user, item=request.POST["item"][:100])
    placed.conversation_id = chat.create_conversation(
        request.user, title=str(placed), client_id=f"order-{placed.pk}"
    )
    placed.save(update_fields=["conversation_id"])
    _tell(placed)
    return redirect("/")


@user_passes_test(lambda user: user.is_staff)
@require_POST
def ship(request: HttpRequest, order_id: int) -> HttpResponse:
    shipped = get_object_or_404(Order, pk=order_id)
    shipped.state = "shipped"
    shipped.save(update_fields=["state"])
    _tell(shipped)
    return redirect("/")


def _tell(order: Order) -> None:
    """Send the state of an order into its conversation."""
    chat.send_event(
        order.conversation_id,
        f"order.{order.state}",
        client_id=f"order-{order.pk}-{order.state}",
        order=order.pk,
    )
