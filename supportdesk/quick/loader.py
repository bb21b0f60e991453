"""The loader: templates are parsed once a process, and those of the desk compiled then."""

from __future__ import annotations

from typing import Any

from django.template import NodeList, Origin, Template
from django.template.loaders import cached

from supportdesk.quick.compiler import quicken

# Pages for people at work, and the widgets of every form. Mails and plain texts, which escape
# nothing, are not among them.
QUICK = ("base.html", "desk/", "django/forms/widgets/")


class Loader(cached.Loader):
    """Django's cached loader, with compiled templates where it matters."""

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        """The template, parsed and compiled when it is asked for the first time."""
        template: Any = super().get_template(template_name, skip)
        if template_name.startswith(QUICK) and not hasattr(template, "parsed"):
            template.parsed = NodeList(template.nodelist)
            quicken(template.nodelist, self.engine)
        return template  # type: ignore[no-any-return]  # it was one all along
