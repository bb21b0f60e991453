"""The only door from a request to a row. Unseen and forbidden look alike: 404."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.core import signing
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from tickets.actor import Actor
from tickets.errors import TooMany
from tickets.models import (
    Automation,
    BulkJob,
    Claim,
    Customer,
    CustomerNote,
    Deadline,
    Draft,
    Evidence,
    Inquiry,
    Macro,
    Order,
    OrderShare,
    Pickup,
    Product,
    QueueTally,
    RateBucket,
    Refund,
    ReleaseMove,
    SavedView,
    Shipment,
    Store,
    Ticket,
    Upload,
    User,
)
from tickets.models.base import email_key
from tickets.models.order import order_number_key
from tickets.permissions import roles_with
from tickets.references import clean_reference

Row = TypeVar("Row", bound=models.Model)
TRACKING_HOURS = 2
_TRACKING = "tickets.track"
_AGAIN = "tickets.again"


def stores_for(user: User, verb: str = "see") -> QuerySet[Store]:
    """The stores in which this member of staff may do ``verb``."""
    if not user.is_authenticated or not user.is_active:
        return Store.objects.none()
    if user.is_superuser:
        return Store.objects.all()
    return Store.objects.filter(
        memberships__user=user, memberships__role__in=roles_with(verb)
    ).distinct()


def _seen(rows: QuerySet[Row], actor: Actor, store: str, customer: str | None) -> QuerySet[Row]:
    """The one rule: staff see their stores, a customer sees their own, the system sees all."""
    if actor.kind == "system":
        return rows
    if actor.kind == "staff" and actor.user is not None:
        if actor.user.is_superuser and actor.user.is_active:
            return rows
        return rows.filter(**{f"{store}__in": stores_for(actor.user)})
    if actor.kind == "customer" and actor.customer is not None and customer is not None:
        return rows.filter(**{customer: actor.customer})
    return rows.none()


def tickets_for(actor: Actor) -> QuerySet[Ticket]:
    """Every ticket this actor may see."""
    return _seen(Ticket.objects.all(), actor, "store", "customer")


def customers_for(actor: Actor) -> QuerySet[Customer]:
    """Every customer this actor may see: those of their stores; a customer themselves."""
    return _seen(Customer.objects.all(), actor, "store", "pk")


def claims_for(actor: Actor) -> QuerySet[Claim]:
    """Every claim this actor may see."""
    return _seen(Claim.objects.all(), actor, "ticket__store", "ticket__customer")


def orders_for(actor: Actor) -> QuerySet[Order]:
    """Every order this actor may see."""
    return _seen(Order.objects.all(), actor, "store", "customer")


def pickups_for(actor: Actor) -> QuerySet[Pickup]:
    """Every pickup this actor may see."""
    return _seen(Pickup.objects.all(), actor, "store", "order__customer")


def refunds_for(actor: Actor) -> QuerySet[Refund]:
    """Every refund this actor may see."""
    return _seen(Refund.objects.all(), actor, "store", "order__customer")


def evidence_for(actor: Actor) -> QuerySet[Evidence]:
    """Every filed piece of evidence this actor may see (drafts open by their key alone).

    A claim's files, those of a request that is no claim, and those that go with a message: of
    an internal note for staff alone, of a reply that is being written for its writer alone.
    """
    filed = Evidence.objects.filter(Q(claim__isnull=False) | Q(ticket__isnull=False))
    of_claims = _seen(filed, actor, "claim__ticket__store", "claim__ticket__customer")
    of_tickets = _seen(filed, actor, "ticket__store", "ticket__customer")
    rows = of_claims | of_tickets
    unsent = Q(kind="attachment", message=None)
    if actor.kind == "customer":
        return rows.exclude(unsent | Q(kind="attachment", message__kind="note"))
    if actor.kind == "staff" and actor.user is not None:
        return rows.exclude(unsent & ~Q(uploaded_by=actor.user))
    return rows


def inquiries_for(actor: Actor) -> QuerySet[Inquiry]:
    """Every guided question this actor may see."""
    return _seen(Inquiry.objects.all(), actor, "store", "customer")


def releases_for(actor: Actor) -> QuerySet[ReleaseMove]:
    """Every move of a release date this actor may see."""
    return _seen(ReleaseMove.objects.all(), actor, "store", None)


def products_for(actor: Actor) -> QuerySet[Product]:
    """Every product this actor may see: those of their stores."""
    return _seen(Product.objects.all(), actor, "store", None)


def shipments_for(actor: Actor) -> QuerySet[Shipment]:
    """Every shipment this actor may see."""
    return _seen(Shipment.objects.all(), actor, "order__store", "order__customer")


def deadlines_for(actor: Actor) -> QuerySet[Deadline]:
    """Every deadline this actor may see: those of their stores."""
    return _seen(Deadline.objects.all(), actor, "store", None)


def tallies_for(actor: Actor) -> QuerySet[QueueTally]:
    """Every tally this actor may see: those of their stores."""
    return _seen(QueueTally.objects.all(), actor, "store", None)


def views_for(actor: Actor) -> QuerySet[SavedView]:
    """Every saved view this actor may see: their own, and those shared with their stores.

    A private one is its owner's alone, whoever else may see everything.
    """
    if actor.kind != "staff" or actor.user is None or not actor.user.is_active:
        return SavedView.objects.none()
    shared = SavedView.objects.filter(store__in=stores_for(actor.user))
    return shared | SavedView.objects.filter(owner=actor.user)


def view_for(actor: Actor, pk: int) -> SavedView:
    """One saved view, or 404."""
    return _one(views_for(actor).select_related("store", "owner"), pk=pk)


def macros_for(actor: Actor) -> QuerySet[Macro]:
    """Every macro this actor may see: those of their stores, and their own there."""
    if actor.kind == "system":
        return Macro.objects.all()
    if actor.kind != "staff" or actor.user is None:
        return Macro.objects.none()
    rows = Macro.objects.filter(store__in=stores_for(actor.user))
    return rows.filter(Q(owner=None) | Q(owner=actor.user))


def automations_for(actor: Actor) -> QuerySet[Automation]:
    """Every automation of the stores that this actor sees; a verb says what they may do."""
    if actor.kind != "staff" or actor.user is None:
        return Automation.objects.none()
    return Automation.objects.filter(store__in=stores_for(actor.user))


def macro_for(actor: Actor, pk: int) -> Macro:
    """One macro, or 404."""
    return one_macro(macros_for(actor).select_related("store", "owner", "assignee"), pk)


def one_macro(rows: QuerySet[Macro], pk: int) -> Macro:
    """One of these macros, or 404."""
    return _one(rows, pk=pk)


def bulks_for(actor: Actor) -> QuerySet[BulkJob]:
    """Every change of many tickets this actor may see: their own, and of stores they lead."""
    if actor.kind != "staff" or actor.user is None or not actor.user.is_active:
        return BulkJob.objects.none()
    led = list(stores_for(actor.user, "override").values_list("pk", flat=True))
    return BulkJob.objects.filter(Q(user=actor.user) | Q(stores__contained_by=led))


def bulk_for(actor: Actor, pk: int) -> BulkJob:
    """One change of many tickets, or 404."""
    return _one(bulks_for(actor).select_related("user", "undoes"), pk=pk)


def _one(rows: QuerySet[Row], **where: object) -> Row:
    found = rows.filter(**where).first()
    if found is None:
        raise Http404
    return found


def ticket_for(actor: Actor, reference: str) -> Ticket:
    """One ticket by its reference, or 404."""
    rows = tickets_for(actor).select_related("store", "customer", "order", "assignee")
    return _one(rows, reference=clean_reference(reference) or "")


def find_ticket(actor: Actor, typed: str) -> Ticket | None:
    """The ticket of a reference as somebody typed it, or ``None``."""
    reference = clean_reference(typed)
    if reference is None:
        return None
    return tickets_for(actor).select_related("store").filter(reference=reference).first()


def customer_for(actor: Actor, pk: int) -> Customer:
    """One customer, or 404."""
    return _one(customers_for(actor).select_related("store"), pk=pk)


def customer_note_for(actor: Actor, pk: int) -> CustomerNote:
    """One note on a customer, for staff alone, or 404."""
    rows = _seen(CustomerNote.objects.all(), actor, "customer__store", None)
    return _one(rows.select_related("customer__store", "author"), pk=pk)


def claim_for(actor: Actor, reference: str) -> Claim:
    """One claim by its ticket's reference, or 404."""
    rows = claims_for(actor).select_related("ticket__store", "ticket__customer", "order")
    return _one(rows, ticket__reference=clean_reference(reference) or "")


