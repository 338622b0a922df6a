"""Whether grades of satisfaction by fewer than ten people can be read or worked out by somebody
who only lives there (`domain.md` 14, small numbers): from answers, board, feed, story and CSV.

The sets of answers behind each shown number are found from the rows; a number that is shown and
whose set has fewer than ten answers is a fault, and so are two that differ by fewer than ten.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaItem, AgendaSession
from app.evaluations.models import FollowUp
from app.evaluations.rounds.models import EvaluationRound
from app.kit.clock import local_date
from app.kit.extensions import db
from app.matters.models import Matter
from app.resolutions.models import Resolution
from app.works.limits import Urgency
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle, WhistleGround
from tests.cast import Person
from tests.walk.walking import Fault
from tests.walk.world import Ground, World

FEWEST = 10
SATISFACTION = re.compile(r"满意率 (\d+)/(\d+)|[Ss]atisfied (\d+)/(\d+)")
GRADES = re.compile(r"满意 (\d+)，基本满意 (\d+)，不满意 (\d+)")


@dataclass(frozen=True)
class Shown:
    """That somebody may read how many of `whole` answers are good; `answers` are their ids where
    the rows tell them."""

    where: str
    whole: int
    answers: frozenset[UUID] | None = None


def cell_faults(world: World) -> Iterator[Fault]:
    """All small cells that a resident without any office can read or work out."""
    for ground in world.grounds.values():
        reader = _plain_resident(world, ground)
        if reader is None:
            continue
        shown = list(_read_all(world, ground, reader))
        yield from _small(shown)
        yield from _differences([each for each in shown if each.answers])
        yield from _paper(world, ground, reader)


def _plain_resident(world: World, ground: Ground) -> Person | None:
    officers = {id_ for id_, *_ in world._offices}
    plain = (each for each in world.residents(ground.compound) if each.id not in officers)
    return next(plain, None)


def _small(shown: Iterable[Shown]) -> Iterator[Fault]:
    for each in shown:
        if 0 < each.whole < FEWEST:
            kind = re.sub(r" .*", "", each.where)
            yield Fault(f"cells: {kind} shows fewer than ten", f"{each.where}: of {each.whole}")


def _differences(shown: list[Shown]) -> Iterator[Fault]:
    for large in shown:
        for small in shown:
            if not (small.answers and large.answers and small.answers < large.answers):
                continue
            rest = large.answers - small.answers
            if len(rest) < FEWEST and large.whole >= FEWEST and small.whole >= FEWEST:
                kinds = " and ".join(sorted(re.sub(r" .*", "", e.where) for e in (large, small)))
                text = f"{large.where} ({large.whole}) less {small.where} ({small.whole})"
                yield Fault(f"cells: {kinds} can be subtracted", text)


# What is read


def _read_all(world: World, ground: Ground, reader: Person) -> Iterator[Shown]:
    home = f"/compounds/{ground.compound.id}"
    with world.app.app_context():
        behind = Behind(db.session(), ground.compound.id)
        sessions = list(
            db.session.scalars(
                select(AgendaSession).where(AgendaSession.compound_id == ground.compound.id)
            )
        )
        matters = list(
            db.session.scalars(select(Matter.id).where(Matter.compound_id == ground.compound.id))
        )
        of_sessions = {each.id: behind.session(each) for each in sessions}
        db.session.expunge_all()
        db.session.rollback()
    for first, last in _spans(world):
        body = _get(world, reader, f"{home}/rates?from={first}&to={last}")
        yield from _rates(f"rates {first} {last}", body, behind.days(first, last))
    for month in ("2026-03", "2026-04", "2026-05", "2026-06"):
        yield from _figures(world, reader, f"{home}/figures", f"month={month}", behind.month(month))
    yield from _figures(world, reader, f"{home}/figures", "year=2026", behind.year(2026))
    for id_, answers in of_sessions.items():
        body = _get(world, reader, f"/sessions/{id_}/rates")
        yield from _rates(f"session-rates {id_}", body, answers)
        yield from _figures(world, reader, f"/sessions/{id_}/figures", "", answers)
    for matter in matters:
        yield from _matter(world, reader, matter)
    yield from _board(world, reader, home)


def _get(world: World, reader: Person, path: str) -> Any:
    answer = world.logged_in(reader).get(path)
    return answer.json if answer.status_code == 200 and answer.is_json else {}


def _spans(world: World) -> Iterator[tuple[date, date]]:
    """Some days, from the beginning and from the first of the month."""
    today = local_date(world.clock.now)
    begun = date(2026, 3, 1)
    for n in range(0, (today - begun).days + 1, 7):
        yield begun, begun + timedelta(days=n)


def _whole(share: Any) -> int:
    if not isinstance(share, dict) or share.get("suppressed"):
        return 0
    if share.get("numerator") is None or share.get("denominator") is None:
        return 0
    return int(share["denominator"])


def _rates(
    where: str, body: Any, sets: "tuple[frozenset[UUID], frozenset[UUID]]"
) -> Iterator[Shown]:
    for part, answers in zip((body, body.get("emergencies", {})), sets, strict=True):
        whole = _whole(part.get("satisfaction"))
        if whole:
            yield Shown(where, whole, answers if len(answers) == whole else None)


def _figures(
    world: World,
    reader: Person,
    path: str,
    query: str,
    sets: "tuple[frozenset[UUID], frozenset[UUID]]",
) -> Iterator[Shown]:
    body = _get(world, reader, f"{path}?{query}")
    work = body.get("work", {})
    parts = {**work.get("rates", {}), "emergencies": work.get("emergencies", {})}
    yield from _rates(f"figures {path} {query}", parts, sets)
    sheet = world.logged_in(reader).get(f"{path}.csv?{query}")
    if sheet.status_code == 200:
        for line in csv.reader(io.StringIO(sheet.text)):
            if len(line) > 4 and "满意率" in line[1] and line[4].isdigit():
                yield Shown(f"csv {path} {query}", int(line[4]))


def _matter(world: World, reader: Person, matter: UUID) -> Iterator[Shown]:
    found = _get(world, reader, f"/matters/{matter}/evaluations")
    items = found.get("items", []) if isinstance(found, dict) else found
    for each in items:
        yield from _result(f"evaluation {each['id']}", each.get("result"))
    story = _get(world, reader, f"/matters/{matter}/story")
    for entry in story.get("entries", []):
        yield from _text(f"story {matter}", entry["text"])
        figures = entry["figures"]
        if "satisfaction" in figures:
            yield from _result(f"story-figures {matter}", figures)


def _result(where: str, result: Any) -> Iterator[Shown]:
    if not isinstance(result, dict):
        return
    whole = _whole(result.get("satisfaction"))
    if whole:
        yield Shown(where, whole)
    if result.get("breakdown"):
        yield Shown(f"{where} grades", sum(result["breakdown"].values()))


def _text(where: str, text: str) -> Iterator[Shown]:
    for match in SATISFACTION.finditer(text):
        yield Shown(where, int(match[2] or match[4]))
    for match in GRADES.finditer(text):
        yield Shown(f"{where} grades", sum(map(int, match.groups())))


def _board(world: World, reader: Person, home: str) -> Iterator[Shown]:
    page: str | None = f"/board{home}/feed.json"
    while page is not None:
        feed = _get(world, reader, page)
        for item in feed.get("items", []):
            extension = item["_yueyuetan"]
            kind = f"{extension['kind']} {item['id']}"
            yield from _text(f"board-{kind}", item["content_text"])
            en = extension.get("en") or {}
            yield from _text(f"board-{kind}", en.get("content_text") or "")
            data = extension.get("data") or {}
            yield from _result(f"feed-{kind}", data.get("result") or data.get("figures"))
            yield from _result(f"feed-{kind}", data.get("rates"))
        following = feed.get("next_url")
        page = None if following is None else f"/board{home}/feed.json?{following.split('?')[1]}"


def _paper(world: World, ground: Ground, reader: Person) -> Iterator[Fault]:
    """Whoever counted the paper takes it away from what is shown."""
    with world.app.app_context():
        rounds = [
            (each.id, each.online, each.satisfied + each.mostly + each.not_satisfied)
            for each in db.session.scalars(
                select(EvaluationRound).where(
                    EvaluationRound.compound_id == ground.compound.id,
                    EvaluationRound.state == "CLOSED",
                )
            )
        ]
        db.session.rollback()
    for id_, online, whole in rounds:
        if not 0 < online < FEWEST or online == whole:
            continue
        result = _get(world, reader, f"/evaluation-rounds/{id_}").get("result") or {}
        if _whole(result.get("satisfaction")) or result.get("breakdown"):
            yield Fault("cells: a round can be subtracted", f"{online} online of {whole}: {id_}")
        for item in _get(world, reader, f"/board/compounds/{ground.compound.id}/feed.json")[
            "items"
        ]:
            extension = item["_yueyuetan"]
            if extension["about_id"] != str(id_) or extension["kind"] != "EVALUATION_CLOSED":
                continue
            told = (extension.get("data") or {}).get("result") or {}
            if SATISFACTION.search(item["content_text"]) or GRADES.search(item["content_text"]):
                yield Fault("cells: the board's round can be subtracted", f"{online} of {whole}")
            if _whole(told.get("satisfaction")) or told.get("breakdown"):
                yield Fault("cells: the feed's round can be subtracted", f"{online} of {whole}")


# The answers behind each number


class Behind:
    """The raiser's last answer about each order and whistle of a compound, by when it began."""

    def __init__(self, session: Session, compound_id: UUID) -> None:
        self._session = session
        said: dict[UUID, UUID] = {}
        for each in session.scalars(
            select(FollowUp)
            .where(FollowUp.compound_id == compound_id, FollowUp.is_raiser)
            .order_by(FollowUp.attempt)
        ):
            said[each.order_id or each.whistle_id or each.id] = each.id
        self._said = said
        orders = session.scalars(
            select(WorkOrder).where(
                WorkOrder.compound_id == compound_id,
                WorkOrder.assigned_at.is_not(None),
                WorkOrder.state != "WITHDRAWN",
            )
        )
        whistles = session.scalars(
            select(Whistle).where(
                Whistle.compound_id == compound_id,
                Whistle.state.not_in(["COLLECTED", "WITHDRAWN"]),
            )
        )
        self._works: list[tuple[Any, date, bool]] = [
            *((o, local_date(o.assigned_at), o.urgency is Urgency.EMERGENCY) for o in orders),
            *((w, local_date(w.blown_at), w.ground is WhistleGround.EMERGENCY) for w in whistles),
        ]

    def _sets(
        self, of: Iterable[tuple[Any, date, bool]]
    ) -> tuple[frozenset[UUID], frozenset[UUID]]:
        of = list(of)
        usual, urgent = (
            frozenset(
                self._said[work.id]
                for work, _, is_urgent in of
                if is_urgent is wanted and work.id in self._said
            )
            for wanted in (False, True)
        )
        return usual, urgent

    def days(self, first: date, last: date) -> tuple[frozenset[UUID], frozenset[UUID]]:
        return self._sets(each for each in self._works if first <= each[1] <= last)

    def month(self, month: str) -> tuple[frozenset[UUID], frozenset[UUID]]:
        return self._sets(each for each in self._works if f"{each[1]:%Y-%m}" == month)

    def year(self, year: int) -> tuple[frozenset[UUID], frozenset[UUID]]:
        return self._sets(each for each in self._works if each[1].year == year)

    def session(self, agenda_session: AgendaSession) -> tuple[frozenset[UUID], frozenset[UUID]]:
        """Of the orders of its resolutions, and of what was done since for its matters."""
        resolutions = set(
            self._session.scalars(
                select(Resolution.id).where(Resolution.session_id == agenda_session.id)
            )
        )
        listed = set(
            self._session.scalars(
                select(AgendaItem.matter_id).where(AgendaItem.session_id == agenda_session.id)
            )
        )
        since = agenda_session.created_at

        def belongs(work: Any) -> bool:
            if isinstance(work, Whistle):
                return work.matter_id in listed and work.blown_at >= since
            if work.resolution_id is not None:
                return work.resolution_id in resolutions
            return work.matter_id in listed and work.assigned_at >= since

        return self._sets(each for each in self._works if belongs(each[0]))
