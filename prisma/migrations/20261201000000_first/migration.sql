-- The tables of the kit, by the module that owns them. prisma/schema knows their columns, keys and
-- plain indexes. Partial and expression indexes, checks, triggers and settings of storage are here
-- alone; Prisma does not touch them.

-- Owned by libs/core.

-- Facts, written in the transaction that made them true. The relay turns them into deliveries.
CREATE TABLE outbox_event (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    payload JSONB NOT NULL,
    trace_context JSONB,
    occurred_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    published_at TIMESTAMPTZ(3),
    key TEXT,
    sequence BIGSERIAL NOT NULL,

    CONSTRAINT outbox_event_pkey PRIMARY KEY (id)
);

-- The relay takes events in the order of their sequence. Few are unpublished at any time.
CREATE INDEX outbox_event_unpublished_idx ON outbox_event (sequence) WHERE published_at IS NULL;

-- Events of a key that are still to come. The condition is written in this way so that a look for
-- the events of a key can take no other index: with statistics from before a burst, one on the
-- sequence alone looks as good, and would be read as a whole for each key.
CREATE INDEX outbox_event_unpublished_key_idx ON outbox_event (key, sequence)
    WHERE key IS NOT NULL AND coalesce(published_at, 'infinity') = 'infinity';

-- Vacuum comes after a number of rows: a share of a table that keeps millions comes too late for
-- indexes that hold a few.
ALTER TABLE outbox_event SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 20000,
    autovacuum_analyze_scale_factor = 0.02
);

-- The declarations of the listeners of all processes: the relay delivers to each. Another event, or
-- another order, is another row, so that releases side by side do not overwrite each other.
CREATE TABLE event_subscription (
    listener_id TEXT NOT NULL,
    event_name TEXT NOT NULL,
    queue TEXT NOT NULL,
    updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ordered BOOLEAN NOT NULL DEFAULT false,
    holding BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT event_subscription_pkey PRIMARY KEY (listener_id, event_name, ordered),
    -- BullMQ takes no colon in the name of a queue or the id of a job, and one row that it refuses
    -- would hold up every batch in which it takes part.
    CONSTRAINT event_subscription_queue_check CHECK (queue ~ '^[a-z][a-z0-9-]*\.[a-z0-9-]+$'),
    CONSTRAINT event_subscription_listener_id_check CHECK (listener_id ~ '^[a-z][a-z0-9-]*\.[a-z0-9-]+$')
);

CREATE INDEX event_subscription_event_name_idx ON event_subscription (event_name);

-- One event for one listener. Without finished_at the delivery is still owed.
CREATE TABLE event_delivery (
    event_id UUID NOT NULL,
    listener_id TEXT NOT NULL,
    queue TEXT NOT NULL,
    enqueued_at TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    finished_at TIMESTAMPTZ(3),
    dead_at TIMESTAMPTZ(3),
    error TEXT,
    order_key TEXT,
    sequence BIGINT,
    held_at TIMESTAMPTZ(3),

    CONSTRAINT event_delivery_pkey PRIMARY KEY (event_id, listener_id)
);

-- Deliveries that are still owed, longest first.
CREATE INDEX event_delivery_owed_idx ON event_delivery (enqueued_at, event_id, listener_id)
    WHERE finished_at IS NULL AND dead_at IS NULL;

-- Deliveries that wait for an operator.
CREATE INDEX event_delivery_dead_idx ON event_delivery (dead_at, event_id, listener_id)
    WHERE dead_at IS NOT NULL;

-- The first delivery of a key that is not finished.
CREATE INDEX event_delivery_order_idx ON event_delivery (listener_id, order_key, sequence)
    WHERE finished_at IS NULL AND order_key IS NOT NULL;

-- Deliveries that wait for a worker that knows their listener.
CREATE INDEX event_delivery_held_idx ON event_delivery (listener_id, event_id)
    WHERE held_at IS NOT NULL;

-- Vacuum comes after a number of rows: a share of a table that keeps millions comes too late for
-- indexes that hold a few.
ALTER TABLE event_delivery SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 20000,
    autovacuum_analyze_scale_factor = 0.02
);

