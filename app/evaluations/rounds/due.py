"""An evaluation round closes when its time is over."""

from sqlalchemy import and_

from app.evaluations.rounds.asking import close_round
from app.evaluations.rounds.models import EvaluationRound, RoundState
from app.kit.due import NOW, Due
from app.kit.orm import constant

ROUNDS = Due(
    "evaluations",
    EvaluationRound,
    and_(EvaluationRound.state == constant(RoundState.OPEN), EvaluationRound.closes_at <= NOW),
    close_round,
    "已截止 {} 次民评",
    "evaluations closed: {}",
)
