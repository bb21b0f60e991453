"""The product's addresses and the bare views."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from supportdesk.urls import urlpatterns as product
from tickets.models import Supplier


@require_POST
def bare_insert(request: HttpRequest) -> HttpResponse:
    """A Django view with one insert, through the same middleware as everything else."""
    made = Supplier.objects.create(store_id=int(request.POST["store"]), name=request.POST["name"])
    return HttpResponse(str(made.pk))


@require_safe
def bare(request: HttpRequest) -> HttpResponse:
    """A Django view that does nothing, through the same middleware as everything else."""
    return HttpResponse("ok")


urlpatterns = [path("bench/insert/", bare_insert), path("bench/bare/", bare), *product]
