"""What the board says of resolutions. Each text is a file beside this one."""

from datetime import datetime
from pathlib import Path
from typing import Any

import marshmallow as ma

from app.agenda.notices import SessionData
from app.board.models import NoticeKind
from app.board.posting import Notice, follows
from app.deliberation.models import SolutionCard
from app.kit.schemas import Id, Schema, columns
from app.matters.models import Matter
from app.resolutions.models import BranchReview, Resolution, ResolutionState


class CardData(Schema):
    """A card that a resolution carries out."""

    shown = columns(SolutionCard, "id text owner_vote_item")
    label = ma.fields.String()


class ReviewData(Schema):
    """The branch's opinion, if it came, and until when it could."""

    shown = columns(BranchReview, "opinion advice lapses_at")


class ResolutionData(Schema):
    """A resolution for programs: its words, its cards, its figures and the branch's opinion."""

    resolution_id = Id(attribute="id")
    label = ma.fields.String()
    shown = columns(Resolution, "session_id number title text state matter_id supersedes_id")
    matter = ma.fields.String(attribute="matter.title")
    cards = ma.fields.List(ma.fields.Nested(CardData))
    vote = columns(Resolution, "method secrecy roll present yes no abstain explanation_en")
    rule = ma.fields.Raw()
    explanation = ma.fields.String(attribute="explanation_zh")
    review = ma.fields.Nested(ReviewData)
    shelved = columns(Resolution, "shelved_why")


class EffectData(ResolutionData):
    """A resolution, and since when it is in force."""

    in_force = columns(Resolution, "effective_at")


class EscalationData(ResolutionData):
    """A resolution, who is to decide it now, and why."""

    escalated = columns(Resolution, "escalated_to escalated_why")


class VoidData(ResolutionData):
    """A resolution, and which of its votes is void."""

    tabled = columns(Resolution, "attempt")


class SettledMatterData(Schema):
    """What became of a chosen matter."""

    matter_id = Id(attribute="id")
    shown = columns(Matter, "title state")


class ConclusionData(Schema):
    """What became of every resolution and of every chosen matter of a round table."""

    resolutions = ma.fields.List(ma.fields.Nested(ResolutionData))
    matters = ma.fields.List(ma.fields.Nested(SettledMatterData))


HERE = Path(__file__).parent


# What a resolution on notice, or in force, was on its way to.
ON_ITS_WAY = (ResolutionState.PASSED, ResolutionState.NOTICED, ResolutionState.EFFECTIVE)


def _whether_it_holds(resolution: Resolution, at: datetime) -> dict[str, Any]:
    return {"ended": None if resolution.state in ON_ITS_WAY else resolution.state}


def _resolution(kind: NoticeKind, data: ResolutionData, **follows: Any) -> Notice:
    return Notice(kind, HERE, "resolution", data.dump, **follows)


RESOLUTION_NOTICED = _resolution(
    NoticeKind.RESOLUTION_NOTICED, ResolutionData(), says=_whether_it_holds
)
RESOLUTION_EFFECTIVE = _resolution(
    NoticeKind.RESOLUTION_EFFECTIVE, EffectData(), says=_whether_it_holds
)
follows(Resolution, RESOLUTION_NOTICED, RESOLUTION_EFFECTIVE)
RESOLUTION_ESCALATED = _resolution(NoticeKind.RESOLUTION_ESCALATED, EscalationData())
RESOLUTION_VOTE_VOID = _resolution(NoticeKind.RESOLUTION_VOTE_VOID, VoidData())
MEETING_CONCLUDED = Notice(NoticeKind.MEETING_CONCLUDED, HERE, "session", SessionData().dump)
