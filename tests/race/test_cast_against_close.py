"""Casting against closing: what was acknowledged is counted, and nothing else."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask
from sqlalchemy import select, update

from app.agenda.models import AgendaSession, RollEntry
from app.kit.extensions import db
from tests.cast import Cast, ballot, stored
from tests.race.server import Server, at_once
from votes.selection import ParticipationRule, Share

VOTERS = 20
CASTS_SENT_BEFORE_CLOSING = (2, 6, 10, 14, 18)
TITLES = ("停车", "路灯", "积水")


@dataclass(frozen=True)
class Race:
    """What the clients were told of one session, and what the server counted."""

    session_id: UUID
    casts: dict[UUID, httpx.Response]
    ballots: dict[UUID, dict[str, Any]]
    closing: httpx.Response
    result: httpx.Response

    @property
    def acknowledged(self) -> set[UUID]:
        return {voter for voter, answer in self.casts.items() if answer.status_code == 200}


class Compound:
    """A compound that hosts every month, with its secretary and voters."""

    def __init__(self, cast: Cast) -> None:
        cast.community, cast.home = cast.other_community()
        self._cast = cast
        self._secretary = cast.secretary()
        self._voters = [cast.resident(name=f"居民{i}") for i in range(1 + VOTERS)]

    def race(self, server: Server, month: int, sent_before_closing: int) -> Race:
        """Close the month's session while its voters cast, all but one who was early."""
        session, matters = self._cast.open_session(
            self._secretary, self._voters[0], TITLES, period=f"2027-{month:02}"
        )
        path = f"/sessions/{session['id']}"
        let_one_ballot_be_enough(self._cast.app, UUID(session["id"]))
        ballots = {
            voter.id: ballot(*(matters[(i + shift) % 3] for shift in range(i % 4)))
            for i, voter in enumerate(self._voters)
        }
        early, *calls = [
            partial(server.call, voter, "PUT", f"{path}/ballot", ballots[voter.id])
            for voter in self._voters
        ]
        close = partial(server.call, self._secretary, "POST", f"{path}/close-voting")
        first = early()
        answers = at_once([*calls[:sent_before_closing], close, *calls[sent_before_closing:]])
        closing = answers.pop(sent_before_closing)
        casts = dict(zip((voter.id for voter in self._voters), [first, *answers], strict=True))
        return Race(
            session_id=UUID(session["id"]),
            casts=casts,
            ballots=ballots,
            closing=closing,
            result=server.call(self._secretary, "GET", f"{path}/result"),
        )


def let_one_ballot_be_enough(app: Flask, session_id: UUID) -> None:
    """By the rules of this session it may be closed by hand as soon as one has voted."""
    rule = ParticipationRule(open_cap=Share(1, 1 + VOTERS)).to_data()
    (rules,) = stored(app, select(AgendaSession.rules).where(AgendaSession.id == session_id))
    with app.app_context():
        db.session.execute(
            update(AgendaSession)
            .where(AgendaSession.id == session_id)
            .values(rules={**rules, "participation": rule})
        )
        db.session.commit()


def check(app: Flask, race: Race) -> None:
    """Acknowledged if and only if counted; everybody else heard that voting is over."""
    acknowledged = race.acknowledged
    result = race.result.json()
    assert result.get("returned") == len(acknowledged), (
        f"acknowledged {len(acknowledged)}, closing answered {race.closing.status_code}, "
        f"result: {result}"
    )
    marks = Counter(
        (mark["weight"], mark["matter_id"])
        for voter in acknowledged
        for mark in race.ballots[voter]["marks"]
    )
    counted = Counter(
        {
            (weight, row["matter_id"]): row[f"n{weight}"]
            for row in result["rows"]
            for weight in (5, 3, 1)
        }
    )
    assert counted == marks
    voted = select(RollEntry.resident_id).where(
        RollEntry.session_id == race.session_id, RollEntry.voted_on.is_not(None)
    )
    assert set(stored(app, voted)) == acknowledged
    refused = [race.casts[voter] for voter in race.casts.keys() - acknowledged]
    assert {(each.status_code, each.json()["code"]) for each in refused} <= {(409, "wrong_state")}
    assert race.closing.status_code == 200


def race_and_check(app: Flask, cast: Cast, server: Server) -> list[Race]:
    compound = Compound(cast)
    races = []
    for month, sent in enumerate(CASTS_SENT_BEFORE_CLOSING, start=1):
        races.append(compound.race(server, month, sent))
        check(app, races[-1])
    return races


def test_counted_is_acknowledged_when_closing_while_ballots_arrive(
    app: Flask, cast: Cast, server: Server
):
    races = race_and_check(app, cast, server)
    acknowledged = [len(race.acknowledged) for race in races]
    assert any(1 < each < 1 + VOTERS for each in acknowledged), acknowledged  # it was a race


@pytest.mark.parametrize(
    ("engine_name", "sabotage"),
    [("postgresql", "no_session_lock"), ("sqlite", "drivers_transactions")],
    indirect=["engine_name"],
)
def test_check_goes_red_without_the_protection(
    app: Flask, cast: Cast, sabotaged: Callable[[str], Server], sabotage: str
):
    with pytest.raises(AssertionError, match="acknowledged"):
        race_and_check(app, cast, sabotaged(sabotage))
