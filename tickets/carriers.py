"""What is said of a tracking number that cannot be right. The same words on every face."""

from __future__ import annotations

from django.utils.translation import gettext as _

from policies.carriers import Recognised


def mistake(found: Recognised | None) -> str:
    """What is wrong with a number, and what to do; nothing where nothing is known to be.

    Where the shape is not one carrier's alone, it says so: the number may be somebody else's.
    """
    if found is None or found.valid is not False:
        return ""
    carrier = {"carrier": found.carrier}
    if found.suggestion:
        return _(
            "This %(carrier)s number has letters and digits mixed up. Is it %(suggestion)s?"
        ) % {**carrier, "suggestion": found.suggestion}
    if found.length is not None:
        return _(
            "A %(carrier)s number like this has %(length)d characters, this one has %(typed)d:"
            " please compare it with the mail."
        ) % {**carrier, "length": found.length, "typed": len(found.number)}
    if found.certain:
        return (
            _("This %(carrier)s number has a digit wrong: please compare it with the mail.")
            % carrier
        )
    return (
        _(
            "If this is a %(carrier)s number, a digit in it is wrong:"
            " please compare it with the mail."
        )
        % carrier
    )
