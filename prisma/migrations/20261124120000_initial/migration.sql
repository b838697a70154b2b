-- CreateEnum
CREATE TYPE "UserStatus" AS ENUM ('active', 'inactive');

-- CreateEnum
CREATE TYPE "UserRole" AS ENUM ('user', 'admin');

-- CreateTable
CREATE TABLE "user" (
    "id" SERIAL NOT NULL,
    "username" VARCHAR(50) NOT NULL,
    "email" VARCHAR(254) NOT NULL,
    "email_verified_at" TIMESTAMPTZ(3),
    "password_hash" TEXT NOT NULL,
    "status" "UserStatus" NOT NULL DEFAULT 'active',
    "role" "UserRole" NOT NULL DEFAULT 'user',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" UUID NOT NULL,
    "user_id" INTEGER NOT NULL,
    "refresh_token_hash" BYTEA NOT NULL,
    "device" VARCHAR(255),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox_event" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "trace_context" JSONB,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event_subscription" (
    "listener_id" TEXT NOT NULL,
    "event_name" TEXT NOT NULL,
    "queue" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_subscription_pkey" PRIMARY KEY ("listener_id")
);

-- CreateTable
CREATE TABLE "event_delivery" (
    "event_id" UUID NOT NULL,
    "listener_id" TEXT NOT NULL,
    "queue" TEXT NOT NULL,
    "enqueued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "dead_at" TIMESTAMPTZ(3),
    "error" TEXT,

    CONSTRAINT "event_delivery_pkey" PRIMARY KEY ("event_id","listener_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "session_refresh_token_hash_key" ON "session"("refresh_token_hash");

-- CreateIndex
CREATE INDEX "session_user_id_idx" ON "session"("user_id");

-- CreateIndex
CREATE INDEX "session_expires_at_idx" ON "session"("expires_at");

-- CreateIndex
CREATE INDEX "event_subscription_event_name_idx" ON "event_subscription"("event_name");

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What the Prisma schema cannot say. Prisma leaves partial indexes, CHECKs and storage settings alone.

-- E-mails are stored in lower case, so that this index both holds them unique without regard to case and finds them.
ALTER TABLE "user" ADD CONSTRAINT "user_email_check" CHECK ("email" = lower("email"));

-- Unique among the not deleted: a deleted user's e-mail and username are free again.
CREATE UNIQUE INDEX "user_email_key" ON "user"("email") WHERE "deleted_at" IS NULL;
CREATE UNIQUE INDEX "user_username_key" ON "user"(lower("username")) WHERE "deleted_at" IS NULL;

-- One for each order in which users may be listed, next to the primary key; the id settles equal values.
CREATE INDEX "user_username_idx" ON "user"("username", "id") WHERE "deleted_at" IS NULL;
CREATE INDEX "user_status_idx" ON "user"("status", "id") WHERE "deleted_at" IS NULL;
CREATE INDEX "user_created_at_idx" ON "user"("created_at", "id") WHERE "deleted_at" IS NULL;

-- SHA-256, never the token itself.
ALTER TABLE "session" ADD CONSTRAINT "session_refresh_token_hash_check" CHECK (octet_length("refresh_token_hash") = 32);

-- What the relay looks for: events to publish in the order of their ids, and deliveries still owed, longest first. Few at any time.
CREATE INDEX "outbox_event_unpublished_idx" ON "outbox_event"("id") WHERE "published_at" IS NULL;
CREATE INDEX "event_delivery_owed_idx" ON "event_delivery"("enqueued_at", "event_id", "listener_id") WHERE "finished_at" IS NULL AND "dead_at" IS NULL;

-- What an operator looks for.
CREATE INDEX "event_delivery_dead_idx" ON "event_delivery"("dead_at") WHERE "dead_at" IS NOT NULL;

-- Every row of these is updated within seconds. The default of 20 % dead rows would let the partial indexes bloat.
ALTER TABLE "outbox_event" SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE "event_delivery" SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.02);
