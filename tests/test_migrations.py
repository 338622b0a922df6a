"""The migrations: they make what the models say, go down and up over rows, and keep children."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine, func, inspect, select, text

from app import create_app
from app.cases.models import ConventionLineage
from app.config import Settings
from app.conventions.models import ConventionResolution, ConventionVersion
from app.deliberation.models import CHECKLIST
from app.kit.extensions import db
from app.people.models import Role
from app.resolutions.models import BranchReview
from app.works.escalations import Escalation, MissedStep
from app.works.orders.models import OrderProgress, ProgressKind, WorkOrder
from tests import databases
from tests.ballots.assembly import Assembly
from tests.ballots.second_officer import SecondOfficer
from tests.cast import Cast, Person, ballot
from tests.operations import (
    agree,
    finished_order,
    judged,
    made,
    objection,
    published_photo,
    rated,
    told,
    works,
)
from tests.operator_key import provide_operator_key
from tests.void import void_resolution, void_session

TABLES = db.metadata.sorted_tables


@pytest.fixture
def own_url(engine_name: str, tmp_path: Path) -> Iterator[str]:
    """A migrated database that no other test uses."""
    with databases.database(engine_name, tmp_path, os.environ.get("TEST_DATABASE_URL")) as url:
        yield url


def play_a_session(app: Flask) -> None:
    """Leave at least one row in every table."""
    cast = Cast(app)
    secretary, voters = cast.secretary(), [cast.resident() for _ in range(3)]
    register = {"file": (BytesIO("楼栋,单元,房号,面积\n9栋,1单元,101,88.50".encode()), "9.csv")}
    imports = f"/compounds/{cast.home.id}/register-imports"
    assert secretary.post(imports, data=register).status_code == 201
    matter = {"title": "停车", "body": "说明", "category": "PARKING"}
    once = {"Idempotency-Key": "once"}
    raised = voters[0].post(f"/compounds/{cast.home.id}/matters", matter, headers=once)
    assert voters[1].put(f"/matters/{raised.json['id']}/endorsement").status_code == 200
    made(
        voters[0].post(f"/matters/{raised.json['id']}/correct", {**matter, "title": "停车难"}), 200
    )
    made(voters[0].post(f"/matters/{raised.json['id']}/withdraw"), 200)
    officer = SecondOfficer(cast)
    officer.take_office()
    session, matters = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    for voter in voters:
        assert voter.put(f"{path}/ballot", ballot(*matters)).status_code == 200
    assert secretary.post(f"{path}/close-voting").json["state"] == "TALLIED"
    made(officer.countersign(session["id"]), 200)
    resolution_id = hold_a_round_table(cast, secretary, voters[0], path, matters[0])
    make_a_pact(cast, secretary, resolution_id)
    do_some_work(app, cast, secretary, voters[0])
    judge_it(cast, secretary, voters[0])
    tell_and_rate(cast, secretary, voters[0])
    leave_a_vote_open(cast)
    lose_keys(cast)
    record_holidays(cast)
    invite_an_officer(cast)
    read_what_one_is_told(voters[0])


def read_what_one_is_told(reader: Person) -> None:
    """A mark, and what is newer than it."""
    newest = made(reader.get("/me/inbox"), 200)["items"][0]["id"]
    made(reader.post("/me/inbox/read-all", {"up_to": newest}), 200)


def record_holidays(cast: Cast) -> None:
    """Next year's table, as an operator records it."""
    year = datetime.now(UTC).year + 1
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{year}.csv"
        path.write_text(f"date,kind,name\n{year}-01-01,off,元旦\n", encoding="utf-8")
        args = ["add-holidays", str(path), "--source", "国办发明电"]
        assert cast.app.test_cli_runner().invoke(args=args).exit_code == 0


def invite_an_officer(cast: Cast) -> None:
    """An office that was taken with a code."""
    args = ["invite-officer", "AUDITOR", str(cast.home.id)]
    code = cast.app.test_cli_runner().invoke(args=args).stdout.strip()
    made(cast.visitor().post("/me/offices", {"code": code}))


