-- What may be due: one delivery, or the next one of a key. Written with what makes it due, so that what stands still costs nothing.
CREATE TABLE "event_due" (
    "id" BIGSERIAL NOT NULL,
    "listener_id" TEXT NOT NULL,
    "event_id" UUID,
    "order_key" TEXT,

    CONSTRAINT "event_due_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "event_due_target_check" CHECK (num_nonnulls("event_id", "order_key") = 1)
);

-- One row for each declaration, so that releases side by side do not overwrite each other's.
ALTER TABLE "event_subscription"
    ADD COLUMN "holding" BOOLEAN NOT NULL DEFAULT false,
    DROP CONSTRAINT "event_subscription_pkey",
    ADD CONSTRAINT "event_subscription_pkey" PRIMARY KEY ("listener_id", "event_name", "ordered");

ALTER TABLE "event_delivery" ADD COLUMN "held_at" TIMESTAMPTZ(3);
CREATE INDEX "event_delivery_held_idx" ON "event_delivery"("listener_id", "event_id") WHERE "held_at" IS NOT NULL;
DROP INDEX "event_delivery_waiting_idx";
DROP INDEX "event_delivery_dead_idx";
CREATE INDEX "event_delivery_dead_idx" ON "event_delivery"("dead_at", "event_id", "listener_id") WHERE "dead_at" IS NOT NULL;

-- The condition is written in this way so that a look for the events of a key can take no other index: with statistics from before a burst, one on
-- the sequence alone looks as good, and would be read as a whole for each key.
DROP INDEX "outbox_event_unpublished_key_idx";
CREATE INDEX "outbox_event_unpublished_key_idx" ON "outbox_event"("key", "sequence") WHERE "key" IS NOT NULL AND coalesce("published_at", 'infinity') = 'infinity';

-- By a number of rows: a share of a table that keeps millions comes too late for indexes that hold a few.
ALTER TABLE "outbox_event" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE "event_delivery" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE "event_due" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
