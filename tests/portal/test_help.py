"""The help centre: articles from the rules' figures, hours, carriers, and channels that are off."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver

from policies.articles import articles
from policies.pack import PACKS, load_builtin_packs
from policies.publish import publish
from tests.cast import NOON, Story
from tests.portal.conftest import Clock, Customer
from tickets import outbox
from tickets.access import link_for
from tickets.actions.decide_claim import refuse
from tickets.actions.drafts import preview
from tickets.actions.guided import guide
from tickets.actor import Actor
from tickets.models import GuidanceCount, Order, Store, User
from tickets.portal import urls

KPOPUSA = (PACKS / "kpopusa.yaml").read_text(encoding="utf-8")
NOTICE = "E-mail is suspended at the moment. Please phone us."
OFF = KPOPUSA.replace(
    'value: info@kpopusaonline.com\n      notice: {en: "E-mail takes longer than the phone."',
    f'value: info@kpopusaonline.com\n      open: false\n      notice: {{en: "{NOTICE}"',
)
assert OFF != KPOPUSA


def ten_days() -> str:
    """KPOP USA's pack, with ten days to raise a problem instead of seven."""
    before, rule, after = KPOPUSA.partition("  kpopusa.contact-window:\n")
    return before + rule + after.replace("days: 7}", "days: 10}", 1)


def put_in_force(store: Store, source: str, **ago: int) -> None:
    publish(store.pk, source, starts_at=NOON - timedelta(**ago), now=NOON)


def counted(rule: str) -> tuple[int, int, int]:
    row = GuidanceCount.objects.get(kind="article", key=rule)
    return row.seen, row.helped, row.wrote


# --- the centre and its articles --------------------------------------------------------


@pytest.mark.parametrize("name", ["kpopusa", "kpop2", "popmart"])
def test_the_centre_lists_every_article_and_each_can_be_read(
    web: Client, request: pytest.FixtureRequest, name: str
) -> None:
    request.getfixturevalue(name)
    centre = web.get(f"/{name}/help/").text
    for article in articles(load_builtin_packs()[name]):
        address = f"/{name}/help/{article.slug}/"
        assert f'href="{address}"' in centre
        page = web.get(address)
        assert page.status_code == 200
        assert f"<h1>{article.title}</h1>" in page.text
        for rule in article.rules[1:]:
            assert f'id="{rule}"' in page.text
        assert "Did this help?" in page.text


def test_an_article_in_korean(web: Client, kpopusa: Store) -> None:
    page = web.get("/kpopusa/help/missing-contents/", headers={"Accept-Language": "ko"})
    assert 'lang="ko"' in page.text
    assert "포토카드가 빠져 있어요" in page.text


def test_a_rule_told_on_another_page_leads_there(web: Client, kpopusa: Store) -> None:
    response = web.get("/kpopusa/help/missing-contents.duration/")
    assert response.status_code == 302
    assert (
        response["Location"] == "/kpopusa/help/missing-contents/#kpopusa.missing-contents.duration"
    )


def test_no_such_article_no_such_store(web: Client, kpopusa: Store, popmart: Store) -> None:
    assert web.get("/kpopusa/help/points/").status_code == 404
    assert web.get("/popmart/help/points/").status_code == 200
    Store.objects.filter(slug="popmart").update(is_open=False)
    assert web.get("/popmart/help/").status_code == 404
    assert web.get("/popmart/help/points/").status_code == 404
    assert web.get("/popmart/help/carriers/").status_code == 404


def test_an_article_can_be_found_by_machines_and_people(web: Client, kpopusa: Store) -> None:
    page = web.get("/kpopusa/help/contact-window/?thanks=1").text
    assert "<title>Until when can I report a problem? · KPOP USA</title>" in page
    assert '<link rel="canonical" href="http://testserver/kpopusa/help/contact-window/">' in page
    assert re.search(r'<meta name="description" content="[^"{}]*within 7 days of delivery', page)
    assert 'name="robots"' not in page
    assert 'content="noindex"' in web.get("/kpopusa/help/?q=video").text


