"""What Django's templates do with a value, without the detours: look up, filter, show."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.template import Context, TemplateSyntaxError
from django.template.base import Node
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils import translation
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, SafeString, mark_safe
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]  # not in stubs


class _Missing:
    """A name that stands for nothing: shown as nothing, and false."""

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
_NOT_FOUND = (TypeError, AttributeError, KeyError, ValueError, IndexError)


def dig(value: Any, path: Sequence[str] = ()) -> Any:
    """``value.a.b`` as templates mean it: a key, an attribute or a place, called if it can be."""
    if callable(value):
        value = _called(value)
    for bit in path:
        if value is MISSING:
            return MISSING
        kind = type(value)
        if kind is dict and bit in value:
            value = value[bit]
        elif _has_items(kind):
            value = _item(value, bit)
        else:
            try:
                value = getattr(value, bit)
            except Exception as error:
                value = _not_there(value, bit, error)
        if callable(value):
            value = _called(value)
    return value


_with_items: dict[type[Any], bool] = {}


def _has_items(kind: type[Any]) -> bool:
    found = _with_items.get(kind)
    if found is None:
        found = _with_items[kind] = hasattr(kind, "__getitem__")
    return found


# Kinds of values of which a name is an attribute and nothing else, most of what pages show.
_plain: dict[type[Any], bool] = {}


def _is_plain(kind: type[Any]) -> bool:
    can_be_called = any("__call__" in base.__dict__ for base in kind.__mro__)
    found = _plain[kind] = not _has_items(kind) and not can_be_called
    return found


def look(value: Any, bit: str) -> Any:
    """``value.bit``: what `dig` finds, with the usual cases first."""
    kind = type(value)
    if kind is dict:
        found = value.get(bit, MISSING)
        if found is MISSING:
            return dig(value, (bit,))
    elif _plain[kind] if kind in _plain else _is_plain(kind):
        try:
            found = getattr(value, bit)
        except Exception:  # `dig` knows what it means
            return dig(value, (bit,))
    else:
        return dig(value, (bit,))
    return _called(found) if callable(found) else found


def _not_there(value: Any, bit: str, error: Exception) -> Any:
    if getattr(error, "silent_variable_failure", False):
        return ""
    if isinstance(error, AttributeError) and bit not in dir(value):
        return MISSING
    raise error


def _item(value: Any, bit: str) -> Any:
    try:
        return value[bit]
    except _NOT_FOUND:
        pass
    try:
        return getattr(value, bit)
    except AttributeError:
        if bit in dir(value):
            raise
    except TypeError:
        pass
    try:
        return value[int(bit)]
    except _NOT_FOUND:
        return MISSING


def _called(value: Any) -> Any:
    if getattr(value, "do_not_call_in_templates", False):
        return value
    if getattr(value, "alters_data", False):
        return ""
    try:
        return value()
    except Exception as error:
        if getattr(error, "silent_variable_failure", False):
            return ""
        raise


def given(value: Any) -> Any:
    """A value for a tag or a filter: nothing is an empty text."""
    return "" if value is MISSING else value


def maybe(value: Any) -> Any:
    """A value for ``if`` and ``for``: nothing is None."""
    return None if value is MISSING else value


def show(value: Any) -> str:
    """A value as it stands on the page, escaped unless it is HTML already."""
    kind = type(value)
    if kind is SafeString:
        return value  # type: ignore[no-any-return]  # its type has just been asked
    if kind is str:
        return html.escape(value)
    if kind is int:
        return str(value)
    if value is MISSING:
        return ""
    if isinstance(value, Promise):  # a label, in the reader's language
        return escaped(str(value))
    return conditional_escape(localize(template_localtime(value)))


def show_it(value: Any) -> str:
    """``{{ value }}``: most often a text."""
    return html.escape(value) if type(value) is str else show(dig(value))


def escaped(value: Any) -> str:
    """What a simple tag gave, as it stands on the page."""
    kind = type(value)
    if kind is SafeString:
        return value  # type: ignore[no-any-return]  # its type has just been asked
    return html.escape(value) if kind is str else conditional_escape(value)


def filtered(function: Callable[..., Any], value: Any, *arguments: Any) -> Any:
    """One filter, as `FilterExpression.resolve` applies it."""
    if getattr(function, "expects_localtime", False):
        value = template_localtime(value)
    if getattr(function, "needs_autoescape", False):
        made = function(value, *arguments, autoescape=True)
    else:
        made = function(value, *arguments)
    safe = getattr(function, "is_safe", False) and isinstance(value, SafeData)
    return mark_safe(made) if safe else made


def compared(operator: Callable[[Any, Any], bool], one: Any, other: Any) -> bool:
    """A comparison in ``if``: what cannot be compared is false."""
    try:
        return operator(one, other)
    except Exception:  # as `smartif` has it
        return False


def rows_of(value: Any) -> Sequence[Any]:
    """What ``for`` goes through."""
    if value is None:
        return ()
    return value if hasattr(value, "__len__") else list(value)


class Words(dict[str | tuple[str, str], str]):
    """The texts of templates in one language; a pair is a text and what it is about.

    What a catalogue says never changes while the process runs.
    """

    def __missing__(self, asked: str | tuple[str, str]) -> str:
        if isinstance(asked, tuple):
            found = translation.pgettext(asked[1], asked[0])
        else:
            found = translation.gettext(asked)
        self[asked] = found
        return found


_words: dict[str | None, Words] = {}


def words() -> Words:
    """The texts in the reader's language."""
    language = translation.get_language()
    found = _words.get(language)
    if found is None:
        found = _words[language] = Words()
    return found


