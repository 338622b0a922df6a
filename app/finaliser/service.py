"""The finaliser as a service: rounds until it is asked to stop, with signs of life to the manager
that started it and to whoever reads its heartbeat."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from flask import Flask

import service_manager
from app.finaliser.rounds import Rounds, Stopped
from app.kit.extensions import db
from app.kit.texts import load_texts

LONGEST_SILENCE_S = 10.0


class Pulse:
    """Signs of life, and whether somebody asked to stop."""

    def __init__(self) -> None:
        self._asked, self._ask = os.pipe()
        self._silence = min(LONGEST_SILENCE_S, service_manager.ping_seconds() or LONGEST_SILENCE_S)
        self._told_at = -self._silence

    def ask(self, number: int, frame: FrameType | None) -> None:
        """The signal handler: stop after what is in hand."""
        os.write(self._ask, b".")

    def wait(self, seconds: float, rounds: Rounds) -> None:
        """Let so much time pass. Raises Stopped as soon as somebody asks for it."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.tell(rounds)
            self._stop_if_asked(min(left, self._silence))

    def between(self, rounds: Rounds) -> None:
        """Between two things of a round. Raises Stopped."""
        self.tell(rounds)
        self._stop_if_asked(0)

    def tell(self, rounds: Rounds) -> None:
        """A sign of life, unless the last one is young."""
        if time.monotonic() - self._told_at >= self._silence:
            self._told_at = time.monotonic()
            service_manager.tell(service_manager.ALIVE)
            rounds.beat()

    def _stop_if_asked(self, within_s: float) -> None:
        # A pipe, since a signal that comes just before a wait must end that wait too.
        if select.select([self._asked], [], [], within_s)[0]:
            raise Stopped


@contextmanager
def pulse() -> Iterator[Pulse]:
    """A pulse that SIGTERM and SIGINT ask to stop."""
    made = Pulse()
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, made.ask) for number in signals}
    try:
        yield made
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(app: Flask, every: int) -> None:
    """Make a round every so many seconds, until SIGTERM or SIGINT."""
    load_texts()
    with pulse() as own:
        rounds = Rounds(app, between=lambda: own.between(rounds))
        service_manager.tell(service_manager.READY)
        try:
            while True:
                failing = rounds.run()
                service_manager.tell(f"STATUS={' '.join(sorted(failing)) or 'ok'}")
                db.engine.dispose()  # the next round must not begin on a connection that has died
                own.wait(rounds.seconds_to_wait(every), rounds)
        except Stopped:
            service_manager.tell(service_manager.STOPPING)