def test_an_article_starts_the_form_of_its_rule(web: Client, kpopusa: Store) -> None:
    page = web.get("/kpopusa/help/missing-contents/").text
    assert 'href="/kpopusa/new/missing_photocard/"' in page
    assert 'href="/kpopusa/help/contact-window/"' in page  # also of interest


def test_the_search_leads_to_articles_and_forms(web: Client, kpopusa: Store) -> None:
    hits = web.get("/kpopusa/help/?q=money+back").text.partition("Search results")[2]
    assert "/kpopusa/help/cancel.refund/" in hits.partition("</a>")[0]
    assert "When do I get my refund?" in hits
    nothing = web.get("/kpopusa/help/?q=zebra").text
    assert "We found no article on “zebra”" in nothing
    assert "What if there is no rule about my problem?" in nothing
    assert 'href="/kpopusa/new/other/"' in nothing


def test_the_first_page_s_search_shows_help_beside_the_forms(web: Client, kpopusa: Store) -> None:
    page = web.get("/kpopusa/?q=포토").text
    assert "/kpopusa/help/missing-contents/" in page
    assert "Nothing here is called" not in page
    assert "Nothing here is called" in web.get("/kpopusa/?q=zebra").text


def test_what_is_typed_is_shown_and_never_run(web: Client, kpopusa: Store) -> None:
    page = web.get("/kpopusa/help/", {"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


# --- one figure, told everywhere ---------------------------------------------------------


def test_seven_days_become_ten_on_every_page_form_and_mail(
    customer: Customer, story: Story, agent: User, mailoutbox: Any
) -> None:
    store = story.order.store
    put_in_force(store, ten_days(), days=30)  # before the order was placed
    web = customer.web

    article = web.get("/kpopusa/help/contact-window/").text
    assert "<strong>10 days</strong> of delivery" in article
    told = re.sub(r"<details.*?</details>", "", article, flags=re.DOTALL)
    assert not re.search(r"\b7 days", told)
    assert "7 days" not in web.get("/kpopusa/help/missing-contents/").text.partition("<details")[0]
    assert "within 10 days of delivery" in web.get("/kpopusa/new/change_of_mind/").text

    # Delivered nine days before: too late by seven, in time by ten.
    order = story.order
    order.shipments.update(delivered_at=NOON - timedelta(days=9))
    customer.begin("missing_photocard")
    line = order.lines.all()[0]
    customer.post("items/", {f"line_{line.pk}": "on", f"quantity_{line.pk}": "1"})
    customer.post("question/opened/", {"value": "no"})
    answer = customer.get("answer/").text
    assert "verdict-card v-evidence_needed" in answer
    assert "Fri 6 Mar, 23:59" in answer

    late = Story(order, NOON + timedelta(days=3))
    assert "within 10 days of delivery" in " ".join(late_words(late))
    claim = story.file("missing_photocard")
    assert claim.policy_version.number == 2
    who = Actor.staff(agent)
    rule = "kpopusa.contact-window"
    refuse(claim, rule, note="", actor=who, now=NOON, seen=None)
    outbox.drain(NOON + timedelta(seconds=10))  # until then it can be taken back
    said = "".join(mail.body for mail in mailoutbox)
    assert "within 10 days of delivery" in said
    assert not re.search(r"\b7 days of delivery", said)


def late_words(story: Story) -> list[str]:
    draft = story.draft("missing_photocard")
    assert preview(draft, now=story.now).decision.verdict == "refused"
    return list(guide(draft, now=story.now, locale="en", zone=None).sentences)


# --- for which orders it holds -------------------------------------------------------------


def test_a_version_in_force_says_since_when_and_what_was_before(
    web: Client, kpopusa: Store
) -> None:
    assert "This applies to orders placed" not in web.get("/kpopusa/help/contact-window/").text
    put_in_force(kpopusa, ten_days(), days=3)
    page = web.get("/kpopusa/help/contact-window/").text
    # At noon: orders of that morning are still the earlier version's.
    assert "This applies to orders placed from March 2, 2026, 12:00." in page
    before = page.partition("For orders placed before March 2, 2026, 12:00")[2]
    assert "within 7 days of delivery" in before
    assert "This applies to orders placed" not in web.get("/kpopusa/help/charts/").text


def test_a_version_to_come_is_announced(web: Client, kpopusa: Store) -> None:
    put_in_force(kpopusa, ten_days(), days=-10)
    page = web.get("/kpopusa/help/contact-window/").text
    assert "<strong>7 days</strong>" in page
    after = page.partition("For orders placed from March 15, 2026, 13:00 something else applies")[2]
    assert "within 10 days of delivery" in after


def test_a_right_that_is_on_is_told_with_its_source_and_that_it_is_no_advice(
    web: Client, kpopusa: Store
) -> None:
    assert "South Korea" not in web.get("/kpopusa/help/missing-contents/").text
    put_in_force(kpopusa, KPOPUSA.replace("    on: false\n", "    on: true\n"), days=3)
    page = web.get("/kpopusa/help/missing-contents/").text
    assert "For orders to South Korea" in page
    assert "within 3 months of receipt" in page
    assert "It is not legal advice." in page
    assert "Act on the Consumer Protection in Electronic Commerce" in page


def test_a_rule_with_a_start_of_its_own_says_so(web: Client, popmart: Store) -> None:
    page = web.get("/popmart/help/points/").text
    assert "This applies to orders placed from January 6, 2025." in page


# --- did it help? ----------------------------------------------------------------------------


def test_reading_helping_and_writing_are_counted(web: Client, kpopusa: Store) -> None:
    address = "/kpopusa/help/missing-contents/"
    web.get(address)
    web.get(address)
    assert counted("kpopusa.missing-contents") == (2, 0, 0)
    yes = web.post(f"{address}helped/")
    assert yes["Location"] == f"{address}?thanks=1#thanks"
    no = web.post(f"{address}wrote/")
    assert no["Location"] == "/kpopusa/new/missing_photocard/"
    assert counted("kpopusa.missing-contents") == (2, 1, 1)
    assert "Thank you" in web.get(f"{address}?thanks=1").text


def test_an_answer_that_did_not_help_leads_to_a_person_not_to_itself(
    web: Client, kpopusa: Store
) -> None:
    assert web.post("/kpopusa/help/restock/wrote/")["Location"] == "/kpopusa/new/other/"


def test_machines_prefetches_and_looks_are_not_readers(web: Client, kpopusa: Store) -> None:
    address = "/kpopusa/help/missing-contents/"
    web.head(address)
    web.get(address, headers={"User-Agent": "Googlebot/2.1"})
    web.get(address, headers={"Sec-Purpose": "prefetch;prerender"})
    assert not GuidanceCount.objects.exists()


def test_another_site_and_a_flood_count_nothing_and_lead_on(web: Client, kpopusa: Store) -> None:
    address = "/kpopusa/help/restock/"
    web.post(f"{address}helped/", headers={"Sec-Fetch-Site": "cross-site"})
    assert not GuidanceCount.objects.exists()
    for _ in range(35):
        assert web.post(f"{address}helped/").status_code == 302
    assert counted("kpopusa.restock") == (0, 30, 0)
    assert web.get(f"{address}helped/").status_code == 405


def test_a_help_page_asks_for_no_cookie_and_little_of_the_database(
    web: Client, kpopusa: Store, django_assert_max_num_queries: Any
) -> None:
    for address in ("/kpopusa/help/", "/kpopusa/help/contact-window/", "/kpopusa/help/carriers/"):
        web.get(address)
        with django_assert_max_num_queries(2):
            page = web.get(address)
        assert not page.cookies
        assert "csrf" not in page.text
        assert "max-age=60" in page["Cache-Control"]
    assert "public" in web.get("/kpopusa/help/")["Cache-Control"]
    article = web.get("/kpopusa/help/contact-window/")
    assert "private" in article["Cache-Control"]
    again = web.get("/kpopusa/help/contact-window/", headers={"If-None-Match": article["ETag"]})
    assert again.status_code == 304
    assert not again.content


def test_what_waits_for_one_visitor_is_shown_to_that_one_only(
    customer: Customer, album_order: Order
) -> None:
    web = customer.web
    status = send_question(customer)
    web.post(f"{status}say/", {"body": "One more thing."})
    mine = web.get("/kpopusa/help/")  # they did not wait for the page that they were sent to
    assert "Your message is with us." in mine.text
    assert mine["Cache-Control"] == "no-store"
    assert "Your message is with us." not in web.get("/kpopusa/help/").text
    assert "Your message is with us." not in Client().get("/kpopusa/help/").text


def test_a_page_that_is_kept_follows_the_clock_the_store_and_the_language(
    web: Client, kpopusa: Store, at_noon: Clock
) -> None:
    assert "Open now" in web.get("/kpopusa/help/").text
    at_noon.now += timedelta(hours=8)
    assert "Closed now" in web.get("/kpopusa/help/").text
    korean = {"Accept-Language": "ko"}
    assert "포토카드가 빠져 있어요" in web.get("/kpopusa/help/", headers=korean).text
    Store.objects.update(name="KPOP Vegas")
    assert "KPOP Vegas" in web.get("/kpopusa/help/").text
    assert "KPOP Vegas" in web.get("/kpopusa/help/contact-window/").text
    put_in_force(kpopusa, ten_days(), hours=1)
    assert "10 days" in web.get("/kpopusa/help/contact-window/").text


# --- hours ------------------------------------------------------------------------------------


def test_the_week_shows_the_hours_that_really_hold(
    web: Client, kpopusa: Store, at_noon: Clock
) -> None:
    page = web.get("/kpopusa/help/").text
    assert "Open now" in page
    assert 'data-here="2026-03-06T03:30:00+00:00"' in page  # 19:30 in Las Vegas
    assert page.count('<time datetime="') == 12  # six open days, a Sunday
    assert "Sun 8 Mar" in page
    # The clocks go forward on that Sunday: still noon in Las Vegas.
    assert '<time datetime="2026-03-09T12:00:00-07:00">12:00</time>' in page
    assert "Time in Las Vegas" in page

    at_noon.now = NOON.replace(month=7, day=3)
    page = web.get("/kpopusa/help/").text
    assert "Closed now" in page
    assert "opens Monday 12:00" in page  # both the 4th and the day on which it is kept are free
    assert page.count("closed, public holiday") == 2


def test_hours_in_korean(web: Client, kpop2: Store) -> None:
    page = web.get("/kpop2/help/", headers={"Accept-Language": "ko"}).text
    assert "3월 6일" in page


# --- carriers ----------------------------------------------------------------------------------


def test_the_carriers_their_pages_and_what_to_have_ready(web: Client, popmart: Store) -> None:
    page = web.get("/popmart/help/carriers/").text
    assert "Which carrier has my parcel?" in page
    assert "What to have ready before you call the carrier" in page
    assert "<strong>24</strong>–<strong>48 hours</strong>" in page
    for carrier in load_builtin_packs()["popmart"].carriers:
        assert f"<kbd>{carrier.prefix}</kbd>" in page
        assert carrier.name in page
    assert 'href="https://www.ups.com/track"' in page or 'href="https://ups.com/track"' in page
    assert 'href="tel:+1-800-275-8777"' in page
    assert "FedEx" in page  # not the store's own, and may bring a parcel all the same
    links = re.findall(r'<a [^>]*href="https://[^>]*>', page)
    assert len(links) >= 10
    assert all('rel="noopener noreferrer"' in link for link in links)
    assert counted("popmart.carriers") == (1, 0, 0)


def test_a_store_that_names_no_carrier_shows_those_of_everywhere(
    web: Client, kpopusa: Store
) -> None:
    page = web.get("/kpopusa/help/carriers/").text
    assert "https://www.fedex.com/fedextrack/" in page
    assert "<kbd>" not in page


# --- a channel that is off ----------------------------------------------------------------------


def test_every_page_of_a_store_says_which_channel_is_off(
    customer: Customer, album_order: Order
) -> None:
    store = album_order.store
    web = customer.web
    customer.begin("missing_photocard")
    base = customer.base
    assert NOTICE not in web.get("/kpopusa/").text
    put_in_force(store, OFF, hours=1)

    seen = {}
    for name, address in addresses(web, customer, base).items():
        page = web.get(address, follow=True)
        if "text/html" not in page.headers["Content-Type"]:
            continue
        seen[name] = page.status_code
        assert NOTICE in page.text, address
        assert '<aside class="off"' in page.text, address
    assert len(seen) > 15
    assert 404 in seen.values()
    assert NOTICE not in web.get("/nowhere/help/").text  # whose would it be?


def addresses(web: Client, customer: Customer, base: str) -> dict[str, str]:
    """One address for every route of the portal that a browser can open, and some that fail."""
    status = send_question(customer)
    reference, token = status.split("/")[2:4]
    # A draft that is still open: the first has become a question.
    customer.begin("missing_photocard")
    key = customer.base.split("/")[3]
    values = {
        "slug": "kpopusa",
        "key": key,
        "reference": reference,
        "token": token,
        "fact": "opened",
        "request_type": "defect",
        "name": "not-arrived",
        "pk": "1",
    }
    found = {}
    for name, route in routes(urls.urlpatterns):
        posted_to = {"remove", "write", "say", "withdraw", "article_helped", "article_wrote"}
        if name in posted_to | {"home", "theme"} or name.startswith("track"):
            continue
        chosen = values | ({"name": "contact-window"} if name == "article" else {})
        found[name] = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: chosen[m[1]], route)  # noqa: B023  (called at once)
    return found | {
        "no article": "/kpopusa/help/nothing/",
        "no tile": "/kpopusa/about/nothing/",
        "no request": "/kpopusa/new/nothing/",
        "no draft": "/kpopusa/claim/nothing/",
    }


def send_question(customer: Customer) -> str:
    customer.begin("other")
    sent = customer.post("write/", {"body": "Do you buy back albums?"})
    return str(sent["Location"].partition("?")[0])


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for item in patterns:
        route = before + str(item.pattern)
        if isinstance(item, URLResolver):
            found += routes(item.url_patterns, route)
        else:
            found.append((str(item.name), route))
    return found


def test_the_error_pages_of_a_store_say_it_too(web: Client, album_order: Order) -> None:
    put_in_force(album_order.store, OFF, hours=1)
    strict = Client(enforce_csrf_checks=True)
    forged = strict.post("/kpopusa/new/defect/", {"number": "#1", "email": "a@b.test"})
    assert forged.status_code == 403
    assert NOTICE in forged.text
    for _ in range(11):
        busy = web.post("/kpopusa/new/defect/", {"number": "#1042", "email": "guess@example.com"})
    assert busy.status_code == 429
    assert NOTICE in busy.text


def test_every_mail_to_a_customer_says_which_channel_is_off(story: Story, mailoutbox: Any) -> None:
    put_in_force(story.order.store, OFF, hours=1)
    story.file("missing_photocard")
    outbox.drain(NOON)
    (mail,) = mailoutbox
    assert NOTICE in mail.body
    assert "info@kpopusaonline.com" not in mail.body
    assert "+1-702-476-1990" in mail.body
    html = next(body for body, kind in mail.alternatives if kind == "text/html")
    assert NOTICE in html


def test_a_channel_that_is_off_is_offered_nowhere_whatever_rules_the_order_has(
    story: Story, web: Client, visiting: Callable[[Order], Customer]
) -> None:
    claim = story.file("missing_photocard")
    someone = visiting(story.order)
    someone.begin("cancel_order")
    pages = [f"{someone.base}answer/", link_for(claim.ticket)]
    assert all("mailto:" in web.get(page).text for page in pages)
    put_in_force(story.order.store, OFF, hours=1)
    assert not any("mailto:" in web.get(page).text for page in pages)
    assert all("tel:" in web.get(page).text for page in pages)