def pickup_for(actor: Actor, pk: int) -> Pickup:
    """One pickup, or 404."""
    return _one(pickups_for(actor).select_related("store", "order__customer"), pk=pk)


def order_for(actor: Actor, pk: int) -> Order:
    """One order, or 404."""
    return _one(orders_for(actor).select_related("store", "customer"), pk=pk)


def refund_for(actor: Actor, pk: int) -> Refund:
    """One refund, or 404."""
    return _one(refunds_for(actor).select_related("store", "order__customer"), pk=pk)


def shipment_for(actor: Actor, pk: int) -> Shipment:
    """One shipment, or 404."""
    return _one(shipments_for(actor).select_related("order__store", "order__customer"), pk=pk)


def product_for(actor: Actor, pk: int) -> Product:
    """One product, or 404."""
    return _one(products_for(actor).select_related("store"), pk=pk)


def release_for(actor: Actor, pk: int) -> ReleaseMove:
    """One move of a release date, or 404."""
    return _one(releases_for(actor).select_related("store", "product"), pk=pk)


def evidence_by_pk(actor: Actor, pk: int) -> Evidence:
    """One piece of evidence, or 404."""
    return _one(evidence_for(actor).select_related("claim__ticket__store", "ticket__store"), pk=pk)


# --- customers without an account -------------------------------------------------


