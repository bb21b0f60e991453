"""The same jobs with django-helpdesk and with ours, among 200,000 tickets, in one run.

It is installed from the package index into an environment of its own, set up as its
documentation says, and served by the same gunicorn (two processes) on the same PostgreSQL; the
tickets have the same texts, three follow-ups each, and one in twenty is open. Four connections
ask each page in turn. Its list is asked for as its own page does: the data behind the table.

    make bench-peer
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from supportdesk import clock
from tests.bench import crowd, desk
from tests.bench.__main__ import Figure
from tests.bench.server import Client, gunicorn
from tickets.actions.stores import open_store

PACKAGE = "django-helpdesk"
SIZE = int(os.environ.get("PEER_SIZE", "200000"))
NAME = "peer"
SITE = Path(__file__).with_name("peer_site")
QUICK, SLOW = 30, 2  # rounds of a connection: what takes seconds is not asked for often

_OPEN, _ALL = {"status__in": [1, 2]}, dict[str, Any]()


@dataclass(frozen=True)
class Job:
    """One job: what it is called here and there, and how many times ahead we mean to be."""

    theirs: str
    ours: str
    aim: float


JOBS = (
    Job("ticket page", "ticket page", 5),
    Job("list, open", "queue, first page", 100),
    Job("list, all", "queue, done", 100),
    Job("search, rare word", "search, rare word", 100),
    Job("search, common word", "search, common word", 100),
    Job("dashboard", "queue, my tickets", 100),
    Job("submission", desk.SUBMISSION, 1),
)


def figures() -> Iterator[Figure]:
    """Both side by side, and how many times ahead we are."""
    home = Path(settings.DATA_DIR) / NAME
    python = install(home)
    ours = _ours()
    print(f"  ours: {_told(ours)}", flush=True)
    theirs = _theirs(home, python)
    print(f"  {PACKAGE}: {_told(theirs)}", flush=True)
    print(f"  {'':<22} {'ours':>10} {PACKAGE:>18}   (medians, milliseconds; queries)")
    for job in JOBS:
        a, b = ours.median(job.ours), theirs.median(job.theirs)
        asked = ours.queries.get(job.ours, 0), theirs.queries.get(job.theirs, 0)
        print(
            f"  {job.theirs:<22} {a * 1000:>10.1f} {b * 1000:>18.1f}   {asked[0]:>3} : {asked[1]}"
        )
    print(f"  memory of the workers after it: ours x{ours.grew:.2f}, theirs x{theirs.grew:.2f}")
    for job in JOBS:
        ahead = theirs.median(job.theirs) / ours.median(job.ours)
        yield Figure(f"{job.theirs}: {PACKAGE} / ours", ahead, "x", job.aim, at_most=False)


def _told(took: desk.Took) -> str:
    return ", ".join(f"{name} {took.median(name) * 1000:.1f}" for name in took.seconds)


def install(home: Path) -> Path:
    """An environment with the package and what it needs: its Python."""
    home.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True)
    python = home / "venv" / "bin" / "python"
    wanted = [PACKAGE, "gunicorn", "psycopg[binary]", "setuptools"]
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *wanted], check=True)
    for file in SITE.glob("*.py"):
        shutil.copy(file, home / file.name)
    return python


# -- ours ----------------------------------------------------------------------------


def _ours() -> desk.Took:
    now = clock.now()
    stores = [open_store(slug, now=now, mail_from="b@example.com") for slug in ("kpopusa", "kpop2")]
    agents = desk.agents_of(stores)
    crowd.grow(stores, agents, 1, SIZE, now)
    crowd.settle()
    crowd.check()
    return desk.measure(stores[0], agents[0], SIZE)


# -- theirs --------------------------------------------------------------------------

_SEED = """
INSERT INTO helpdesk_queue ({queue_columns}) VALUES ({queue_values});
INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff,
    is_active, date_joined)
SELECT '', n = 1, 'agent' || n, '', '', 'agent' || n || '@staff.test', true, true, now()
FROM generate_series(1, 20) n;
INSERT INTO helpdesk_ticket (id, title, created, modified, submitter_email, status, on_hold,
    description, resolution, priority, queue_id, assigned_to_id, secret_key, due_date)
SELECT n, 'Aurora – 3rd Mini Album', at, at, 'fan' || n || '@example.com',
    CASE WHEN (n + n / 20) % 20 = 0 THEN 1 ELSE 4 END, false, t.body, '', 3, 1,
    CASE WHEN n / 20 % 3 > 0 THEN 1 + n % 20 END, md5(n::text), NULL
FROM (SELECT n, now() - interval '730 days' + n * interval '{each} seconds' AS at
    FROM generate_series(1, {size}) n) numbers
JOIN peer_text t ON t.number = n * 31 % {texts};
INSERT INTO helpdesk_followup ({follow_columns})
SELECT {follow_values}
FROM (SELECT n, k, now() - interval '730 days' + n * interval '{each} seconds'
        + k * interval '1 hour' AS at
    FROM generate_series(1, {size}) n, generate_series(1, 3) k) numbers
