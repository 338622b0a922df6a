"""attachments"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "content_type",
            sa.Enum(
                "image/jpeg",
                "image/png",
                "image/webp",
                "application/pdf",
                name="content_type",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("caption", sa.String(length=200), nullable=True),
        sa.Column("about", sa.String(length=40), nullable=True),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(about IS NULL) = (about_id IS NULL)",
            name=op.f("ck_attachments_about_names_one_thing"),
        ),
        sa.CheckConstraint(
            "(content_type = 'application/pdf') = (width IS NULL) AND (width IS NULL) = (height IS NULL)",
            name=op.f("ck_attachments_images_have_a_size"),
        ),
        sa.CheckConstraint(
            "about_id IS NOT NULL OR NOT is_public",
            name=op.f("ck_attachments_public_when_claimed"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_attachments_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"],
            ["residents.id"],
            name=op.f("fk_attachments_uploaded_by_id_residents"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index(
        op.f("ix_attachments_about_id_id"), "attachments", ["about_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_attachments_uploaded_at"), "attachments", ["uploaded_at"], unique=False
    )


def downgrade() -> None:
    # The files stay in the store; nothing names them any more.
    op.drop_table("attachments")
