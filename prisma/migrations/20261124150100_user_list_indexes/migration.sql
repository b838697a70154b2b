-- What the Prisma schema cannot say.

-- Many users share a status or a role, and equal values are always settled by the ascending id: the other direction needs an index of its own.
CREATE INDEX "user_status_desc_idx" ON "user"("status" DESC, "id") WHERE "deleted_at" IS NULL;
CREATE INDEX "user_role_idx" ON "user"("role", "id") WHERE "deleted_at" IS NULL;
CREATE INDEX "user_role_desc_idx" ON "user"("role" DESC, "id") WHERE "deleted_at" IS NULL;
