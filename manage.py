#!/usr/bin/env python
"""Django's command-line door."""

import os
import sys


def main() -> None:
    """Run one management command."""
    if sys.argv[1:2] == ["decide"]:
        # It needs no setting, no model and no database, so nothing waits for them.
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)
        from policies.management.commands.decide import Command

        Command().run_from_argv(sys.argv)
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportdesk.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from supportdesk.embedded import EngineError

    try:
        execute_from_command_line(sys.argv)
    except (EngineError, ImproperlyConfigured) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
