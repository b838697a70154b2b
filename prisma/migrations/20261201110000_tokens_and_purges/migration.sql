-- A refresh token tells by itself that it was issued, and names its session.
DROP TABLE "used_refresh_token";
DROP INDEX "session_refresh_token_hash_key";

-- The purge of expired API keys goes through it.
CREATE INDEX "api_key_expires_at_idx" ON "api_key"("expires_at");

-- Deleted projects too, for the purge of their owner.
CREATE INDEX "project_owner_id_id_idx" ON "project"("owner_id", "id");
DROP INDEX "project_owner_idx";
