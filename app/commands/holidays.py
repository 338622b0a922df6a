"""`add-holidays`: a year's holidays, without a release."""

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.board import objections
from app.board.recounting import recount_year
from app.conventions import limits as conventions
from app.kit import clock
from app.kit.audit import record
from app.kit.calendar.models import HolidayTable, read_tables
from app.kit.calendar.tables import HolidayYear, read_file
from app.kit.calendar.terms import Calendar
from app.kit.extensions import db
from app.kit.orm import new_id, table_of
from app.rating_lists import limits as rating_lists
from app.resolutions import limits as resolutions
from app.works import due_days as works

COUNTED_TERMS = (
    *objections.COUNTED_TERMS,
    *resolutions.COUNTED_TERMS,
    *conventions.COUNTED_TERMS,
    *works.COUNTED_TERMS,
    *rating_lists.COUNTED_TERMS,
)


@click.command("add-holidays")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="The notice, e.g. 国办发明电〔2026〕1号.")
@with_appcontext
def add_holidays(path: Path, source: str) -> None:
    """Record the holidays of a year from YEAR.csv, and count running terms again.

    Recording a year again corrects it. Columns: date,kind,name, with kind off or work.
    """
    year, days = _read(path)
    session = db.session()
    _hold_tables(session)
    at = clock.now()
    before = read_tables(session)
    if before.get(year) == days:
        raise click.ClickException(f"{year}年已是这份安排 · {year} has this very table already")
    _keep(session, year, days, source)
    old, new = Calendar(before), Calendar({**before, year: days})
    moved = recount_year(session, COUNTED_TERMS, year, old, new, at)
    db.session.commit()
    click.echo(
        f"已录入{year}年节假日 {len(days)} 天，推后 {moved} 个期限 · "
        f"{year}: {len(days)} days recorded, terms that end later: {moved}"
    )


def _read(path: Path) -> tuple[int, HolidayYear]:
    this_year = clock.local_date(clock.now()).year
    if path.stem not in (str(this_year), str(this_year + 1)):
        raise click.ClickException(
            f"文件名应为 {this_year}.csv 或 {this_year + 1}.csv · "
            f"the file is called {this_year}.csv or {this_year + 1}.csv"
        )
    try:
        return int(path.stem), read_file(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise click.ClickException(
            f"这份表格读不懂，什么也没有录入 · nothing was recorded: {error}"
        ) from None


def _hold_tables(session: Session) -> None:
    """Wait for whoever has counted a term by the old tables, and let others wait for us."""
    if session.get_bind().dialect.name == "postgresql":
        name = table_of(HolidayTable).name
        session.execute(text(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"))


def _keep(session: Session, year: int, days: HolidayYear, source: str) -> None:
    table = session.scalar(select(HolidayTable).where(HolidayTable.year == year))
    verb = "record" if table is None else "correct"
    if table is None:
        table = HolidayTable(id=new_id(), year=year)
        session.add(table)
    table.days = {day.isoformat(): kind.value for day, kind in days.items()}
    table.source, table.recorded_at = source, clock.now()
    session.flush()
    record(session, table, verb, None, table.recorded_at, reason=f"{year}: {source}")
