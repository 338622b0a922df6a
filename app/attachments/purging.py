"""What time does to uploads: those that nothing claimed within a day go, rows and files."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.attachments.models import Attachment
from app.attachments.services import folder_of, key_of
from app.attachments.stores import Store
from app.kit.audit import record
from app.kit.clock import read_database_clock

KEPT = timedelta(days=1)
AT_ONCE = 200
# Folders in which all files are older than a day; further back nothing is left behind.
DAYS_BACK = (2, 3, 4)


def purge(session: Session, store: Store) -> int:
    """Delete uploads that nothing claimed within a day, and files that no row tells of.

    Returns how many rows and files went. Commits. Raises StoreUnavailable, with the rows in place.
    """
    at = read_database_clock(session)
    count = _purge_unclaimed(session, store, at)
    session.commit()
    return count + sum(_purge_orphans(session, store, at - timedelta(days=n)) for n in DAYS_BACK)


def _purge_unclaimed(session: Session, store: Store, at: datetime) -> int:
    # Files go first: where this ends in between, the row is still there to be tried again.
    query = (
        select(Attachment)
        .where(Attachment.about_id.is_(None), Attachment.uploaded_at <= at - KEPT)
        .order_by(Attachment.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    unclaimed = session.scalars(query).all()
    for attachment in unclaimed:
        store.delete(key_of(attachment, thumbnail=True))
        store.delete(key_of(attachment))
        record(session, attachment, "purge", None, at)
        session.delete(attachment)
    return len(unclaimed)


def _purge_orphans(session: Session, store: Store, day: datetime) -> int:
    """Files of a day whose upload was never committed."""
    begins = datetime.combine(day.astimezone(UTC).date(), time(), UTC)
    query = select(Attachment.id).where(
        Attachment.uploaded_at >= begins, Attachment.uploaded_at < begins + timedelta(days=1)
    )
    known = set(session.scalars(query))
    orphans = [key for key in store.keys(folder_of(begins)) if _id_in(key) not in known]
    for key in orphans:
        store.delete(key)
    session.rollback()
    return len(orphans)


def _id_in(key: str) -> UUID | None:
    try:
        return UUID(key.partition("/")[2].partition(".")[0])
    except ValueError:
        return None
