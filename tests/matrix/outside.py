"""The table of the customers' pages, of files, and of what anybody may ask."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.cast import NOON, Story, make_order
from tests.desk.errands import on_its_way
from tests.evidence.tus_client import CHUNK, SPOKEN
from tests.matrix.rows import (
    Call,
    Row,
    agents_own,
    minas,
    minas_and_staff,
    public,
    staff_file,
)
from tests.matrix.world import WORK, World
from tests.portal.test_api import FACTS
from tickets import access
from tickets.actions import reminders
from tickets.actions.guided import guide
from tickets.actions.inquiries import latest, tell
from tickets.actions.uploads import Place, begin
from tickets.actor import Actor
from tickets.evidence import links
from tickets.evidence.parts import parts
from tickets.models import Draft, KeptMail, Upload

SHOW = {"GET": 200}
ON = {"GET": 302}
_POST = frozenset({"POST"})
_ALL = frozenset({"GET", "POST"})
_JSON = {"headers": {"Accept": "application/json"}}
KEY = "6a6c9f1c-4d43-4b3c-9a55-0e6cb8b7a0f1"
MARKED = {"sealed": "0:00", "label": "0:04", "opening": "0:07", "contents": "0:11"}


def _open(path: str, methods: dict[str, int] | None = None, data: Any = None, **more: Any) -> Row:
    return Row(public, methods or SHOW, lambda world, who, thing: Call(path, data), **more)


# --- pages for everybody ---------------------------------------------------------------

_ORDER = {"number": "#1042", "email": "Mina.Kim@example.com"}
_WRITE = {"w-body": "Hello", "w-email": "ada@example.com", "w-form_key": KEY}
PUBLIC = {
    "healthz": _open("/healthz"),
    "portal:home": _open("/"),
    "portal:theme": _open("/stores/kpopusa/theme.css"),
    "portal:store": _open("/kpopusa/"),
    "portal:tile": _open("/kpopusa/about/change/"),
    "portal:help": _open("/kpopusa/help/"),
    "portal:carriers": _open("/kpopusa/help/carriers/"),
    # How often an article is read is counted.
    "portal:article": _open("/kpopusa/help/missing-contents/", writes=frozenset({"GET"})),
    "portal:article_helped": _open(
        "/kpopusa/help/missing-contents/helped/", {"POST": 302}, {}, writes=_POST
    ),
    "portal:article_wrote": _open(
        "/kpopusa/help/missing-contents/wrote/", {"POST": 302}, {}, writes=_POST
    ),
    "portal:how-to-film": _open("/kpopusa/how-to-film/"),
    "portal:begin": _open(
        "/kpopusa/new/missing_photocard/", {**SHOW, "POST": 302}, _ORDER, writes=_POST
    ),
    "portal:begin-helped": _open(
        "/kpopusa/new/gift_card/helped/", {**ON, "POST": 302}, {}, writes=_POST
    ),
    "portal:begin-write": _open(
        "/kpopusa/new/gift_card/write/", {**ON, "POST": 302}, _WRITE, writes=_POST
    ),
    "portal:written": _open("/kpopusa/written/"),
    # Who knows the number and the address of an order is shown where it is.
    "portal:track": _open("/kpopusa/track/", {**SHOW, "POST": 302}, _ORDER),
    "api:index": _open("/api/v1/"),
    "api:decide": Row(
        public,
        {"POST": 200},
        lambda world, who, thing: Call(
            "/api/v1/decide",
            json.dumps(FACTS),
            extra={"content_type": "application/json"},
        ),
    ),
}


# --- by the key of a draft ---------------------------------------------------------------


def _draft(
    step: str,
    methods: dict[str, int],
    typed: Any = None,
    *,
    stage: Callable[[World], Any] = lambda world: world.draft(),
    writes: frozenset[str] = frozenset(),
) -> Row:
    """A step of Mina's draft; Jo tries it by the key of his own, the others by a guess."""

    def found(world: World) -> Any:
        draft = stage(world)
        theirs = Story(make_order(world.get("jo"), "#5999")).draft(opened=True)
        return draft, world.file_of(draft) if "{pk}" in step else None, theirs

    def call(world: World, who: str, thing: Any) -> Call:
        draft, film, theirs = thing
        # Taking out what is not there is no error: nothing of Mina's is found by Jo's own key.
        own = "{pk}" in step and "remove" not in step
        other = theirs.key if own and who == "jo" else "A" * len(draft.key)
        key = draft.key if who == "mina" else other
        data = typed(world, draft) if callable(typed) else typed
        path = f"/kpopusa/claim/{key}/{step}".replace("{pk}", str(film.pk if film else 0))
        return Call(path, data)

    return Row(minas, methods, call, found, writes=writes)


