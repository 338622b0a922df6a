"""The locks are complete: what the project asks for, and what that asks for in turn, is pinned.

They are installed with `--no-deps`, so whatever is missing would be missing at run time. The walk
is made for every Python and platform that the markers of the locks tell apart. What a package asks
for is read from the package where it is installed here in the locked version, else from what the
lock itself notes (`# via`).
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as canonical

from tests.databases import ROOT

# With the first release of 3.11, for which redis asks for more than for later ones.
PYTHONS = ("3.11.0", "3.11.14", "3.12.0", "3.13.0", "3.14.0")
PLATFORMS = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
PLACES = [
    {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "implementation_version": python,
        "sys_platform": system,
        "platform_system": system.capitalize(),
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "os_name": "posix",
    }
    for python, (system, machine) in product(PYTHONS, PLATFORMS)
]
OURSELVES = "yueyuetan"


@dataclass(frozen=True)
class Pin:
    """One entry of a lock."""

    requirement: Requirement
    hashes: frozenset[str]
    via: frozenset[str]

    @property
    def name(self) -> str:
        return canonical(self.requirement.name)

    @property
    def version(self) -> str:
        (only,) = self.requirement.specifier
        return only.version

    def is_for(self, place: Mapping[str, str]) -> bool:
        marker = self.requirement.marker
        return marker is None or marker.evaluate(dict(place))


def pins_of(lock: str) -> list[Pin]:
    """The entries of a lock: a requirement, its hashes, and comments that say who asked for it."""
    blocks = re.split(r"\n(?=\S)", lock.strip())
    return [
        Pin(
            requirement=Requirement(block.split("\n")[0].rstrip(" \\")),
            hashes=frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", block)),
            via=frozenset(re.findall(r"^ +# (?:via )?\s*([\w.-]+)", block, re.MULTILINE)),
        )
        for block in blocks
    ]


def asked_by_the_project(*extras: str) -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [*project["dependencies"]]
    for extra in extras:
        names += project["optional-dependencies"][extra]
    return [Requirement(name) for name in names]


@cache
def asked_by(name: str, version: str) -> tuple[Requirement, ...] | None:
    """What an installed package asks for; None where it is not installed in this version."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    if found.version != version:
        return None
    return tuple(map(Requirement, found.requires or []))


def problems(
    pins: Iterable[Pin], roots: Iterable[Requirement], place: Mapping[str, str]
) -> Iterator[str]:
    """What is wrong with a lock in one place: not pinned, another version, or not asked for."""
    here = {pin.name: pin for pin in pins if pin.is_for(place)}
    waiting = [(OURSELVES, root) for root in roots]
    reached: set[tuple[str, str]] = set()
    while waiting:
        asker, wanted = waiting.pop()
        pin = here.get(canonical(wanted.name))
        if pin is None:
            yield f"{canonical(wanted.name)}, asked for by {asker}, is not pinned"
            continue
        if not wanted.specifier.contains(pin.version, prereleases=True):
            yield f"{pin.name} is {pin.version}, {asker} asks for {wanted.specifier}"
        for extra in {"", *wanted.extras} - {seen for name, seen in reached if name == pin.name}:
            reached.add((pin.name, extra))
            waiting += [(pin.name, each) for each in next_ones(pin, extra, here.values(), place)]
    for name in here.keys() - {name for name, _ in reached}:
        yield f"{name} is pinned and nobody asks for it"


def next_ones(
    pin: Pin, extra: str, here: Iterable[Pin], place: Mapping[str, str]
) -> list[Requirement]:
    """What a pinned package asks for in this place, with one of its extras or without."""
    asked = asked_by(pin.name, pin.version)
    if asked is None:
        return [Requirement(each.name) for each in here if pin.name in each.via]
    return [
        each
        for each in asked
        if each.marker is None or each.marker.evaluate({**place, "extra": extra})
    ]


def name_of(place: Mapping[str, str]) -> str:
    return " ".join(
        place[key] for key in ("python_full_version", "sys_platform", "platform_machine")
    )


LOCKS = {
    "requirements.txt": asked_by_the_project(),
    "requirements-dev.txt": asked_by_the_project("dev"),
}


@pytest.fixture(scope="module", params=LOCKS)
def lock(request: pytest.FixtureRequest) -> tuple[list[Pin], list[Requirement]]:
    """The entries of a lock, and what the project asks for that it has to hold."""
    return pins_of((ROOT / request.param).read_text()), LOCKS[request.param]


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_lock_holds_all_that_is_asked_for_and_no_more(
    lock: tuple[list[Pin], list[Requirement]], place: dict[str, str]
):
    assert list(problems(*lock, place)) == []


def test_every_pin_is_one_version_with_its_hashes(lock: tuple[list[Pin], list[Requirement]]):
    pins, _ = lock
    assert len(pins) > 40
    for pin in pins:
        assert [each.operator for each in pin.requirement.specifier] == ["=="], pin.name
        assert pin.hashes, pin.name


def test_whoever_develops_has_what_runs_to_the_very_file():
    runtime, dev = (
        {str(pin.requirement): pin.hashes for pin in pins_of((ROOT / name).read_text())}
        for name in LOCKS
    )
    assert runtime.items() <= dev.items()


# The mutants of the above.


def test_lock_without_any_one_of_its_pins_is_refused(lock: tuple[list[Pin], list[Requirement]]):
    pins, roots = lock
    for missing in (pin for pin in pins if pin.is_for(PLACES[0])):
        left = [pin for pin in pins if pin is not missing]
        found = "\n".join(problems(left, roots, PLACES[0]))
        assert re.search(rf"^{missing.name}, asked for by \S+, is not pinned$", found, re.M)


def test_lock_with_a_pin_too_many_or_too_old_is_refused(
    lock: tuple[list[Pin], list[Requirement]],
):
    pins, roots = lock
    stranger = pins_of("left-pad==1.0")
    assert list(problems([*pins, *stranger], roots, PLACES[0])) == [
        "left-pad is pinned and nobody asks for it"
    ]
    (flask,) = (pin for pin in pins if pin.name == "flask")
    old = [*pins_of("flask==0.1"), *(pin for pin in pins if pin != flask)]
    assert any("flask is 0.1" in each for each in problems(old, roots, PLACES[0]))


def test_lock_that_forgets_an_extra_is_refused():
    pins = pins_of((ROOT / "requirements.txt").read_text())
    without = [pin for pin in pins if pin.name != "psycopg-binary"]
    assert "psycopg-binary, asked for by psycopg, is not pinned" in list(
        problems(without, LOCKS["requirements.txt"], PLACES[0])
    )
