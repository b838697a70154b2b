-- AlterTable
ALTER TABLE "session"
    ALTER COLUMN "refresh_token_hash" DROP NOT NULL,
    ADD COLUMN "cookie_hash" BYTEA;

-- CreateIndex
CREATE UNIQUE INDEX "session_cookie_hash_key" ON "session"("cookie_hash");

-- What the Prisma schema cannot say.

-- The session of a page has no refresh token, and that of a refresh token no cookie.
ALTER TABLE "session" ADD CONSTRAINT "session_one_key_check" CHECK (num_nonnulls("refresh_token_hash", "cookie_hash") = 1);

-- SHA-256, never the secret itself.
ALTER TABLE "session" ADD CONSTRAINT "session_cookie_hash_check" CHECK (octet_length("cookie_hash") = 32);