-- A delivery, or the next one of a key, that may be due. Whatever may make it so writes a row in
-- the same transaction, so deliveries that stand still cost nothing.
CREATE TABLE event_due (
    id BIGSERIAL NOT NULL,
    listener_id TEXT NOT NULL,
    event_id UUID,
    order_key TEXT,

    CONSTRAINT event_due_pkey PRIMARY KEY (id),
    -- A row names one delivery, or a key.
    CONSTRAINT event_due_target_check CHECK (num_nonnulls(event_id, order_key) = 1)
);

-- Vacuum comes after a number of rows: a share of a table that keeps millions comes too late for
-- indexes that hold a few.
ALTER TABLE event_due SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000
);

-- An Idempotency-Key that was used, and the answer to repeat.
CREATE TABLE idempotency_key (
    hash BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    lease UUID NOT NULL,
    leased_until TIMESTAMPTZ(3) NOT NULL,
    expires_at TIMESTAMPTZ(3) NOT NULL,
    status INTEGER,
    headers JSONB NOT NULL DEFAULT '{}',
    body TEXT,

    CONSTRAINT idempotency_key_pkey PRIMARY KEY (hash)
);

CREATE INDEX idempotency_key_expires_at_idx ON idempotency_key (expires_at);

-- Owned by libs/auth.

CREATE TYPE "UserStatus" AS ENUM ('active', 'inactive');

CREATE TYPE "UserRole" AS ENUM ('user', 'admin');

CREATE TYPE "TokenPurpose" AS ENUM ('reset_password', 'verify_email', 'sign_in');

-- People with an account.
CREATE TABLE "user" (
    id SERIAL NOT NULL,
    username VARCHAR(50) NOT NULL,
    email VARCHAR(254) NOT NULL,
    email_verified_at TIMESTAMPTZ(3),
    password_hash TEXT,
    status "UserStatus" NOT NULL DEFAULT 'active',
    role "UserRole" NOT NULL DEFAULT 'user',
    created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at TIMESTAMPTZ(3),
    pending_email VARCHAR(254),
    last_login_at TIMESTAMPTZ(3),
    password_version INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT user_pkey PRIMARY KEY (id),
    -- E-mails are stored in lower case, so that one index finds them and keeps them unique without
    -- regard to case.
    CONSTRAINT user_email_check CHECK (email = lower(email)),
    CONSTRAINT user_pending_email_check CHECK (pending_email = lower(pending_email))
);

