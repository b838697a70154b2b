-- CreateTable
CREATE TABLE "audit_entry" (
    "id" UUID NOT NULL,
    "action" VARCHAR(40) NOT NULL,
    "actor_id" INTEGER,
    "user_id" INTEGER,
    "details" JSONB,
    "address" VARCHAR(45),
    "device" VARCHAR(255),
    "request_id" VARCHAR(128),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "audit_entry_created_at_id_idx" ON "audit_entry"("created_at", "id");

-- CreateIndex
CREATE INDEX "audit_entry_user_id_created_at_id_idx" ON "audit_entry"("user_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "audit_entry_actor_id_created_at_id_idx" ON "audit_entry"("actor_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "audit_entry_action_created_at_id_idx" ON "audit_entry"("action", "created_at", "id");

-- What the Prisma schema cannot say.

-- No code path changes an entry. The triggers hold that against a mistake, and against a stolen connection that may not alter tables.
CREATE FUNCTION "refuse_audit_entry_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_entry is only added to';
END $$;

CREATE TRIGGER "audit_entry_no_update" BEFORE UPDATE ON "audit_entry"
    FOR EACH ROW EXECUTE FUNCTION "refuse_audit_entry_change"();

CREATE TRIGGER "audit_entry_no_truncate" BEFORE TRUNCATE ON "audit_entry"
    FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_entry_change"();

-- The shortest AUTH_AUDIT_RETENTION is 30 days too.
CREATE TRIGGER "audit_entry_no_early_delete" BEFORE DELETE ON "audit_entry"
    FOR EACH ROW WHEN (OLD."created_at" > CURRENT_TIMESTAMP - INTERVAL '30 days')
    EXECUTE FUNCTION "refuse_audit_entry_change"();
