"""An order of several together: who has what of it."""

from __future__ import annotations

from django import forms as widgets
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions import shares as sharing
from tickets.desk.forms import PlainForm, StepForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import say_why, status_of
from tickets.errors import ActionError
from tickets.models import Order, OrderLine


class ShareForm(StepForm):
    """Whose, of which line, and how many. ``options`` are the lines as choices."""

    line = widgets.ChoiceField(label=_l("Item"))
    email = widgets.EmailField(
        label=_l("Their e-mail address"),
        help_text=_l("With it and the order's number they find their items."),
    )
    name = widgets.CharField(label=_l("Their name"), required=False, max_length=200)
    quantity = widgets.IntegerField(label=_l("How many"), min_value=1, max_value=9999, initial=1)

    def prepare(self) -> None:
        """The lines of the order."""
        field = self.fields["line"]
        assert isinstance(field, widgets.ChoiceField)
        field.choices = self.options


def _options(lines: list[OrderLine]) -> list[tuple[str, str]]:
    return [(str(line.pk), f"{line.quantity} × {line.title}") for line in lines]


@require_safe
@staff_only
def shares(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Who has what of an order."""
    return _page(request, desk, access.order_for(desk.actor, pk))


@require_POST
@staff_only
def give(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Items of it belong to somebody else."""
    order = access.order_for(desk.actor, pk)
    lines = list(order.lines.all())
    form = ShareForm(request.POST, name="share", options=_options(lines))
    if not form.is_valid():
        return _page(request, desk, order, form, status=422)
    typed = form.cleaned_data
    line = next(line for line in lines if str(line.pk) == typed["line"])
    try:
        sharing.give(
            line,
            typed["email"],
            typed["quantity"],
            name=typed["name"],
            actor=desk.actor,
            now=desk.now,
        )
    except ActionError as error:
        say_why(form, error)
        return _page(request, desk, order, form, status=status_of(error))
    messages.success(request, _("Kept. They can ask for these items in their own name now."))
    return redirect("desk:shares", order.pk)


@require_POST
@staff_only
def removal(request: HttpRequest, desk: Desk, pk: int, share: int) -> HttpResponse:
    """The items are the buyer's again."""
    order = access.order_for(desk.actor, pk)
    found = next((one for one in sharing.shares_of(order) if one.pk == share), None)
    if found is None:
        raise Http404
    form = PlainForm(request.POST, name="taken")
    try:
        sharing.take_back(found, actor=desk.actor, now=desk.now)
    except ActionError as error:
        form.is_valid()
        say_why(form, error)
        return _page(request, desk, order, form, status=status_of(error))
    messages.success(request, _("Taken back: these items are the buyer's again."))
    return redirect("desk:shares", order.pk)


def _page(
    request: HttpRequest,
    desk: Desk,
    order: Order,
    bound: StepForm | None = None,
    status: int = 200,
) -> HttpResponse:
    lines = list(order.lines.all())
    fresh = ShareForm(name="share", options=_options(lines))
    context = desk.context(
        order=order,
        store=order.store,
        lines=lines,
        shares=sharing.shares_of(order),
        form=bound if isinstance(bound, ShareForm) else fresh,
        problem=bound,
        may_work="work" in desk.verbs(order.store_id),
        tickets=list(access.tickets_for(desk.actor).filter(order=order).order_by("-pk")[:20]),
    )
    return render(request, "desk/shares.html", context, status=status)
