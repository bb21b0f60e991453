"""A store, what it sells, and who buys."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Reverse

from tickets.models.base import email_key, one_of

PRODUCT_KINDS = ("album", "lightstick", "poster", "blind_box", "goods", "gift_card")


# The digits of a telephone number, however it was typed.
PHONE_KEY = Func(
    F("phone"),
    Value("[^0-9]+"),
    Value(""),
    Value("g"),
    function="regexp_replace",
    output_field=models.TextField(),
)
# Every word of a name, and of Korean, Chinese and Japanese every tail of a word, so that an
# index finds what begins like what was typed. The function is made in migration 0011.
NAME_WORDS = Func(F("name"), function="name_words", output_field=SearchVectorField())


class Store(models.Model):
    """One shop. Its promises lie in its policy versions; ``time_zone`` is theirs too."""

    slug = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64)
    locale = models.CharField(max_length=12, default="en")
    accent = models.CharField(
        max_length=7, default="#206bc4", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    mail_from = models.EmailField(help_text="Mails to customers come from here.")
    alert_to = models.EmailField(blank=True, help_text="Alerts to staff go here.")
    is_open = models.BooleanField(default=True, help_text="Customers can choose this store.")

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Supplier(models.Model):
    """A manufacturer or distributor who decides about replacements."""

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="suppliers", db_index=False
    )
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "name"], name="supplier_once")]
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something a store sells, known by its SKU."""

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="products", db_index=False
    )
    sku = models.CharField(max_length=80)
    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=12, default="goods")
    release_on = models.DateField(null=True, blank=True)
    supplier = models.ForeignKey(
        Supplier, null=True, blank=True, on_delete=models.PROTECT, related_name="products"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "sku"], name="product_sku_once"),
            one_of("kind", PRODUCT_KINDS, "product_kind_known"),
        ]
        ordering = ["title", "id"]

    def __str__(self) -> str:
        return self.title


class Customer(models.Model):
    """A person who bought. The address is shown as typed and compared by ``email_key``."""

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="customers", db_index=False
    )
    email = models.CharField(max_length=254)
    email_key = models.CharField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    locale = models.CharField(max_length=12, default="en")
    time_zone = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "email_key"], name="customer_email_once")
        ]
        indexes = [
            GinIndex(NAME_WORDS, name="customer_by_name", fastupdate=False),
            models.Index(
                fields=["email_key"],
                name="customer_email_begins",
                opclasses=["varchar_pattern_ops"],
            ),
            models.Index(
                OpClass(PHONE_KEY, name="text_pattern_ops"),
                name="customer_phone_begins",
                condition=~Q(phone=""),
            ),
            models.Index(
                OpClass(Reverse(PHONE_KEY), name="text_pattern_ops"),
                name="customer_phone_ends",
                condition=~Q(phone=""),
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name or self.email

    @staticmethod
    def key(address: str) -> str:
        """The normal form of an address."""
        return email_key(address)
