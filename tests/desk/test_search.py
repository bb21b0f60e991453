"""One box: what agents type into it, and what they find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON, Story
from tickets.actions.talk import assign, open_ticket, say
from tickets.actions.ticket_marks import set_tags
from tickets.actor import Actor
from tickets.models import Claim, Customer, Membership, Pickup, Shipment, Store, Ticket, User
from tickets.search import find, vector
from tickets.search.docs import index_due, mark_all_stale


def looked_for(client: Client, typed: str, **more: str) -> Any:
    return client.get("/desk/search/", {"q": typed, **more})


def found(client: Client, typed: str, **more: str) -> list[str]:
    """The references that a search shows, those of groups first."""
    page = looked_for(client, typed, **more).context["found"]
    rows = [row for group in page.groups for row in group["rows"]] + page.rows
    return [row["ticket"].reference for row in rows]


def ask(customer: Customer, body: str, **about: Any) -> Ticket:
    """A customer's question."""
    told = {"order": None, "request": "restock", "subject": "A question", "now": NOON, **about}
    return open_ticket(
        customer.store, customer, body=body, actor=Actor.of_customer(customer), **told
    )


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("My photocards are missing!", "photocard"),
        ("My photocards are missing!", "PHOTOCARD missing"),
        ("My photocards are missing!", '"photocards are"'),
        ("앨범에 포토카드가 없어요", "포토"),
        ("앨범에 포토카드가 없어요", "카드"),
        ("앨범에 포토카드가 없어요", "토카드"),
        ("앨범에 포토카드가 없어요", "포토카드"),
        ("앨범에 포토카드가 없어요", "드"),
        ("앨범에 포토카드가 없어요", "앨범 -포스터"),
        ("ポスターが折れていました", "ﾎﾟｽﾀｰ"),
        ("ポスターが折れていました", "折れ"),
        ("海报有折痕，请帮忙", "折痕"),
        ("TWICE트와이스 앨범", "twice"),
        ("TWICE트와이스 앨범", "트와이스"),
        ("The café’s poster", "cafe"),
        ("the cafe poster", "CAFÉ"),
        ("Tôi chưa nhận được", "nhan"),
        ("So sad 😭😭😭", "😭"),
        ("it has 3장 inside", "3장"),
        ("see https://example.com/a_b?c=1", "https://example.com/a_b"),
        ("reference JYP-1234-A on it", "JYP-1234-A"),
        ("it cost $24.99", "24.99"),
        ("red or dented", "dented OR crushed"),
        ("red or dented", "crushed OR dented -blue"),
        ("don't know", "dont"),
    ],
)
def test_words_are_found(nora: Client, mina: Customer, jo: Customer, said: str, typed: str) -> None:
    ticket = ask(mina, said)
    ask(jo, "Something else altogether")
    index_due()
    assert found(nora, typed) == [ticket.reference]


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("My photocard is missing", '"missing photocard"'),
        ("My photocard is missing", "photocard -missing"),
        ("My photocard is missing", "photo"),
        ("토카 포드 카드", "포토카드"),
        ("one two", "one three"),
        ("ends here. Then begins", '"here subject"'),
    ],
)
def test_what_is_not_there_is_not_found(
    nora: Client, mina: Customer, said: str, typed: str
) -> None:
    ask(mina, said)
    index_due()
    assert found(nora, typed) == []


def test_every_part_of_a_ticket_is_searched(nora: Client, agent: User, story: Story) -> None:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    say(claim.ticket, "A secret for us", kind="note", actor=Actor.staff(agent), now=NOON)
    say(claim.ticket, "We will look", kind="agent", actor=Actor.staff(agent), now=NOON)
    index_due()
    item = claim.items.first()
    assert item is not None
    for typed in ("secret", "김미나", "look", item.line.title, item.line.product.sku, "#1042"):
        assert found(nora, typed) == [claim.ticket.reference], typed
    page = looked_for(nora, "secret").content.decode()
    assert "Internal note" in page
    assert "A <mark>secret</mark> for us" in page


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("from:mina", "mina"),
        ("from:MINA.KIM@example.com", "mina"),
        ("from:김미나", "mina"),
        ("from:미나", "mina"),
        ("-from:mina", "jo"),
        ("from:nobodyelse", ""),
        ("from:agent", "jo"),
        ("from:me", "jo"),
        ("type:restock", "mina"),
        ("type:charts", "jo"),
        ('type:"parcel not arrived"', ""),
        ("-type:charts", "mina"),
        ("type:restock OR type:charts from:jo", "jo"),
        ("state:new", "mina"),
        ("state:waiting", "jo"),
        ("state:new,waiting -state:waiting", "mina"),
        ("state:done", ""),
        ("state:snoozed", ""),
        ("assignee:me", "jo"),
        ("assignee:nora", "jo"),
        ("assignee:nobody", "mina"),
        ("-assignee:me", "mina"),
        ("tag:VIP", "mina"),
        ("-tag:vip", "jo"),
        ("vip", "mina"),
        ("has:note", "jo"),
        ("has:file", ""),
        ("after:2026-03-05", "jo"),
        ("before:2026-03-05", "mina"),
        ("-before:2026-03-05", "jo"),
        ("after:2026 before:2026-03-05", "mina"),
        ("after:today", "jo"),
        ("after:2015 before:today", "mina"),
        ("after:2031", ""),
        ("store:kpopusa charts", "jo"),
        ("-store:kpopusa", ""),
    ],
)
def test_every_operator_finds_what_it_says(
    nora: Client, agent: User, mina: Customer, jo: Customer, typed: str, who: str
) -> None:
    staff = Actor.staff(agent)
    hers = ask(mina, "When is it back?", now=NOON - timedelta(hours=13))
    set_tags(hers, ["VIP"], actor=staff, now=NOON)
    his = ask(jo, "When does it count for the charts?", request="charts")
    assign(his, agent, actor=staff, now=NOON)
    say(his, "On Friday.", kind="agent", actor=staff, now=NOON)
    say(his, "Told him.", kind="note", actor=staff, now=NOON)
    index_due()
    tickets = {"mina": [hers.reference], "jo": [his.reference], "": []}
    answer = looked_for(nora, typed).context["found"]
    assert [row["ticket"].reference for row in answer.rows] == tickets[who]
    assert answer.problems == []


