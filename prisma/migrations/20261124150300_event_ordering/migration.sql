-- AlterTable
ALTER TABLE "outbox_event" ADD COLUMN "key" TEXT, ADD COLUMN "sequence" BIGSERIAL NOT NULL;

-- AlterTable
ALTER TABLE "event_subscription" ADD COLUMN "ordered" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "event_delivery" ADD COLUMN "order_key" TEXT, ADD COLUMN "sequence" BIGINT, ALTER COLUMN "enqueued_at" DROP NOT NULL;

-- What the Prisma schema cannot say.

-- What the relay looks for, now in the order of the sequence, and whether an earlier event of a key is still to come.
DROP INDEX "outbox_event_unpublished_idx";
CREATE INDEX "outbox_event_unpublished_idx" ON "outbox_event"("sequence") WHERE "published_at" IS NULL;
CREATE INDEX "outbox_event_unpublished_key_idx" ON "outbox_event"("key", "sequence") WHERE "published_at" IS NULL AND "key" IS NOT NULL;

-- The first delivery of a key that is not finished, and the deliveries that no job was made for yet.
CREATE INDEX "event_delivery_order_idx" ON "event_delivery"("listener_id", "order_key", "sequence") WHERE "finished_at" IS NULL AND "order_key" IS NOT NULL;
CREATE INDEX "event_delivery_waiting_idx" ON "event_delivery"("listener_id", "order_key") WHERE "enqueued_at" IS NULL AND "finished_at" IS NULL AND "dead_at" IS NULL;

-- One row that BullMQ refuses would hold up every batch in which it takes part: BullMQ takes no colon in the name of a queue or the id of a job.
DELETE FROM "event_subscription" WHERE "queue" !~ '^[a-z][a-z0-9-]*\.[a-z0-9-]+$' OR "listener_id" !~ '^[a-z][a-z0-9-]*\.[a-z0-9-]+$';
ALTER TABLE "event_subscription"
    ADD CONSTRAINT "event_subscription_queue_check" CHECK ("queue" ~ '^[a-z][a-z0-9-]*\.[a-z0-9-]+$'),
    ADD CONSTRAINT "event_subscription_listener_id_check" CHECK ("listener_id" ~ '^[a-z][a-z0-9-]*\.[a-z0-9-]+$');