def _with_film(world: World) -> Draft:
    draft = world.draft()
    world.file_of(draft)
    return draft


def waiting_draft(world: World) -> Draft:
    """A parcel on its way: from a day on something can be done."""
    order = make_order(world.get("mina"), "#5055", placed=timedelta(days=6), delivered=None)
    on_its_way(order, shipped=timedelta(days=5), scanned=None)
    draft = Story(order).draft("lost_parcel")
    tell(draft, guide(draft, now=NOON, locale="en", zone=None).found, now=NOON)
    return draft


def _reminded(world: World) -> Draft:
    draft = waiting_draft(world)
    reminders.ask(draft, customer=world.get("mina"), now=NOON)
    return draft


def _unsent(world: World) -> Draft:
    return Story(make_order(world.get("mina"), "#5056", shipped=None)).draft("cancel_order")


def _items(world: World, draft: Draft) -> dict[str, Any]:
    assert draft.order is not None
    line = draft.order.lines.all()[0]
    return {f"line_{line.pk}": "on", f"quantity_{line.pk}": 2}


def _its_order(world: World, draft: Draft) -> dict[str, Any]:
    return _ORDER


DRAFT = {
    "portal:resume": _draft("", ON),
    "portal:order": _draft("order/", {**SHOW, "POST": 302}, _its_order, writes=_POST),
    "portal:items": _draft("items/", {**SHOW, "POST": 302}, _items, writes=_POST),
    "portal:question": _draft(
        "question/opened/", {**SHOW, "POST": 302}, {"value": "no"}, writes=_POST
    ),
    # That somebody was told what the rule says is kept.
    "portal:answer": _draft("answer/", SHOW, writes=frozenset({"GET"})),
    "portal:write": _draft(
        "write/", {**ON, "POST": 302}, {"w-body": "Hello", "body": "Hello"}, writes=_POST
    ),
    "portal:send": _draft(
        "send/", {**ON, "POST": 302}, {"n-note": ""}, stage=_unsent, writes=_POST
    ),
    "portal:remind": _draft("remind/", {**ON, "POST": 302}, {}, stage=waiting_draft, writes=_POST),
    "portal:forget": _draft("remind/not/", {**ON, "POST": 302}, {}, stage=_reminded, writes=_POST),
    "portal:helped": _draft("helped/", {**ON, "POST": 302}, {}, stage=waiting_draft, writes=_POST),
    "portal:evidence": _draft("evidence/", SHOW),
    "portal:remove": _draft("evidence/{pk}/remove/", {"POST": 302}, {}, writes=_POST),
    "portal:moments": _draft("evidence/{pk}/moments/", {**SHOW, "POST": 302}, MARKED, writes=_POST),
    "portal:review": _draft(
        "review/", {**SHOW, "POST": 302}, {"note": ""}, stage=_with_film, writes=_POST
    ),
}


# --- by the link of a ticket -------------------------------------------------------------


def _link(
    step: str, methods: dict[str, int], typed: Any = None, writes: frozenset[str] = frozenset()
) -> Row:
    """A page of Mina's request; Jo tries it by the token of his own, the others by a guess."""

    def call(world: World, who: str, thing: Any) -> Call:
        reference, token = world.link(who)
        path = f"/t/{reference}/{token}/{step}".replace("{pk}", str(world.film.pk))
        return Call(path, typed)

    return Row(minas, methods, call, lambda world: world.film, writes=writes)


def _sealed(step: str, methods: dict[str, int], typed: Any = None, **more: Any) -> Row:
    """What a short-lived word for an order opens."""

    def call(world: World, who: str, thing: Any) -> Call:
        return Call(f"/kpopusa/track/{thing if who == 'mina' else 'A' * 40}/{step}", typed)

    def token(world: World) -> str:
        return access.tracking_token(world.store, order=world.get("album_order"))

    return Row(minas, methods, call, token, **more)


def _again(world: World) -> Any:
    inquiry = latest(_reminded(world))
    assert inquiry is not None
    return access.again_link(inquiry)


LINK = {
    "portal:status": _link("", SHOW),
    "portal:say": _link("say/", {"POST": 302}, {"body": "Hello", "form_key": KEY}, _POST),
    "portal:withdraw": _link("withdraw/", {"POST": 302}, {}, _POST),
    "portal:track-ticket": _link("track/", ON),
    "portal:ticket-moments": _link("moments/{pk}/", {**SHOW, "POST": 302}, MARKED, _POST),
    "portal:tracked": _sealed("", SHOW),
    "portal:track-ask": _sealed("ask/", {"POST": 302}, {"request": "lost_parcel"}, writes=_POST),
    "portal:again": Row(
        minas,
        ON,
        lambda world, who, link: Call(link if who == "mina" else "/kpopusa/again/1:forged/"),
        _again,
    ),
}


