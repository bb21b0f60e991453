"""The addresses of the desk. What changes something is a resource that takes POST alone."""

from __future__ import annotations

from django.urls import path

from tickets.desk.views import deliveries, pickups, queue, refunds, steps, ticket

app_name = "desk"
_CLAIM = "claims/<str:reference>/"
_PICKUP = "pickups/<int:pk>/"
urlpatterns = [
    path("", queue.queue, name="queue"),
    path("tickets/<str:reference>/", ticket.ticket, name="ticket"),
    path("tickets/<str:reference>/messages/", ticket.say, name="messages"),
    path("tickets/<str:reference>/assignee/", ticket.assign, name="assignee"),
    path("tickets/<str:reference>/solution/", ticket.solve, name="solution"),
    path("tickets/<str:reference>/delivery/", deliveries.delivery, name="delivery"),
    path(_CLAIM, ticket.claim, name="claim"),
    path(_CLAIM + "what-if/", ticket.what_if, name="what-if"),
    path(_CLAIM + "decision/", steps.decision, name="decision"),
    path(_CLAIM + "evidence-request/", steps.evidence_request, name="evidence-request"),
    path(_CLAIM + "manufacturer/", steps.manufacturer, name="manufacturer"),
    path(_CLAIM + "manufacturer-answer/", steps.manufacturer_answer, name="manufacturer-answer"),
    path(_CLAIM + "return/", steps.returned, name="return"),
    path(_CLAIM + "inspection/", steps.inspection, name="inspection"),
    path(_CLAIM + "fulfilment/", steps.fulfilment, name="fulfilment"),
    path(_CLAIM + "payment/", steps.payment, name="payment"),
    path(_CLAIM + "override/", steps.override, name="override"),
    path(_CLAIM + "reopening/", steps.reopening, name="reopening"),
    path(_CLAIM + "withdrawal/", steps.withdrawal, name="withdrawal"),
    path(_CLAIM + "delivery/", deliveries.delivery, name="claim-delivery"),
    path("pickups/", pickups.pickups, name="pickups"),
    path(_PICKUP, pickups.pickup, name="pickup"),
    path(_PICKUP + "confirmation/", pickups.confirmation, name="pickup-confirmation"),
    path(_PICKUP + "handover/", pickups.handover, name="pickup-handover"),
    path(_PICKUP + "extension/", pickups.extension, name="pickup-extension"),
    path(_PICKUP + "cancellation/", pickups.cancellation, name="pickup-cancellation"),
    path("refunds/", refunds.refunds, name="refunds"),
    path("refunds/<int:pk>/payment/", refunds.payment, name="refund-payment"),
]
