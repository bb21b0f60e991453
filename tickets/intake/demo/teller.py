"""Who tells the demo's stories: the instant it has come to, the people, customers' verbs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile

from policies.publish import in_force, pack_of
from tickets.actions import drafts, talk
from tickets.actions.file_claim import file_claim
from tickets.actions.requests import open_request
from tickets.actions.uploads import Place
from tickets.actor import Actor
from tickets.evidence.receive import Target, receive
from tickets.intake.demo import checks, media
from tickets.models import Claim, Draft, Order, Ticket, User


class Teller:
    """What a story needs: the instant it has come to, the people, and verbs for customers."""

    def __init__(self, now: datetime, staff: dict[str, User]) -> None:
        self.now = now
        self.agent = Actor.staff(staff["agent"])
        self.lead = Actor.staff(staff["lead"])
        self.manager = Actor.staff(staff["manager"])
        self.counter = Actor.staff(staff["counter"])

    def order(self, number: str) -> Order:
        """One of the demo's orders."""
        return Order.objects.select_related("store", "customer").get(number=number)

    def customer(self, number: str) -> Actor:
        """Who placed an order."""
        return Actor.of_customer(self.order(number).customer)

    def file(
        self,
        number: str,
        request: str,
        *files: str,
        note: str,
        component: str = "",
        **said: Any,
    ) -> Claim:
        """A customer files a claim about the first line of an order."""
        order = self.order(number)
        draft = drafts.identify(drafts.start_draft(order.store, now=self.now), order, now=self.now)
        line = order.lines.all()[0]
        items = [{"line": line.pk, "quantity": 1, "component": component}]
        answers = {"items": items, "said": said, "note": note}
        draft = drafts.answer(draft, request=request, answers=answers, now=self.now)
        for index, kind in enumerate(files, 1):
            self.send(number, kind, index, draft=draft)
        return file_claim(draft, actor=Actor.of_customer(order.customer), now=self.now)

    def ask(self, number: str, request: str, *, note: str, **details: str) -> Ticket:
        """A customer sends a request that is no claim, and that the rule accepts."""
        order = self.order(number)
        draft = drafts.identify(drafts.start_draft(order.store, now=self.now), order, now=self.now)
        draft = drafts.answer(draft, request=request, answers={}, now=self.now)
        return open_request(
            draft,
            customer=order.customer,
            details=details,
            note=note,
            actor=Actor.of_customer(order.customer),
            now=self.now,
        )

    def send(
        self,
        number: str,
        kind: str,
        index: int = 1,
        *,
        draft: Draft | None = None,
        claim: Claim | None = None,
    ) -> None:
        """A customer uploads one file of a kind, small but real."""
        order = self.order(number)
        info = pack_of(in_force(order.store_id, order.placed_at)).evidence_kinds[kind]
        caption = f"{number}  {kind.replace('_', ' ')} {index}"
        if info.media == "video":
            name, content_type, body = f"unboxing-{number}.webm", "video/webm", media.film(caption)
        else:
            name, content_type = f"IMG_{number[2:]}_{index}.jpg", "image/jpeg"
            body = media.photo(caption, damaged=kind != "receipt")
        upload = TemporaryUploadedFile(name, content_type, len(body), None)
        with upload:
            upload.write(body)
            upload.seek(0)
            target = Target(
                info, Actor.of_customer(order.customer), Place(draft=draft, claim=claim)
            )
            began_at = self.now - timedelta(seconds=40)
            receive(upload, target, began_at=began_at, completed_at=self.now)
        checks.check_files(self.now)

    def say(self, claim: Claim, body: str, kind: str, actor: Actor) -> None:
        """One message in a claim's conversation."""
        talk.say(claim.ticket, body, kind=kind, actor=actor, now=self.now)
