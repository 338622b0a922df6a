"""What `flask finalise` clears away: uploads that nothing claimed within a day, and files without
a row."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from app.attachments.models import Attachment
from app.attachments.stores import Folder
from tests.attachments.conftest import files_in
from tests.attachments.files import upload, uploaded
from tests.cast import Cast, stored
from tests.checks import Move, moves_of
from tests.deliberation.steps import RoundTable, made


def finalise(cast: Cast, *, is_whole: bool = True) -> str:
    result = cast.app.test_cli_runner().invoke(args=["finalise"])
    assert (result.exit_code == 0) is is_whole, result.output
    said: str = result.output
    return said


def test_unused_upload_goes_after_a_day(cast: Cast, folder: Path, travel: Callable[[str], None]):
    travel("2026-03-12T08:00:00+08:00")
    table = RoundTable(cast, ["路灯"]).start()
    used, unused = (uploaded(table.secretary, cast.home)["id"] for _ in range(2))
    remark = {"speaker": "代表", "text": "灯", "attachment_ids": [used]}
    made(table.secretary.post(f"{table.path}/remarks", remark))
    travel("2026-03-13T07:59:00+08:00")
    assert "附件" not in finalise(cast)
    assert len(files_in(folder)) == 4

    travel("2026-03-13T08:01:00+08:00")
    assert "已清除 1 个未用附件" in finalise(cast)
    assert [str(row) for row in stored(cast.app, select(Attachment.id))] == [used]
    assert {Path(name).name.partition(".")[0] for name in files_in(folder)} == {used}
    assert moves_of(cast.app, unused)[-1] == Move("purge", None, None, None, None)
    assert "附件" not in finalise(cast)


def test_files_without_a_row_go_after_a_day(
    cast: Cast,
    folder: Path,
    travel: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
):
    """A worker that died between the file and its row."""
    travel("2026-03-12T08:00:00+08:00")
    secretary = RoundTable(cast, ["路灯"]).start().secretary
    with monkeypatch.context() as patch:
        patch.setattr("sqlalchemy.orm.scoping.scoped_session.commit", die)
        with pytest.raises(SystemExit):
            upload(secretary, cast.home)
    assert len(files_in(folder)) == 2
    (folder / "2026-03-12" / "half.0f0f").write_bytes(b"half a file")
    assert stored(cast.app, select(Attachment)) == []
    assert "附件" not in finalise(cast)
    travel("2026-03-14T08:00:00+08:00")
    assert "已清除 3 个未用附件" in finalise(cast)
    assert files_in(folder) == set()


def die(session: object) -> None:
    raise SystemExit


def test_store_out_of_reach_keeps_the_rows(
    cast: Cast,
    folder: Path,
    travel: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
):
    travel("2026-03-12T08:00:00+08:00")
    uploaded(cast.resident(), cast.home)
    travel("2026-03-13T08:01:00+08:00")
    with monkeypatch.context() as patch:
        patch.setitem(cast.app.extensions, "attachment_store", Folder(folder / "2026-03-12/x/"))
        blocked = folder / "2026-03-12/x"
        blocked.write_bytes(b"")
        assert "附件存储暂时不可用" in finalise(cast, is_whole=False)
        blocked.unlink()
    assert len(stored(cast.app, select(Attachment))) == 1
    assert "已清除 1 个未用附件" in finalise(cast)
