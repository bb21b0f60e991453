"""A call: find who it is as somebody types, see what there is, log what came of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from supportdesk.zones import zone_or_none
from tickets import access
from tickets.actions.calls import Call, Caller, log_call, log_call_of_stranger
from tickets.desk import customer_page, lookup, phone
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import UNUSABLE, status_of
from tickets.errors import ActionError
from tickets.models import Customer, Order, Store, Ticket


@require_safe
@staff_only
def calls(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One field; what begins like the typed text, as a whole page or as the list alone."""
    typed = request.GET.get("q", "")
    found = lookup.find(desk.actor, [desk.store] if desk.store else desk.stores, typed)
    if getattr(request, "htmx", False):
        context = {"desk": desk, "now": desk.now, **_found(desk, found)}
        return render(request, "desk/phone/found.html", context)
    if found.reference and "q" in request.GET:
        return redirect("desk:ticket", found.reference)
    if len(found.people) == 1 and not found.more and "new" not in request.GET:
        return _straight_on(found)
    return _calls(request, desk, found)


def _straight_on(found: lookup.Found) -> HttpResponse:
    """There is one: Enter leads to them, and to the order that was typed."""
    person = found.people[0]
    order = next(iter(person.named), None)
    asked = {"q": found.typed, **({"order": order} if order else {})}
    return redirect(f"{reverse('desk:call', args=[person.customer.pk])}?{urlencode(asked)}")


def _found(desk: Desk, found: lookup.Found) -> dict[str, Any]:
    people = [
        {
            "person": person,
            "tickets": [phone.ticket_row(ticket) for ticket in person.tickets],
            "order": next((one.pk for one in person.orders if one.pk in person.named), None),
        }
        for person in found.people
    ]
    chosen = [desk.store] if desk.store else desk.stores
    return {
        "found": found,
        "people": people,
        "reader_zone": desk.user.time_zone,
        "several_stores": len(desk.stores) > 1,
        "works_in": [store for store in chosen if "work" in desk.verbs(store.pk)],
    }


def _calls(
    request: HttpRequest,
    desk: Desk,
    found: lookup.Found,
    new: tuple[Store, phone.StrangerForm] | None = None,
    error: ActionError | None = None,
) -> HttpResponse:
    status = _status(error) if new is not None else 200
    if new is None:
        wanted = request.GET.get("new", "")
        store = next((one for one in desk.stores if one.slug == wanted), None)
        if store is not None and "work" in desk.verbs(store.pk):
            known = {"name": found.name, "email": found.email, "phone": found.phone}
            new = store, phone.StrangerForm(initial=known)
    context = desk.context(
        typed_call=found.typed,
        new_at=new[0] if new else None,
        form=new[1] if new else None,
        place="calls",
        **_found(desk, found),
    )
    return render(request, "desk/phone/calls.html", context, status=status)


def _status(error: ActionError | None) -> int:
    return status_of(error) if error is not None else UNUSABLE


