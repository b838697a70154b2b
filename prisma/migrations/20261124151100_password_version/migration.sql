-- AlterTable
ALTER TABLE "user" ADD COLUMN "password_version" INTEGER NOT NULL DEFAULT 1;