def _signature(ticket: Ticket, key: str | None = None) -> str:
    value = f"{ticket.reference}:{ticket.link_generation}"
    digest = salted_hmac("tickets.link", value, secret=key, algorithm="sha256").digest()
    return signing.b64_encode(digest[:18]).decode()


def link_for(ticket: Ticket) -> str:
    """The path of a ticket's status page; whoever holds it is the customer."""
    return reverse("portal:status", args=[ticket.reference, _signature(ticket)])


def ticket_by_link(reference: str, token: str) -> tuple[Ticket, Actor]:
    """The ticket behind a signed link and its customer as the actor, or 404."""
    ticket = (
        Ticket.objects.select_related("store", "customer", "order")
        .filter(reference=clean_reference(reference) or "")
        .first()
    )
    keys = [None, *settings.SECRET_KEY_FALLBACKS]
    if ticket is None or not any(
        constant_time_compare(token, _signature(ticket, key)) for key in keys
    ):
        raise Http404
    return ticket, Actor.of_customer(ticket.customer)


def again_link(inquiry: Inquiry) -> str:
    """The path by which a reminder leads back to what was asked."""
    token = signing.Signer(salt=_AGAIN).sign(str(inquiry.pk))
    return reverse("portal:again", args=[inquiry.store.slug, token])


def inquiry_by_link(store: Store, token: str) -> Inquiry:
    """The question behind a reminder's link, or 404.

    Raises:
        signing.BadSignature: it was not made by us.
    """
    pk = signing.Signer(salt=_AGAIN).unsign(token)
    rows = Inquiry.objects.select_related("store", "customer", "order__customer", "draft__store")
    return _one(rows, pk=int(pk), store=store, customer__isnull=False)


# Made once, with the subquery by hand: every step of every form begins here.
_DRAFTS = Draft.objects.select_related("store", "order__customer").annotate(
    has_files=RawSQL(
        "EXISTS (SELECT 1 FROM tickets_evidence WHERE draft_id = tickets_draft.id)"
        " OR EXISTS (SELECT 1 FROM tickets_upload WHERE draft_id = tickets_draft.id)",
        (),
        output_field=models.BooleanField(),
    )
)


def draft_by_key(key: str) -> Draft:
    """The draft behind an unguessable key, or 404."""
    return _one(_DRAFTS, key=key, store__is_open=True)


# By hand: it is asked for every part of every film, and building the query took longer than the
# database did.
_UPLOAD_OF_DRAFT = """
    SELECT u.* FROM tickets_upload u
    JOIN tickets_draft d ON d.id = u.draft_id
    JOIN tickets_store s ON s.id = d.store_id
    WHERE u.key = %s AND d.key = %s AND s.is_open AND u.uploaded_by_id IS NULL
"""


def upload_of_draft(key: str, draft_key: str) -> Upload:
    """A file on its way to the draft whose key is shown with it, or 404. One statement."""
    for row in Upload.objects.raw(_UPLOAD_OF_DRAFT, [key, draft_key]):
        return row
    raise Http404