@require_POST
@staff_only
def stranger(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Somebody new: the customer and their call in one go."""
    store = next((store for store in desk.stores if store.pk == pk), None)
    if store is None:
        raise Http404
    form = phone.StrangerForm(request.POST)
    if not form.is_valid():
        return _calls(request, desk, lookup.Found(), (store, form))
    data = form.cleaned_data
    try:
        ticket = log_call_of_stranger(
            store,
            Caller(data["email"], data["name"], data["phone"]),
            Call(data["request"], data["note"], solved=data["solved"]),
            actor=desk.actor,
            now=desk.now,
            form_key=data["form_key"],
        )
    except ActionError as error:
        _say_why(form, error)
        return _calls(request, desk, lookup.Found(), (store, form), error)
    return _logged(request, ticket, solved=data["solved"])


@require_safe
@staff_only
def call(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """The person on the line, and what there is to say."""
    return _call(request, desk, access.customer_for(desk.actor, pk))


def _call(
    request: HttpRequest,
    desk: Desk,
    customer: Customer,
    posted: Any = None,
    error: ActionError | None = None,
) -> HttpResponse:
    shown = _shown(request, desk, customer)
    form = posted or _form(shown, initial=_first(request, shown))
    notes = customer_page.notes(customer)[:3]
    context = desk.context(
        customer=customer,
        store=customer.store,
        person=phone.who(customer, desk.now),
        form=form,
        notes=notes,
        about=form["request"].value(),
        may_work="work" in desk.verbs(customer.store_id),
        several_stores=len(desk.stores) > 1,
        typed_call=request.GET.get("q", "")[: lookup.LONGEST],
        place="calls",
        parcels={
            parcel.pk: phone.parcel_state(parcel)
            for order in shown["orders"]
            for parcel in order.shipments.all()
        },
        **shown,
    )
    status = _status(error) if posted is not None else 200
    return render(request, "desk/phone/call.html", context, status=status)


def _shown(request: HttpRequest, desk: Desk, customer: Customer) -> dict[str, Any]:
    """Orders, open tickets, and what the rules say of the chosen order."""
    wanted = (request.POST if request.method == "POST" else request.GET).get("order", "")
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else None
    orders = phone.orders_of(desk, customer, number)
    chosen: Order | None = orders[0] if orders else None
    zone: ZoneInfo | None = zone_or_none(customer.time_zone)
    return {
        "orders": orders,
        "chosen": chosen,
        "answers": phone.answers(chosen, zone, desk.now) if chosen else [],
        "tickets": phone.open_tickets(desk, customer),
        "knows_phone": bool(customer.phone),
    }


def _form(shown: dict[str, Any], data: Any = None, initial: Any = None) -> phone.CallForm:
    customer_orders: list[Order] = shown["orders"]
    return phone.CallForm(
        data,
        likely=[answer.request for answer in shown["answers"]],
        tickets=shown["tickets"],
        orders=customer_orders,
        knows_phone=shown["knows_phone"],
        initial=initial,
    )


def _first(request: HttpRequest, shown: dict[str, Any]) -> dict[str, Any]:
    """What is filled in already: what was clicked, what was typed, and what is most likely."""
    tickets: list[dict[str, Any]] = shown["tickets"]
    about = request.GET.get("about", "")
    chosen: Order | None = shown["chosen"]
    ticket = request.GET.get("ticket", "")
    references = [row["ticket"].reference for row in tickets]
    same = [
        row["ticket"].reference
        for row in tickets
        if chosen is not None and row["ticket"].order_id == chosen.pk
    ]
    first = next(iter(same), references[0] if references else "")
    typed = lookup.Found(request.GET.get("q", "")[: lookup.LONGEST])
    return {
        "request": about or (tickets[0]["ticket"].request if tickets else ""),
        "order": str(chosen.pk) if chosen is not None else "",
        "ticket": ticket if ticket in references else ("" if about else first),
        "phone": typed.phone,
    }


@require_POST
@staff_only
def log(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """What came of the call, on a ticket of theirs or as a new one."""
    customer = access.customer_for(desk.actor, pk)
    shown = _shown(request, desk, customer)
    form = _form(shown, request.POST)
    if not form.is_valid():
        return _call(request, desk, customer, form)
    data = form.cleaned_data
    reference, order_pk = data.get("ticket", ""), data.get("order", "")
    found: Ticket | None = access.ticket_for(desk.actor, reference) if reference else None
    try:
        ticket = log_call(
            customer,
            Call(
                request=data["request"],
                note=data["note"],
                ticket=found,
                order=next((one for one in shown["orders"] if str(one.pk) == order_pk), None),
                phone=data.get("phone", ""),
                solved=data["solved"],
                send_form=data.get("send_form", False),
            ),
            actor=desk.actor,
            now=desk.now,
            form_key=data["form_key"],
        )
    except ActionError as error:
        _say_why(form, error)
        return _call(request, desk, customer, form, error)
    return _logged(request, ticket, solved=data["solved"], sent=data.get("send_form", False))


def _logged(
    request: HttpRequest, ticket: Ticket, *, solved: bool, sent: bool = False
) -> HttpResponse:
    if sent:
        told = _("Call logged. The form is on its way to the customer.")
    elif solved:
        told = _("Call logged, and solved.")
    else:
        told = _("Call logged.")
    messages.success(request, told)
    return redirect("desk:ticket", ticket.reference)


def _say_why(form: forms.Form, error: ActionError) -> None:
    field = {"body": "note"}.get(error.field, error.field)
    form.add_error(field if field in form.fields else None, error.message)