def tell_and_rate(cast: Cast, secretary: Person, raiser: Person) -> None:
    """A case, a convention that was drafted after it, and a rating list with an entry."""
    case_id = UUID(told(cast, cast.home, cast.community, secretary, raiser)["case_id"])
    rated(cast, cast.home, cast.community)
    with cast.app.app_context():
        version = db.session.scalars(select(ConventionVersion)).first()
        assert version is not None
        db.session.add(
            ConventionLineage(
                convention_id=version.convention_id,
                compound_id=cast.home.id,
                case_id=case_id,
                source_version_id=version.id,
                adopted_by_id=raiser.id,
                adopted_at=datetime.now(UTC),
            )
        )
        db.session.commit()


def leave_a_vote_open(cast: Cast) -> None:
    """Ballots exist only until closing, and slips are given out while voting is open."""
    cast.home = cast.neighbour
    voter, secretary = cast.resident(), cast.secretary()
    session, matters = cast.open_session(secretary, voter, period="2027-01")
    made(secretary.post(f"/sessions/{session['id']}/paper-batches", {"count": 2}))
    count_an_assembly(cast)
    made(voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters)), 200)


def lose_keys(cast: Cast) -> None:
    """Another operator's key, and a vote that is void beside the one that holds it again."""
    _, cast.home = cast.other_community()
    session, _ = cast.open_session(cast.secretary(), cast.resident(), period="2027-03")
    void_session(cast.app, session["id"])
    assert cast.app.test_cli_runner().invoke(args=["keys", "rotate"]).exit_code == 0


def count_an_assembly(cast: Cast) -> None:
    """Totals of an assembly that were entered."""
    cast.home = cast.third
    assembly = Assembly(cast, period="2027-02")
    made(assembly.enter({(5, 0): 2}), 200)


def do_some_work(app: Flask, cast: Cast, secretary: Person, raiser: Person) -> None:
    """An order with progress and hours, a whistle, and an escalation."""
    ids = works(cast, cast.home, secretary, raiser)
    with app.app_context():
        now = datetime.now(UTC)
        row = db.session.get_one(WorkOrder, UUID(ids["order_id"]))
        about = {"order_id": row.id, "compound_id": row.compound_id}
        progress = {"kind": ProgressKind.PROGRESS, "text": "已换3盏", "by_id": raiser.id, "at": now}
        db.session.add(OrderProgress(**about, **progress))
        missed = {"step": MissedStep.SUBMIT, "level": 1, "due_at": now, "escalated_at": now}
        db.session.add(Escalation(**about, **missed))
        db.session.commit()


def judge_it(cast: Cast, secretary: Person, raiser: Person) -> None:
    """A round with an answer and paper, a follow-up, and the judgement that follows from it."""
    asked = f"/evaluation-rounds/{judged(cast, cast.home, secretary, raiser)['round_id']}"
    good = {"solved": True, "satisfaction": "SATISFIED"}
    made(raiser.put(f"{asked}/answer", good), 200)
    paper = {"satisfied": 1, "mostly": 0, "not_satisfied": 0, "solved": 1, "unsolved": 0}
    made(secretary.put(f"{asked}/paper", paper), 200)
    order = finished_order(cast, cast.home, secretary, raiser)
    unsolved = {"solved": False, "satisfaction": "NOT"}
    made(raiser.post(f"/orders/{order['id']}/follow-ups", unsolved))


