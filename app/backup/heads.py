"""`heads.json`: what somebody notes now in order to tell an older or rewritten copy later.

For every place the head of its log, and for every vote how many casts there were and the root of
its bundle. Casts leave no entry in the log, but each leaves a commitment, and those are only ever
added; so a copy that lacks ballots alone is noticed too. Nothing in the file is secret.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from app.backup.faults import BackupFault
from app.backup.manifest import as_json
from app.ballots.models import BallotCommitment, SealedCommitment, SessionBundle
from app.compounds.models import Community, Compound
from app.kit.audit import CITY, ChainHead, HeadFault, compare_head, read_head, read_heads
from app.kit.orm import table_of
from app.resolutions.models import Resolution, ResolutionState, ResolutionVoteCast

FORMAT = "yueyuetan-heads/1"


class Finding(NamedTuple):
    """Something that is not as it should be, in both languages."""

    zh: str
    en: str


class NotedChain(NamedTuple):
    """The place whose log it is, and the head of its chain."""

    place: str
    head: ChainHead


class NotedVote(NamedTuple):
    """What the vote is called, its casts so far (replacements too), its bundle's root if sealed.

    A vote that is void has no casts any more; the log tells of it."""

    name: str
    casts: int
    root: str | None
    is_void: bool = False

    @property
    def has_begun(self) -> bool:
        """Whether there is anything to be noted of it."""
        return bool(self.casts or self.root)


@dataclass(frozen=True)
class Heads:
    """All that is noted, by the id of the place and of the session or resolution."""

    at: str
    chains: Mapping[UUID, NotedChain]
    votes: Mapping[UUID, NotedVote]

    def to_json(self) -> bytes:
        """The bytes of `heads.json`."""
        chains = [
            {"id": str(id_), "place": place, "number": head.number, "hash": head.hash.hex()}
            for id_, (place, head) in sorted(self.chains.items())
        ]
        votes = [{"id": str(id_), **vote._asdict()} for id_, vote in sorted(self.votes.items())]
        return as_json({"format": FORMAT, "at": self.at, "chains": chains, "votes": votes})

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Raises BackupFault for what is no such file."""
        try:
            return cls._from_data(json.loads(raw))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BackupFault(
                "这不是 heads.json，或已损坏", "this is no heads.json, or it is damaged"
            ) from None

    @classmethod
    def _from_data(cls, data: Any) -> Self:
        if data["format"] != FORMAT:
            raise ValueError
        chains = {UUID(each["id"]): _noted_chain(each) for each in data["chains"]}
        votes = {UUID(each["id"]): _noted_vote(each) for each in data["votes"]}
        return cls(str(data["at"]), chains, votes)


def _noted_chain(each: Mapping[str, Any]) -> NotedChain:
    digest = bytes.fromhex(each["hash"])
    if len(digest) != 32:
        raise ValueError
    return NotedChain(str(each["place"]), ChainHead(int(each["number"]), digest))


def _noted_vote(each: Mapping[str, Any]) -> NotedVote:
    root = each["root"]
    return NotedVote(str(each["name"]), int(each["casts"]), None if root is None else str(root))


def note_heads(session: Session, at: datetime) -> Heads:
    """What can be noted now; `at` is only told, not compared."""
    places = place_names(session)
    chains = {
        id_: NotedChain(places.get(id_, str(id_)), head)
        for id_, head in read_heads(session).items()
    }
    votes = {id_: vote for id_, vote in _read_votes(session, places).items() if vote.has_begun}
    return Heads(at.isoformat(timespec="seconds"), chains, votes)


def compare_heads(session: Session, earlier: Heads) -> Iterator[Finding]:
    """What was noted earlier and is not so now; what came after it is no fault."""
    for chain_id, (place, head) in earlier.chains.items():
        fault = compare_head(session, chain_id, head)
        if fault is not None:
            now = read_head(session, chain_id)
            yield _chain_finding(fault, f"{place} {chain_id}", now.number, head.number)
    votes = _read_votes(session, {})
    for vote_id, vote in earlier.votes.items():
        yield from _vote_findings(vote, f"{vote.name} {vote_id}", votes.get(vote_id))


