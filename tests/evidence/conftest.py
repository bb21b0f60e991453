"""Files are sent as customers send them."""

from tests.evidence.buckets import bucket
from tests.portal.conftest import at_noon, customer, web

__all__ = ["at_noon", "bucket", "customer", "web"]
