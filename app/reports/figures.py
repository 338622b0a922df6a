"""The figures of section 8.2 of the domain notes, put together from what was counted."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.compounds.models import Community, Compound
from app.evaluations.outcome import Rate
from app.evaluations.rates import Work, WorkRows, kept, order_work, rates_of, read_rows
from app.evaluations.results import is_told
from app.kit import clock
from app.reports.cells import (
    ShareCell,
    days_of,
    people,
    share_of_grades,
    share_of_people,
    share_of_things,
)
from app.reports.counts import read_counts, read_frequent, read_spans
from app.reports.periods import Period, month_of
from app.reports.scopes import Place, Scope, scope_of_one_session, scope_of_place
from app.works.orders.models import DoerKind, WorkOrder
from app.works.whistles.models import Whistle

T = TypeVar("T")


class Grades(NamedTuple):
    """Who reads what raisers think, and whether nothing else that they read overlaps it."""

    to_officer: bool
    is_whole: bool


KINDS = {Compound: "compound", Community: "community"}


def figures_of_place(
    session: Session, place: Place, period: Period, *, to_officer: bool
) -> dict[str, Any]:
    """The figures of a compound, a community or a subdistrict in a month or a year, as an officer
    or somebody else there sees them."""
    kind = KINDS.get(type(place), "subdistrict")
    return {
        "about": {"kind": kind, "id": place.id, "name": place.name},
        "period": period,
        **_figures(session, scope_of_place(place, period), period, to_officer=to_officer),
    }


def figures_of_session(
    session: Session, agenda_session: AgendaSession, *, to_officer: bool
) -> dict[str, Any]:
    """The figures of what came of one session so far; it names a month, and is bound to none."""
    compound = agenda_session.compound
    scope = scope_of_one_session(agenda_session, compound.community_id)
    this_month = month_of(f"{clock.local_date(clock.now()):%Y-%m}")
    return {
        "about": {"kind": "session", "id": agenda_session.id, "name": agenda_session.name},
        "period": None,
        **_figures(session, scope, this_month, to_officer=to_officer),
    }


def _figures(session: Session, scope: Scope, period: Period, *, to_officer: bool) -> dict[str, Any]:
    at = clock.now()
    rows = read_rows(session, scope.works)
    # A year, a session, and a month to which answers are still added overlap what was told: the
    # difference would be what one raiser thinks.
    is_whole = scope.period is not None and scope.period.is_month and scope.period.end <= at
    grades = Grades(to_officer, is_whole and rows.is_settled)
    counts, spans = read_counts(session, scope, at), read_spans(session, scope)
    return {
        "participation": _participation(counts),
        "outcome": {
            **{name: counts[name] for name in ("selected", "solved", "reopened", "deferred")},
            "carried_over_after": days_of(spans.carried_over),
            "raised_to_closed": days_of(spans.to_closing),
            "resolutions": {
                name: counts[name]
                for name in ("passed", "failed", "no_quorum", "shelved", "escalated")
            },
            "conventions_in_force": counts["conventions"],
            # Only what reached the figures of Civil Code 278 can be recorded.
            "owner_votes_valid": counts["owner_votes"],
            "owner_votes_passed": counts["owner_votes"],
        },
        "work": {
            **_work(rows, at, grades),
            "rework": counts["rework"],
            "member_minutes": counts["minutes"],
        },
        "frequent_categories": read_frequent(session, scope, period.year_begin, period.end),
    }


def _participation(counts: dict[str, int | None]) -> dict[str, Any]:
    was_voted = bool(counts["votes"])
    roll = people(counts["roll"])
    returned = people(counts["returned"], roll)
    empty = people(counts["empty"], roll, returned)
    tenants = people(counts["tenants"] if was_voted else None, roll, returned)
    hosts, compounds = counts["hosts"], counts["compounds"]
    return {
        **{name: counts[name] for name in ("raised", "merged", "listed", "votes")},
        "roll": roll,
        "returned": returned,
        "empty_ballots": empty,
        "turnout": share_of_people(returned, roll),
        "tenants": share_of_people(tenants, returned),
        "hosting_compounds": (
            None
            if hosts is None or compounds is None
            else share_of_things(Rate(min(hosts, compounds), compounds))
        ),
    }


def _work(rows: WorkRows, at: datetime, grades: Grades) -> dict[str, Any]:
    works = rows.works(at)
    by_doer: dict[DoerKind, list[WorkOrder]] = defaultdict(list)
    for order in rows.orders:
        by_doer[order.doer_kind].append(order)
    by_department: dict[str, list[Whistle]] = defaultdict(list)
    for whistle in rows.whistles:
        by_department[whistle.department or ""].append(whistle)
    return {
        "orders": _order_line(rows.orders, rows, at),
        "by_doer": [
            {"doer_kind": kind, **_order_line(by_doer[kind], rows, at)} for kind in sorted(by_doer)
        ],
        "rates": _rates((each for each in works if not each.is_emergency), grades),
        "emergencies": _rates((each for each in works if each.is_emergency), grades),
        "by_department": [
            {
                "department": name,
                "whistles": len(whistles),
                "signed_in_time": _in_time(
                    whistles, lambda each: kept(each.signed_at, each.sign_due_at, at)
                ),
                "reported_in_time": _in_time(
                    whistles, lambda each: kept(each.reported_at, each.report_due_at, at)
                ),
            }
            for name, whistles in sorted(by_department.items())
        ],
    }


def _order_line(orders: Iterable[WorkOrder], rows: WorkRows, at: datetime) -> dict[str, Any]:
    orders = list(orders)
    return {
        "number": len(orders),
        "accepted_in_time": _in_time(
            orders, lambda each: kept(each.accepted_at, each.accept_due_at, at)
        ),
        "finished_in_time": _in_time(
            orders, lambda each: order_work(each, rows.said.get(each.id), at).is_in_time
        ),
    }


def _in_time(things: Iterable[T], fact: Callable[[T], bool | None]) -> ShareCell:
    """The share of those that came in time; what may still come counts in neither number."""
    known = [came for came in map(fact, things) if came is not None]
    return share_of_things(Rate(sum(known), len(known)))


def _rates(works: Iterable[Work], grades: Grades) -> dict[str, Any]:
    """The four rates. That an order was contacted, solved and done in time are facts about it; how
    satisfied its raiser is, is what somebody thinks."""
    rates = rates_of(works)
    told = is_told(rates.people, to_officer=grades.to_officer) and (
        grades.to_officer or grades.is_whole or rates.people == 0
    )
    return {
        "response": share_of_things(rates.response),
        "solved_rate": share_of_things(rates.solved_rate),
        "satisfaction": share_of_grades(rates.satisfaction, rates.people, is_told=told),
        "in_time": share_of_things(rates.in_time),
    }
