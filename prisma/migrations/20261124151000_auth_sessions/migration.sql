-- CreateEnum
CREATE TYPE "TokenPurpose" AS ENUM ('reset_password', 'verify_email');

-- AlterTable
ALTER TABLE "user" ADD COLUMN "pending_email" VARCHAR(254), ADD COLUMN "last_login_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "session"
    ADD COLUMN "previous_token_hash" BYTEA,
    ADD COLUMN "rotated_at" TIMESTAMPTZ(3),
    ADD COLUMN "salt" UUID NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN "address" VARCHAR(45);

-- CreateTable
CREATE TABLE "used_refresh_token" (
    "hash" BYTEA NOT NULL,
    "session_id" UUID NOT NULL,

    CONSTRAINT "used_refresh_token_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "one_time_token" (
    "id" UUID NOT NULL,
    "user_id" INTEGER NOT NULL,
    "purpose" "TokenPurpose" NOT NULL,
    "hash" BYTEA NOT NULL,
    "email" VARCHAR(254) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "one_time_token_pkey" PRIMARY KEY ("id")
);

-- The longer index below begins with the same column.
DROP INDEX "session_user_id_idx";

-- CreateIndex
CREATE INDEX "session_user_id_last_used_at_id_idx" ON "session"("user_id", "last_used_at" DESC, "id");

-- CreateIndex
CREATE INDEX "used_refresh_token_session_id_idx" ON "used_refresh_token"("session_id");

-- CreateIndex
CREATE UNIQUE INDEX "one_time_token_hash_key" ON "one_time_token"("hash");

-- CreateIndex
CREATE INDEX "one_time_token_user_id_purpose_idx" ON "one_time_token"("user_id", "purpose");

-- CreateIndex
CREATE INDEX "one_time_token_expires_at_idx" ON "one_time_token"("expires_at");

-- AddForeignKey
ALTER TABLE "used_refresh_token" ADD CONSTRAINT "used_refresh_token_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "one_time_token" ADD CONSTRAINT "one_time_token_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What the Prisma schema cannot say.

-- SHA-256, never the token itself.
ALTER TABLE "session" ADD CONSTRAINT "session_previous_token_hash_check" CHECK (octet_length("previous_token_hash") = 32);
ALTER TABLE "used_refresh_token" ADD CONSTRAINT "used_refresh_token_hash_check" CHECK (octet_length("hash") = 32);
ALTER TABLE "one_time_token" ADD CONSTRAINT "one_time_token_hash_check" CHECK (octet_length("hash") = 32);

ALTER TABLE "user" ADD CONSTRAINT "user_pending_email_check" CHECK ("pending_email" = lower("pending_email"));
