"""Examples of answers for the API's description, made from the schemas that write the answers."""

from enum import Enum
from typing import Any

import marshmallow as ma

ID = "0198c0de-0000-7000-8000-000000000001"
INSTANT = "2026-03-12T00:00:00+08:00"
DATE = "2026-03-12"

# What a text field of this name might hold.
TEXTS = {
    "name": "香樟苑小区",
    "masked_name": "王○○",
    "building": "3栋",
    "entrance": "2单元",
    "unit": "1502",
    "community": "云桥社区",
    "subdistrict": "云桥街道",
    "title": "夜间停车难、消防通道被占",
    "body": "晚上八点以后车停到消防通道上，救护车进不来。",
    "text": "题单已定，不再增减。",
    "content_text": "题单已定，不再增减。",
    "reason": "请先调解",
    "place": "小区党群服务站",
    "period": "2026-03",
    "label": "M01",
    "doer_name": "物业",
    "department": "区水务局",
    "submission": "8辆已全部清走，黄线已划好。",
    "order": "W1",
    "member": "王○○",
    "by": "王○○",
    "author": "王○○",
    "objector": "王○○",
    "matter": "夜间停车难、消防通道被占",
    "speaker": "租户代表",
    "not_needed_why": "本期议题不涉及租户",
    "owner_vote_basis": "《民法典》第二百七十八条第一款第（八）项",
    "decided_by": "n5",
    "caption": "3栋门前的路灯",
    "url": "https://yyt.example.cn/api/v1/attachments/0198c0de-0000-7000-8000-000000000001/content?signature=…",
    "explanation": "第1名 M01「夜间停车难、消防通道被占」：5×5+3×4+1×2=39分，入选。",
    "explanation_en": "No. 1 M01: 5×5+3×4+1×2 = 39, selected.",
    "algorithm": "Ed25519",
    "access_token": "eyJhbGciOi…",
    "refresh_token": "eyJhbGciOi…",
    "mime_type": "application/pdf",
    "language": "zh-CN",
    "version": "https://jsonfeed.org/version/1.1",
    "matter_id": ID,
}


def example_of(schema: ma.Schema | type[ma.Schema]) -> Any:
    """An answer that the schema could write, as JSON values."""
    schema = schema() if isinstance(schema, type) else schema
    one = {
        field.data_key or name: _value(field.data_key or name, field)
        for name, field in schema.fields.items()
    }
    return [one] if schema.many else one


def _value(name: str, field: ma.fields.Field[Any]) -> Any:
    match field:
        case ma.fields.Nested():
            return example_of(field.schema)
        case ma.fields.List():
            return [_value(name, field.inner)]
        case ma.fields.Dict():
            return {}
        case ma.fields.UUID():
            return ID
        case ma.fields.DateTime():
            return INSTANT
        case ma.fields.Date():
            return DATE
        case ma.fields.Enum():
            kind: type[Enum] = field.enum
            return next(iter(kind)).value
        case ma.fields.Boolean():
            return False
        case ma.fields.Integer() | ma.fields.Function():
            return 1
    return _text(name, field)


def _text(name: str, field: ma.fields.Field[Any]) -> str:
    for validator in field.validators:
        if isinstance(validator, ma.validate.OneOf):
            return str(_plain(next(iter(validator.choices))))
    digits = field.metadata.get("digits")
    return "0f" * (digits // 2) if digits else TEXTS.get(name, "…")


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
