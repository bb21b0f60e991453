"""The addresses of the desk. What changes something is a resource that takes POST alone."""

from __future__ import annotations

from django.urls import path

from tickets.desk.views import (
    custody,
    customers,
    deliveries,
    holding,
    marks,
    parcels,
    phone,
    pickups,
    proofs,
    queue,
    refunds,
    releases,
    requests,
    search,
    steps,
    ticket,
)

app_name = "desk"
_TICKET = "tickets/<str:reference>/"
_CLAIM = "claims/<str:reference>/"
_PICKUP = "pickups/<int:pk>/"
_PARCEL = "parcels/<int:pk>/"
_RELEASE = "releases/<int:pk>/"
urlpatterns = [
    path("", queue.queue, name="queue"),
    path("tickets/<str:reference>/", ticket.ticket, name="ticket"),
    path("tickets/<str:reference>/messages/", ticket.say, name="messages"),
    path("tickets/<str:reference>/assignee/", ticket.assign, name="assignee"),
    path("tickets/<str:reference>/solution/", ticket.solve, name="solution"),
    path("tickets/<str:reference>/delivery/", deliveries.delivery, name="delivery"),
    path(_TICKET + "cancellation/", requests.cancellation, name="cancellation"),
    path(_TICKET + "address/", requests.address, name="address"),
    path(_TICKET + "carrier/", requests.inquiry, name="carrier"),
    path(_TICKET + "carrier-answer/", requests.carrier_answer, name="carrier-answer"),
    path(_TICKET + "compensation/", requests.compensation, name="compensation"),
    path(_TICKET + "done/", requests.done, name="done"),
    path(_TICKET + "refusal/", requests.refusal, name="refusal"),
    path(_TICKET + "hold/", holding.hold, name="hold"),
    path(_TICKET + "hold-release/", holding.release, name="hold-release"),
    path(_TICKET + "beside/", proofs.beside, name="beside"),
    path(_TICKET + "related/", proofs.related, name="related"),
    # marks
    path(_TICKET + "marks/", marks.marks, name="marks"),
    path(_TICKET + "snooze/", marks.snooze, name="snooze"),
    path(_TICKET + "wake/", marks.wake, name="wake"),
    path(_TICKET + "tags/", marks.tags, name="tags"),
    path(_TICKET + "priority/", marks.priority, name="priority"),
    path(_TICKET + "watch/", marks.watch, name="watch"),
    path(_TICKET + "links/", marks.links, name="links"),
    path(_TICKET + "links/<str:other>/removal/", marks.unlink, name="unlink"),
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
    path(_CLAIM + "custody/", custody.custody, name="custody"),
    path(_CLAIM + "custody/csv", custody.sheet, name="custody-csv"),
    path(_CLAIM + "export/", custody.export, name="export"),
    # calls and customers
    path("calls/", phone.calls, name="calls"),
    path("calls/new/", phone.stranger, name="call-stranger"),
    path("calls/<int:pk>/", phone.call, name="call"),
    path("calls/<int:pk>/log/", phone.log, name="call-log"),
    path("customers/<int:pk>/", customers.customer, name="customer"),
    path("customers/<int:pk>/notes/", customers.notes, name="customer-notes"),
    path("customers/<int:pk>/notes/return/", customers.note_return, name="customer-note-return"),
    path("customer-notes/<int:pk>/removal/", customers.note_removal, name="customer-note-removal"),
    # search
    path("search/", search.found, name="search"),
    path("exports/", custody.check, name="export-check"),
    path("pickups/", pickups.pickups, name="pickups"),
    path(_PICKUP, pickups.pickup, name="pickup"),
    path(_PICKUP + "confirmation/", pickups.confirmation, name="pickup-confirmation"),
    path(_PICKUP + "handover/", pickups.handover, name="pickup-handover"),
    path(_PICKUP + "extension/", pickups.extension, name="pickup-extension"),
    path(_PICKUP + "cancellation/", pickups.cancellation, name="pickup-cancellation"),
    path("parcels/", parcels.parcels, name="parcels"),
    path(_PARCEL + "investigation/", parcels.investigation, name="parcel-investigation"),
    path(_PARCEL + "delivery/", parcels.arrival, name="parcel-delivery"),
    path(_PARCEL + "snooze/", parcels.snooze, name="parcel-snooze"),
    path("releases/", releases.releases, name="releases"),
    path("products/<int:pk>/release/", releases.proposal, name="release-proposal"),
    path(_RELEASE + "confirmation/", releases.confirmation, name="release-confirmation"),
    path(_RELEASE + "dismissal/", releases.dismissal, name="release-dismissal"),
    path("refunds/", refunds.refunds, name="refunds"),
    path("refunds/<int:pk>/payment/", refunds.payment, name="refund-payment"),
]
