-- CreateEnum
CREATE TYPE "ProjectStatus" AS ENUM ('active', 'archived');

-- CreateTable
CREATE TABLE "project" (
    "id" SERIAL NOT NULL,
    "owner_id" INTEGER NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "description" VARCHAR(2000) NOT NULL DEFAULT '',
    "status" "ProjectStatus" NOT NULL DEFAULT 'active',
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "project_pkey" PRIMARY KEY ("id")
);

-- What the Prisma schema cannot say.

-- Unique among the not deleted of one owner, without regard to case.
CREATE UNIQUE INDEX "project_name_key" ON "project"("owner_id", lower("name")) WHERE "deleted_at" IS NULL;

-- One for each order in which an owner's projects may be listed, and the same for administrators, who list those of everybody.
CREATE INDEX "project_owner_idx" ON "project"("owner_id", "id") WHERE "deleted_at" IS NULL;
CREATE INDEX "project_owner_name_idx" ON "project"("owner_id", "name", "id") WHERE "deleted_at" IS NULL;
CREATE INDEX "project_owner_created_at_idx" ON "project"("owner_id", "created_at", "id") WHERE "deleted_at" IS NULL;
CREATE INDEX "project_name_idx" ON "project"("name", "id") WHERE "deleted_at" IS NULL;
CREATE INDEX "project_created_at_idx" ON "project"("created_at", "id") WHERE "deleted_at" IS NULL;

-- What the retention task looks for.
CREATE INDEX "project_deleted_at_idx" ON "project"("deleted_at") WHERE "deleted_at" IS NOT NULL;
