"""How to look around in the demo: addresses, logins, and orders to try."""

from __future__ import annotations

from tickets.intake.demo.load import PASSWORD, STAFF
from tickets.models.people import Role

# store -> (order, e-mail, what it shows); days count from the day of loading
EXAMPLES = {
    "KPOP USA": (
        ("K-1001", "mina@example.com", "albums delivered 3 days ago: a missing photocard"),
        ("K-1005", "renee@example.com", "a light stick delivered 5 days ago: a defect"),
        ("K-1002", "jose@example.com", "delivered 12 days ago: too late, and why"),
        ("K-1003", "yuki@example.com", "still on its way"),
        ("K-1004", "haneul@example.com", "a pickup on the shelf since 3 days"),
    ),
    "KPOP2": (
        ("W-2005", "minjun@example.com", "delivered 12 days ago: no rule, a person decides"),
        ("W-2002", "joao@example.com", "sent 46 days ago and never arrived"),
        ("W-2003", "ren@example.com", "ordered yesterday, not sent yet"),
    ),
    "POP MART": (
        ("P-3004", "mina@example.com", "a blind box delivered yesterday: a defect"),
        ("P-3002", "renee@example.com", "bought in a store 8 days ago: the receipt counts"),
        ("P-3003", "liam@example.com", "no tracking event for 8 days"),
        ("P-3008", "zoe@example.com", "delivered 22 days ago: too late"),
    ),
}


def tour(base_url: str) -> str:
    """The text that is printed."""
    lines = [
        f"Customers   {base_url}/",
        f"Agents      {base_url}/desk/",
        f"Managers    {base_url}/reports/",
        f"Set-up      {base_url}/admin/",
        "",
        f"Logins (password of all: {PASSWORD})",
    ]
    for _name, email, role, slugs in STAFF.values():
        where = "all stores" if len(slugs) > 1 else slugs[0]
        lines.append(f"  {email:<20} {Role(role).label}, {where}")
    lines += ["", "Orders to try as a customer (counted from the day the demo was loaded)"]
    for store, examples in EXAMPLES.items():
        lines.append(f"  {store}")
        lines += [f"    {number} with {email:<20} {what}" for number, email, what in examples]
    return "\n".join(lines)
