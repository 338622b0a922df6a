"""Who acts: a resident with a residence and offices, and what these let them do in a place."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.compounds.models import Community, Compound, Subdistrict
from app.people.models import Appointment, Relation, Residence, Resident, Role

# Who works for others there, and so has no vote in the compound (domain notes, section 2).
STAFF = frozenset({Role.PROPERTY_MANAGER, Role.SUBDISTRICT_OFFICER, Role.DEPARTMENT})


@dataclass(frozen=True)
class Actor:
    """The person who asks: a resident, the verified residence, and the offices held today."""

    resident: Resident
    family_id: UUID
    residence: Residence | None
    appointments: tuple[Appointment, ...]

    @property
    def id(self) -> UUID:
        return self.resident.id

    def roles_in(self, compound: Compound) -> frozenset[Role]:
        """All roles that count in this compound, from residence and from offices above it."""
        roles = {a.role for a in self.appointments if a.covers(compound)}
        if self.residence is not None and self.residence.compound_id == compound.id:
            roles.add(Role.RESIDENT)
            if self.residence.relation is Relation.OWNER:
                roles.add(Role.OWNER)
        return frozenset(roles)

    def roles_in_community(self, community: Community) -> frozenset[Role]:
        """All roles that count in the community as a whole, or in any compound of it."""
        roles = {
            a.role
            for a in self.appointments
            if a.community_id == community.id or a.subdistrict_id == community.subdistrict_id
        }
        return frozenset(roles)

    def belongs_to_community(self, community: Community, compounds: Iterable[UUID]) -> bool:
        """Whether the actor lives or holds an office in the community or in a compound of it."""
        places = {a.compound_id for a in self.appointments}
        if self.residence is not None:
            places.add(self.residence.compound_id)
        return bool(self.roles_in_community(community)) or not places.isdisjoint(compounds)

    def roles_in_subdistrict(self, subdistrict: Subdistrict) -> frozenset[Role]:
        """All roles that count in the subdistrict as a whole."""
        return frozenset(a.role for a in self.appointments if a.subdistrict_id == subdistrict.id)

    def belongs_to_subdistrict(self, places: Iterable[UUID | None]) -> bool:
        """Whether the actor lives or holds an office in one of these communities or compounds."""
        own = {a.compound_id for a in self.appointments} | {
            a.community_id for a in self.appointments
        }
        if self.residence is not None:
            own.add(self.residence.compound_id)
        return not (own - {None}).isdisjoint(places)
