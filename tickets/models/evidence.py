"""What proves a claim: files, what was found in them, and who has seen them."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from tickets.lifecycle import EvidenceState, FileStage, UploadState
from tickets.models.base import implies, one_of
from tickets.models.claim import Claim, Draft
from tickets.models.store import Customer, Store
from tickets.models.talking import ReplyDraft
from tickets.models.ticket import Message, Ticket

# The moments of an unboxing that a customer can mark, in the order in which they are filmed.
MARKS = ("sealed", "label", "opening", "contents")
COPY_KINDS = ("sheet", "preview")
CUSTODY_ACTS = (
    "arrived",
    "checked",
    "filed",
    "marked",
    "viewed",
    "downloaded",
    "exported",
    "held",
    "released",
    "erased",
)
CUSTODY_ACTORS = ("staff", "customer", "system", "integration")


def new_key() -> str:
    """An unguessable word for an address."""
    return secrets.token_urlsafe(24)


def _somewhere() -> Q:
    return Q(draft__isnull=False) | Q(claim__isnull=False) | Q(ticket__isnull=False)


class Evidence(models.Model):
    """One file. It counts when it is ready, belongs to the claim, and began in time.

    It arrives as *received*, whole but unseen; a job looks into it. ``sha256`` is that of the
    original, which nobody changes. ``advice`` holds codes of what would make it more useful,
    ``marks`` the seconds of the moments that the customer pointed out (``MARKS``).
    ``captured_at`` is what the camera wrote; ``captured_zone`` says whether it wrote its zone,
    else the instant is the camera's own clock taken as UTC. A request that is no claim (a
    screenshot of an error, say) has its files at the ticket. After its retention the row stays
    and the file is gone: ``erased_at``.
    """

    draft = models.ForeignKey(
        Draft, null=True, blank=True, on_delete=models.CASCADE, related_name="evidence"
    )
    claim = models.ForeignKey(
        Claim, null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    ticket = models.ForeignKey(
        Ticket, null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    # An attachment: of a message, or of a reply that is still being written.
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="attachments"
    )
    reply = models.ForeignKey(
        ReplyDraft, null=True, blank=True, on_delete=models.SET_NULL, related_name="attachments"
    )
    kind = models.CharField(max_length=20)
    file = models.FileField(upload_to="evidence/", max_length=300, blank=True)
    original_name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=80, blank=True)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=12, default=EvidenceState.RECEIVED)
    problem = models.CharField(
        max_length=40, blank=True, help_text="The code of what is wrong with it."
    )
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    codec = models.CharField(max_length=40, blank=True)
    captured_at = models.DateTimeField(null=True, blank=True)
    captured_zone = models.BooleanField(default=False)
    has_place = models.BooleanField(
        default=False, help_text="The original says where it was taken; no copy does."
    )
    advice = models.JSONField(default=list, blank=True)
    marks = models.JSONField(default=dict, blank=True)
    began_at = models.DateTimeField()
    completed_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    scanned_at = models.DateTimeField(
        null=True, blank=True, help_text="When the scanner found it clean."
    )
    erased_at = models.DateTimeField(null=True, blank=True)
    in_time = models.BooleanField(default=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints = [
            one_of("state", EvidenceState, "evidence_state_known"),
            models.CheckConstraint(name="evidence_not_empty", condition=Q(size__gt=0)),
            models.CheckConstraint(name="evidence_belongs_somewhere", condition=_somewhere()),
            implies(
                Q(message__isnull=False) | Q(reply__isnull=False),
                Q(ticket__isnull=False, kind="attachment"),
                "evidence_attached_is_of_the_ticket",
            ),
            models.CheckConstraint(
                name="evidence_ends_after_it_began", condition=Q(completed_at__gte=F("began_at"))
            ),
            implies(
                Q(state=EvidenceState.READY),
                ~Q(sha256="") & ~Q(content_type="") & Q(checked_at__isnull=False),
                "evidence_ready_was_looked_into",
            ),
            implies(
                Q(state__in=[EvidenceState.UNREADABLE, EvidenceState.INFECTED]),
                ~Q(problem=""),
                "evidence_refused_says_why",
            ),
            models.CheckConstraint(
                name="evidence_file_until_erased",
                condition=Q(file="", erased_at__isnull=False)
                | (~Q(file="") & Q(erased_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["sha256"], name="evidence_by_hash", condition=~Q(sha256="")),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Upload(models.Model):
    """A file on its way: so many bytes of so many are here for good.

    ``offset`` is only ever what the storage has confirmed; ``parts`` is the storage's own
    bookkeeping. ``writer`` is the one request that may write now. ``began_at`` is the instant
    at which the customer began, by which the deadline is judged.
    """

    key = models.CharField(max_length=40, unique=True, default=new_key)
    draft = models.ForeignKey(
        Draft, null=True, blank=True, on_delete=models.CASCADE, related_name="uploads"
    )
    claim = models.ForeignKey(
        Claim, null=True, blank=True, on_delete=models.CASCADE, related_name="uploads"
    )
    ticket = models.ForeignKey(
        Ticket, null=True, blank=True, on_delete=models.CASCADE, related_name="uploads"
    )
    kind = models.CharField(max_length=20)
    original_name = models.CharField(max_length=255)
    length = models.BigIntegerField()
    offset = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, default=UploadState.RECEIVING)
    stored_name = models.CharField(max_length=300, unique=True)
    parts = models.JSONField(default=dict, blank=True)
    writer = models.UUIDField(null=True, blank=True)
    writer_until = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    evidence = models.OneToOneField(
        Evidence, null=True, blank=True, on_delete=models.SET_NULL, related_name="upload"
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints = [
            one_of("state", UploadState, "upload_state_known"),
            models.CheckConstraint(name="upload_has_length", condition=Q(length__gt=0)),
            models.CheckConstraint(
                name="upload_offset_within", condition=Q(offset__gte=0, offset__lte=F("length"))
            ),
            models.CheckConstraint(
                name="upload_belongs_to_one",
                condition=Q(draft__isnull=False, claim=None, ticket=None)
                | Q(draft=None, claim__isnull=False, ticket=None)
                | Q(draft=None, claim=None, ticket__isnull=False),
            ),
            implies(Q(state=UploadState.ARRIVED), Q(offset=F("length")), "upload_arrived_is_whole"),
            models.CheckConstraint(
                name="upload_ended_has_time",
                condition=Q(state=UploadState.RECEIVING, ended_at=None)
                | (~Q(state=UploadState.RECEIVING) & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at", "id"],
                name="upload_to_sweep",
                condition=Q(state="receiving"),
            )
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.offset}/{self.length}"


class FileJob(models.Model):
    """What is still to be done with a file: one row a file, stage after stage, under a lease.

    Settled only by the holder of the lease; a worker that dies leaves one that runs out.
    """

    evidence = models.OneToOneField(Evidence, on_delete=models.CASCADE, related_name="job")
    stage = models.CharField(max_length=10, default=FileStage.SCAN)
    wake_at = models.DateTimeField()
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True, default="")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("stage", FileStage, "file_job_stage_known"),
            models.CheckConstraint(
                name="file_job_settled_has_time",
                condition=Q(stage=FileStage.DONE, settled_at__isnull=False)
                | (~Q(stage=FileStage.DONE) & Q(settled_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["stage", "wake_at", "id"],
                name="file_job_due",
                condition=Q(settled_at__isnull=True),
            )
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.stage} of {self.evidence_id}"


class EvidenceCopy(models.Model):
    """Made from an original for looking at: a contact sheet, or a preview every browser shows.

    No copy carries what the original says of its place. ``data`` of a sheet: its columns, the
    size of a frame in pixels, and the seconds of each frame.
    """

    evidence = models.ForeignKey(
        Evidence, on_delete=models.CASCADE, related_name="copies", db_index=False
    )
    kind = models.CharField(max_length=8)
    file = models.FileField(upload_to="copies/", max_length=300)
    content_type = models.CharField(max_length=80)
    size = models.BigIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    data = models.JSONField(default=dict, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("kind", COPY_KINDS, "evidence_copy_kind_known"),
            models.UniqueConstraint(fields=["evidence", "kind"], name="evidence_copy_once"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.evidence_id}"


class FilePrint(models.Model):
    """How a picture, or one frame of a video, looks: 64 bits that hardly change when it is sent on.

    ``bits`` is the print as a signed integer; ``bands`` its four 16-bit parts, each with its
    number in front (``part << 16 | bits``), so that an index finds prints that share one.
    """

    evidence = models.ForeignKey(
        Evidence, on_delete=models.CASCADE, related_name="prints", db_index=False
    )
    at = models.FloatField(default=0, help_text="Seconds into a video.")
    bits = models.BigIntegerField()
    bands = ArrayField(models.IntegerField(), size=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evidence", "at"], name="file_print_once"),
        ]
        # Looked up more often than written: no list of what is still to be sorted in.
        indexes = [GinIndex(fields=["bands"], name="file_print_bands", fastupdate=False)]
        ordering = ["evidence", "at"]

    def __str__(self) -> str:
        return f"{self.bits & (2**64 - 1):016x}"


class CustodyEntry(models.Model):
    """Who had a filed piece of evidence in their hands, when, and from where. A trigger refuses
    to change or delete a row.

    ``seq`` counts per file without gaps; ``seal`` is a hash over this row and the seal before
    it, so that a row that was taken out or altered shows.
    """

    evidence = models.ForeignKey(
        Evidence, on_delete=models.PROTECT, related_name="custody", db_index=False
    )
    seq = models.PositiveIntegerField()
    act = models.CharField(max_length=12)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=12)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    actor_customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    address = models.GenericIPAddressField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)
    seal = models.CharField(max_length=64)

    class Meta:
        constraints = [
            one_of("act", CUSTODY_ACTS, "custody_act_known"),
            one_of("actor_kind", CUSTODY_ACTORS, "custody_actor_known"),
            models.CheckConstraint(
                name="custody_names_its_actor",
                condition=Q(actor_kind="staff", actor_user__isnull=False, actor_customer=None)
                | Q(actor_kind="customer", actor_customer__isnull=False, actor_user=None)
                | Q(actor_kind__in=["system", "integration"], actor_user=None, actor_customer=None),
            ),
            models.UniqueConstraint(fields=["evidence", "seq"], name="custody_seq"),
        ]
        ordering = ["evidence", "seq"]
        verbose_name_plural = "custody entries"

    def __str__(self) -> str:
        return f"{self.act} #{self.seq}"


class Outage(models.Model):
    """Something that files need is away: the scanner, or the storage. Told once, as its own outbox.

    Open while ``ended_at`` is empty; at most one of a kind is.
    """

    kind = models.CharField(max_length=10)
    detail = models.CharField(max_length=300, blank=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("kind", ("scanner", "storage"), "outage_kind_known"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(ended_at=None), name="outage_one_of_a_kind"
            ),
        ]
        ordering = ["-began_at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} since {self.began_at:%Y-%m-%d %H:%M}"


class OutageNotice(models.Model):
    """One store's staff are to be told of an outage: its own outbox row, under a lease."""

    outage = models.ForeignKey(Outage, on_delete=models.CASCADE, related_name="notices")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    wake_at = models.DateTimeField()
    lease = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outage", "store"], name="outage_told_once"),
        ]
        indexes = [
            models.Index(
                fields=["wake_at"], name="outage_notice_due", condition=Q(told_at__isnull=True)
            )
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"notice {self.pk}"
