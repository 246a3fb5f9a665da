-- The database's tables. Each "-- version N" line begins the step from version N-1 to N; a step
-- that has been released is never edited, the next one is added below it.
--
-- Times are milliseconds since 1970 (UTC), unless the name says otherwise. Text is UTF-8 where
-- it was checked (contacts), else the bytes as they came (envelope addresses, reasons).

-- version 1

-- AUTOINCREMENT: a contact's id stands in links and journal rows, which outlive it, so it must
-- never come to mean somebody else.
CREATE TABLE contact (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	key         TEXT NOT NULL UNIQUE,
	address     TEXT NOT NULL,
	language    TEXT NOT NULL,
	time_zone   TEXT NOT NULL,
	attributes  TEXT NOT NULL,
	created_ms  INTEGER NOT NULL,
	updated_ms  INTEGER NOT NULL
);

CREATE TABLE suppression (
	hash        TEXT NOT NULL,
	scope       TEXT NOT NULL,
	address     TEXT NOT NULL,
	reason      TEXT NOT NULL,
	created_ms  INTEGER NOT NULL,
	PRIMARY KEY (hash, scope)
);

-- One index finds both a row to replace and all rows of a recipient. With hundreds of rows a
-- second each further one would show.
CREATE TABLE journal (
	id            INTEGER PRIMARY KEY,
	message       TEXT NOT NULL,
	recipient_key TEXT NOT NULL,
	recipient     TEXT NOT NULL,
	campaign      TEXT NOT NULL,
	contact_id    INTEGER NOT NULL,
	queue_id      TEXT NOT NULL,
	message_id    TEXT NOT NULL,
	verdict       INTEGER NOT NULL,
	reason        TEXT NOT NULL,
	duration_ms   INTEGER NOT NULL,
	attempts      INTEGER NOT NULL,
	time_ms       INTEGER NOT NULL,
	UNIQUE (recipient_key, message)
);
CREATE INDEX journal_time ON journal (time_ms);

-- The raw column stands last: what comes before it is read without touching its pages.
CREATE TABLE outbox_body (
	id          INTEGER PRIMARY KEY,
	digest      BLOB NOT NULL UNIQUE,
	raw         BLOB NOT NULL
);

-- next_ns: nanoseconds since 1970; when the campaign's rate allows the next recipient.
CREATE TABLE outbox_campaign (
	id          INTEGER PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE,
	paused      INTEGER NOT NULL,
	next_ns     INTEGER NOT NULL
);

-- resubmit_key: until known_until_ms, the same one means the same message. key: of this message
-- alone; stands in the journal, and Message-IDs are made from it.
CREATE TABLE outbox_message (
	id             INTEGER PRIMARY KEY AUTOINCREMENT,
	resubmit_key   TEXT NOT NULL,
	key            TEXT NOT NULL UNIQUE,
	campaign       INTEGER NOT NULL REFERENCES outbox_campaign (id),
	body           INTEGER NOT NULL REFERENCES outbox_body (id),
	sender         TEXT NOT NULL,
	mail_args      TEXT NOT NULL,
	smtputf8       INTEGER NOT NULL,
	queue_id       TEXT NOT NULL,
	created_ms     INTEGER NOT NULL,
	known_until_ms INTEGER NOT NULL
);
CREATE INDEX outbox_message_resubmit ON outbox_message (resubmit_key, created_ms);
CREATE INDEX outbox_message_body ON outbox_message (body);

-- state: as enum store_outbox_state. cancelled: was claimed when its campaign was cancelled, so
-- it must not go back to waiting. finished_ms: 0 while waiting or claimed.
CREATE TABLE outbox_row (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	message      INTEGER NOT NULL REFERENCES outbox_message (id),
	campaign     INTEGER NOT NULL,
	address_key  TEXT NOT NULL,
	address      TEXT NOT NULL,
	rcpt_args    TEXT NOT NULL,
	state        INTEGER NOT NULL,
	cancelled    INTEGER NOT NULL,
	due_ms       INTEGER NOT NULL,
	first_due_ms INTEGER NOT NULL,
	slot         INTEGER NOT NULL,
	claimed_ms   INTEGER NOT NULL,
	finished_ms  INTEGER NOT NULL,
	attempts     INTEGER NOT NULL,
	message_id   TEXT NOT NULL,
	queue_id     TEXT NOT NULL,
	reason       TEXT NOT NULL,
	UNIQUE (message, address_key)
);
-- What claim walks: campaign by campaign, oldest first. A finished or paused million is not in
-- its way.
CREATE INDEX outbox_row_waiting ON outbox_row (campaign, due_ms) WHERE state = 0;
CREATE INDEX outbox_row_claimed ON outbox_row (slot) WHERE state = 1;

-- version 2

-- Ids of campaigns and links stand in tokens, which people click years later, so neither a row
-- nor an id ever comes to mean something else.
CREATE TABLE campaign (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	name        TEXT NOT NULL UNIQUE,
	created_ms  INTEGER NOT NULL
);

-- digest: SHA-256 of the address.
CREATE TABLE link (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	campaign    INTEGER NOT NULL REFERENCES campaign (id),
	digest      BLOB NOT NULL,
	address     TEXT NOT NULL,
	created_ms  INTEGER NOT NULL,
	UNIQUE (campaign, digest)
);

-- version 3

-- consent: as enum store_consent_state. consent_ms: since when it is so; 0: never said.
ALTER TABLE contact ADD COLUMN consent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN consent_source TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN consent_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN consent_proof TEXT NOT NULL DEFAULT '';
