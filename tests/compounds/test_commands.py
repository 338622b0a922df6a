"""The operator's commands about places: import-register, add-place."""

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.compounds.models import Community, Compound, RegisterImport, Subdistrict, Unit
from app.kit.clock import local_date, now
from tests.cast import Cast, stored
from tests.checks import Move, moves_of
from tests.compounds.test_import_register import FOUR_UNITS, REGISTER, units


def run(app: Flask, *args: object) -> Result:
    return app.test_cli_runner().invoke(args=[str(arg) for arg in args])


def names(app: Flask, model: type) -> Sequence[str]:
    return [row.name for row in stored(app, select(model).order_by(model.id))]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_import_register_reports_each_row(app: Flask, cast: Cast, tmp_path: Path, encoding: str):
    path = tmp_path / "登记册.csv"
    path.write_bytes(REGISTER.encode(encoding))
    result = run(app, "import-register", cast.home.id, path)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "2: 1栋1单元101 added",
        "3: 1栋1单元102 added",
        "4: 1栋2单元101 added",
        "5: 2栋1单元101 added",
        "已导入 4 行 · rows taken in: 4",
    ]
    assert units(app, cast.home) == FOUR_UNITS
    (taken,) = stored(app, select(RegisterImport))
    assert taken.imported_by_id is None
    assert moves_of(app, taken.id) == [Move("import", None, None, None, None)]


def test_import_register_with_a_bad_row_takes_in_none(app: Flask, cast: Cast, tmp_path: Path):
    path = tmp_path / "register.csv"
    path.write_text(REGISTER + "2栋,1单元,102,零\n")
    result = run(app, "import-register", cast.home.id, path)
    assert result.exit_code == 1
    assert "line 6" in result.stderr
    assert "一行也没有导入" in result.stderr
    assert stored(app, select(Unit)) == []


def test_import_register_into_an_unknown_compound_fails(app: Flask, tmp_path: Path):
    path = tmp_path / "register.csv"
    path.write_text(REGISTER)
    result = run(app, "import-register", uuid4(), path)
    assert (result.exit_code, "没有这个小区" in result.stderr) == (1, True)


def test_add_place_makes_what_is_missing(app: Flask):
    first = run(app, "add-place", "水岸街道", "望江社区", "听涛苑")
    assert first.exit_code == 0, first.output
    second = run(app, "add-place", "水岸街道", "望江社区", "观澜苑")
    lines = [dict(line.split() for line in run_.stdout.splitlines()) for run_ in (first, second)]
    assert lines[0]["subdistrict"] == lines[1]["subdistrict"]
    assert lines[0]["community"] == lines[1]["community"]
    assert names(app, Subdistrict) == ["水岸街道"]
    assert names(app, Community) == ["望江社区"]
    assert names(app, Compound) == ["听涛苑", "观澜苑"]
    (made,) = stored(app, select(Compound).where(Compound.name == "听涛苑"))
    assert str(made.id) == lines[0]["compound"]
    assert (made.since, made.until) == (local_date(now()), None)


def test_add_place_again_uses_what_is_there(app: Flask):
    first, second = (run(app, "add-place", "水岸街道", "望江社区", "听涛苑") for _ in range(2))
    assert second.exit_code == 0, second.output
    assert second.stdout == first.stdout
    assert names(app, Compound) == ["听涛苑"]
