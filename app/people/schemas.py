"""What goes in and out about people."""

import marshmallow as ma

from app.kit.schemas import AnswerSchema, AnyOf, Id, Schema, Text, alike, attributes, columns
from app.kit.web.api import PageArgs
from app.people.models import Appointment, Relation, Residence, ResidenceState, Resident, Role
from app.people.tokens import TokenPair


class WeChatLogin(Schema):
    """The code that `wx.login` gave; five minutes, one use."""

    code = Text(required=True, max_length=128)


class RefreshArgs(Schema):
    """The refresh token, unless it stands in the Authorization header."""

    refresh_token = ma.fields.String(validate=ma.validate.Length(max=4000))


class ResidentSchema(AnswerSchema):
    """A resident as others see one."""

    shown = columns(Resident, "id masked_name")


class ResidenceSchema(AnswerSchema):
    """A residence as the resident and the verifiers see it."""

    shown = columns(
        Residence,
        "id resident_id compound_id relation state claimed_at decided_at reason",
    )
    who = columns(Resident, "name birth_date", of="resident")
    building = ma.fields.String(attribute="unit.entrance.building.name")
    entrance = ma.fields.String(attribute="unit.entrance.name")
    unit = ma.fields.String(attribute="unit.name")


class LivingThereSchema(AnswerSchema):
    """Who lives in a place, and where: names are masked."""

    shown = columns(Residence, "id resident_id compound_id relation decided_at")
    who = columns(Resident, "masked_name", of="resident")
    building = ma.fields.String(attribute="unit.entrance.building.name")
    entrance = ma.fields.String(attribute="unit.entrance.name")
    unit = ma.fields.String(attribute="unit.name")


class AppointmentSchema(AnswerSchema):
    """An office in a place, with the names of person and place; `until` is the first day without
    it."""

    shown = columns(
        Appointment,
        "id resident_id role compound_id community_id subdistrict_id until ended_at place_name",
    )
    who = columns(Resident, "masked_name", of="resident")
    since = ma.fields.Date(data_key="from")


class MeSchema(AnswerSchema):
    """Oneself: name and birth date in full."""

    shown = columns(Resident, "id name birth_date")
    residences = ma.fields.List(ma.fields.Nested(ResidenceSchema))
    appointments = ma.fields.List(ma.fields.Nested(AppointmentSchema))


class TokensSchema(AnswerSchema):
    """A pair of tokens; `expires_in` in seconds, of the access token."""

    shown = attributes(TokenPair, "access_token refresh_token expires_in")


class LoginSchema(TokensSchema):
    resident = ma.fields.Nested(ResidentSchema)


class ProfileArgs(Schema):
    name = Text(max_length=40)
    birth_date = ma.fields.Date()


class OfficeCodeArgs(Schema):
    """The code that the operator handed over; capitals, spaces and hyphens do not matter."""

    code = Text(required=True, max_length=40)


class ClaimArgs(Schema):
    """A unit by the names that stand on its door."""

    compound_id = Id(required=True)
    names = alike("building entrance unit", lambda: Text(required=True, max_length=40))
    relation = ma.fields.Enum(Relation, by_value=True, required=True)


class ResidencesArgs(PageArgs):
    state = AnyOf(ResidenceState)


class VerifyArgs(Schema):
    birth_date = ma.fields.Date()


class ReasonArgs(Schema):
    reason = Text(required=True, max_length=500, multiline=True)


class AppointArgs(Schema):
    """`from` is the first day of the office, `until` the first day without it."""

    resident_id = Id(required=True)
    role = ma.fields.Enum(Role, by_value=True, required=True)
    since = ma.fields.Date(data_key="from", required=True)
    until = ma.fields.Date(load_default=None, allow_none=True)
