-- Which mail carries a token, so that the repeat of a mail leaves its first copy good.
ALTER TABLE "one_time_token" ADD COLUMN "delivery_id" VARCHAR(200);

-- Where a notice goes that is late.
CREATE TABLE "former_email" (
    "id" UUID NOT NULL,
    "user_id" INTEGER NOT NULL,
    "email" VARCHAR(254) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "former_email_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "former_email_user_id_ended_at_idx" ON "former_email"("user_id", "ended_at");
CREATE INDEX "former_email_ended_at_idx" ON "former_email"("ended_at");

ALTER TABLE "former_email" ADD CONSTRAINT "former_email_user_id_fkey"
    FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- How many mails of one kind went where within the last hour.
CREATE TABLE "mail_count" (
    "key" BYTEA NOT NULL,
    "recent" JSONB NOT NULL DEFAULT '{}',
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "mail_count_pkey" PRIMARY KEY ("key")
);

CREATE INDEX "mail_count_updated_at_idx" ON "mail_count"("updated_at");
