"""Macros that the demo's stores have: a few that every shop needs, in English and in Korean."""

from __future__ import annotations

from datetime import datetime

from tickets.actions.keep_macros import Wanted, make
from tickets.actor import Actor
from tickets.models import Macro, Store

_PARCEL = {
    "en": "Dear {{ first_name }},\n\n"
    "your order {{ order_number }} is on its way with {{ carrier }}, number "
    "{{ tracking_number }}. Where it is now, you can see here:\n{{ tracking_link }}\n\n"
    "We look at it again in three days, and write to you if it has not moved.\n\n"
    "{{ agent_name }}, {{ store_name }}",
    "ko": "{{ customer_name }} 님, 안녕하세요.\n\n"
    "주문 {{ order_number }}의 상품이 배송 중입니다(택배사: {{ carrier }}, 운송장 번호: "
    "{{ tracking_number }}). 현재 위치는 아래에서 확인하실 수 있습니다.\n{{ tracking_link }}\n\n"
    "3일 뒤에 다시 확인하고, 움직임이 없으면 먼저 연락드리겠습니다.\n\n"
    "{{ store_name }} {{ agent_name }} 드림",
}
_EVIDENCE = {
    "en": "Dear {{ first_name }},\n\n"
    "so that we can decide about {{ item }}, we still need: {{ evidence_needed }}. Please add it "
    "on this page until {{ evidence_due }}:\n{{ status_link }}\n\n"
    "{{ agent_name }}, {{ store_name }}",
    "ko": "{{ customer_name }} 님, 안녕하세요.\n\n"
    "{{ item }} 건을 검토하려면 다음 자료가 더 필요합니다: {{ evidence_needed }}. "
    "{{ evidence_due }}까지 아래 페이지에 올려 주십시오.\n{{ status_link }}\n\n"
    "{{ store_name }} {{ agent_name }} 드림",
}
_WINDOW = {
    "en": "Dear {{ first_name }},\n\n"
    "our rule is this: {{ rule }} The window is {{ window_days }} days long; for your order "
    "{{ order_number }} it closes on {{ closes_at }}.\n\n"
    "If you have a question, answer this mail, or write to {{ contact_mail }}.\n\n"
    "{{ agent_name }}, {{ store_name }}",
    "ko": "{{ customer_name }} 님, 안녕하세요.\n\n"
    "저희 규정은 다음과 같습니다. {{ rule }} 신청 기간은 {{ window_days }}일이며, 주문 "
    "{{ order_number }}의 마감은 {{ closes_at }}입니다.\n\n"
    "궁금하신 점은 이 메일에 답장하시거나 {{ contact_mail }} 주소로 문의해 주십시오.\n\n"
    "{{ store_name }} {{ agent_name }} 드림",
}
_MANUFACTURER = {
    "en": "Dear {{ first_name }},\n\n"
    "we have asked the manufacturer about {{ item }}, and expect the answer by "
    "{{ manufacturer_due }}. How it stands, you can always see here:\n{{ status_link }}\n\n"
    "{{ agent_name }}, {{ store_name }}",
    "ko": "{{ customer_name }} 님, 안녕하세요.\n\n"
    "{{ item }} 건은 제조사에 문의했으며, {{ manufacturer_due }}까지 답변을 받을 예정입니다. "
    "진행 상황은 언제든지 아래에서 확인하실 수 있습니다.\n{{ status_link }}\n\n"
    "{{ store_name }} {{ agent_name }} 드림",
}
_THANKS = {
    "en": "Dear {{ first_name }},\n\n"
    "thank you for writing to us. We are glad that this is settled; if anything is left, just "
    "answer this mail.\n\n{{ agent_name }}, {{ store_name }}",
    "ko": "{{ customer_name }} 님, 안녕하세요.\n\n"
    "연락해 주셔서 감사합니다. 문제가 해결되어 다행입니다. 더 도와드릴 일이 있으면 이 메일에 "
    "답장해 주십시오.\n\n{{ store_name }} {{ agent_name }} 드림",
}
_DOUBT = {
    "en": "Please look at {{ reference }} ({{ request }}, order {{ order_number }}) before it is "
    "decided: something about it is odd.",
    "ko": "{{ reference }} 건({{ request }}, 주문 {{ order_number }})은 결정하기 전에 한번 확인해 "
    "주십시오. 이상한 점이 있습니다.",
}
WANTED = (
    Wanted(
        "Parcel: where it is",
        "agent",
        _PARCEL,
        snooze="days",
        snooze_days=3,
        position=1,
        add_tags=["parcel"],
        assign="me",
    ),
    Wanted("Evidence: please add it", "agent", _EVIDENCE, then_state="waiting", position=2),
    Wanted("The window, explained", "agent", _WINDOW, position=3),
    Wanted("With the manufacturer", "agent", _MANUFACTURER, position=4),
    Wanted("Thank you, and solved", "agent", _THANKS, then_state="solved", position=5),
    Wanted(
        "To a lead: look at this",
        "note",
        _DOUBT,
        priority=1,
        add_tags=["second look"],
        assign="nobody",
        position=6,
    ),
    Wanted("Mine, on Monday", assign="me", snooze="monday", position=7),
)


def shelve(store: Store, lead: Actor, now: datetime) -> list[Macro]:
    """Give a store all of them."""
    return [make(store, wanted, shared=True, actor=lead, now=now) for wanted in WANTED]