JOIN peer_text t ON t.number = (n * 31 + k * 17) % {texts};
SELECT setval(pg_get_serial_sequence('helpdesk_ticket', 'id'), {size});
"""
_VALUES = {
    "helpdesk_queue": {
        "title": "'Support'",
        "slug": "'support'",
        "allow_public_submission": "true",
    },
    "helpdesk_followup": {
        "ticket_id": "n",
        "date": "at",
        "title": "'Comment'",
        "comment": "t.body || CASE WHEN k = 3 THEN ' serial' || n || 'x' ELSE '' END",
        "public": "true",
        "user_id": "CASE WHEN k = 2 THEN 1 + n % 20 END",
    },
}
_EMPTY = {"boolean": "false", "integer": "0", "jsonb": "'[]'"}


def _theirs(home: Path, python: Path) -> desk.Took:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {NAME}")
    known = connection.settings_dict
    env = {
        **os.environ,
        "PEER_HOME": str(home),
        "PEER_HOST": str(known["HOST"]),
        "PEER_USER": str(known["USER"]),
        "PEER_NAME": NAME,
        "DJANGO_SETTINGS_MODULE": "peer_settings",
        "PYTHONPATH": str(home),
    }
    django = [str(python), "-m", "django"]
    for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--noinput", "-v", "0"]):
        subprocess.run([*django, *command], env=env, check=True)
    _fill(known)
    cookie = _signed_in(python, env)
    with gunicorn(python, "peer_urls:wsgi", env, home, workers=2, threads=4) as client:
        return _measured(client, cookie)


def _fill(known: dict[str, Any]) -> None:
    import psycopg

    with psycopg.connect(
        host=known["HOST"], user=known["USER"], dbname=NAME, autocommit=True
    ) as line:
        line.execute("CREATE TABLE peer_text (number int PRIMARY KEY, body text)")
        with line.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO peer_text VALUES (%s, %s)", list(enumerate(crowd.texts()))
            )
        queue, follow = (_columns(line, table) for table in _VALUES)
        line.execute(
            _SEED.format(
                size=SIZE,
                each=crowd.EACH,
                texts=crowd.TEXTS,
                queue_columns=", ".join(queue),
                queue_values=", ".join(queue.values()),
                follow_columns=", ".join(follow),
                follow_values=", ".join(follow.values()),
            )
        )
        line.execute("VACUUM ANALYZE")


def _columns(line: Any, table: str) -> dict[str, str]:
    """What is written into each column that must have a value, whatever version this is."""
    found: dict[str, str] = {}
    rows = line.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
        " AND is_identity = 'NO' AND column_default IS NULL AND is_nullable = 'NO'",
        [table],
    )
    for name, kind in rows:
        found[name] = _EMPTY.get(kind, "''")
    return found | _VALUES[table]


def _signed_in(python: Path, env: dict[str, str]) -> str:
    program = """
import django; django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
user = User.objects.get(username="agent1")
user.set_unusable_password(); user.save()
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""
    done = subprocess.run(
        [str(python), "-c", program], env=env, check=True, capture_output=True, text=True
    )
    return f"sessionid={done.stdout.split()[-1]}"


def _query(filtering: dict[str, Any], words: str = "") -> str:
    asked = {"filtering": filtering, "sorting": "created", "search_string": words}
    packed = base64.b64encode(json.dumps(asked | {"sortreverse": "on"}).encode()).decode()
    return f"/helpdesk/datatables_ticket_list/{packed}?draw=1&start=0&length=25"


def _measured(client: Client, cookie: str) -> desk.Took:
    took = desk.Took()
    slow = {
        "list, open": _query(_OPEN),
        "list, all": _query(_ALL),
        "search, rare word": _query(_ALL, crowd.rare(SIZE // 2)),
        "search, common word": _query(_ALL, crowd.COMMON),
        "dashboard": "/helpdesk/dashboard/",
        "a report": "/helpdesk/reports/queuestatus/",
    }
    quick = {desk.BARE: "/bench/bare/", "ticket page": f"/helpdesk/tickets/{SIZE // 2}/"}
    _rounds(client, quick, cookie, 3, desk.Took())
    before = desk.memory(client.server)
    _rounds(client, quick, cookie, QUICK, took)
    _submissions(client, took)
    _rounds(client, slow, cookie, SLOW, took)
    took.grew = desk.memory(client.server) / before
    return took


def _rounds(
    client: Client, pages: dict[str, str], cookie: str, rounds: int, took: desk.Took
) -> None:
    lock, failed = threading.Lock(), list[Exception]()

    def line() -> None:
        own = Client(client.port, patience=600)
        try:
            for _lap in range(rounds):
                for name, path in pages.items():
                    desk.ask(own, name, path, cookie, took, lock)
        except Exception as error:  # told below: an answer that fails is no figure
            failed.append(error)

    lines = [threading.Thread(target=line) for _number in range(desk.LINES)]
    for each in lines:
        each.start()
    for each in lines:
        each.join()
    if failed:
        raise failed[0]


def _submissions(client: Client, took: desk.Took) -> None:
    """Its public form, sent by a visitor: one connection after the other."""
    own = Client(client.port, patience=600)
    for number in range(QUICK * desk.LINES):
        if own.get("/helpdesk/tickets/submit/") != 200:
            raise RuntimeError("its form does not open")
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', own.body)
        cookie = re.search(r"csrftoken=([^;]+)", own.headers.get("Set-Cookie", ""))
        if token is None or cookie is None:
            raise RuntimeError("its form has no token")
        data = {
            "csrfmiddlewaretoken": token[1].decode(),
            "queue": "1",
            "title": "Missing photocard",
            "body": crowd.texts()[number],
            "priority": "3",
            "submitter_email": f"visitor{number}@example.com",
        }
        started = time.perf_counter()
        status = own.post("/helpdesk/tickets/submit/", data, "", cookie=f"csrftoken={cookie[1]}")
        lasted = time.perf_counter() - started
        if status != 302:
            raise RuntimeError(f"its form answered {status}")
        took.seconds.setdefault("submission", []).append(lasted)
        took.queries["submission"] = own.queries