def counted(singular: str, plural: str, count: Any, about: str | None = None) -> str:
    """A text that depends on a number."""
    if not isinstance(count, Decimal | float | int):
        raise TemplateSyntaxError(f"{count!r} is no number to count by.")
    number: Any = count  # the stubs want a float
    if about:
        return translation.npgettext(about, singular, plural, number)
    return translation.ngettext(singular, plural, number)


def address(context: Context, view: str, arguments: Iterable[Any], named: dict[str, Any]) -> str:
    """What ``{% url %}`` gives.

    Raises:
        NoReverseMatch: there is no such address.
    """
    request: HttpRequest | None = getattr(context, "request", None)
    place = getattr(request, "_place_of_addresses", None)
    if place is None:
        app = getattr(request, "current_app", None)
        if app is None:
            app = getattr(getattr(request, "resolver_match", None), "namespace", None)
        place = (get_urlconf() or settings.ROOT_URLCONF, get_script_prefix(), app)
        if app is not None:  # where the request was let in: that does not change any more
            request._place_of_addresses = place  # type: ignore[union-attr]  # ours
    return _address(view, tuple(arguments), tuple(named.items()), place)


@lru_cache(maxsize=5000)
def _address(view: str, arguments: Any, named: Any, place: tuple[str, str, str | None]) -> str:
    """Kept by all that it depends on: ``place`` is the table of addresses and where we are."""
    return str(reverse(view, args=arguments, kwargs=dict(named), current_app=place[2]))


def address_or_nothing(
    context: Context, view: str, arguments: Iterable[Any], named: dict[str, Any]
) -> str:
    """What ``{% url … as name %}`` gives: nothing where there is no such address."""
    try:
        return address(context, view, arguments, named)
    except NoReverseMatch:
        return ""


@lru_cache(maxsize=500)
def static_file(path: str) -> str:
    """What ``{% static %}`` gives, escaped: a file's name stays while the process runs."""
    return conditional_escape(StaticNode.handle_simple(path))


def form_token(context: Context) -> str:
    """The hidden field of ``{% csrf_token %}``: one for all forms of a page."""
    made: str | None = context.__dict__.get("_form_token")
    if made is None:
        made = _form_token(context.get("csrf_token"))
        context._form_token = made  # type: ignore[attr-defined]  # ours
    return made


def _form_token(token: Any) -> str:
    value = "" if token is None else str(token)
    if not value or value == "NOTPROVIDED":  # Django's word for none
        return ""
    return f'<input type="hidden" name="csrfmiddlewaretoken" value="{html.escape(value)}">'


def left_to_django(node: Node, context: Context, names: dict[str, Any]) -> str:
    """A piece that is not compiled, with the names that are known around it."""
    with context.push(**{name: value for name, value in names.items() if value is not MISSING}):
        return str(node.render_annotated(context))


def inner_context(context: Context, names: dict[str, Any]) -> Context:
    """The context of a template that sees only these names, and the form token."""
    made = context.new(names)
    token = context.get("csrf_token")
    if token is not None:
        made["csrf_token"] = token
    return made
