"""Bounds of what one address may do: counted per network, in bounded memory."""

from __future__ import annotations

import threading

import pytest

from pixlstash_core.access import credentials, rates
from pixlstash_core.access.credentials import Attempts
from pixlstash_core.access.rates import Rates
from pixlstash_core.errors import TooMany, Unauthorised


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_address_has_some_uses_at_once_and_then_one_at_a_time() -> None:
    clock = Clock()
    limit = Rates(3, 10, clock)
    for _ in range(3):
        limit.take("192.0.2.1")
    with pytest.raises(TooMany) as refused:
        limit.take("192.0.2.1")
    assert refused.value.more["seconds"] == 10
    limit.take("192.0.2.2")
    clock.now = 10
    limit.take("192.0.2.1")
    with pytest.raises(TooMany):
        limit.take("192.0.2.1")
    clock.now = 1e9
    for _ in range(3):
        limit.take("192.0.2.1")
    clock.now = 0  # a clock that was set back gives nothing
    with pytest.raises(TooMany):
        limit.take("192.0.2.1")


def test_all_addresses_of_one_customer_count_together() -> None:
    limit = Rates(2, 10, Clock())
    limit.take("2001:db8::1")
    limit.take("2001:db8::ffff:2")
    with pytest.raises(TooMany):
        limit.take("2001:db8:0:0:1::3")
    limit.take("2001:db8:0:1::1")
    for odd in ("", "", "nonsense", "nonsense"):
        limit.take(odd)
    with pytest.raises(TooMany):
        limit.take("")


def test_what_succeeds_does_not_count_but_only_once_it_has() -> None:
    limit = Rates(2, 10, Clock())
    for _ in range(10):
        with limit.attempt("192.0.2.1"):
            pass
    with pytest.raises(Unauthorised), limit.attempt("192.0.2.1"), limit.attempt("192.0.2.1"):
        with pytest.raises(TooMany):
            limit.take("192.0.2.1")
        raise Unauthorised("wrong")
    with pytest.raises(TooMany):
        limit.take("192.0.2.1")


def test_parallel_attempts_gain_nothing() -> None:
    limit, start = Rates(5, 1000, Clock()), threading.Barrier(20)
    refused: list[int] = []

    def attempt(number: int) -> None:
        start.wait()
        try:
            with limit.attempt("192.0.2.1"):
                raise Unauthorised("wrong")
        except TooMany:
            refused.append(number)
        except Unauthorised:
            pass

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 15


def test_memory_is_bounded_however_many_addresses_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "REMEMBERED", 50)
    limit = Rates(1, 1000, Clock())
    for number in range(500):
        limit.take(f"10.0.{number // 250}.{number % 250}")
    assert len(limit._left) == 50
    with pytest.raises(TooMany):
        limit.take("10.0.1.249")


def test_wrong_passwords_of_many_networks_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "REMEMBERED", 50)
    monkeypatch.setattr(credentials, "FREE", 1)  # each address must wait after its first wrong password
    attempts = Attempts()
    for number in range(300):
        attempts._failed.pop("account", None)  # only addresses are in question here
        with pytest.raises(Unauthorised), attempts.attempt(f"10.0.{number // 250}.{number % 250}"):
            raise Unauthorised("wrong")
    assert len(attempts._failed) <= 52
    attempts._failed.pop("account")
    with pytest.raises(TooMany), attempts.attempt("10.0.1.49"):
        pass
