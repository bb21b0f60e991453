"""What no constraint of the models can say: append-only rows, and a claim's items that follow it."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON tickets_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policyversion_append_only BEFORE UPDATE OR DELETE ON policies_policyversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
UNDO_APPEND_ONLY = """
DROP TRIGGER event_append_only ON tickets_event;
DROP TRIGGER policyversion_append_only ON policies_policyversion;
DROP FUNCTION refuse_change();
"""
# An item repeats its claim's type and openness; this keeps the copies true.
ITEMS_FOLLOW = """
ALTER TABLE tickets_claimitem ADD CONSTRAINT claim_item_follows_its_claim
    FOREIGN KEY (claim_id, claim_type, claim_open)
    REFERENCES tickets_claim (id, type, is_open)
    ON UPDATE CASCADE ON DELETE NO ACTION;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0001_initial"),
        ("policies", "0002_initial"),
    ]
    operations = [
        migrations.RunSQL(APPEND_ONLY, UNDO_APPEND_ONLY),
        migrations.RunSQL(
            ITEMS_FOLLOW,
            "ALTER TABLE tickets_claimitem DROP CONSTRAINT claim_item_follows_its_claim",
        ),
    ]
