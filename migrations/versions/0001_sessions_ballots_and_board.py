"""sessions, ballots and board"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "residents",
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("unionid", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residents")),
        sa.UniqueConstraint("openid", name=op.f("uq_residents_openid")),
    )
    op.create_table(
        "subdistricts",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subdistricts")),
    )
    op.create_table(
        "communities",
        sa.Column("subdistrict_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subdistrict_id"],
            ["subdistricts.id"],
            name=op.f("fk_communities_subdistrict_id_subdistricts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_communities")),
    )
    op.create_index(
        "uq_communities_live_name",
        "communities",
        ["subdistrict_id", "name"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["residents.id"],
            name=op.f("fk_idempotency_keys_resident_id_residents"),
        ),
        sa.PrimaryKeyConstraint("resident_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "token_families",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_why", sa.String(length=20), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_token_families_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_families")),
    )
    op.create_index(
        op.f("ix_token_families_resident_id"), "token_families", ["resident_id"], unique=False
    )
    op.create_table(
        "compounds",
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id"], ["communities.id"], name=op.f("fk_compounds_community_id_communities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compounds")),
    )
    op.create_index(
        "uq_compounds_live_name",
        "compounds",
        ["community_id", "name"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["family_id"],
            ["token_families.id"],
            name=op.f("fk_refresh_tokens_family_id_token_families"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(
        op.f("ix_refresh_tokens_family_id"), "refresh_tokens", ["family_id"], unique=False
    )
    op.create_table(
        "agenda_sessions",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "ROSTER", "OPEN", name="mode", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "COLLECTING",
                "LISTED",
                "VOTING",
                "EXTENDED",
                "TALLIED",
                "CANCELLED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("voting_opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voting_closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("round_table_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("host_waited_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "DECIDED",
                "CONSULTATIVE",
                "NO_VOTE",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("scheme", sa.JSON(), nullable=True),
        sa.Column("rules", sa.JSON(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'TALLIED') = (outcome IS NOT NULL)",
            name=op.f("ck_agenda_sessions_tally_has_an_outcome"),
        ),
        sa.CheckConstraint(
            "voting_closes_at <= round_table_at",
            name=op.f("ck_agenda_sessions_closes_before_round_table"),
        ),
        sa.CheckConstraint(
            "voting_opens_at < voting_closes_at",
            name=op.f("ck_agenda_sessions_opens_before_it_closes"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_agenda_sessions_community_id_communities"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_agenda_sessions_compound_id_compounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_sessions")),
    )
    op.create_index(
        op.f("ix_agenda_sessions_compound_id_id"),
        "agenda_sessions",
        ["compound_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_agenda_sessions_state_voting_closes_at"),
        "agenda_sessions",
        ["state", "voting_closes_at"],
        unique=False,
    )
    op.create_index(
        "uq_agenda_sessions_period",
        "agenda_sessions",
        ["community_id", "period"],
        unique=True,
        sqlite_where=sa.text("state <> 'CANCELLED'"),
        postgresql_where=sa.text("state <> 'CANCELLED'"),
    )
    op.create_table(
        "appointments",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
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
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("compound_id", sa.Uuid(), nullable=True),
        sa.Column("community_id", sa.Uuid(), nullable=True),
        sa.Column("subdistrict_id", sa.Uuid(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appointed_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "role NOT IN ('RESIDENT', 'OWNER')", name=op.f("ck_appointments_role_is_an_office")
        ),
        sa.CheckConstraint(
            "(compound_id IS NOT NULL AND community_id IS NULL AND subdistrict_id IS NULL) OR (compound_id IS NULL AND community_id IS NOT NULL AND subdistrict_id IS NULL) OR (compound_id IS NULL AND community_id IS NULL AND subdistrict_id IS NOT NULL)",
            name=op.f("ck_appointments_one_place"),
        ),
        sa.CheckConstraint(
            "until IS NULL OR until >= since", name=op.f("ck_appointments_ends_after_it_begins")
        ),
        sa.ForeignKeyConstraint(
            ["appointed_by_id"],
            ["residents.id"],
            name=op.f("fk_appointments_appointed_by_id_residents"),
        ),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_appointments_community_id_communities"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_appointments_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_appointments_resident_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["subdistrict_id"],
            ["subdistricts.id"],
            name=op.f("fk_appointments_subdistrict_id_subdistricts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
    )
    op.create_index(
        op.f("ix_appointments_compound_id"), "appointments", ["compound_id"], unique=False
    )
    op.create_index(
        op.f("ix_appointments_resident_id"), "appointments", ["resident_id"], unique=False
    )
    op.create_table(
        "audit_entries",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("community_id", sa.Uuid(), nullable=True),
        sa.Column("compound_id", sa.Uuid(), nullable=True),
        sa.Column("thing", sa.String(length=40), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("from_state", sa.String(length=40), nullable=True),
        sa.Column("to_state", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["residents.id"], name=op.f("fk_audit_entries_actor_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_audit_entries_community_id_communities"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_audit_entries_compound_id_compounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(
        op.f("ix_audit_entries_compound_id_at"),
        "audit_entries",
        ["compound_id", "at"],
        unique=False,
    )
    op.create_index(op.f("ix_audit_entries_thing_id"), "audit_entries", ["thing_id"], unique=False)
    op.create_table(
        "buildings",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_buildings_compound_id_compounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buildings")),
    )
    op.create_index(
        "uq_buildings_live_name",
        "buildings",
        ["compound_id", "name"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "host_places",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_host_places_community_id_communities"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_host_places_compound_id_compounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_places")),
        sa.UniqueConstraint("compound_id", name=op.f("uq_host_places_compound_id")),
    )
    op.create_index(
        op.f("ix_host_places_community_id"), "host_places", ["community_id"], unique=False
    )
    op.create_table(
        "matters",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("raised_by_id", sa.Uuid(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "category",
            sa.Enum(
                "PARKING",
                "LIFT_ADD",
                "FUME_NOISE",
                "ILLEGAL_BUILD",
                "PROPERTY_FEE",
                "RENOVATION",
                "SUBSIDENCE_ROAD",
                "LEAK_DRAIN",
                "EBIKE",
                "LIGHTING",
                "LIFT_MAINTAIN",
                "OWNERS_COMMITTEE",
                "COMMON_FUNDS",
                "SANITATION",
                "GREEN_SPACE",
                "ELDERLY",
                "CHILDCARE",
                "PETS_NEIGHBOUR",
                "FIRE_CORRIDOR",
                "ACCESS",
                "OTHER",
                name="category",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "SUBMITTED",
                "LISTED",
                "MERGED",
                "DISPATCHED",
                "WHISTLED",
                "REFUSED",
                "SELECTED",
                "DEFERRED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("screened_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("carry_over", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'MERGED') = (merged_into_id IS NOT NULL)",
            name=op.f("ck_matters_merged_names_its_target"),
        ),
        sa.CheckConstraint(
            "state <> 'REFUSED' OR reason IS NOT NULL", name=op.f("ck_matters_refusal_has_a_reason")
        ),
        sa.CheckConstraint("carry_over >= 0", name=op.f("ck_matters_carry_over_is_a_count")),
        sa.CheckConstraint("merged_into_id <> id", name=op.f("ck_matters_merged_into_another")),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_matters_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["matters.id"], name=op.f("fk_matters_merged_into_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["raised_by_id"], ["residents.id"], name=op.f("fk_matters_raised_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["screened_by_id"], ["residents.id"], name=op.f("fk_matters_screened_by_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matters")),
        sa.UniqueConstraint("compound_id", "id", name="uq_matters_in_compound"),
    )
    op.create_index(
        op.f("ix_matters_compound_id_id"), "matters", ["compound_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_matters_compound_id_state"), "matters", ["compound_id", "state"], unique=False
    )
    op.create_index(op.f("ix_matters_merged_into_id"), "matters", ["merged_into_id"], unique=False)
    op.create_index(op.f("ix_matters_raised_by_id"), "matters", ["raised_by_id"], unique=False)
    op.create_table(
        "public_notices",
        sa.Column(
            "kind",
            sa.Enum(
                "SESSION_ANNOUNCED",
                "LIST_FROZEN",
                "VOTING_OPENED",
                "VOTING_EXTENDED",
                "TALLIED",
                "SESSION_CANCELLED",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("community_id", sa.Uuid(), nullable=False),
        sa.Column("subdistrict_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_public_notices_revision_starts_at_one")),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_public_notices_community_id_communities"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_public_notices_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["subdistrict_id"],
            ["subdistricts.id"],
            name=op.f("fk_public_notices_subdistrict_id_subdistricts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_notices")),
        sa.UniqueConstraint("about_id", "kind", name="uq_public_notices_about"),
    )
    op.create_index(
        op.f("ix_public_notices_community_id_id"),
        "public_notices",
        ["community_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_public_notices_compound_id_id"),
        "public_notices",
        ["compound_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_public_notices_subdistrict_id_id"),
        "public_notices",
        ["subdistrict_id", "id"],
        unique=False,
    )
    op.create_table(
        "register_imports",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("imported_by_id", sa.Uuid(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_register_imports_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["imported_by_id"],
            ["residents.id"],
            name=op.f("fk_register_imports_imported_by_id_residents"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_imports")),
    )
    op.create_index(
        op.f("ix_register_imports_compound_id"), "register_imports", ["compound_id"], unique=False
    )
    op.create_table(
        "agenda_items",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("endorsements", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_agenda_items_number_starts_at_one")),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_agenda_items_matter_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_agenda_items_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("session_id", "matter_id", name=op.f("pk_agenda_items")),
        sa.UniqueConstraint("session_id", "number", name=op.f("uq_agenda_items_session_id_number")),
    )
    op.create_index(op.f("ix_agenda_items_matter_id"), "agenda_items", ["matter_id"], unique=False)
    op.create_table(
        "ballot_commitments",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("slot", sa.LargeBinary(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["compound_id"],
            ["compounds.id"],
            name=op.f("fk_ballot_commitments_compound_id_compounds"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_ballot_commitments_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint(
            "compound_id", "session_id", "commitment", name=op.f("pk_ballot_commitments")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ballot_slots",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=8), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_ballot_slots_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("session_id", "label", "weight", name=op.f("pk_ballot_slots")),
    )
    op.create_table(
        "ballots",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=16), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_ballots_version_starts_at_one")),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_ballots_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_ballots_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("compound_id", "session_id", "slot", name=op.f("pk_ballots")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "endorsements",
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("endorsed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matters.id"], name=op.f("fk_endorsements_matter_id_matters")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_endorsements_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("matter_id", "resident_id", name=op.f("pk_endorsements")),
    )
    op.create_table(
        "entrances",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("building_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["building_id"], ["buildings.id"], name=op.f("fk_entrances_building_id_buildings")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_entrances_compound_id_compounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entrances")),
    )
    op.create_index(
        "uq_entrances_live_name",
        "entrances",
        ["building_id", "name"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "roll_entries",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("admitted_on", sa.Date(), nullable=False),
        sa.Column(
            "admitted_why",
            sa.Enum(
                "ROSTER",
                "OPENING",
                "VERIFIED_WHILE_OPEN",
                name="admitted_why",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum("PHONE", name="channel", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("voted_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(voted_on IS NULL) = (channel IS NULL)",
            name=op.f("ck_roll_entries_participation_has_its_channel"),
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_roll_entries_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_roll_entries_resident_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_roll_entries_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint(
            "compound_id", "session_id", "resident_id", name=op.f("pk_roll_entries")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_roll_entries_session_id_voted_on"),
        "roll_entries",
        ["session_id", "voted_on"],
        unique=False,
    )
    op.create_table(
        "session_results",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("roll", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("blank", sa.Integer(), nullable=False),
        sa.Column("required", sa.Integer(), nullable=False),
        sa.Column("explanation_zh", sa.Text(), nullable=False),
        sa.Column("explanation_en", sa.Text(), nullable=False),
        sa.Column("tallied_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "blank <= returned AND returned <= roll", name=op.f("ck_session_results_counts_agree")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["agenda_sessions.id"],
            name=op.f("fk_session_results_session_id_agenda_sessions"),
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_results")),
    )
    op.create_table(
        "ballot_marks",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.LargeBinary(length=32), nullable=False),
        sa.Column("label", sa.String(length=8), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("tracker", sa.LargeBinary(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["compound_id", "session_id", "slot"],
            ["ballots.compound_id", "ballots.session_id", "ballots.slot"],
            name=op.f("fk_ballot_marks_compound_id_session_id_slot_ballots"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id", "label", "weight"],
            ["ballot_slots.session_id", "ballot_slots.label", "ballot_slots.weight"],
            name=op.f("fk_ballot_marks_session_id_label_weight_ballot_slots"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id", "matter_id"],
            ["agenda_items.session_id", "agenda_items.matter_id"],
            name=op.f("fk_ballot_marks_session_id_matter_id_agenda_items"),
        ),
        sa.PrimaryKeyConstraint(
            "compound_id", "session_id", "slot", "label", name=op.f("pk_ballot_marks")
        ),
        sa.UniqueConstraint(
            "compound_id", "session_id", "slot", "matter_id", name="uq_ballot_marks_matter_once"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "result_rows",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "SELECTED",
                "DEFERRED",
                "SKIPPED",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("decided_by", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id", "matter_id"],
            ["agenda_items.session_id", "agenda_items.matter_id"],
            name=op.f("fk_result_rows_session_id_matter_id_agenda_items"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["session_results.session_id"],
            name=op.f("fk_result_rows_session_id_session_results"),
        ),
        sa.PrimaryKeyConstraint("session_id", "matter_id", name=op.f("pk_result_rows")),
        sa.UniqueConstraint("session_id", "rank", name=op.f("uq_result_rows_session_id_rank")),
    )
    op.create_table(
        "units",
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("entrance_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("area_centi_m2", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("area_centi_m2 > 0", name=op.f("ck_units_area_is_positive")),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_units_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["entrance_id"], ["entrances.id"], name=op.f("fk_units_entrance_id_entrances")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
    )
    op.create_index(op.f("ix_units_compound_id"), "units", ["compound_id"], unique=False)
    op.create_index(
        "uq_units_live_name",
        "units",
        ["entrance_id", "name"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "residences",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("compound_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "relation",
            sa.Enum(
                "owner",
                "tenant",
                "family",
                name="relation",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "CLAIMED",
                "VERIFIED",
                "REFUSED",
                "ENDED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'CLAIMED') = (decided_at IS NULL)",
            name=op.f("ck_residences_decision_has_its_time"),
        ),
        sa.CheckConstraint(
            "decided_by_id <> resident_id", name=op.f("ck_residences_decided_by_somebody_else")
        ),
        sa.ForeignKeyConstraint(
            ["compound_id"], ["compounds.id"], name=op.f("fk_residences_compound_id_compounds")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["residents.id"], name=op.f("fk_residences_decided_by_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_residences_resident_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_residences_unit_id_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residences")),
    )
    op.create_index(
        op.f("ix_residences_compound_id_state"),
        "residences",
        ["compound_id", "state"],
        unique=False,
    )
    op.create_index(
        "uq_residences_one_claim",
        "residences",
        ["resident_id", "unit_id"],
        unique=True,
        sqlite_where=sa.text("state = 'CLAIMED'"),
        postgresql_where=sa.text("state = 'CLAIMED'"),
    )
    op.create_index(
        "uq_residences_one_verified",
        "residences",
        ["resident_id"],
        unique=True,
        sqlite_where=sa.text("state = 'VERIFIED'"),
        postgresql_where=sa.text("state = 'VERIFIED'"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_residences_one_verified",
        table_name="residences",
        sqlite_where=sa.text("state = 'VERIFIED'"),
        postgresql_where=sa.text("state = 'VERIFIED'"),
    )
    op.drop_index(
        "uq_residences_one_claim",
        table_name="residences",
        sqlite_where=sa.text("state = 'CLAIMED'"),
        postgresql_where=sa.text("state = 'CLAIMED'"),
    )
    op.drop_index(op.f("ix_residences_compound_id_state"), table_name="residences")
    op.drop_table("residences")
    op.drop_index(
        "uq_units_live_name",
        table_name="units",
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.drop_index(op.f("ix_units_compound_id"), table_name="units")
    op.drop_table("units")
    op.drop_table("result_rows")
    op.drop_table("ballot_marks")
    op.drop_table("session_results")
    op.drop_index(op.f("ix_roll_entries_session_id_voted_on"), table_name="roll_entries")
    op.drop_table("roll_entries")
    op.drop_index(
        "uq_entrances_live_name",
        table_name="entrances",
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.drop_table("entrances")
    op.drop_table("endorsements")
    op.drop_table("ballots")
    op.drop_table("ballot_slots")
    op.drop_table("ballot_commitments")
    op.drop_index(op.f("ix_agenda_items_matter_id"), table_name="agenda_items")
    op.drop_table("agenda_items")
    op.drop_index(op.f("ix_register_imports_compound_id"), table_name="register_imports")
    op.drop_table("register_imports")
    op.drop_index(op.f("ix_public_notices_subdistrict_id_id"), table_name="public_notices")
    op.drop_index(op.f("ix_public_notices_compound_id_id"), table_name="public_notices")
    op.drop_index(op.f("ix_public_notices_community_id_id"), table_name="public_notices")
    op.drop_table("public_notices")
    op.drop_index(op.f("ix_matters_raised_by_id"), table_name="matters")
    op.drop_index(op.f("ix_matters_merged_into_id"), table_name="matters")
    op.drop_index(op.f("ix_matters_compound_id_state"), table_name="matters")
    op.drop_index(op.f("ix_matters_compound_id_id"), table_name="matters")
    op.drop_table("matters")
    op.drop_index(op.f("ix_host_places_community_id"), table_name="host_places")
    op.drop_table("host_places")
    op.drop_index(
        "uq_buildings_live_name",
        table_name="buildings",
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.drop_table("buildings")
    op.drop_index(op.f("ix_audit_entries_thing_id"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_compound_id_at"), table_name="audit_entries")
    op.drop_table("audit_entries")
    op.drop_index(op.f("ix_appointments_resident_id"), table_name="appointments")
    op.drop_index(op.f("ix_appointments_compound_id"), table_name="appointments")
    op.drop_table("appointments")
    op.drop_index(
        "uq_agenda_sessions_period",
        table_name="agenda_sessions",
        sqlite_where=sa.text("state <> 'CANCELLED'"),
        postgresql_where=sa.text("state <> 'CANCELLED'"),
    )
    op.drop_index(op.f("ix_agenda_sessions_state_voting_closes_at"), table_name="agenda_sessions")
    op.drop_index(op.f("ix_agenda_sessions_compound_id_id"), table_name="agenda_sessions")
    op.drop_table("agenda_sessions")
    op.drop_index(op.f("ix_refresh_tokens_family_id"), table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_index(
        "uq_compounds_live_name",
        table_name="compounds",
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.drop_table("compounds")
    op.drop_index(op.f("ix_token_families_resident_id"), table_name="token_families")
    op.drop_table("token_families")
    op.drop_table("idempotency_keys")
    op.drop_index(
        "uq_communities_live_name",
        table_name="communities",
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.drop_table("communities")
    op.drop_table("subdistricts")
    op.drop_table("residents")
