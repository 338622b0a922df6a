"""A whole walk with all its questions."""

from collections.abc import Iterable

from flask import Flask

from app.kit.extensions import db
from tests.documented import Watch
from tests.operator_key import pin_silently
from tests.walk.oracles import board, cells, stuck, sums
from tests.walk.walking import Fault, Report, Walk
from tests.walk.world import travelling
from tests.wechat_standin import Control

LOOK_AT_BOARD, LOOK_AT_ALL = 10, 200  # steps


def walk(
    app: Flask,
    wechat: Control,
    seed: int,
    steps: int,
    *,
    drains: int = stuck.ROUNDS,
    until: str = "",
) -> Report:
    """Walk so many steps on an empty database, and look at the end what is left: `drains` is how
    often everything is tried then. With `until` it ends when such a fault is found."""
    with travelling() as clock:
        pin_silently(app)
        trip = Walk(app, wechat, clock, seed)
        trip.report.asked = steps
        for step in range(1, 1 + steps):
            trip.step()
            if step % LOOK_AT_BOARD == 0:
                ask_board(trip)
            if step % LOOK_AT_ALL == 0:
                ask_all(trip)
            if until and trip.report.has(until):
                return trip.report
        trip.look()
        trip.report.states.update(
            f"{each.kind.removesuffix('_id')} {each.state}"
            for kind in stuck.FINAL
            for each in trip.things[kind]
        )
        if drains:
            drain = stuck.Drain(trip, drains)
            left = drain.run()
            trip.report.left = [f"{each.kind} {each.state}" for each in left]
            note(trip, drain.faults(left))
            ask_board(trip)
        ask_all(trip)
        note(trip, (Fault(f"undescribed {each}", each) for each in Watch.of(app).take()))
    return trip.report


def ask_board(trip: Walk) -> None:
    """Compare what stands on the board with the rows."""
    with trip.app.app_context():
        note(trip, board.board_faults(db.session(), trip.world.clock.now))
        db.session.rollback()


def ask_all(trip: Walk) -> None:
    """Ask what takes longer: logs, sums, small cells, and the stories."""
    with trip.app.app_context():
        session = db.session()
        note(trip, sums.log_faults(session))
        note(trip, sums.tally_faults(session))
        session.rollback()
    note(trip, sums.figure_faults(trip.world))
    note(trip, cells.cell_faults(trip.world))
    note(trip, board.story_faults(trip.world))


def note(trip: Walk, faults: Iterable[Fault]) -> None:
    """Keep what was found, with the step."""
    for fault in faults:
        step = fault.step if fault.step >= 0 else trip.report.steps
        trip.report.find(Fault(fault.kind, fault.text, step))