def test_a_file_is_asked_for(nora: Client, story: Story, mina: Customer) -> None:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    other = ask(mina, "no file")
    index_due()
    assert found(nora, "has:file") == [claim.ticket.reference]
    assert found(nora, "-has:file") == [other.reference]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("colour:red", "“colour:” is no search word here"),
        ("before:soon", "“soon” is no day"),
        ("after:2026-02-31", "“2026-02-31” is no day"),
        ("after:99999d", "is no day"),
        ("type:nonsense", "No kind of request is called “nonsense”"),
        ("state:lost", "No state is called “lost”"),
        ("assignee:zorro", "No colleague is called “zorro”"),
        ("store:elsewhere", "None of your stores is called “elsewhere”"),
        ("has:patience", "“has:” knows file and note"),
        ("from:...", "Say who it is from"),
        ("a OR state:new", "OR joins words"),
        ("word " * 40, "Only the first 24 words"),
    ],
)
def test_what_is_not_understood_is_told(nora: Client, typed: str, told: str) -> None:
    answer = looked_for(nora, typed)
    assert answer.status_code == 200
    assert told in answer.content.decode()


@pytest.mark.parametrize(
    "typed",
    ["'", "\\", "a\\'b", "!", "&|!()<->:*", "''':A", "-", '"', "@s1", "%s %", "a:", ":",
     "포\u0301", "\ud7ff", "𠀀𠀁", "0x41", "a" * 399, "before:0000-00-00", "after:-1"],
)  # fmt: skip
def test_nothing_that_is_typed_breaks_the_page(nora: Client, mina: Customer, typed: str) -> None:
    ask(mina, f"body {typed} body")
    index_due()
    for query in (typed, f"-{typed}", f'"{typed}"', f"tag:{typed}", f"from:{typed}"):
        assert looked_for(nora, query).status_code == 200, query


def test_only_what_this_person_may_see(
    nora: Client, agent: User, mina: Customer, popmart: Store, person: Callable[..., User],
    as_: Callable[[User | None], Client],
) -> None:  # fmt: skip
    stranger = Customer.objects.create(store=popmart, email="x@x.test", email_key="x@x.test")
    theirs, ours = ask(stranger, "the same word"), ask(mina, "the same word")
    index_due()
    assert found(nora, "same word") == [ours.reference]
    assert found(nora, "x@x.test") == []
    assert found(nora, f"store:{popmart.slug} same") == [ours.reference]  # told, and left out
    other = as_(person("otto", popmart))
    assert found(other, "same word") == [theirs.reference]
    Membership.objects.create(user=agent, store=popmart, role="agent")
    assert found(nora, "same word") == [ours.reference, theirs.reference]
    assert found(nora, "same word store:popmart") == [theirs.reference]
    assert found(nora, "same word", store="popmart") == [theirs.reference]


def test_a_word_that_looks_like_a_mark_finds_nothing(nora: Client, mina: Customer) -> None:
    ask(mina, f"forged @s{mina.store_id + 1} @trestock '@x0':1")
    index_due()
    assert found(nora, "@trestock") == found(nora, "trestock") != []
    assert found(nora, f"@s{mina.store_id}") == []


def test_what_is_found_is_marked_and_harmless(nora: Client, mina: Customer) -> None:
    script = "<script>alert('x')</script>"
    mina.name = script
    mina.save()
    ask(mina, f"{script} the café’s 포토카드 {script}", subject=script)
    index_due()
    page = looked_for(nora, "cafe 포토 script").content.decode()
    assert "<mark>café</mark>’s <mark>포토</mark>카드" in page
    assert "&lt;<mark>script</mark>&gt;" in page
    assert "<script>alert" not in page
    assert (
        "<script>alert"
        not in looked_for(nora, f'{script} from:{script} "{script}').content.decode()
    )