def place_names(session: Session) -> dict[UUID, str]:
    """What each chain's place is called."""
    names = {CITY: "全市 · the city"}
    for model in (Community, Compound):
        rows = session.execute(select(model.id, model.name))
        names |= dict(rows.all())
    return names


def _chain_finding(fault: HeadFault, place: str, number: int, noted: int) -> Finding:
    if fault is HeadFault.REWRITTEN:
        return Finding(
            f"{place}：第 {noted} 条与当时记下的不同，记录被改写过",
            f"{place}: entry {noted} is not the one that was noted: the log was rewritten",
        )
    if fault is HeadFault.MISSING:
        return Finding(
            f"{place}：整条记录不在，当时有 {noted} 条",
            f"{place}: the whole log is missing, it had {noted} entries",
        )
    return Finding(
        f"{place}：缺第 {number + 1} 到 {noted} 条，这是较早的一份数据",
        f"{place}: entries {number + 1} to {noted} are missing: this is an older copy",
    )


def _vote_findings(noted: NotedVote, name: str, now: NotedVote | None) -> Iterator[Finding]:
    if now is None:
        yield Finding(f"{name}：这次投票不在", f"{name}: this vote is missing")
        return
    if noted.root is not None and now.root != noted.root:
        found = now.root or "无 none"
        yield Finding(
            f"{name}：封存结果的根应为 {noted.root}，现为 {found}",
            f"{name}: the sealed root was {noted.root} and is now {found}",
        )
    if now.casts < noted.casts and not now.is_void:
        yield Finding(
            f"{name}：当时收到 {noted.casts} 次投票，现在只有 {now.casts} 次；"
            "缺的投票人手里有回执，须重新投票",
            f"{name}: {noted.casts} casts had come in and {now.casts} are here;"
            " whose ballots are missing hold receipts, and must vote again",
        )


def _read_votes(session: Session, places: Mapping[UUID, str]) -> dict[UUID, NotedVote]:
    return {**_read_sessions(session, places), **_read_resolutions(session)}


def _read_sessions(session: Session, places: Mapping[UUID, str]) -> dict[UUID, NotedVote]:
    casts = _count_casts(session)
    rows = session.execute(
        select(
            AgendaSession.id,
            AgendaSession.compound_id,
            AgendaSession.period,
            SessionBundle.root,
            AgendaSession.state == SessionState.VOID,
        ).outerjoin(SessionBundle, SessionBundle.session_id == AgendaSession.id)
    )
    return {
        id_: NotedVote(
            f"{places.get(compound_id, compound_id)} {period}",
            casts.get(id_, 0),
            None if root is None else root.hex(),
            is_void,
        )
        for id_, compound_id, period, root, is_void in rows
    }


def _count_casts(session: Session) -> dict[UUID, int]:
    """Commitments of each session; sealing moves them from one table to the other."""
    both = union_all(
        *(
            select(table_of(model).c.session_id.label("id"))
            for model in (BallotCommitment, SealedCommitment)
        )
    ).subquery()
    rows = session.execute(select(both.c.id, func.count()).group_by(both.c.id))
    return dict(rows.all())


def _read_resolutions(session: Session) -> dict[UUID, NotedVote]:
    casts = func.count(ResolutionVoteCast.resolution_id)
    rows = session.execute(
        select(Resolution.id, Resolution.title, casts, Resolution.state)
        .outerjoin(ResolutionVoteCast, ResolutionVoteCast.resolution_id == Resolution.id)
        .group_by(Resolution.id, Resolution.title, Resolution.state)
    )
    return {
        id_: NotedVote(title, count, None, is_void=state is ResolutionState.VOID)
        for id_, title, count, state in rows
    }
