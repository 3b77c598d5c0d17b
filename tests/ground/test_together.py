"""Calls that run at the same time share a few threads; whoever has thousands of them lets others in between."""

from __future__ import annotations

import threading

from chalicelib.storage import beside, together


def test_answers_come_in_order_however_many_there_are() -> None:
    assert together([]) == []
    assert together([lambda: "one"]) == ["one"]
    assert together([lambda number=number: number for number in range(1000)]) == list(range(1000))


def test_thousands_of_calls_do_not_hold_up_one_that_comes_meanwhile() -> None:
    order: list[str] = []
    begun, others_are_in = threading.Event(), threading.Event()

    def one_of_many() -> None:
        begun.set()
        others_are_in.wait(5)
        order.append("many")

    many = threading.Thread(target=together, args=([one_of_many] * 2000,))
    many.start()
    begun.wait(5)
    beside(lambda: order.append("other"), others_are_in.set)
    many.join(10)
    assert len(order) == 2001 and order.index("other") < 100
