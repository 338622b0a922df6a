"""`add-place`, `import-register`, `invite-officer`: the first places, units and offices."""

from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click
from flask import current_app
from flask.cli import with_appcontext

from app.compounds.models import Community, Compound, Subdistrict
from app.compounds.services import import_register, read_units
from app.kit import clock
from app.kit.errors import DomainError
from app.kit.extensions import db
from app.people.models import Appointment, Role
from app.people.office_codes import VALID_FOR, end_office, make_code, withdraw_codes
from app.people.refusals import NoSuchOffice

T = TypeVar("T", Subdistrict, Community, Compound)

# What a residence gives is no office.
OFFICES = [role.value for role in Role if role not in (Role.RESIDENT, Role.OWNER)]


@click.command("import-register")
@click.argument("compound_id", type=click.UUID)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def import_register_command(compound_id: UUID, path: Path) -> None:
    """Take a register of units (CSV or XLSX) into a compound: all of its rows, or none."""
    compound = db.session.get(Compound, compound_id)
    if compound is None:
        raise click.ClickException("没有这个小区 · no such compound")
    try:
        register = read_units(current_app.extensions["confined"], path.read_bytes(), path.name)
        taken = import_register(db.session(), compound, register, by_id=None, at=clock.now())
    except DomainError as error:
        for refused in error.errors:
            click.echo(f"{refused.where}: {refused.zh} · {refused.en}", err=True)
        raise click.ClickException(f"{error.zh} · {error.en}") from error
    db.session.commit()
    for row in taken.report:
        click.echo(f"{row['line']}: {row['unit']} {row['outcome']}")
    click.echo(f"已导入 {len(taken.report)} 行 · rows taken in: {len(taken.report)}")


@click.command("add-place")
@click.argument("names", nargs=3)
@with_appcontext
def add_place(names: tuple[str, str, str]) -> None:
    """Add a compound: NAMES are subdistrict, community and compound; those that exist are used."""
    subdistrict = _living(Subdistrict, name=names[0])
    community = _living(Community, name=names[1], subdistrict_id=subdistrict.id)
    compound = _living(Compound, name=names[2], community_id=community.id)
    db.session.commit()
    click.echo(f"subdistrict {subdistrict.id}\ncommunity {community.id}\ncompound {compound.id}")


def _living(kind: type[T], **named: Any) -> T:
    """The living place of this name there, added where there is none."""
    query = db.select(kind).filter_by(**named, until=None)
    place = db.session.scalar(query) or kind(**named, since=clock.local_date(clock.now()))
    db.session.add(place)
    db.session.flush()
    return place


@click.command("invite-officer")
@click.argument("role", type=click.Choice(OFFICES))
@click.argument("place_id", type=click.UUID)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="First day without the office.")
@with_appcontext
def invite_officer(role: str, place_id: UUID, until: datetime | None) -> None:
    """Make a one-time code for a first office; everyday ones are given over the API."""
    at = clock.now()
    ends = until.date() if until else None
    if ends is not None and ends <= clock.local_date(at):
        raise click.ClickException("任期须在今天之后结束 · the term must end after today")
    place = _find_place(place_id)
    try:
        code = make_code(db.session(), place, Role[role], until=ends, at=at)
    except NoSuchOffice as error:
        raise click.ClickException(f"{error.zh} · {error.en}") from None
    db.session.commit()
    last = clock.spoken(at + VALID_FOR)
    click.echo(code)
    click.echo(
        f"当面交给本人；登录后提交一次即任职，{last} 前有效 · "
        f"hand it over in person; whoever logs in and sends it holds the office; until {last}",
        err=True,
    )


@click.command("withdraw-codes")
@click.argument("place_id", type=click.UUID)
@with_appcontext
def withdraw_codes_command(place_id: UUID) -> None:
    """Let no code that waits at this place be used any more."""
    count = withdraw_codes(db.session(), _find_place(place_id), clock.now())
    db.session.commit()
    click.echo(f"已作废 {count} 个任职码 · codes withdrawn: {count}")


@click.command("end-office")
@click.argument("appointment_id", type=click.UUID)
@with_appcontext
def end_office_command(appointment_id: UUID) -> None:
    """End an office where nobody stands above it, such as that of a street."""
    appointment = db.session.get(Appointment, appointment_id)
    if appointment is None:
        raise click.ClickException("没有这项任职 · no such appointment")
    try:
        end_office(db.session(), appointment, clock.now())
    except DomainError as error:
        raise click.ClickException(f"{error.detail_zh} · {error.detail_en}") from None
    db.session.commit()
    click.echo("任职已结束 · the office has ended")


def _find_place(place_id: UUID) -> Compound | Community | Subdistrict:
    place = (
        db.session.get(Compound, place_id)
        or db.session.get(Community, place_id)
        or db.session.get(Subdistrict, place_id)
    )
    if place is None or place.until is not None:
        raise click.ClickException("没有这个地方 · no such place")
    return place
