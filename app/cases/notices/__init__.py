"""What the board says of a case; nobody is named. Each text is a file beside this one."""

from datetime import datetime
from pathlib import Path
from typing import Any

from app.board.models import NoticeKind
from app.board.posting import Notice, follows
from app.cases.models import Case, CaseState
from app.kit.schemas import Id, Schema, columns


class CaseData(Schema):
    """A case for programs."""

    case_id = Id(attribute="id")
    shown = columns(Case, "matter_id category title problem solution version_id")


class WithdrawnCaseData(Schema):
    """A case that was withdrawn, for programs."""

    case_id = Id(attribute="id")
    shown = columns(Case, "matter_id state")


HERE = Path(__file__).parent


def _whether_in_library(case: Case, at: datetime) -> dict[str, Any]:
    return {"is_withdrawn": case.state is CaseState.WITHDRAWN}


CASE_PUBLISHED = Notice(
    NoticeKind.CASE_PUBLISHED,
    HERE,
    "case",
    CaseData().dump,
    _whether_in_library,
    is_rewritten=True,
    told_since=WithdrawnCaseData().dump,
)
follows(Case, CASE_PUBLISHED)
