"""Revision 0002 goes down and up again with rows in place, on both engines."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, column, create_engine, inspect, select, table, text

from app.agenda.models import AgendaItem, AgendaSession
from app.board.models import PublicNotice
from app.compounds.models import Community, Compound, Subdistrict
from app.deliberation.models import SolutionCard
from app.kit.orm import Base, table_of
from app.matters.models import Matter
from app.people.models import Resident
from tests import databases

NOW = datetime(2026, 3, 27, 11, tzinfo=UTC)
TABLES = {"invitations", "attendances", "remarks", "solution_cards", "card_supports"}


def move(url: str, revision: str, direction: Any) -> None:
    config = Config(toml_file=databases.ROOT / "pyproject.toml")
    config.attributes["url"] = url
    direction(config, revision)


def add(connection: Connection, model: type[Base], **values: Any) -> UUID:
    row_id = values.pop("id", None) or uuid4()
    if "id" in table_of(model).c:
        values["id"] = row_id
    # Only what is named: a column that came later has a default that is not there yet.
    known = table_of(model).c
    row = table(model.__tablename__, *(column(name, known[name].type) for name in values))
    connection.execute(row.insert().values(**values))
    return row_id


def furnish(connection: Connection) -> None:
    """A compound whose session meets on one matter with a card; another one is before its vote."""
    today = NOW.date()
    subdistrict = add(connection, Subdistrict, name="云桥街道", since=today)
    community = add(connection, Community, name="云桥社区", subdistrict_id=subdistrict, since=today)
    compound = add(connection, Compound, name="香樟苑", community_id=community, since=today)
    resident = add(connection, Resident, openid="o-1", name="王小明", joined_at=NOW)
    matter = add(
        connection,
        Matter,
        compound_id=compound,
        raised_by_id=resident,
        raised_at=NOW,
        title="停车",
        body="晚上没有车位",
        category="PARKING",
        state="DELIBERATED",
        carry_over=0,
    )
    sessions = [
        add(
            connection,
            AgendaSession,
            compound_id=compound,
            community_id=community,
            period=period,
            mode="OPEN",
            state=state,
            outcome=outcome,
            place="站",
            voting_opens_at=NOW,
            voting_closes_at=NOW + timedelta(days=1),
            round_table_at=NOW + timedelta(days=2),
            created_at=NOW,
            host_waited_since=NOW,
        )
        for period, state, outcome in (
            ("2026-02", "RESOLVED", "NO_VOTE"),
            ("2026-03", "MEETING", "DECIDED"),
            ("2026-04", "LISTED", None),
        )
    ]
    add(
        connection,
        AgendaItem,
        session_id=sessions[1],
        matter_id=matter,
        number=1,
        endorsements=0,
    )
    add(
        connection,
        SolutionCard,
        session_id=sessions[1],
        compound_id=compound,
        matter_id=matter,
        number=1,
        text="划线",
        author_id=resident,
        is_anonymous=False,
        state="OPEN",
        put_at=NOW,
    )
    for kind in ("TALLIED", "ROUND_TABLE_AGENDA"):
        add(
            connection,
            PublicNotice,
            kind=kind,
            about_id=sessions[1],
            compound_id=compound,
            community_id=community,
            subdistrict_id=subdistrict,
            title="公示",
            revision=1,
            text="公示",
            data={},
            published_at=NOW,
            modified_at=NOW,
        )


def facts(connection: Connection) -> dict[str, list[Any]]:
    queries = {
        "sessions": select(AgendaSession.state).order_by(AgendaSession.period),
        "matters": select(Matter.state),
        "notices": select(PublicNotice.kind).order_by(PublicNotice.kind),
        "items": select(AgendaItem.number),
    }
    return {name: [str(row[0]) for row in connection.execute(q)] for name, q in queries.items()}


@pytest.mark.parametrize("engine", databases.ENGINES)
def test_down_and_up_with_rows(engine: str, tmp_path: Path):
    with databases.database(engine, tmp_path, os.environ.get("TEST_DATABASE_URL")) as url:
        move(url, "0002", command.downgrade)
        bound = create_engine(url)
        with bound.begin() as connection:
            furnish(connection)
            before = facts(connection)

        move(url, "0001", command.downgrade)
        with bound.begin() as connection:
            down = facts(connection)
            assert TABLES.isdisjoint(inspect(connection).get_table_names())
            with pytest.raises(Exception, match="ck_agenda_sessions_state"):
                connection.execute(text("UPDATE agenda_sessions SET state = 'MEETING'"))
        move(url, "0002", command.upgrade)
        with bound.begin() as connection:
            up = facts(connection)
            assert set(inspect(connection).get_table_names()) >= TABLES
            moved = connection.execute(
                text("UPDATE agenda_sessions SET state = 'MEETING' WHERE state = 'TALLIED'")
            )
            assert moved.rowcount == 2
        bound.dispose()

    assert before == {
        "sessions": ["RESOLVED", "MEETING", "LISTED"],
        "matters": ["DELIBERATED"],
        "notices": ["ROUND_TABLE_AGENDA", "TALLIED"],
        "items": ["1"],
    }
    assert (
        down
        == up
        == {
            "sessions": ["TALLIED", "TALLIED", "LISTED"],
            "matters": ["SELECTED"],
            "notices": ["TALLIED"],
            "items": ["1"],
        }
    )
