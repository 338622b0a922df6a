"""What is told of a convention to single people. Each text is a file beside this one."""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from app.conventions.access import REVIEWERS
from app.conventions.models import ConventionVersion, VersionState
from app.kit.audit import AuditEntry
from app.messages.models import MessageKind
from app.messages.telling import Message, one_by_one
from app.messages.whom import office_holders

HERE = Path(__file__).parent


@one_by_one
def _reviewers(session: Session, version: ConventionVersion, entry: AuditEntry) -> Collection[UUID]:
    holders = office_holders(session, version.compound, REVIEWERS[version.legal_type])
    return {*holders} - version.authors


@one_by_one
def _authors(session: Session, version: ConventionVersion, entry: AuditEntry) -> Collection[UUID]:
    return version.authors


MESSAGES = (
    Message(
        MessageKind.CONVENTION_REVIEW_ASKED,
        HERE,
        "version",
        ConventionVersion,
        "submit",
        _reviewers,
        "who reviews it; nobody reviews what he wrote himself",
    ),
    Message(
        MessageKind.CONVENTION_RETURNED,
        HERE,
        "version",
        ConventionVersion,
        "review",
        _authors,
        "who wrote it, to write it anew",
        into=VersionState.DRAFT,
    ),
)