def hold_a_round_table(
    cast: Cast, secretary: Person, voter: Person, path: str, matter: str
) -> UUID:
    """A card and its support, a review, an objection, and a vote by phone on the draft, whose id
    is answered."""
    for kind in CHECKLIST:
        made(secretary.post(f"{path}/invitations", {"kind": kind, "name": "代表"}))
    made(secretary.post(f"{path}/start-meeting"), 200)
    made(secretary.post(f"{path}/attendance", {"resident_id": str(voter.id)}), 200)
    made(secretary.post(f"{path}/remarks", {"speaker": "租户代表", "text": "同意"}))
    published_photo(cast, cast.home, secretary, f"{path}/remarks")
    about = {"matter_id": matter, "text": "划线"}
    card = made(voter.post(f"{path}/cards", about))["id"]
    made(voter.put(f"/cards/{card}/support"), 200)
    made(secretary.post(f"/cards/{card}/adopt"), 200)
    words = {**about, "title": "停车", "card_ids": [card]}
    draft = f"/resolutions/{made(secretary.post(f'{path}/resolutions', words))['id']}"
    made(secretary.post(f"{draft}/table", {"method": "PHONE", "secrecy": "SECRET"}), 200)
    made(voter.put(f"{draft}/vote", {"answer": "YES"}), 200)
    another = made(secretary.post(f"{path}/resolutions", {**words, "card_ids": []}))["id"]
    secretly = {"method": "PHONE", "secrecy": "SECRET"}
    made(secretary.post(f"/resolutions/{another}/table", secretly), 200)
    void_resolution(cast.app, another)
    feed = made(secretary.get(f"/board/compounds/{cast.home.id}/feed.json"), 200)
    # Terms are counted with the holidays of their year, so what has one is stored as it is.
    with cast.app.app_context():
        now = datetime.now(UTC)
        resolution_id = UUID(draft.rpartition("/")[2])
        review = BranchReview(resolution_id=resolution_id, submitted_at=now, lapses_at=now)
        db.session.add(review)
        db.session.commit()
    objection(cast, cast.home, feed["items"][0]["id"].removeprefix("urn:uuid:"), voter)
    return resolution_id


def make_a_pact(cast: Cast, secretary: Person, resolution_id: UUID) -> None:
    """A pact that the residents' meeting passed, with a clause that the owners passed."""
    street = cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict")
    leader = cast.community_secretary()
    made_ids = agree(cast.home, secretary)
    path = f"/convention-versions/{made_ids['version_id']}"
    cleared = {"reason": "只是声明不设罚款"}
    made(street.post(f"{path}/flags/{made_ids['flag_id']}/clear", cleared), 200)
    made(street.post(f"{path}/review", {"opinion": "APPROVED"}), 200)
    meeting = {"roll": 60, "present": 41, "yes": 36, "no": 3, "abstain": 2}
    made(leader.post(f"{path}/record-vote", {"minutes_ref": "纪要2号", **meeting}), 200)
    areas = {"area_all": 147200, "area_part": 128800, "area_yes": 100850}
    heads = {"heads_all": 15, "heads_part": 13, "heads_yes": 10}
    passed = {"official_ref": "2026-0415", **areas, **heads}
    made(leader.post(f"/clauses/{made_ids['clause_id']}/owner-vote", passed), 200)
    # A pact may do without a resolution; the table shall have a row.
    with cast.app.app_context():
        version_id = UUID(made_ids["version_id"])
        link = ConventionResolution(version_id=version_id, resolution_id=resolution_id)
        db.session.add(link)
        db.session.commit()


def rows_in_each_table(url: str) -> dict[str, int]:
    engine = create_engine(url)
    with engine.connect() as connection:
        counts = {
            table.name: connection.scalars(select(func.count()).select_from(table)).one()
            for table in TABLES
        }
    engine.dispose()
    return counts


def shape(url: str) -> dict[str, Any]:
    """Tables with columns, keys, checks and indexes, as the database itself tells them."""
    engine = create_engine(url)
    found = inspect(engine)
    tables = {
        name: {
            "columns": {
                (c["name"], str(c["type"]), c["nullable"], c["default"])
                for c in found.get_columns(name)
            },
            "primary key": found.get_pk_constraint(name),
            "foreign keys": plain(found.get_foreign_keys(name)),
            "unique": plain(found.get_unique_constraints(name)),
            "checks": plain(found.get_check_constraints(name)),
            "indexes": plain(found.get_indexes(name)),
        }
        for name in found.get_table_names()
        if name != "alembic_version"
    }
    engine.dispose()
    return tables


def plain(constraints: Any) -> list[str]:
    """In one order and comparable, conditions of partial indexes included."""
    return sorted(
        str({key: str(value) for key, value in constraint.items() if key != "dialect_options"})
        + str({key: str(value) for key, value in constraint.get("dialect_options", {}).items()})
        for constraint in constraints
    )


def test_alembic_check_finds_no_difference(own_url: str):
    config = Config(toml_file=databases.ROOT / "pyproject.toml")
    config.attributes["url"] = own_url
    command.check(config)


