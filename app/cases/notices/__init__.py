"""What the board says of a case; nobody is named. Each text is a file beside this one."""

from pathlib import Path

from app.board.models import NoticeKind
from app.board.posting import Notice
from app.cases.models import Case
from app.kit.schemas import Id, Schema, columns


class CaseData(Schema):
    """A case for programs."""

    case_id = Id(attribute="id")
    shown = columns(Case, "matter_id category title problem solution version_id")


HERE = Path(__file__).parent

CASE_PUBLISHED = Notice(NoticeKind.CASE_PUBLISHED, HERE, "case", CaseData().dump)
