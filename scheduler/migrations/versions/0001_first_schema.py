"""The first schema.

Revision 0001, after nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# On PostgreSQL sorted by code points, as SQLite does it.
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Makes all tables."""
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_kind", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("notify", TEXT, nullable=False),
        sa.Column("zone", TEXT, nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_to", sa.Time(), nullable=True),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("added", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint(
            "owner_kind", "owner", "role", "email", "notify", name=op.f("uq_contact_owner_kind_owner_role_email_notify")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "service",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_service")),
    )
    op.create_table(
        "site",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("timezone", TEXT, nullable=False),
        sa.Column("snapshot", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("registered", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", name=op.f("pk_site")),
    )
    op.create_table(
        "template",
        sa.Column("protocol", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("registered", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("protocol", "version", name=op.f("pk_template")),
    )
    op.create_table(
        "subject",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("protocol", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("site_revision", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", TEXT, nullable=False),
        sa.Column("stopped", TEXT, nullable=True),
        sa.Column("queued_to", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["protocol", "version"], ["template.protocol", "template.version"], name=op.f("fk_subject_protocol_version")
        ),
        sa.ForeignKeyConstraint(
            ["site", "site_revision"], ["site.id", "site.revision"], name=op.f("fk_subject_site_site_revision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject")),
    )
    op.create_index(op.f("ix_subject_queued_to"), "subject", ["queued_to"], unique=False)
    op.create_index(op.f("ix_subject_site"), "subject", ["site"], unique=False)
    op.create_table(
        "fact",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("clock", sa.Time(), nullable=True),
        sa.Column("zone", TEXT, nullable=True),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=True),
        sa.Column("details", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.Column("recorded", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_fact_subject")),
        sa.PrimaryKeyConstraint("subject", "number", name=op.f("pk_fact")),
    )
    op.create_table(
        "period",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("first", sa.Date(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_period_subject")),
        sa.PrimaryKeyConstraint("subject", "period", name=op.f("pk_period")),
        sa.UniqueConstraint("uid", name=op.f("uq_period_uid")),
    )
    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("visit", TEXT, nullable=False),
        sa.Column("visit_revision", sa.Integer(), nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("recipient", sa.Integer(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("useful_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_reminder_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint(
            "subject",
            "visit",
            "visit_revision",
            "rule",
            "recipient",
            name=op.f("uq_reminder_subject_visit_visit_revision_rule_recipient"),
        ),
    )
    op.create_index("ix_reminder_state_due", "reminder", ["state", "due"], unique=False)
    op.create_table(
        "visit",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("visit", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("clock", sa.Time(), nullable=True),
        sa.Column("zone", TEXT, nullable=True),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("window_start", sa.Date(), nullable=True),
        sa.Column("window_end", sa.Date(), nullable=True),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_visit_subject")),
        sa.PrimaryKeyConstraint("subject", "visit", name=op.f("pk_visit")),
        sa.UniqueConstraint("uid", name=op.f("uq_visit_uid")),
    )
    op.create_index("ix_visit_day_status", "visit", ["day", "status"], unique=False)
