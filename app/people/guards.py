"""Who may do what: the rule of every operation, and the only way to obtain what lies in a place.

Each view carries a rule (`public`, `signed_in` or `allow(...)`); a view without one cannot be
registered. A view with `allow` obtains its place with `obtain_compound`, `obtain_community` or
`obtain_subdistrict`, which answer 404 to whoever has no standing there and 403 to whoever lacks
the role. Roles are read
from the database on every request, never from the token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

from flask import g
from flask_jwt_extended import get_current_user, verify_jwt_in_request
from sqlalchemy.orm import Session, joinedload
from werkzeug.exceptions import HTTPException

from app.compounds.models import Community, Compound, Subdistrict
from app.kit import clock
from app.kit.errors import DomainError, Forbidden, NotFound, Unauthorized, found
from app.kit.extensions import db
from app.kit.orm import HasId
from app.kit.web.api import refuse_unknown_query
from app.kit.web.idempotency import make_once
from app.people.actor import Actor
from app.people.bearer import Bearer, read_bearer
from app.people.models import Resident, Role

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=HasId)
T = TypeVar("T", bound=HasId)

EVERYONE_THERE = tuple(Role)


@dataclass(frozen=True)
class Rule:
    """Who may use an operation: nobody is asked, anyone logged in, or these roles in the place."""

    needs_token: bool
    roles: tuple[Role, ...]

    @property
    def words(self) -> str:
        """The rule as the API's description prints it."""
        if not self.needs_token:
            return "公开 · Public, no token."
        if not self.roles:
            return "登录即可 · Anyone logged in."
        if self.roles == EVERYONE_THERE:
            return "在该处居住或任职者 · Whoever lives or holds an office in the place."
        return "在该处具有以下角色 · These roles in the place: " + ", ".join(self.roles)

    @property
    def refusals(self) -> tuple[type[DomainError], ...]:
        """The errors with which the rule itself refuses."""
        if not self.needs_token:
            return ()
        return (Unauthorized, Forbidden, NotFound) if self.roles else (Unauthorized,)


def public(view: Callable[P, R]) -> Callable[P, R]:
    """No token is asked for."""
    cast(Any, view).rule = Rule(needs_token=False, roles=())
    return view


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Anyone with a valid access token."""
    return _guarded(view, Rule(needs_token=True, roles=()))


def allow(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Only these roles, in the place that the view obtains."""

    def decorator(view: Callable[P, R]) -> Callable[P, R]:
        return _guarded(view, Rule(needs_token=True, roles=roles))

    return decorator


