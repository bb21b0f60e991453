"""The nouns: fields, constraints, querysets. Behaviour lives in the actions."""

from tickets.models.automation import (
    Automation,
    AutomationAlarm,
    AutomationCause,
    AutomationListens,
    AutomationVersion,
    Firing,
)
from tickets.models.bulk import BulkJob, BulkRow
from tickets.models.claim import Claim, ClaimItem, Draft
from tickets.models.deadline import Deadline
from tickets.models.desk import (
    CustomerNote,
    QueueTally,
    SavedView,
    SearchDoc,
    StaleDoc,
    Target,
)
from tickets.models.event import Event
from tickets.models.evidence import (
    CustodyEntry,
    Evidence,
    EvidenceCopy,
    FileJob,
    FilePrint,
    Outage,
    OutageNotice,
    Upload,
)
from tickets.models.inquiry import GuidanceCount, Inquiry
from tickets.models.macros import Macro, MacroText
from tickets.models.marks import Tag, TicketLink, TicketTag, Watcher
from tickets.models.merging import Merge, Split
from tickets.models.order import (
    Order,
    OrderLine,
    OrderShare,
    Pickup,
    Refund,
    Shipment,
    TrackingEvent,
)
from tickets.models.outbox import KeptMail, Outbox, RateBucket
from tickets.models.people import Membership, Role, User
from tickets.models.release import ReleaseMove
from tickets.models.stepping import StepBack
from tickets.models.store import Customer, Product, Store, Supplier
from tickets.models.talking import Mention, ReplyDraft
from tickets.models.ticket import Message, Ticket
from tickets.models.together import Presence

__all__ = [
    "Automation",
    "AutomationAlarm",
    "AutomationCause",
    "AutomationListens",
    "AutomationVersion",
    "BulkJob",
    "BulkRow",
    "Claim",
    "ClaimItem",
    "CustodyEntry",
    "Customer",
    "CustomerNote",
    "Deadline",
    "Draft",
    "Event",
    "Evidence",
    "EvidenceCopy",
    "FileJob",
    "FilePrint",
    "Firing",
    "GuidanceCount",
    "Inquiry",
    "KeptMail",
    "Macro",
    "MacroText",
    "Membership",
    "Mention",
    "Merge",
    "Message",
    "Order",
    "OrderLine",
    "OrderShare",
    "Outage",
    "OutageNotice",
    "Outbox",
    "Pickup",
    "Presence",
    "Product",
    "QueueTally",
    "RateBucket",
    "Refund",
    "ReleaseMove",
    "ReplyDraft",
    "Role",
    "SavedView",
    "SearchDoc",
    "Shipment",
    "Split",
    "StaleDoc",
    "StepBack",
    "Store",
    "Supplier",
    "Tag",
    "Target",
    "Ticket",
    "TicketLink",
    "TicketTag",
    "TrackingEvent",
    "Upload",
    "User",
    "Watcher",
]