# --- files -------------------------------------------------------------------------------


def _query(world: World, who: str, **more: str) -> str:
    """As a form of the page would have it: the customers' with a token, the desk's without."""
    reference, token = world.link(who)
    query = f"ticket={reference}"
    if who in ("mina", "jo"):
        query += f"&token={token}"
    return query + "".join(f"&{name}={value}" for name, value in more.items())


def _begun(world: World) -> Upload:
    """A file that Mina sends, by her link."""
    claim = world.get("ready")
    return begin(
        Place(claim=claim),
        key="k" * 22,
        kind="photo",
        name="a.jpg",
        length=10,
        parts=parts().begin("k" * 22, "evidence/k.bin"),
        stored_name="evidence/k.bin",
        actor=Actor.of_customer(claim.ticket.customer),
        now=NOON,
    )


def _sent(world: World, who: str, thing: Any) -> Call:
    file = SimpleUploadedFile("a.jpg", b"a picture")
    return Call("/uploads/", {"file": file}, _query(world, who, kind="photo"), _JSON)


def _created(world: World, who: str, thing: Any) -> Call:
    said = {**SPOKEN, "Upload-Length": "10", "Upload-Metadata": "filename YS5qcGc="}
    extra = {"content_type": CHUNK, "headers": said}
    return Call("/uploads/tus/", b"", _query(world, who, kind="photo"), extra)


def _part(world: World, who: str, upload: Any) -> Call:
    extra = {"content_type": CHUNK, "headers": {**SPOKEN, "Upload-Offset": "0"}}
    return Call(f"/uploads/tus/{upload.key}/", b"0123", _query(world, who), extra)


def _for_agent(world: World) -> Any:
    actor = Actor.staff(world.users["agent"])
    return links.link(world.film, "original", actor=actor, now=NOON)


def _drafts_file(world: World) -> Any:
    draft = world.draft()
    return draft, world.file_of(draft)


def _by_draft(world: World, who: str, thing: Any) -> Call:
    draft, film = thing
    return Call(f"/uploads/d/{draft.key if who == 'mina' else 'A' * 22}/{film.pk}/")


FILES = {
    "uploads:upload": Row(minas_and_staff, {"POST": 201}, _sent, verb=WORK, writes=_POST),
    "uploads:state": Row(
        minas_and_staff,
        SHOW,
        lambda world, who, thing: Call("/uploads/state/", query=_query(world, who)),
    ),
    # Nobody but who began a file goes on with it, or calls it off: not even colleagues.
    "uploads:out": Row(
        minas,
        {"POST": 302},
        lambda world, who, upload: Call(
            "/uploads/out/", {"upload": upload.key}, _query(world, who)
        ),
        _begun,
        writes=_POST,
    ),
    "uploads:tus": Row(minas_and_staff, {"POST": 201}, _created, verb=WORK, writes=_POST),
    "uploads:tus_upload": Row(
        minas,
        {"HEAD": 200, "PATCH": 204, "DELETE": 204},
        _part,
        _begun,
        writes=frozenset({"PATCH", "DELETE"}),
    ),
    # Every look at a file is noted.
    "uploads:linked": Row(
        agents_own,
        SHOW,
        lambda world, who, address: Call(address),
        _for_agent,
        writes=frozenset({"GET"}),
    ),
    "uploads:file": Row(
        staff_file, ON, lambda world, who, thing: Call(f"/uploads/{world.film.pk}/")
    ),
    "uploads:by_link": Row(
        minas,
        ON,
        lambda world, who, thing: Call(
            "/uploads/t/{}/{}/{}/".format(*world.link(who), world.film.pk)
        ),
    ),
    "uploads:by_draft": Row(minas, ON, _by_draft, _drafts_file),
}


# --- the demo's mailbox --------------------------------------------------------------------


def _kept(world: World) -> Any:
    return KeptMail.objects.create(
        message_id=f"<{uuid.uuid4()}@test>",
        recipient="mina@example.com",
        subject="Hello",
        text="Hello",
        html="<head></head>",
        sender="help@kpopusa.test",
        at=NOON,
    )


MAILBOX = {
    f"mailbox:{name}": Row(
        public,
        SHOW,
        lambda world, who, mail, path=path: Call(f"/mailbox/{path.format(pk=mail.pk)}"),
        _kept,
    )
    for name, path in (("inbox", ""), ("one", "{pk}/"), ("html", "{pk}/html"))
}
ROWS = PUBLIC | DRAFT | LINK | FILES | MAILBOX