def test_migrations_make_the_constraints_of_the_models(own_url: str):
    """Alembic itself compares neither checks nor the conditions of partial indexes."""
    migrated = shape(own_url)
    databases.migrate(own_url, "base")
    engine = create_engine(own_url)
    db.metadata.create_all(engine)
    engine.dispose()
    assert migrated == shape(own_url)


def test_down_and_up_on_rows_of_every_table(own_url: str, settings: Settings, tmp_path: Path):
    app = create_app(replace(settings, database_url=own_url), tmp_path)
    provide_operator_key(app)
    play_a_session(app)
    with app.app_context():
        db.engine.dispose()
    app.extensions["wechat"].close()
    empty = [name for name, count in rows_in_each_table(own_url).items() if count == 0]
    assert empty == []

    databases.migrate(own_url, "base")
    assert shape(own_url) == {}
    databases.migrate(own_url)
    assert set(rows_in_each_table(own_url).values()) == {0}


# Revisions that exist only here. The child goes with its parent, so that a parent's table that is
# dropped with foreign keys on takes the children along without a word.
REVISION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{revision}", "{down_revision}"


def upgrade():
    {upgrade}
"""
MAKE_PARENT_AND_CHILD = """
    op.create_table(
        "parents",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(10)),
    )
    op.create_table(
        "children",
        sa.Column(
            "parent_id",
            sa.Integer,
            sa.ForeignKey("parents.id", ondelete="CASCADE"),
            primary_key=True,
        ),
    )
    op.execute("INSERT INTO parents VALUES (1, 'a'), (2, 'b')")
    op.execute("INSERT INTO children VALUES (1), (2)")
"""
CHANGE_PARENT = """
    with op.batch_alter_table("parents") as batch:
        batch.alter_column("name", existing_type=sa.String(10), nullable=False)
"""
LOSE_PARENT = 'op.execute("DELETE FROM parents WHERE id = 1")'


class ThrowAwayMigrations:
    """A copy of the migrations that a test may add to, on a SQLite file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "migrations"
        shutil.copytree(databases.ROOT / "migrations", self.folder)
        self.url = f"sqlite:///{folder / 'throw-away.db'}"
        self.config = Config()
        self.config.set_main_option("script_location", str(self.folder))
        self.config.attributes["url"] = self.url

    def add(self, revision: str, upgrade: str) -> None:
        """Add a revision on top of the last one and run it."""
        head = ScriptDirectory.from_config(self.config).get_current_head()
        path = self.folder / "versions" / f"{revision}_throw_away.py"
        path.write_text(
            REVISION.format(revision=revision, down_revision=head, upgrade=upgrade.strip())
        )
        command.upgrade(self.config, "head")

    def leave_foreign_keys_on(self) -> None:
        env = self.folder / "env.py"
        careful = env.read_text()
        careless = careful.replace("PRAGMA foreign_keys=OFF", "PRAGMA foreign_keys=ON")
        assert careless != careful
        env.write_text(careless)

    def rows(self, table: str) -> int:
        engine = create_engine(self.url)
        with engine.connect() as connection:
            count: int = connection.scalars(text(f"SELECT count(*) FROM {table}")).one()
        engine.dispose()
        return count


@pytest.fixture
def migrations(tmp_path: Path) -> ThrowAwayMigrations:
    made = ThrowAwayMigrations(tmp_path)
    made.add("t001", MAKE_PARENT_AND_CHILD)
    return made


def test_changed_parent_keeps_its_children(migrations: ThrowAwayMigrations):
    migrations.add("t002", CHANGE_PARENT)
    assert (migrations.rows("parents"), migrations.rows("children")) == (2, 2)


def test_changed_parent_loses_its_children_with_foreign_keys_on(migrations: ThrowAwayMigrations):
    """The mutant of the test above: what the care of env.py is for."""
    migrations.leave_foreign_keys_on()
    migrations.add("t002", CHANGE_PARENT)
    assert (migrations.rows("parents"), migrations.rows("children")) == (2, 0)


def test_revision_that_orphans_a_row_is_undone(migrations: ThrowAwayMigrations):
    with pytest.raises(RuntimeError, match="without their parents"):
        migrations.add("t002", LOSE_PARENT)
    assert (migrations.rows("parents"), migrations.rows("children")) == (2, 2)
