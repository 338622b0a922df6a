"""one-time codes of first offices"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROLES = [
    "RESIDENT",
    "OWNER",
    "RESIDENT_REP",
    "BUILDING_HEAD",
    "GRID_WORKER",
    "BRANCH_SECRETARY",
    "OC_DIRECTOR",
    "PROPERTY_MANAGER",
    "SEATED_MEMBER",
    "COMMUNITY_SECRETARY",
    "SUBDISTRICT_OFFICER",
    "DEPARTMENT",
    "AUDITOR",
]


def upgrade() -> None:
    op.create_table(
        "office_codes",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column(
            "role",
            sa.Enum(*ROLES, name="role", native_enum=False, create_constraint=False, length=32),
            nullable=False,
        ),
        sa.Column("compound_id", sa.Uuid(), nullable=True),
        sa.Column("community_id", sa.Uuid(), nullable=True),
        sa.Column("subdistrict_id", sa.Uuid(), nullable=True),
        sa.Column("office_until", sa.Date(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(compound_id IS NOT NULL AND community_id IS NULL AND subdistrict_id IS NULL)"
            " OR (compound_id IS NULL AND community_id IS NOT NULL AND subdistrict_id IS NULL)"
            " OR (compound_id IS NULL AND community_id IS NULL AND subdistrict_id IS NOT NULL)",
            name=op.f("ck_office_codes_one_place"),
        ),
        sa.CheckConstraint(
            "(used_at IS NULL) = (appointment_id IS NULL)",
            name=op.f("ck_office_codes_use_has_its_appointment"),
        ),
        sa.CheckConstraint(
            "role IN (" + ", ".join(f"'{role}'" for role in ROLES) + ")",
            name=op.f("ck_office_codes_role"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_office_codes_{column}_{table}")
            )
            for column, table in (
                ("compound_id", "compounds"),
                ("community_id", "communities"),
                ("subdistrict_id", "subdistricts"),
                ("appointment_id", "appointments"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_codes")),
        sa.UniqueConstraint("digest", name=op.f("uq_office_codes_digest")),
    )


def downgrade() -> None:
    op.drop_table("office_codes")
