"""What colleagues should know of a customer. Never shown to them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.models import Customer, CustomerNote
from tickets.permissions import permit

LONGEST = 2000
UNDO_WITHIN = timedelta(minutes=10)
_SALT = "tickets.customer_note"


def add_note(
    customer: Customer, body: str, *, actor: Actor, now: datetime, form_key: uuid.UUID
) -> CustomerNote:
    """Write a note about a customer; the same ``form_key`` twice is one note.

    Raises:
        InvalidInput: nothing written, or too much.
        NotAllowed: this person does not work in the customer's store.
    """
    text = body.replace("\x00", "").strip()
    if not text:
        raise InvalidInput(_("Please write something."), "body")
    if len(text) > LONGEST:
        told = _("A note has at most %(n)d characters.")
        raise InvalidInput(told % {"n": LONGEST}, "body")
    with transaction.atomic():
        permit(actor, customer.store, "work")
        if actor.user is None:
            raise NotAllowed
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        before = CustomerNote.objects.filter(form_key=form_key).first()
        if before is not None:
            return before
        return CustomerNote.objects.create(
            customer=customer, author=actor.user, body=text, at=now, form_key=form_key
        )


def remove_note(note: CustomerNote, *, actor: Actor) -> str:
    """Take an own note away; the answer puts it back, where `restore_note` gets it in time.

    Raises:
        NotAllowed: somebody else wrote it, or this person does not work in the store any more.
    """
    permit(actor, note.customer.store, "work")
    if actor.user is None or note.author_id != actor.user.pk:
        raise NotAllowed(_("Only who wrote a note can delete it."))
    kept = {
        "customer": note.customer_id,
        "author": note.author_id,
        "body": note.body,
        "at": note.at.isoformat(),
        "key": str(note.form_key or uuid.uuid4()),
    }
    CustomerNote.objects.filter(pk=note.pk).delete()
    return signing.dumps(kept, salt=_SALT, compress=True)


def restore_note(customer: Customer, token: str, *, actor: Actor) -> CustomerNote:
    """Put a note back as it was; twice is once.

    Raises:
        Conflict: it was deleted too long ago, or the word for it is not ours.
        NotAllowed: this person does not work in the store.
    """
    permit(actor, customer.store, "work")
    try:
        kept = signing.loads(token, salt=_SALT, max_age=UNDO_WITHIN)
    except signing.BadSignature:
        raise Conflict(_("This cannot be undone any more.")) from None
    if kept["customer"] != customer.pk or actor.user is None or kept["author"] != actor.user.pk:
        raise Conflict(_("This cannot be undone any more."))
    note, _made = CustomerNote.objects.get_or_create(
        form_key=uuid.UUID(kept["key"]),
        defaults={
            "customer": customer,
            "author": actor.user,
            "body": kept["body"],
            "at": datetime.fromisoformat(kept["at"]),
        },
    )
    return note
