"""The drill of `python -m tests.drill`, on both engines and both key stores."""

from pathlib import Path

from tests.drill import drill, installation


def test_drill(engine_name: str, tmp_path: Path):
    told: list[str] = []
    with installation(engine_name, tmp_path) as made:
        drill(made, told.append)
    assert len(told) == 6
