"""What mails say: every template for every store in every language, and what none may say."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from policies.publish import pack_of
from tests.cast import NOON, Story, a_file, add_evidence, make_customer, make_order
from tests.effects.smtp import mail_server
from tickets import outbox
from tickets.actions import decide_claim, pickups, talk
from tickets.actions.money import mark_refund_paid
from tickets.actions.stores import open_store
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.effects import letters
from tickets.models import Event, Message, Outbox, Pickup, Refund

pytestmark = pytest.mark.django_db

STORES = ("kpopusa", "kpop2", "popmart")
NEVER_SHOWN = ("{{", "{%", "None", "&amp;amp;", "  \n")


def rows_of(ticket):
    return Outbox.objects.filter(event__ticket=ticket).order_by("id")


@pytest.fixture
def nora(agent):
    return Actor.staff(agent)


def every_row(store, nora, customer):
    """One row of each template for a store: those a story makes, and copies for the others."""
    claim_event = _a_claim_event(store, customer)
    pickup = Pickup.objects.create(
        store=store,
        order=make_order(customer, f"#{store.pk}77", shipped=None, shipping_method="pickup"),
    )
    rows = []
    for template in sorted(letters.FOR_CUSTOMERS | letters.FOR_STAFF):
        about_pickup = template.startswith("pickup_")
        event = Event(
            store=store,
            ticket=None if about_pickup else claim_event.ticket,
            claim=None if about_pickup else claim_event.claim,
            pickup=pickup if about_pickup else None,
            seq=1,
            kind=template,
            at=NOON,
            rule="" if about_pickup else claim_event.rule,
            policy_version=None if about_pickup else claim_event.policy_version,
            data={
                **({} if about_pickup else claim_event.data),
                "reserved_until": (NOON + timedelta(days=3)).isoformat(),
                "amount": "24.90",
                "currency": "USD",
                "outcome": "refund",
                "agreed": True,
                "passed": True,
                "week": 2,
                "tracking": "94001",
                "deadline": "refund_due",
                "message": _a_message(claim_event.ticket, nora).pk,
            },
        )
        staff = template in letters.FOR_STAFF
        rows.append(
            Outbox(
                store=store,
                event=event,
                template=template,
                to_customer=None if staff else customer,
                to_store=staff,
                pickup=pickup if about_pickup else None,
            )
        )
    return rows


def _a_claim_event(store, customer):
    request = "defect" if store.slug == "popmart" else "missing_photocard"
    claim = Story(make_order(customer, f"#{store.pk}55")).file(request, opened=True)
    return Event.objects.get(claim=claim, kind="claim_filed")


def _a_message(ticket, nora):
    return Message.objects.create(
        ticket=ticket, kind="agent", author=nora.user, body="Here is <our> answer.", at=NOON
    )


@pytest.mark.parametrize("locale", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("slug", STORES)
def test_every_template_renders_for_every_store_in_every_language(slug, locale, nora):
    store = open_store(slug, now=NOON, mail_from=f"help@{slug}.test")
    customer = make_customer(store, f"mina@{slug}.test", "김미나 <b>&</b>")
    customer.locale = locale
    customer.save()
    for row in every_row(store, nora, customer):
        letter = letters.render(row, NOON)
        assert letter.subject, row.template
        assert "\n" not in letter.subject
        for part in (letter.subject, letter.text, letter.html):
            for nonsense in NEVER_SHOWN:
                assert nonsense not in part, (row.template, nonsense)
        assert "김미나 <b>&</b>" in letter.text or row.template in letters.FOR_STAFF
        assert "<b>" not in letter.html
        assert letter.html.count("<h1>") == 1
        assert f'lang="{locale}"' in letter.html or row.template in letters.FOR_STAFF
        assert store.name in letter.text


def test_every_mail_that_the_actions_send_has_a_template_and_none_is_left_over():
    source = "".join(path.read_text() for path in Path("tickets/actions").glob("*.py"))
    sent = set(re.findall(r'\.mail\(\s*"([a-z_]+)"', source))
    sent |= {"pickup_expired"} if "'pickup_expired'" in source else set()
    assert sent == set(letters.FOR_CUSTOMERS)
    there = {path.stem for path in Path("templates/mail").glob("*.txt")}
    assert there - {"base", "base.subject"} == letters.FOR_CUSTOMERS | letters.FOR_STAFF


def test_the_mail_of_a_claim_says_what_is_missing_until_when_and_where(story):
    claim = story.file("missing_photocard", opened=True)
    letter = letters.render(rows_of(claim.ticket).get(), NOON)
    assert letter.subject == f"Your claim {claim.ticket.spoken_reference}: we have it"
    assert "unboxing video" in letter.text
    assert "Thu 12 Mar, 23:59 in Las Vegas" in letter.text
    assert "for you" in letter.text  # Mina's clock is Seoul's
    for part in (letter.text, letter.html):
        assert "window" not in part  # that was for sending the claim, and it is sent
        assert set(re.findall(r"\w+ \d+ Mar, 23:59", part)) == {"Thu 12 Mar, 23:59"}
    assert f"{settings.BASE_URL}/" in letter.text
    assert "It was not in the box." not in letter.text


def test_how_to_reach_the_store_is_one_quiet_paragraph_at_the_end(story):
    claim = story.file("missing_photocard", opened=True)
    letter = letters.render(rows_of(claim.ticket).get(), NOON)
    both = "The phone is the fastest way to reach us. E-mail takes longer than the phone."
    assert f"info@kpopusaonline.com\n{both}\n" in letter.text
    foot = letter.html.partition('<p class="foot">')[2].partition("</p>")[0]
    assert f"<br>{both}" in foot
    assert letter.html.count("The phone is the fastest") == 1


def test_a_refusal_gives_the_sentence_of_its_rule_and_the_note(story, nora):
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    decide_claim.refuse(
        claim, "kpopusa.change-of-mind", note="We looked twice.", actor=nora, now=NOON
    )
    text = letters.render(rows_of(claim.ticket).last(), NOON).text
    assert "We looked twice." in text
    assert pack_of(claim.policy_version).rule("kpopusa.change-of-mind").sentence() in text
    assert "kpopusa.change-of-mind" not in text  # a rule's id is for staff


def test_a_claim_in_another_language_is_told_in_it(story, mina):
    mina.locale = "ko"
    mina.save()
    claim = story.file("missing_photocard", opened=True)
    row = rows_of(claim.ticket).get()
    assert letters.locale_of(row) == "ko"
    assert 'lang="ko"' in letters.render(row, NOON).html


@pytest.mark.parametrize(("locale", "used"), [("ko-KR", "ko"), ("fr", "en"), ("", "en")])
def test_a_language_we_do_not_speak_falls_back_to_the_stores(story, mina, locale, used):
    mina.locale = locale
    mina.save()
    claim = story.file("missing_photocard", opened=True)
    assert letters.locale_of(rows_of(claim.ticket).get()) == used


# --- what no customer may get ----------------------------------------------------------------


def test_an_internal_note_is_not_mailed_and_would_be_refused_here(story, nora, settings):
    claim = story.file("missing_photocard", opened=True)
    note = talk.say(claim.ticket, "He is lying.", kind="note", actor=nora, now=NOON)
    event = Event.objects.get(kind="message_added")
    assert not Outbox.objects.filter(event=event).exists()
    forced = Outbox.objects.create(
        store=claim.ticket.store,
        event=event,
        template="message",
        to_customer=claim.ticket.customer,
        wake_at=NOON,
    )
    assert note.kind == "note"
    with mail_server(settings) as server:
        outbox.drain(NOON)
    forced.refresh_from_db()
    assert (forced.state, forced.attempts) == ("dead", 1), "never tried again"
    assert "note" in forced.last_error
    # The store's staff hear of it; the customer hears only that the request is there.
    assert not any("lying" in mail.as_string() for mail in server.mails)
    assert [mail["To"] for mail in server.mails].count("Mina.Kim@example.com") == 1
    assert Outbox.objects.get(template="note_held_back").to_store


def test_an_alarm_about_a_note_is_raised_once(story, nora):
    claim = story.file("missing_photocard", opened=True)
    talk.say(claim.ticket, "He is lying.", kind="note", actor=nora, now=NOON)
    event = Event.objects.get(kind="message_added")
    for template in ("message", "claim_filed", "ticket_opened"):
        Outbox.objects.create(
            store=claim.ticket.store,
            event=event,
            template=template,
            to_customer=claim.ticket.customer,
            wake_at=NOON,
        )
    outbox.drain(NOON)
    assert Outbox.objects.filter(event=event, to_customer__isnull=False, state="dead").count() == 3
    assert Outbox.objects.filter(template="note_held_back").count() == 1


def test_a_note_is_no_answer_whatever_its_event_is_called(story, nora):
    claim = story.file("missing_photocard", opened=True)
    note = talk.say(claim.ticket, "He is lying.", kind="note", actor=nora, now=NOON)
    filed = Event.objects.get(kind="claim_filed")
    filed.data = {**filed.data, "message": note.pk}
    row = Outbox(
        store=claim.ticket.store, event=filed, template="message", to_customer=claim.ticket.customer
    )
    with pytest.raises(letters.NoteToCustomer):
        letters.render(row, NOON)
    row.template = "claim_filed"
    letter = letters.render(row, NOON)
    assert "lying" not in letter.subject + letter.text + letter.html


def test_who_is_called_in_a_note_is_told_so_and_not_what_it_says(
    story, nora, second_agent, settings
):
    claim = story.file("missing_photocard", opened=True)
    talk.say(
        claim.ticket,
        "@Omar he is lying.",
        kind="note",
        actor=nora,
        now=NOON,
        mentions=[second_agent],
    )
    with mail_server(settings) as server:
        outbox.drain(NOON)
    told = next(mail for mail in server.mails if mail["To"] == second_agent.email)
    assert "Nora" in told["Subject"]
    words = told.get_body(("plain",)).get_content() + told.get_body(("html",)).get_content()
    assert "lying" not in words
    assert f"/desk/tickets/{claim.ticket.reference}/" in words


def test_who_lost_their_role_meanwhile_is_not_told(story, nora, second_agent):
    claim = story.file("missing_photocard", opened=True)
    talk.say(
        claim.ticket, "@Omar look.", kind="note", actor=nora, now=NOON, mentions=[second_agent]
    )
    second_agent.memberships.all().delete()
    outbox.drain(NOON)
    assert Outbox.objects.get(template="mentioned").state == "failed"


@pytest.mark.parametrize("template", sorted(letters.FOR_CUSTOMERS))
def test_under_no_template_do_the_words_of_a_note_appear(story, nora, template):
    claim = story.file("missing_photocard", opened=True)
    talk.say(claim.ticket, "He is lying.", kind="note", actor=nora, now=NOON)
    event = Event.objects.get(kind="message_added")
    row = Outbox(
        store=claim.ticket.store,
        event=event,
        template=template,
        to_customer=claim.ticket.customer,
    )
    with pytest.raises(letters.NoteToCustomer):
        letters.render(row, NOON)


def test_a_lead_s_reasons_stay_with_the_staff(story, nora, lead):
    claim = story.file("missing_photocard", opened=True)
    decide_claim.override_evidence(claim, "SECRET REASON", actor=Actor.staff(lead), now=NOON)
    decide_claim.refuse(claim, "kpopusa.change-of-mind", actor=nora, now=NOON)
    decide_claim.reopen(claim, "SECRET REASON", actor=nora, now=NOON)
    texts = [letters.render(row, NOON).text for row in rows_of(claim.ticket)]
    assert len(texts) == 3
    assert not any("SECRET" in text for text in texts)


def test_a_case_is_never_mailed_to_another_customer(story, jo):
    claim = story.file("missing_photocard", opened=True)
    row = rows_of(claim.ticket).get()
    row.to_customer = jo
    assert letters.must_not_send(row) == "the case belongs to another customer"


def test_a_template_that_nobody_knows_is_refused(story):
    claim = story.file("missing_photocard", opened=True)
    row = rows_of(claim.ticket).get()
    row.template = "staff_alert"
    assert "not a mail for this recipient" in letters.must_not_send(row)


# --- reminders that nobody needs any more -----------------------------------------------------


def test_a_reminder_is_dropped_once_the_evidence_is_there(story):
    claim = story.file("missing_photocard", opened=True)
    sweep(NOON + timedelta(days=5))
    reminder = rows_of(claim.ticket).get(template="evidence_reminder")
    customer = Actor.of_customer(claim.ticket.customer)
    add_evidence(a_file(at=NOON), claim=claim, actor=customer, now=NOON + timedelta(days=5))
    outbox.drain(NOON + timedelta(days=6))
    reminder.refresh_from_db()
    assert (reminder.state, reminder.settled_at is not None) == ("dropped", True)
    others = rows_of(claim.ticket).exclude(pk=reminder.pk).values_list("state", flat=True)
    assert set(others) == {"done"}


def test_a_reminder_of_a_deadline_that_was_moved_is_dropped(story, nora):
    claim = story.file("missing_photocard", opened=True)
    sweep(NOON + timedelta(days=5))
    decide_claim.ask_for_evidence(claim, {"photo": 1}, 14, actor=nora, now=NOON + timedelta(days=5))
    row = rows_of(claim.ticket).get(template="evidence_reminder")
    assert letters.pointless(row) == "there is a new deadline meanwhile"


def test_a_reminder_that_is_still_true_is_sent(story):
    claim = story.file("missing_photocard", opened=True)
    sweep(NOON + timedelta(days=5))
    row = rows_of(claim.ticket).get(template="evidence_reminder")
    assert letters.pointless(row) == ""


# --- one conversation ---------------------------------------------------------------------------


def test_the_mails_of_a_ticket_are_one_thread(story, nora, settings):
    claim = story.file("missing_photocard", opened=True)
    with mail_server(settings) as server:
        for text in ("One.", "Two."):
            outbox.drain(NOON)
            talk.say(claim.ticket, text, kind="agent", actor=nora, now=NOON)
        outbox.drain(NOON)
    first, second, third = server.mails
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert third["In-Reply-To"] == second["Message-ID"]
    assert third["References"].split() == [first["Message-ID"], second["Message-ID"]]
    assert "Two." in third.get_body(("plain",)).get_content()
    assert "Nora" in third.get_body(("plain",)).get_content()


def test_staff_are_alerted_with_a_link_to_the_case(story, nora, mina):
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    decide_claim.approve(claim, "replacement", actor=nora, now=NOON)
    decided = Story(make_order(mina, "#777")).file(
        "transit_damage", "photo", "photo", opened=False, package_damaged=True
    )
    decide_claim.approve(decided, "refund", actor=nora, now=NOON)
    sweep(NOON + timedelta(days=9))
    alerts = Outbox.objects.filter(template="staff_alert").exclude(event__kind="target_missed")
    row = alerts.get()
    letter = letters.render(row, NOON + timedelta(days=9))
    assert decided.ticket.spoken_reference in letter.subject
    assert "the refund must have been paid" in letter.text
    assert f"/desk/tickets/{decided.ticket.reference}/" in letter.text
    mark_refund_paid(Refund.objects.get(), actor=nora, now=NOON + timedelta(days=9))
    paid = rows_of(decided.ticket).get(template="refund_paid")
    assert "$24.90" in letters.render(paid, NOON).text


def test_the_mail_about_a_pickup_says_when_the_store_is_open(pickup: Pickup, agent) -> None:
    pickups.confirm(pickup, actor=Actor.staff(agent), now=NOON)
    row = Outbox.objects.get(template="pickup_confirmed")
    assert "We are open Mon–Sat 12:00–19:30." in letters.render(row, NOON).text
