"""Commands for operators: `flask --app wsgi COMMAND`."""

import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import clock
from app.attachments.clock_moves import purge
from app.attachments.errors import StoreUnavailable
from app.audit import AuditLink, check_chain, record
from app.ballots.clock_moves import catch_up_all, due_sessions
from app.ballots.key_folder import FolderKeyStore
from app.ballots.key_stores import KeysDiffer, move_keys
from app.ballots.keys import KeyUnavailable
from app.ballots.sealing import forget_what_is_left
from app.compounds.models import Community, Compound, Subdistrict
from app.compounds.services import import_register
from app.conventions.clock_moves import due_versions, follow_notices
from app.errors import DomainError
from app.evaluations.clock_moves import close_rounds, due_rounds
from app.extensions import db
from app.people.models import Appointment, Resident, Role
from app.rating_lists.clock_moves import due_lists, finalise_lists
from app.resolutions.clock_moves import due_resolutions, take_effect_all
from app.works.clock_moves import due_orders, due_whistles, escalate_all

# What a residence gives is no office.
OFFICES = [role.value for role in Role if role not in (Role.RESIDENT, Role.OWNER)]


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (
        finalise,
        import_register_command,
        add_place,
        appoint,
        check_audit,
        move_keys_command,
    ):
        app.cli.add_command(command)


@click.command("finalise")
@click.option("--every", type=click.IntRange(1, 3600), help="Go on, every so many seconds.")
@with_appcontext
def finalise(every: int | None) -> None:
    """Open, close, count, put in force and escalate what is due and nobody has touched, and purge
    uploads that nobody used."""
    while True:
        due = due_sessions(db.session())
        catch_up_all(db.session(), due)
        if due:
            click.echo(f"已推进 {len(due)} 期 · sessions moved: {len(due)}")
        forget_what_is_left(db.session(), current_app.extensions["keys"])
        in_force = due_resolutions(db.session())
        take_effect_all(db.session(), in_force)
        if in_force:
            click.echo(f"已生效 {len(in_force)} 项决议 · resolutions in force: {len(in_force)}")
        purge_uploads()
        late = due_orders(db.session()), due_whistles(db.session())
        escalate_all(db.session(), *late)
        if any(late):
            count = sum(map(len, late))
            click.echo(f"已督办 {count} 件逾期事项 · overdue and escalated: {count}")
        versions = due_versions(db.session())
        follow_notices(db.session(), versions)
        if versions:
            click.echo(f"已推进 {len(versions)} 份规约 · conventions moved: {len(versions)}")
        judged = due_rounds(db.session())
        close_rounds(db.session(), judged)
        if judged:
            click.echo(f"已截止 {len(judged)} 次民评 · evaluations closed: {len(judged)}")
        rated = due_lists(db.session())
        finalise_lists(db.session(), rated)
        if rated:
            click.echo(f"已定 {len(rated)} 份物业红黑榜 · rating lists made final: {len(rated)}")
        if every is None:
            return
        db.session.remove()
        time.sleep(every)


def purge_uploads() -> None:
    """Say what was purged; a store out of reach holds nothing else up."""
    try:
        purged = purge(db.session(), current_app.extensions["attachment_store"])
    except StoreUnavailable as error:
        db.session.rollback()
        click.echo(f"{error.zh} · {error.en}", err=True)
        return
    if purged:
        click.echo(f"已清除 {purged} 个未用附件 · unused uploads purged: {purged}")


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
        taken = import_register(
            db.session(), compound, path.read_bytes(), path.name, by_id=None, at=clock.now()
        )
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
    today = clock.local_date(clock.now())
    subdistrict = db.session.scalar(
        db.select(Subdistrict).where(Subdistrict.name == names[0], Subdistrict.until.is_(None))
    ) or Subdistrict(name=names[0], since=today)
    db.session.add(subdistrict)
    db.session.flush()
    community = db.session.scalar(
        db.select(Community).where(
            Community.subdistrict_id == subdistrict.id,
            Community.name == names[1],
            Community.until.is_(None),
        )
    ) or Community(subdistrict_id=subdistrict.id, name=names[1], since=today)
    db.session.add(community)
    db.session.flush()
    compound = db.session.scalar(
        db.select(Compound).where(
            Compound.community_id == community.id,
            Compound.name == names[2],
            Compound.until.is_(None),
        )
    ) or Compound(community_id=community.id, name=names[2], since=today)
    db.session.add(compound)
    db.session.commit()
    click.echo(f"subdistrict {subdistrict.id}\ncommunity {community.id}\ncompound {compound.id}")


@click.command("appoint")
@click.argument("resident_id", type=click.UUID)
@click.argument("role", type=click.Choice(OFFICES))
@click.argument("place_id", type=click.UUID)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="First day without the office.")
@with_appcontext
def appoint(resident_id: UUID, role: str, place_id: UUID, until: datetime | None) -> None:
    """Give the first offices of a place; everyday ones are given over the API."""
    if db.session.get(Resident, resident_id) is None:
        raise click.ClickException("没有这位居民 · no such resident")
    today = clock.local_date(clock.now())
    ends = until.date() if until else None
    if ends is not None and ends <= today:
        raise click.ClickException("任期须在今天之后结束 · the term must end after today")
    columns = {Compound: "compound_id", Community: "community_id", Subdistrict: "subdistrict_id"}
    for kind, column in columns.items():
        if db.session.get(kind, place_id) is not None:
            appointment = Appointment(
                resident_id=resident_id,
                role=Role(role),
                since=today,
                until=ends,
                **{column: place_id},
            )
            db.session.add(appointment)
            db.session.flush()
            record(
                db.session(),
                appointment,
                "appoint",
                at=clock.now(),
                actor_id=None,
                compound_id=appointment.compound_id,
                community_id=appointment.community_id,
                reason="command line",
            )
            db.session.commit()
            click.echo("已任命 · appointed")
            return
    raise click.ClickException("没有这个地方 · no such place")


@click.command("check-audit")
@with_appcontext
def check_audit() -> None:
    """Recount the log of every place; the exit status is 1 where one of them does not hold."""
    broken = 0
    for chain_id in db.session.scalars(db.select(AuditLink.chain_id).distinct()):
        check = check_chain(db.session(), chain_id)
        if check.broken_at is not None:
            broken += 1
            click.echo(f"{chain_id} 第{check.broken_at}条起不符 · broken from {check.broken_at}")
        else:
            click.echo(f"{chain_id} {check.head.number} {check.head.hash.hex()}")
    if broken:
        raise click.ClickException(
            f"{broken} 处记录被动过 · logs that were tampered with: {broken}"
        )
    click.echo("全部相符 · all hold")


@click.command("move-keys")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_appcontext
def move_keys_command(folder: Path) -> None:
    """Move the keys of a folder into the store of KEY_STORE, while the application is stopped."""
    settings = current_app.extensions["settings"]
    if not settings.key_store_url and folder.resolve() == settings.key_store.resolve():
        raise click.ClickException("KEY_STORE 就是这个文件夹 · this folder is KEY_STORE")
    try:
        moved = move_keys(FolderKeyStore(folder), current_app.extensions["keys"])
    except KeysDiffer as error:
        raise click.ClickException(
            f"两处的密钥不同，没有删除任何密钥 · the keys differ, none was erased: {error}"
        ) from None
    except KeyUnavailable as error:
        raise click.ClickException(f"{error.zh} · {error.en}") from None
    click.echo(f"已移走 {moved} 把密钥 · keys moved: {moved}")
