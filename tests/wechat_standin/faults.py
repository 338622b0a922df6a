"""Fault rules: bad luck that a test orders from the control port.

A rule is `{"match": {"path", "openid"?}, "after": n, "times": m | "always", "do": {kind: value}}`.
The first rule that is due wins; `after` lets so many matching calls pass before. The kinds:

| kind | value | what happens |
|---|---|---|
| errcode | a number; `errmsg` beside it | this business error (0: a bare success), without effect |
| http | 400 to 599 | an HTML page, as a gateway sends, without effect |
| hang | true | the answer never begins, without effect |
| reset | true | the connection is reset, without effect |
| delay | milliseconds | done at once, answered late |
| lost_reply | true | done, then the connection is cut |
| truncate | bytes | done, then the body breaks off |
| garbage | true, or the text to send | done, but the body is no JSON, or is the text |
| empty | true | done, but the body has no bytes |
| wrong_type | "label" or "body" | done, but the JSON is called a JPEG, or a JPEG is called JSON |
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.wechat_standin.protocol import JSON_TYPE, ApiError, Ending, Reply

GARBAGE = b"<!doctype html><title>\xff\xfe"
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
LONGEST_DELAY_MS = 60_000
# Nothing of the call is done before these; with all other kinds its effect stands.
WITHOUT_EFFECT = {"errcode", "http", "hang", "reset"}


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_true(value: object) -> bool:
    return value is True


_VALUES: dict[str, Callable[[Any], bool]] = {
    "errcode": lambda value: type(value) is int,
    "http": lambda value: type(value) is int and 400 <= value <= 599,
    "delay": lambda value: _is_count(value) and value <= LONGEST_DELAY_MS,
    "hang": _is_true,
    "reset": _is_true,
    "lost_reply": _is_true,
    "truncate": _is_count,
    "garbage": lambda value: value is True or isinstance(value, str),
    "empty": _is_true,
    "wrong_type": lambda value: value in ("label", "body"),
}


@dataclass
class Rule:
    """One rule, how many calls it has matched and how often it has struck."""

    path: str
    openid: str | None
    after: int
    times: int | None
    kind: str
    value: Any
    errmsg: str
    matched: int = 0
    used: int = 0

    def strikes(self, path: str, openid: str | None) -> bool:
        """Count a call that the rule matches and say whether it hits it."""
        if path != self.path or self.openid not in (None, openid):
            return False
        self.matched += 1
        if self.matched <= self.after or self.used == self.times:
            return False
        self.used += 1
        return True

    def spoil(self, reply: Reply) -> Reply:
        """Return the reply as the fault leaves it, after the effect."""
        match self.kind:
            case "delay":
                return replace(reply, delay_s=self.value / 1000)
            case "lost_reply":
                return replace(reply, ending=Ending.CUT)
            case "truncate":
                return replace(reply, sent=self.value)
            case "garbage":
                return replace(reply, body=GARBAGE if self.value is True else self.value.encode())
            case "empty":
                return replace(reply, body=b"")
            case "wrong_type" if self.value == "label":
                return replace(reply, content_type="image/jpeg")
            case _:
                return replace(reply, body=JPEG, content_type=JSON_TYPE)

    def instead(self) -> Reply:
        """Return the reply of a call that is not carried out; an errcode is raised."""
        match self.kind:
            case "errcode":
                raise ApiError(self.value, self.errmsg)
            case "http":
                page = f"<html><h1>{self.value}</h1><hr>nginx</html>".encode()
                return Reply(page, "text/html", status=self.value)
            case "hang":
                return Reply(b"", "", ending=Ending.HANG)
            case _:
                return Reply(b"", "", ending=Ending.RESET)

    def shown(self) -> dict[str, object]:
        """Return the rule as the control port shows it."""
        return {
            "match": {"path": self.path, "openid": self.openid},
            "after": self.after,
            "times": "always" if self.times is None else self.times,
            "do": {self.kind: self.value},
            "matched": self.matched,
            "used": self.used,
        }


def parse_rule(fields: object, paths: set[str]) -> Rule:
    """Return the rule that the fields describe. Raises ValueError for anything that is none."""
    if not isinstance(fields, dict) or not {"match", "do"} <= fields.keys():
        raise ValueError("a rule is an object with match and do")
    if unknown := fields.keys() - {"match", "after", "times", "do"}:
        raise ValueError(f"unknown in a rule: {sorted(unknown)}")
    match, after, times = fields["match"], fields.get("after", 0), fields.get("times", 1)
    if not isinstance(match, dict) or match.keys() - {"path", "openid"}:
        raise ValueError("match is an object with path and perhaps openid")
    path, openid = match.get("path"), match.get("openid")
    if not isinstance(path, str) or path not in paths:
        raise ValueError(f"path is one of {sorted(paths)}")
    if not isinstance(openid, str | None):
        raise ValueError("openid is a string")
    if not _is_count(after) or not (_is_count(times) or times == "always"):
        raise ValueError('after is a count, times a count or "always"')
    kind, value, errmsg = _parse_effect(fields["do"])
    return Rule(
        path=path,
        openid=openid,
        after=after,
        times=None if times == "always" else times,
        kind=kind,
        value=value,
        errmsg=errmsg,
    )


def _parse_effect(do: object) -> tuple[str, Any, str]:
    """Return kind, value and errmsg. A kind without a value may be named by a bare string."""
    effect = {do: True} if isinstance(do, str) else do
    if not isinstance(effect, dict):
        raise ValueError("do is an object")
    kinds = effect.keys() - {"errmsg"}
    if len(kinds) != 1 or not kinds <= _VALUES.keys():
        raise ValueError(f"do names one of {sorted(_VALUES)}")
    kind = kinds.pop()
    if not _VALUES[kind](effect[kind]):
        raise ValueError(f"do.{kind} cannot be {effect[kind]!r}")
    return kind, effect[kind], str(effect.get("errmsg", "ordered by a fault rule"))