def allow_later(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """As `allow`, for a view whose own statement asks all that a rule asks.

    Only the token's words have been read when it begins (`current_bearer`). It calls
    `rule_was_applied` once its statement found all in order, or else `check_token`, and then
    obtains its place as any other view.
    """

    def decorator(view: Callable[P, R]) -> Callable[P, R]:
        return _guarded_later(view, Rule(needs_token=True, roles=roles))

    return decorator


def current_bearer() -> Bearer:
    """Whom the token names, in a view with `allow_later`."""
    bearer: Bearer = g.bearer
    return bearer


def check_token() -> None:
    """Ask in full who this is, as `allow` does, once. Raises Unauthorized."""
    if "token_was_checked" not in g:
        verify_jwt_in_request()
        g.token_was_checked = True


def rule_was_applied() -> None:
    """The view's own statement has asked what its rule asks."""
    g.rule_was_applied = True


def _guarded(view: Callable[P, R], rule: Rule) -> Callable[P, R]:
    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        verify_jwt_in_request()
        return _under_rule(view, rule, *args, **kwargs)

    cast(Any, wrapper).rule = rule
    return wrapper


def _guarded_later(view: Callable[P, R], rule: Rule) -> Callable[P, R]:
    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        g.bearer = read_bearer()
        if g.bearer is None:
            check_token()
            raise Unauthorized
        try:
            return _under_rule(view, rule, *args, **kwargs)
        except (HTTPException, DomainError):
            # Input that cannot be read: only who is logged in is told what is wrong with it.
            check_token()
            raise

    cast(Any, wrapper).rule = rule
    return wrapper


def _under_rule(view: Callable[P, R], rule: Rule, *args: P.args, **kwargs: P.kwargs) -> R:
    refuse_unknown_query()
    g.rule, g.rule_was_applied = rule, False
    answer = view(*args, **kwargs)
    if rule.roles and not g.rule_was_applied:
        raise RuntimeError(f"{view.__name__} obtained no place, so its rule was not applied")
    return answer


def current_actor() -> Actor:
    """The person whose access token came with this request."""
    actor: Actor | None = get_current_user()
    if actor is None:
        raise Unauthorized
    return actor


def create_once(kind: type[T], create: Callable[[], T]) -> T:
    """What `create` makes for the actor's request, or made when it came the first time; committed.
    Raises what `create` raises, and KeyReused."""
    made = make_once(kind, current_actor().id, clock.now(), create)
    db.session.commit()
    return made


def create(
    kind: type[T],
    verb: Callable[Concatenate[Session, S, Resident, P], T],
    there: S,
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Let the actor make such a thing there by a service, as `create_once` does."""
    by = current_actor().resident
    return create_once(kind, lambda: verb(db.session(), there, by, *args, **kwargs))


def create_by_role(
    kind: type[T],
    verb: Callable[Concatenate[Session, S, Actor, P], T],
    there: S,
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """The same by a service that asks what the actor's offices are."""
    by = current_actor()
    return create_once(kind, lambda: verb(db.session(), there, by, *args, **kwargs))


def result_of(
    verb: Callable[Concatenate[Session, T, Resident, P], R],
    thing: T,
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """What a service answers that does something to the thing for the actor; committed. Raises
    what that raises."""
    answer = verb(db.session(), thing, current_actor().resident, *args, **kwargs)
    db.session.commit()
    return answer


def act(
    verb: Callable[Concatenate[Session, T, Resident, P], None],
    thing: T,
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Let the actor do this to the thing by a service, and commit. Raises what that raises."""
    result_of(verb, thing, *args, **kwargs)
    return thing


def act_by_role(
    verb: Callable[Concatenate[Session, T, Actor, P], None],
    thing: T,
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """The same by a service that asks what the actor's offices are."""
    verb(db.session(), thing, current_actor(), *args, **kwargs)
    db.session.commit()
    return thing


def ask_again() -> Actor:
    """The person who asks, and what they may do by now: for a view that ended its transaction to
    do slow work. It obtains its place again after this. Raises Unauthorized."""
    verify_jwt_in_request()
    g.rule_was_applied = False
    return current_actor()


def obtain_compound(compound_id: UUID) -> Compound:
    """The compound, for somebody whom the view's rule allows to act in it."""
    compound = found(db.session.get(Compound, compound_id))
    g.place = compound  # the identity map forgets what nobody holds, and the view reads it again
    _apply_rule(current_actor().roles_in(compound))
    return compound


def obtain(model: type[T], thing_id: UUID, *, lock: bool = False) -> T:
    """The row of this id, for somebody whom the view's rule allows to act in its compound. With
    `lock`, whoever else decides about it waits until this transaction ends."""
    held = {"of": model, "key_share": True} if lock else None
    # The place comes with the row where it leads there: `obtain_compound` asks for it next.
    compound = getattr(model, "compound", None)
    options = [] if lock or compound is None else [joinedload(compound)]
    thing = found(db.session.get(model, thing_id, with_for_update=held, options=options))
    obtain_compound(thing.compound_id)  # type: ignore[attr-defined]  # as all such rows
    return thing


def obtain_community(community_id: UUID) -> Community:
    """The community, for somebody whom the view's rule allows to act in it.

    Where the rule names everyone there, so may whoever belongs to one of its compounds.
    """
    community = found(db.session.get(Community, community_id))
    actor = current_actor()
    roles = actor.roles_in_community(community)
    compounds = db.session.scalars(
        db.select(Compound.id).where(Compound.community_id == community_id)
    ).all()
    if not roles and actor.belongs_to_community(community, compounds):
        roles = frozenset({Role.RESIDENT})
    _apply_rule(roles)
    return community


def obtain_subdistrict(subdistrict_id: UUID) -> Subdistrict:
    """The subdistrict, for somebody whom the view's rule allows to act in it.

    Whoever only belongs to one of its communities or compounds learns that it exists: 403.
    """
    subdistrict = found(db.session.get(Subdistrict, subdistrict_id))
    actor = current_actor()
    roles = actor.roles_in_subdistrict(subdistrict)
    if not roles and actor.belongs_to_subdistrict(_places_below(subdistrict_id)):
        roles = frozenset({Role.RESIDENT})
    _apply_rule(roles)
    return subdistrict


def _places_below(subdistrict_id: UUID) -> set[UUID | None]:
    rows = db.session.execute(
        db.select(Community.id, Compound.id)
        .outerjoin(Compound, Compound.community_id == Community.id)
        .where(Community.subdistrict_id == subdistrict_id)
    )
    return {place for row in rows for place in row}


def _apply_rule(roles: frozenset[Role]) -> None:
    g.rule_was_applied = True
    if not roles:
        raise NotFound
    if roles.isdisjoint(g.rule.roles):
        raise Forbidden