def find_order(
    store: Store, number: str, email: str, *, visitor: str, now: datetime
) -> Order | None:
    """The order with this number and address, or ``None`` without a hint which was wrong.

    The address is the buyer's, or that of one of those who ordered together: then it is
    the order's ``claimant``.

    Raises:
        TooMany: more than 20 tries by one visitor, or 10 at one order, in ten minutes.
    """
    ten_minutes = timedelta(minutes=10)
    key, address = order_number_key(number), email_key(email)
    limit(visitor, "find_order", 20, ten_minutes, now)
    limit(f"{store.pk}:{key}", "find_order_number", 10, ten_minutes, now)
    rows = Order.objects.select_related("store", "customer").filter(store=store, number_key=key)
    shared = OrderShare.objects.filter(order=OuterRef("pk"), customer__email_key=address)
    order = rows.filter(Q(customer__email_key=address) | Exists(shared)).first()
    if order is not None and order.customer.email_key != address:
        order.claimant = Customer.objects.get(store=store, email_key=address)
    return order


def shipments_by_number(
    store: Store, number: str, *, visitor: str, now: datetime
) -> list[Shipment]:
    """The store's shipments with this tracking number, for somebody who knows nothing else.

    What may be shown of them is what the carrier shows: see `actions.tracking_view`.

    Raises:
        TooMany: more than 20 tries by one visitor, or 20 of one number, in ten minutes.
    """
    ten_minutes = timedelta(minutes=10)
    limit(visitor, "track", 20, ten_minutes, now)
    limit(f"{store.pk}:{number}", "track_number", 20, ten_minutes, now)
    return shipments_with(store, number)


def shipments_with(store: Store, number: str) -> list[Shipment]:
    """The same, behind a token that was given for this number and counted then."""
    rows = Shipment.objects.filter(order__store=store, tracking_number=number)
    return list(rows.exclude(tracking_number="").prefetch_related("tracking_events")[:10])


def tracking_token(store: Store, *, order: Order | None = None, number: str = "") -> str:
    """A short-lived word for an address: it says what to show, and names nobody."""
    value = {"store": store.pk, "order": order.pk} if order else {"store": store.pk, "no": number}
    if order is not None and order.claimant is not None:
        value["claimant"] = order.claimant.pk
    return signing.dumps(value, salt=_TRACKING, compress=True)


def by_tracking_token(store: Store, token: str) -> Order | str:
    """The order, or the tracking number, that a token stands for.

    Raises:
        Http404: it was not made by us, or for another store.
        signing.SignatureExpired: it is older than ``TRACKING_HOURS``.
    """
    try:
        value = signing.loads(token, salt=_TRACKING, max_age=TRACKING_HOURS * 3600)
    except signing.SignatureExpired:
        raise
    except signing.BadSignature:
        raise Http404 from None
    if value["store"] != store.pk:
        raise Http404
    if "no" in value:
        return str(value["no"])
    rows = Order.objects.select_related("store", "customer")
    order = _one(rows.filter(store=store), pk=value["order"])
    if "claimant" in value:  # asked again: a share may have been taken back meanwhile
        whose = Customer.objects.filter(pk=value["claimant"], shares__order=order)
        order.claimant = whose.first()
        if order.claimant is None:
            raise Http404
    return order


def limit(visitor: str, what: str, amount: int, per: timedelta, now: datetime) -> None:
    """Count one try; let at most ``amount`` through in each stretch of ``per``.

    Counted in the database in one statement, so that it holds across processes and
    while the broker is down. Addresses are kept only as keyed hashes.

    Raises:
        TooMany: with the seconds until the stretch is over.
    """
    seconds = int(per.total_seconds())
    started = int(now.timestamp()) // seconds * seconds
    key = salted_hmac("tickets.limit", f"{what}:{visitor}", algorithm="sha256").hexdigest()
    table = RateBucket._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (key, starts_at, count) VALUES (%s, %s, 1)"  # noqa: S608  (our own table's name)
            f" ON CONFLICT (key, starts_at) DO UPDATE SET count = {table}.count + 1"
            " RETURNING count",
            [key, datetime.fromtimestamp(started, UTC)],
        )
        count = cursor.fetchone()[0]
    if count > amount:
        raise TooMany(started + seconds - int(now.timestamp()))


def open_claims_on(order: Order) -> QuerySet[Claim]:
    """The claims still open on an order, whoever filed them."""
    return Claim.objects.filter(Q(order=order) & Q(is_open=True))