-- Unique among those that are not deleted: a deleted user's e-mail and username are free again.
CREATE UNIQUE INDEX user_email_key ON "user" (email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX user_username_key ON "user" (lower(username)) WHERE deleted_at IS NULL;

-- Orders in which users may be listed. The ascending id settles equal values, and many users share
-- a status or a role: the other direction needs an index of its own.
CREATE INDEX user_username_idx ON "user" (username, id) WHERE deleted_at IS NULL;
CREATE INDEX user_status_idx ON "user" (status, id) WHERE deleted_at IS NULL;
CREATE INDEX user_status_desc_idx ON "user" (status DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX user_role_idx ON "user" (role, id) WHERE deleted_at IS NULL;
CREATE INDEX user_role_desc_idx ON "user" (role DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX user_created_at_idx ON "user" (created_at, id) WHERE deleted_at IS NULL;

-- Deleted accounts are few, whatever they are sorted by; those whose time is over are purged.
CREATE INDEX user_deleted_at_idx ON "user" (deleted_at) WHERE deleted_at IS NOT NULL;

-- The mark that there is an administrator, or was one: at most one row. The seed makes nobody then.
-- It outlives the account and the audit trail, which are purged.
CREATE TABLE first_admin (
    id INTEGER NOT NULL DEFAULT 1,
    marked_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT first_admin_pkey PRIMARY KEY (id),
    -- At most one row.
    CONSTRAINT first_admin_id_check CHECK (id = 1)
);

-- One signed-in device: a family of refresh tokens that it uses one after another, or the cookie of
-- a page.
CREATE TABLE session (
    id UUID NOT NULL,
    user_id INTEGER NOT NULL,
    refresh_token_hash BYTEA,
    device VARCHAR(255),
    created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_used_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMPTZ(3) NOT NULL,
    ended_at TIMESTAMPTZ(3),
    previous_token_hash BYTEA,
    rotated_at TIMESTAMPTZ(3),
    salt UUID NOT NULL DEFAULT gen_random_uuid(),
    address VARCHAR(45),
    cookie_hash BYTEA,

    CONSTRAINT session_pkey PRIMARY KEY (id),
    -- SHA-256, never the secret itself.
    CONSTRAINT session_refresh_token_hash_check CHECK (octet_length(refresh_token_hash) = 32),
    CONSTRAINT session_previous_token_hash_check CHECK (octet_length(previous_token_hash) = 32),
    -- The session of a page has no refresh token, and that of a refresh token no cookie.
    CONSTRAINT session_one_key_check CHECK (num_nonnulls(refresh_token_hash, cookie_hash) = 1),
    -- SHA-256, never the secret itself.
    CONSTRAINT session_cookie_hash_check CHECK (octet_length(cookie_hash) = 32),
    CONSTRAINT session_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user"(id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX session_expires_at_idx ON session (expires_at);
CREATE INDEX session_user_id_last_used_at_id_idx ON session (user_id, last_used_at DESC, id);
CREATE UNIQUE INDEX session_cookie_hash_key ON session (cookie_hash);

-- Tokens and codes in mails, which prove that the mail was read.
CREATE TABLE one_time_token (
    id UUID NOT NULL,
    user_id INTEGER NOT NULL,
    purpose "TokenPurpose" NOT NULL,
    hash BYTEA NOT NULL,
    email VARCHAR(254) NOT NULL,
    created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMPTZ(3) NOT NULL,
    delivery_id VARCHAR(200),

    CONSTRAINT one_time_token_pkey PRIMARY KEY (id),
    -- SHA-256, never the secret itself.
    CONSTRAINT one_time_token_hash_check CHECK (octet_length(hash) = 32),
    CONSTRAINT one_time_token_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user"(id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE UNIQUE INDEX one_time_token_hash_key ON one_time_token (hash);
CREATE INDEX one_time_token_user_id_purpose_idx ON one_time_token (user_id, purpose);
CREATE INDEX one_time_token_expires_at_idx ON one_time_token (expires_at);

-- Addresses that an account had before. Late notices still go there.
CREATE TABLE former_email (
    id UUID NOT NULL,
    user_id INTEGER NOT NULL,
    email VARCHAR(254) NOT NULL,
    ended_at TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT former_email_pkey PRIMARY KEY (id),
    CONSTRAINT former_email_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user"(id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX former_email_user_id_ended_at_idx ON former_email (user_id, ended_at);
CREATE INDEX former_email_ended_at_idx ON former_email (ended_at);

-- The mails of one kind to one address, or by one account, within the last hour.
CREATE TABLE mail_count (
    key BYTEA NOT NULL,
    recent JSONB NOT NULL DEFAULT '{}',
    updated_at TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT mail_count_pkey PRIMARY KEY (key)
);

CREATE INDEX mail_count_updated_at_idx ON mail_count (updated_at);

-- Accounts elsewhere that open one of ours.
CREATE TABLE external_identity (
    id UUID NOT NULL,
    user_id INTEGER NOT NULL,
    provider VARCHAR(20) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    email VARCHAR(254) NOT NULL,
    created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT external_identity_pkey PRIMARY KEY (id),
    CONSTRAINT external_identity_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user"(id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE UNIQUE INDEX external_identity_provider_subject_key ON external_identity (provider, subject);
CREATE INDEX external_identity_user_id_created_at_id_idx ON external_identity (user_id, created_at, id);

-- The authenticator app of an account (TOTP, RFC 6238).
CREATE TABLE second_factor (
    user_id INTEGER NOT NULL,
    secret BYTEA NOT NULL,
    created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    confirmed_at TIMESTAMPTZ(3),
    last_step INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT second_factor_pkey PRIMARY KEY (user_id),
    CONSTRAINT second_factor_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user"(id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- Each opens the account once, when the authenticator app is lost.
CREATE TABLE recovery_code (
    hash BYTEA NOT NULL,
    user_id INTEGER NOT NULL,

    CONSTRAINT recovery_code_pkey PRIMARY KEY (hash),
    CONSTRAINT recovery_code_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES second_factor(user_id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX recovery_code_user_id_idx ON recovery_code (user_id);

-- Machines present these in place of an access token, on the routes that the scopes open.
CREATE TABLE api_key (
    id UUID NOT NULL,
    user_id INTEGER NOT NULL,
    name VARCHAR(100) NOT NULL,
    hash BYTEA NOT NULL,
    hint VARCHAR(4) NOT NULL,
    scopes TEXT[],
    created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMPTZ(3) NOT NULL,
    last_used_at TIMESTAMPTZ(3),

    CONSTRAINT api_key_pkey PRIMARY KEY (id),
    CONSTRAINT api_key_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user"(id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE UNIQUE INDEX api_key_hash_key ON api_key (hash);
CREATE INDEX api_key_user_id_created_at_id_idx ON api_key (user_id, created_at, id);

-- The purge of expired API keys goes through it.
CREATE INDEX api_key_expires_at_idx ON api_key (expires_at);

-- Actions on accounts: by whom, when and from where. Only added to.
CREATE TABLE audit_entry (
    id UUID NOT NULL,
    action VARCHAR(40) NOT NULL,
    actor_id INTEGER,
    user_id INTEGER,
    details JSONB,
    address VARCHAR(45),
    device VARCHAR(255),
    request_id VARCHAR(128),
    created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT audit_entry_pkey PRIMARY KEY (id)
);

CREATE INDEX audit_entry_created_at_id_idx ON audit_entry (created_at, id);
CREATE INDEX audit_entry_user_id_created_at_id_idx ON audit_entry (user_id, created_at, id);
CREATE INDEX audit_entry_actor_id_created_at_id_idx ON audit_entry (actor_id, created_at, id);
CREATE INDEX audit_entry_action_created_at_id_idx ON audit_entry (action, created_at, id);

-- No code path changes an entry. The triggers hold that against a mistake, and against a stolen
-- connection that may not alter tables.
CREATE FUNCTION refuse_audit_entry_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_entry is only added to';
END $$;

CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_entry_change();

CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_entry_change();

-- The shortest AUTH_AUDIT_RETENTION is 30 days too.
CREATE TRIGGER audit_entry_no_early_delete BEFORE DELETE ON audit_entry
    FOR EACH ROW WHEN (OLD.created_at > CURRENT_TIMESTAMP - INTERVAL '30 days')
    EXECUTE FUNCTION refuse_audit_entry_change();

-- Owned by libs/projects.

CREATE TYPE "ProjectStatus" AS ENUM ('active', 'archived');

-- Projects of users. The owner has no foreign key, because user belongs to libs/auth.
CREATE TABLE project (
    id SERIAL NOT NULL,
    owner_id INTEGER NOT NULL,
    name VARCHAR(100) NOT NULL,
    description VARCHAR(2000) NOT NULL DEFAULT '',
    status "ProjectStatus" NOT NULL DEFAULT 'active',
    version INTEGER NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at TIMESTAMPTZ(3),

    CONSTRAINT project_pkey PRIMARY KEY (id)
);

-- Deleted projects too, for the purge of their owner.
CREATE INDEX project_owner_id_id_idx ON project (owner_id, id);

-- Unique among those of one owner that are not deleted, without regard to case.
CREATE UNIQUE INDEX project_name_key ON project (owner_id, lower(name))
    WHERE deleted_at IS NULL;

-- Orders in which an owner's projects may be listed.
CREATE INDEX project_owner_name_idx ON project (owner_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX project_owner_created_at_idx ON project (owner_id, created_at, id)
    WHERE deleted_at IS NULL;

-- The same for administrators, who list those of everybody.
CREATE INDEX project_name_idx ON project (name, id) WHERE deleted_at IS NULL;
CREATE INDEX project_created_at_idx ON project (created_at, id) WHERE deleted_at IS NULL;

-- The retention task looks for these.
CREATE INDEX project_deleted_at_idx ON project (deleted_at) WHERE deleted_at IS NOT NULL;
