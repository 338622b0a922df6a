"""What the board says of evaluations; nobody is named. Each text is a file beside this one."""

from pathlib import Path

import marshmallow as ma

from app.agenda.notices import SessionData
from app.board.models import NoticeKind
from app.board.posting import Notice
from app.evaluations.models import MatterEvaluation
from app.evaluations.rounds.models import EvaluationRound
from app.evaluations.schemas import EvaluationResultSchema
from app.kit.schemas import Id, Schema, columns
from app.matters.models import Matter


class RoundData(Schema):
    """A round for programs: what is judged, until when and by how many."""

    round_id = Id(attribute="id")
    shown = columns(EvaluationRound, "subject_kind subject_id closes_at min_answers sheets_out")
    subject = ma.fields.String(attribute="title")


class ClosedRoundData(RoundData):
    """A round that has closed, for programs."""

    end = columns(EvaluationRound, "outcome")


class JudgementData(Schema):
    """What became of a matter and why, for programs."""

    shown = columns(MatterEvaluation, "matter_id round_id")
    judged = columns(Matter, "state", of="matter")
    matter = ma.fields.String(attribute="matter.title")
    explanation = ma.fields.Function(lambda evaluation: evaluation.why().zh)
    explanation_en = ma.fields.Function(lambda evaluation: evaluation.why().en)
    result = ma.fields.Function(
        lambda evaluation: EvaluationResultSchema().dump(evaluation.result.told())
    )


class ChosenMatterData(Schema):
    """A matter that a session chose, for programs."""

    matter_id = Id(attribute="id")
    shown = columns(Matter, "title state")


HERE = Path(__file__).parent

EVALUATION_OPENED = Notice(NoticeKind.EVALUATION_OPENED, HERE, "round", RoundData().dump)
EVALUATION_CLOSED = Notice(NoticeKind.EVALUATION_CLOSED, HERE, "round", ClosedRoundData().dump)
MATTER_CLOSED = Notice(NoticeKind.MATTER_CLOSED, HERE, "evaluation", JudgementData().dump)
MATTER_REOPENED = Notice(NoticeKind.MATTER_REOPENED, HERE, "evaluation", JudgementData().dump)
LOOK_BACK_STARTED = Notice(NoticeKind.LOOK_BACK_STARTED, HERE, "session", SessionData().dump)
SESSION_CLOSED = Notice(NoticeKind.SESSION_CLOSED, HERE, "session", SessionData().dump)
