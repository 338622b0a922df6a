"""What goes in and out about people."""

import marshmallow as ma

from app.kit.schemas import AnyOf, Id, Schema, Text, columns
from app.kit.web.api import PageArgs
from app.people.models import Appointment, Relation, Residence, ResidenceState, Resident, Role


class WeChatLogin(Schema):
    """The code that `wx.login` gave; five minutes, one use."""

    code = Text(required=True, max_length=128)


class RefreshArgs(Schema):
    """The refresh token, unless it stands in the Authorization header."""

    refresh_token = ma.fields.String(validate=ma.validate.Length(max=4000))


class ResidentSchema(Schema):
    """A resident as others see one."""

    id = Id(required=True)
    masked_name = ma.fields.String(required=True)


class ResidenceSchema(Schema):
    """A residence as the resident and the verifiers see it."""

    shown = columns(
        Residence,
        "id resident_id compound_id relation state claimed_at decided_at reason",
    )
    name = ma.fields.String(attribute="resident.name", required=True, allow_none=True)
    birth_date = ma.fields.Date(attribute="resident.birth_date", required=True, allow_none=True)
    building = ma.fields.String(attribute="unit.entrance.building.name", required=True)
    entrance = ma.fields.String(attribute="unit.entrance.name", required=True)
    unit = ma.fields.String(attribute="unit.name", required=True)


class LivingThereSchema(Schema):
    """Who lives in a place, and where: names are masked."""

    shown = columns(Residence, "id resident_id compound_id relation decided_at")
    masked_name = ma.fields.String(attribute="resident.masked_name", required=True)
    building = ma.fields.String(attribute="unit.entrance.building.name", required=True)
    entrance = ma.fields.String(attribute="unit.entrance.name", required=True)
    unit = ma.fields.String(attribute="unit.name", required=True)


class AppointmentSchema(Schema):
    """An office in a place, with the names of person and place; `until` is the first day without
    it."""

    shown = columns(
        Appointment,
        "id resident_id role compound_id community_id subdistrict_id until ended_at",
    )
    masked_name = ma.fields.String(attribute="resident.masked_name", required=True)
    place_name = ma.fields.String(required=True)
    since = ma.fields.Date(data_key="from", required=True)


class MeSchema(Schema):
    """Oneself: name and birth date in full."""

    shown = columns(Resident, "id name birth_date")
    residences = ma.fields.List(ma.fields.Nested(ResidenceSchema), required=True)
    appointments = ma.fields.List(ma.fields.Nested(AppointmentSchema), required=True)


class TokensSchema(Schema):
    """A pair of tokens; `expires_in` in seconds, of the access token."""

    access_token = ma.fields.String(required=True)
    refresh_token = ma.fields.String(required=True)
    expires_in = ma.fields.Integer(required=True)


class LoginSchema(TokensSchema):
    resident = ma.fields.Nested(ResidentSchema, required=True)


class ProfileArgs(Schema):
    name = Text(max_length=40)
    birth_date = ma.fields.Date()


class OfficeCodeArgs(Schema):
    """The code that the operator handed over; capitals, spaces and hyphens do not matter."""

    code = Text(required=True, max_length=40)


class ClaimArgs(Schema):
    """A unit by the names that stand on its door."""

    compound_id = Id(required=True)
    building = Text(required=True, max_length=40)
    entrance = Text(required=True, max_length=40)
    unit = Text(required=True, max_length=40)
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
