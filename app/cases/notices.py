"""What the board says of a case, Chinese first; nobody is named."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.board.models import NoticeKind
from app.board.services import post
from app.cases.models import Case


def post_publication(session: Session, case: Case, at: datetime) -> None:
    """案例发布: what was solved, and how."""
    lines = [f"问题：{case.problem}", f"做法：{case.solution}"]
    if case.convention_name is not None:
        lines.append(f"规约：{case.convention_name}，其他小区可以借鉴。")
    if case.figures is not None:
        lines.append(f"满意率 {case.figures['satisfaction']['text']}。")
    lines.append("The case is in the library of the city; other compounds may adopt it.")
    post(
        session,
        NoticeKind.CASE_PUBLISHED,
        case.compound,
        case.id,
        title=f"案例发布：{case.title}",
        text="\n".join(lines),
        data={
            "case_id": str(case.id),
            "matter_id": str(case.matter_id),
            "category": case.category.value,
            "title": case.title,
            "problem": case.problem,
            "solution": case.solution,
            "version_id": None if case.version_id is None else str(case.version_id),
            **(case.snapshot or {}),
        },
        at=at,
    )
