"""The words of tickets are kept in step, whatever happens at the same time."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, connections

from tests.cast import NOON
from tickets.actions.talk import open_ticket
from tickets.actor import Actor
from tickets.models import Customer, Message, SearchDoc, StaleDoc, Ticket
from tickets.search import docs
from tickets.search.meaning import phrase
from tickets.wording import asked, fold


def ask(customer: Customer, body: str) -> Ticket:
    return open_ticket(
        customer.store,
        customer,
        order=None,
        request="restock",
        subject="A question",
        body=body,
        actor=Actor.of_customer(customer),
        now=NOON,
    )


def says(ticket: Ticket, typed: str) -> bool:
    """Whether the words of a ticket hold what was typed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT words @@ %s::tsquery FROM tickets_searchdoc WHERE ticket_id = %s",
            [phrase(asked(fold(typed))), ticket.pk],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def write(ticket: Ticket, bodies: list[str], hours: int = 0) -> None:
    start = NOON + timedelta(hours=hours)
    Message.objects.bulk_create(
        Message(ticket=ticket, kind="customer", body=body, at=start + timedelta(seconds=number))
        for number, body in enumerate(bodies)
    )


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_every_word_is_found_though_jobs_run_while_it_is_written(
    mina: Customer, jo: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docs, "BATCH", 3)
    tickets = [ask(mina, "one"), ask(jo, "two")]
    rounds, writing = 25, threading.Event()
    words = [[f"word{n}x{writer}" for n in range(rounds)] for writer in range(4)]

    def writer(number: int) -> None:
        try:
            for word in words[number]:
                write(tickets[number % 2], [word])
        finally:
            connections.close_all()

    def indexer() -> None:
        try:
            while not writing.is_set():
                docs.index_due()
        finally:
            connections.close_all()

    writers = [threading.Thread(target=writer, args=(number,)) for number in range(4)]
    indexers = [threading.Thread(target=indexer) for _number in range(3)]
    for thread in writers + indexers:
        thread.start()
    for thread in writers:
        thread.join()
    writing.set()
    for thread in indexers:
        thread.join()
    while docs.index_due():
        pass
    assert not StaleDoc.objects.exists()
    for number, said in enumerate(words):
        missing = [word for word in said if not says(tickets[number % 2], word)]
        assert missing == []


def test_ten_thousand_messages_and_a_large_paste_fit(mina: Customer) -> None:
    ticket = ask(mina, "the very beginning")
    other = ask(mina, "a calm one")
    write(ticket, [f"message number{n} 포토카드{chr(0xAC00 + n)}끝" for n in range(10_000)])
    paste = "".join(chr(0x4E00 + n % 20_000) for n in range(1_700_000))  # five megabytes
    write(ticket, [paste, "the newest of all"], hours=5)
    docs.index_due()
    assert says(ticket, "the very beginning")
    assert says(ticket, "the newest of all")
    assert says(ticket, "number3")
    assert says(other, "calm")


def test_words_that_stand_often_and_late_are_found_as_phrases(mina: Customer) -> None:
    ticket = ask(mina, "start")
    write(ticket, ["the same again " * 4000, "sealed 포토카드 box"], hours=1)
    docs.index_due()
    assert says(ticket, "sealed 포토카드")
    assert says(ticket, "again sealed")  # nobody knows any more where: all of the words do


def test_one_ticket_that_cannot_be_kept_does_not_stop_the_rest(
    mina: Customer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tickets = [ask(mina, f"word{n}") for n in range(3)]
    real = docs.read_words

    def broken(keys: list[int]) -> dict[int, str]:
        read = dict(real(keys))
        if tickets[1].pk in read:
            read[tickets[1].pk] = "'unclosed"
        return read

    monkeypatch.setattr(docs, "read_words", broken)
    docs.index_due()
    assert [says(ticket, f"word{n}") for n, ticket in enumerate(tickets)] == [True, False, True]
    assert f"ticket {tickets[1].pk}" in caplog.text
    assert not StaleDoc.objects.exists()


def test_nothing_is_written_where_nothing_changed(mina: Customer) -> None:
    ask(mina, "one")
    docs.index_due()
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid FROM tickets_searchdoc")
        before = cursor.fetchone()
        docs.mark_all_stale()
        docs.index_due()
        cursor.execute("SELECT ctid FROM tickets_searchdoc")
        assert cursor.fetchone() == before


def test_all_can_be_read_anew(mina: Customer, capsys: pytest.CaptureFixture[str]) -> None:
    ticket = ask(mina, "one")
    docs.index_due()
    SearchDoc.objects.all().delete()
    call_command("search", "rebuild", "--later")
    assert not SearchDoc.objects.exists()
    call_command("search", "rebuild")
    assert says(ticket, "one")
    assert "1 tickets are read again" in capsys.readouterr().out
