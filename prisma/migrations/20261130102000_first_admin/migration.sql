-- CreateTable
CREATE TABLE "first_admin" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "marked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "first_admin_pkey" PRIMARY KEY ("id")
);

-- What the Prisma schema cannot say.

ALTER TABLE "first_admin" ADD CONSTRAINT "first_admin_id_check" CHECK ("id" = 1);

-- A database that has an administrator, a deleted one included, or had one: only an administrator
-- changes a role.
INSERT INTO "first_admin" ("marked_at")
SELECT CURRENT_TIMESTAMP
WHERE EXISTS (SELECT FROM "user" WHERE "role" = 'admin')
    OR EXISTS (SELECT FROM "audit_entry" WHERE "action" = 'role_changed');
