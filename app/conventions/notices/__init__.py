"""What the board says of conventions. Each text is a file beside this one; the data carries the
text of the convention, its clauses and what changed."""

from datetime import datetime
from pathlib import Path
from typing import Any

import marshmallow as ma

from app.board.models import NoticeKind
from app.board.posting import Notice, follows
from app.conventions.models import ConventionVersion, LegalType, VersionState
from app.conventions.schemas import ClauseChangeSchema
from app.conventions.texts.clauses import Clause, ConventionFlag
from app.kit.schemas import Id, Schema, columns
from app.matters.models import Matter


class ClauseData(Schema):
    """A clause for programs: what it rests on, and whether it is carried out."""

    shown = columns(Clause, "id number text owner_vote_item is_active")
    label = ma.fields.String()
    printed = ma.fields.String()
    needs_owner_vote = ma.fields.Boolean()
    resolution = ma.fields.String(attribute="resolution.name", dump_default=None)
    official_ref = ma.fields.String(attribute="owner_vote.official_ref", dump_default=None)


class FlagData(Schema):
    """A flagged word for programs, and what the reviewer decided."""

    shown = columns(ConventionFlag, "clause_number word decision")
    reason = ma.fields.String(attribute="decision_reason")


class ResolutionData(Schema):
    """A resolution on which a version rests, for programs."""

    resolution_id = Id(attribute="id")
    label = ma.fields.String(attribute="name")
    title = ma.fields.String()


class NamedVersionData(Schema):
    """Which version it is, for programs."""

    shown = columns(ConventionVersion, "convention_id")
    version_id = Id(attribute="id")
    version = ma.fields.Integer(attribute="number")
    legal_type = ma.fields.Enum(LegalType, by_value=True)
    name = ma.fields.String()


class VersionData(NamedVersionData):
    """A version for programs: its words, what it rests on, and what changed."""

    shown = columns(ConventionVersion, "amends_id state title is_trial filing_ref")
    legal_type_zh = ma.fields.String(attribute="legal_type.zh")
    legal_type_en = ma.fields.String(attribute="legal_type.en")
    text = ma.fields.String(attribute="printed")
    clauses = ma.fields.List(ma.fields.Nested(ClauseData))
    resolutions = ma.fields.List(ma.fields.Nested(ResolutionData))
    difference = ma.fields.List(ma.fields.Nested(ClauseChangeSchema))
    flags = ma.fields.List(ma.fields.Nested(FlagData))


class VersionInForceData(VersionData):
    """A version for programs, and since when it is in force."""

    days = columns(ConventionVersion, "in_force_at review_by")


class RepealedVersionData(VersionData):
    """A version for programs, and why and since when it is repealed."""

    repeal = columns(ConventionVersion, "repeal_reason repealed_at")
    repeal_resolution = ma.fields.String(attribute="repeal_resolution.name", dump_default=None)


class WithdrawnVersionData(NamedVersionData):
    """Which version goes no further, and why, for programs."""

    withdrawal = columns(ConventionVersion, "state withdrawn_why")


class OwnersMatterData(Schema):
    """A matter that the owners have passed, for programs."""

    matter_id = Id(attribute="id")
    shown = columns(Matter, "title state")


HERE = Path(__file__).parent

ENDED = (VersionState.AMENDED, VersionState.REPEALED, VersionState.WITHDRAWN)


def _whether_it_holds(version: ConventionVersion, at: datetime) -> dict[str, Any]:
    return {"ended": version.state if version.state in ENDED else None}


def _whether_repeal_goes_on(version: ConventionVersion, at: datetime) -> dict[str, Any]:
    goes_on = version.state in (VersionState.IN_FORCE, VersionState.REPEALED)
    return {"ended": None if goes_on else version.state}


CONVENTION_NOTICED = Notice(
    NoticeKind.CONVENTION_NOTICED, HERE, "version", VersionData().dump, _whether_it_holds
)
CONVENTION_IN_FORCE = Notice(
    NoticeKind.CONVENTION_IN_FORCE, HERE, "version", VersionInForceData().dump, _whether_it_holds
)
# About a clause of the version.
CONVENTION_CLAUSE_ACTIVE = Notice(
    NoticeKind.CONVENTION_CLAUSE_ACTIVE, HERE, "version", NamedVersionData().dump
)
CONVENTION_REPEAL_NOTICED = Notice(
    NoticeKind.CONVENTION_REPEAL_NOTICED,
    HERE,
    "version",
    VersionData().dump,
    _whether_repeal_goes_on,
)
follows(ConventionVersion, CONVENTION_NOTICED, CONVENTION_IN_FORCE, CONVENTION_REPEAL_NOTICED)
CONVENTION_REPEALED = Notice(
    NoticeKind.CONVENTION_REPEALED, HERE, "version", RepealedVersionData().dump
)
CONVENTION_WITHDRAWN = Notice(
    NoticeKind.CONVENTION_WITHDRAWN, HERE, "version", WithdrawnVersionData().dump
)
# About the notice of the repeal.
CONVENTION_REPEAL_WITHDRAWN = Notice(
    NoticeKind.CONVENTION_REPEAL_WITHDRAWN, HERE, "version", NamedVersionData().dump
)
# About the owners' vote.
OWNERS_DECIDED = Notice(NoticeKind.OWNERS_DECIDED, HERE, "matter", OwnersMatterData().dump)
