-- Finds the deleted accounts, which are few, whatever they are sorted by; and those whose time is over.
CREATE INDEX "user_deleted_at_idx" ON "user"("deleted_at") WHERE "deleted_at" IS NOT NULL;
