"""What was written down about work, with its photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.attachments.models import Attachment
from app.attachments.services import attachments_of
from app.works.orders.models import OrderProgress, WorkOrder
from app.works.whistles.models import Whistle


@dataclass(frozen=True)
class SeenProgress:
    """An entry of an order's progress with its photos and documents."""

    progress: OrderProgress
    attachments: list[Attachment]


def order_in_detail(session: Session, order: WorkOrder) -> dict[str, Any]:
    """What `OrderDetailSchema` adds to an order: its progress, oldest first, and all photos, found
    in one query."""
    progress = session.scalars(
        select(OrderProgress)
        .where(OrderProgress.order_id == order.id)
        .options(joinedload(OrderProgress.by, innerjoin=True))
        .order_by(OrderProgress.id)
    ).all()
    found = attachments_of(session, [order.id, *(each.id for each in progress)])
    return {
        "progress": [SeenProgress(each, found.get(each.id, [])) for each in progress],
        "submission_attachments": _of_move(found.get(order.id, []), order.submitted_at),
    }


def with_photos(session: Session, progress: OrderProgress) -> SeenProgress:
    """The entry as it is read."""
    return SeenProgress(progress, attachments_of(session, [progress.id]).get(progress.id, []))


def whistle_in_detail(session: Session, whistle: Whistle) -> dict[str, Any]:
    """What `WhistleDetailSchema` adds to a whistle: its photos, found in one query."""
    found = attachments_of(session, [whistle.id]).get(whistle.id, [])
    return {
        "report_attachments": _of_move(found, whistle.reported_at),
        "feedback_attachments": _of_move(found, whistle.fed_back_at),
    }


def _of_move(attachments: Sequence[Attachment], at: datetime | None) -> list[Attachment]:
    """Those that the thing claimed by its move of that instant."""
    return [each for each in attachments if each.claimed_at == at]