def test_three_hundred_emoji_are_a_name_like_any(nora: Client, mina: Customer) -> None:
    mina.name = "😭" * 200
    mina.save()
    ticket = ask(mina, "🎉" * 300)
    index_due()
    for typed in ("😭", "🎉🎉🎉", "from:😭", "🎉" * 300):
        assert found(nora, typed) == [ticket.reference], typed[:10]


def test_a_reference_opens_its_ticket_and_an_order_shows_its_own(
    nora: Client, ready: Claim, pickup: Pickup
) -> None:
    reference = ready.ticket.reference
    for typed in (reference, ready.ticket.spoken_reference, reference.lower()):
        assert looked_for(nora, typed)["Location"] == f"/desk/tickets/{reference}/"
    # Before anything was indexed, too.
    for typed in ("#1042", "1042", "mina.kim@EXAMPLE.com", "mina.k"):
        assert found(nora, typed) == [reference], typed
    assert f"/desk/pickups/{pickup.pk}/" in looked_for(nora, "#2001").content.decode()
    kept = nora.get("/desk/", {"q": "photocard", "store": "kpopusa"})
    assert kept["Location"] == "/desk/search/?q=photocard&store=kpopusa"


def test_a_parcel_and_a_telephone_lead_to_their_tickets(
    nora: Client, ready: Claim, mina: Customer
) -> None:
    order = ready.order
    Shipment.objects.create(order=order, tracking_number="9400111899223197428490")
    mina.phone = "+1 (702) 555-0142"
    mina.save()
    for typed in (
        "9400 1118 9922 3197 4284 90",
        "9400111899223197428490",
        "702-555-0142",
        "5550142",
    ):
        assert found(nora, typed) == [ready.ticket.reference], typed
    assert found(nora, "9400 1118 9922 3197 4284 91") == []


def test_pages_follow_each_other(
    nora: Client, mina: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "PAGE", 4)
    wanted = [ask(mina, f"the same word {n}").reference for n in range(11)][::-1]
    index_due()
    seen: list[str] = []
    after = ""
    for _page in range(3):
        seen += found(nora, "same word", after=after)
        after = str(looked_for(nora, "same word", after=after).context["found"].page.after)
    assert seen == wanted
    assert after == "0"
    for broken in ("x", "-1", "9" * 40, "٣"):
        assert looked_for(nora, "same word", after=broken).status_code == 200


def test_a_search_that_takes_long_goes_on_where_it_stopped(
    nora: Client, mina: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [ask(mina, f"the same word {n}").reference for n in range(3)][::-1]
    index_due()
    # Blocks of one, two and four tickets, so that three tickets are many.
    monkeypatch.setattr(vector, "BLOCKS", (("@x", 0), ("@y", 1), ("@z", 2)))
    monkeypatch.setattr(find, "BLOCKS", vector.BLOCKS)
    monkeypatch.setattr(find, "_TIERS", (1, 1))
    monkeypatch.setattr(find, "FEW", 0)
    mark_all_stale()
    index_due()
    assert found(nora, "same word") == wanted
    monkeypatch.setattr(find, "SECONDS", -1.0)
    seen: list[str] = []
    after, stops = "", 0
    while after != "0":
        answer = looked_for(nora, "same word", after=after)
        page = answer.context["found"].page
        seen += [row["ticket"].reference for row in answer.context["found"].rows]
        if page.stopped:
            stops += 1
            assert "Search further back" in answer.content.decode()
        after = str(page.after)
    assert seen == wanted
    assert stops > 0


def test_what_was_said_meanwhile_is_found(nora: Client, agent: User, mina: Customer) -> None:
    ticket = ask(mina, "first words")
    index_due()
    say(ticket, "second thoughts", kind="agent", actor=Actor.staff(agent), now=NOON)
    assert found(nora, "thoughts") == []
    assert index_due() > 0
    assert found(nora, "thoughts first") == [ticket.reference]
    set_tags(ticket, ["later"], actor=Actor.staff(agent), now=NOON)
    mina.name = "Renamed Person"
    mina.save()
    index_due()
    assert found(nora, "tag:later from:renamed") == [ticket.reference]
    assert index_due() == 0


def test_the_search_page_costs_few_queries(
    nora: Client, mina: Customer, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(12):
        ask(mina, f"the same word {number}")
    index_due()
    looked_for(nora, "same")
    with django_assert_max_num_queries(9):
        looked_for(nora, "same word")


def test_the_empty_page_tells_what_can_be_typed(nora: Client) -> None:
    page = nora.get("/desk/search/").content.decode()
    assert "assignee:me" in page
    assert "Nothing found" not in page
    nothing = looked_for(nora, "<b>nobody</b>").content.decode()
    assert "Nothing found" in nothing
    assert "<b>nobody" not in nothing
