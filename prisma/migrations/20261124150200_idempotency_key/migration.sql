-- CreateTable
CREATE TABLE "idempotency_key" (
    "hash" BYTEA NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "lease" UUID NOT NULL,
    "leased_until" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "status" INTEGER,
    "headers" JSONB NOT NULL DEFAULT '{}',
    "body" TEXT,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("hash")
);

-- CreateIndex
CREATE INDEX "idempotency_key_expires_at_idx" ON "idempotency_key"("expires_at");
