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

-- kind: as enum store_event_kind. A row is never deleted, as events name it.
CREATE TABLE event_type (
	id          INTEGER PRIMARY KEY,
	kind        INTEGER NOT NULL,
	name        TEXT NOT NULL,
	UNIQUE (name, kind)
);

-- AUTOINCREMENT: listeners keep the last id that they saw. contact, campaign, link: 0 for none;
-- what they name may be gone. message: the key in outbox_message and journal.
CREATE TABLE event (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	contact     INTEGER NOT NULL,
	type        INTEGER NOT NULL,
	time_ms     INTEGER NOT NULL,
	received_ms INTEGER NOT NULL,
	campaign    INTEGER NOT NULL,
	link        INTEGER NOT NULL,
	machine     INTEGER NOT NULL,
	message     TEXT NOT NULL,
	source      TEXT NOT NULL,
	source_id   TEXT NOT NULL,
	properties  TEXT NOT NULL
);
CREATE UNIQUE INDEX event_source ON event (source_id, source) WHERE source_id <> '';
-- One for "the newest", one for "the newest of this type": a contact may have ten thousand page
-- views and one order.
CREATE INDEX event_contact ON event (contact, time_ms);
CREATE INDEX event_contact_type ON event (contact, type, time_ms);
CREATE INDEX event_time ON event (time_ms);
CREATE INDEX event_campaign ON event (campaign, type, time_ms) WHERE campaign <> 0;

-- kind: as enum store_identity_kind.
CREATE TABLE identity (
	name        TEXT NOT NULL,
	kind        INTEGER NOT NULL,
	contact     INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
	PRIMARY KEY (name, kind)
);
CREATE INDEX identity_contact ON identity (contact);

-- run: number of the last import.
CREATE TABLE catalogue (
	id          INTEGER PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE,
	run         INTEGER NOT NULL,
	imported_ms INTEGER NOT NULL
);

-- Prices are millionths, NULL for none. run: of the import that had it last. digest: of all that
-- was imported, so that what did not change keeps its updated_ms.
CREATE TABLE product (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	catalogue     INTEGER NOT NULL REFERENCES catalogue (id),
	key           TEXT NOT NULL,
	run           INTEGER NOT NULL,
	availability  INTEGER NOT NULL,
	price         INTEGER,
	sale_price    INTEGER,
	sale_from_ms  INTEGER NOT NULL,
	sale_until_ms INTEGER NOT NULL,
	created_ms    INTEGER NOT NULL,
	updated_ms    INTEGER NOT NULL,
	digest        BLOB NOT NULL,
	currency      TEXT NOT NULL,
	category      TEXT NOT NULL,
	group_key     TEXT NOT NULL,
	title         TEXT NOT NULL,
	link          TEXT NOT NULL,
	image         TEXT NOT NULL,
	brand         TEXT NOT NULL,
	gtin          TEXT NOT NULL,
	attributes    TEXT NOT NULL,
	UNIQUE (catalogue, key)
);
CREATE INDEX product_category ON product (catalogue, category, key);

-- version 4

-- Bodies that are kept so that links.view finds them again. recipient_key: of the one recipient
-- of a message tailored in place; empty: the message came through the outbox, and all its
-- recipients have this body. kept_ms: last written; what is older than view_keep goes.
CREATE TABLE view_body (
	message       TEXT NOT NULL,
	recipient_key TEXT NOT NULL,
	body          INTEGER NOT NULL REFERENCES outbox_body (id),
	kept_ms       INTEGER NOT NULL,
	PRIMARY KEY (message, recipient_key, body)
) WITHOUT ROWID;
CREATE INDEX view_body_kept ON view_body (kept_ms);
CREATE INDEX view_body_body ON view_body (body);

-- version 5

-- generation: counts up when the plugin says that its data changed. entries: how many rows of
-- plugin_entry it has.
CREATE TABLE plugin (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	name        TEXT NOT NULL UNIQUE,
	generation  INTEGER NOT NULL,
	entries     INTEGER NOT NULL
);

-- expires_ms: 0 is never.
CREATE TABLE plugin_entry (
	plugin      INTEGER NOT NULL REFERENCES plugin (id),
	key         BLOB NOT NULL,
	value       BLOB NOT NULL,
	expires_ms  INTEGER NOT NULL,
	PRIMARY KEY (plugin, key)
) WITHOUT ROWID;
CREATE INDEX plugin_entry_expires ON plugin_entry (expires_ms) WHERE expires_ms > 0;

-- event: the last one that was heard of.
CREATE TABLE plugin_cursor (
	plugin      INTEGER NOT NULL REFERENCES plugin (id),
	listener    TEXT NOT NULL,
	event       INTEGER NOT NULL,
	PRIMARY KEY (plugin, listener)
) WITHOUT ROWID;

-- version 6

-- consent: as enum store_consent_state. consent_ms: since when it is so; 0: never said.
ALTER TABLE contact ADD COLUMN consent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN consent_source TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN consent_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN consent_proof TEXT NOT NULL DEFAULT '';

-- version 7

-- What plugins fetch. request: SHA-256 of url and headers. wanted_ms: last asked for, told now and
-- then. next_ms: when it is to be fetched, if it was asked for since time_ms. status 0: no answer
-- came yet.
CREATE TABLE plugin_answer (
	id          INTEGER PRIMARY KEY,
	plugin      INTEGER NOT NULL REFERENCES plugin (id),
	request     BLOB NOT NULL,
	wanted_ms   INTEGER NOT NULL,
	next_ms     INTEGER NOT NULL,
	failures    INTEGER NOT NULL,
	fresh_ms    INTEGER NOT NULL,
	keep_ms     INTEGER NOT NULL,
	timeout_ms  INTEGER NOT NULL,
	status      INTEGER NOT NULL,
	time_ms     INTEGER NOT NULL,
	size        INTEGER NOT NULL,
	url         TEXT NOT NULL,
	headers     TEXT NOT NULL,
	type        TEXT NOT NULL,
	body        BLOB NOT NULL,
	UNIQUE (plugin, request)
);
CREATE INDEX plugin_answer_next ON plugin_answer (plugin, next_ms);

-- version 8

-- source: who said so: "hand", "web", "import", "log", "report". detail: what was said, as it came;
-- goes when the contact is erased. note: what people wrote.
ALTER TABLE suppression ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE suppression ADD COLUMN detail TEXT NOT NULL DEFAULT '';
ALTER TABLE suppression ADD COLUMN note TEXT NOT NULL DEFAULT '';

-- pause_reason: why it was paused by itself; empty: by hand. resumed_ms: what came back before
-- does not count any more.
ALTER TABLE outbox_campaign ADD COLUMN pause_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox_campaign ADD COLUMN resumed_ms INTEGER NOT NULL DEFAULT 0;

-- What receivers say of mail with our domains in From (RFC 7489 section 7.2). sender: who reports,
-- by the domain that signed it.
CREATE TABLE dmarc_report (
	id          INTEGER PRIMARY KEY,
	sender      TEXT NOT NULL,
	report      TEXT NOT NULL,
	domain      TEXT NOT NULL,
	organization TEXT NOT NULL,
	policy      TEXT NOT NULL,
	begin_ms    INTEGER NOT NULL,
	end_ms      INTEGER NOT NULL,
	received_ms INTEGER NOT NULL,
	UNIQUE (sender, report, domain)
);
CREATE INDEX dmarc_report_end ON dmarc_report (end_ms);

CREATE TABLE dmarc_row (
	report      INTEGER NOT NULL REFERENCES dmarc_report (id) ON DELETE CASCADE,
	source      TEXT NOT NULL,
	header_from TEXT NOT NULL,
	disposition TEXT NOT NULL,
	dkim        TEXT NOT NULL,
	spf         TEXT NOT NULL,
	messages    INTEGER NOT NULL,
	PRIMARY KEY (report, source, header_from, disposition, dkim, spf)
) WITHOUT ROWID;

-- version 9

-- Keys of the event API. hash: SHA-256 of the key, which is kept nowhere. scope: as enum
-- store_apikey_scope. rate: requests a second; 0: as configured. used_ms: to the minute, 0: never.
-- A row stays when its key is revoked: events name it.
CREATE TABLE api_key (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	hash        BLOB NOT NULL UNIQUE,
	name        TEXT NOT NULL,
	scope       INTEGER NOT NULL,
	rate        INTEGER NOT NULL,
	created_ms  INTEGER NOT NULL,
	used_ms     INTEGER NOT NULL,
	revoked_ms  INTEGER NOT NULL
);

-- version 10

-- What came from a form and has to be confirmed; until then nothing of it is the contact's.
-- mailed: a confirmation message was put into the outbox. confirmed_ms: 0 until it was; then
-- fields are empty. AUTOINCREMENT: ids stand in links.
CREATE TABLE signup (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	address_key  TEXT NOT NULL,
	address      TEXT NOT NULL,
	form         TEXT NOT NULL,
	created_ms   INTEGER NOT NULL,
	expires_ms   INTEGER NOT NULL,
	confirmed_ms INTEGER NOT NULL,
	mailed       INTEGER NOT NULL,
	client       TEXT NOT NULL,
	consent      TEXT NOT NULL,
	language     TEXT NOT NULL,
	fields       TEXT NOT NULL
);
CREATE INDEX signup_address ON signup (address_key, created_ms);
CREATE INDEX signup_expires ON signup (expires_ms);

-- Texts that people agreed to, by their SHA-256 in hex. Proofs name them, so none is deleted.
CREATE TABLE consent_text (
	digest      TEXT PRIMARY KEY,
	text        TEXT NOT NULL,
	created_ms  INTEGER NOT NULL
);

-- How often what became of a form that was sent. day: since 1970.
CREATE TABLE signup_count (
	form        TEXT NOT NULL,
	day         INTEGER NOT NULL,
	result      TEXT NOT NULL,
	count       INTEGER NOT NULL,
	PRIMARY KEY (form, day, result)
) WITHOUT ROWID;

-- version 11

-- until_ms: the entry ends by itself then; 0: never.
ALTER TABLE suppression ADD COLUMN until_ms INTEGER NOT NULL DEFAULT 0;

-- version 12

-- What the relay's log said last of a journal row's copy. outcome: as enum store_outcome. queue_id:
-- where the copy is now, or was last. attempts: that the relay made.
CREATE TABLE delivery (
	journal     INTEGER PRIMARY KEY,
	outcome     INTEGER NOT NULL,
	queue_id    TEXT NOT NULL,
	time_ms     INTEGER NOT NULL,
	delay_ms    INTEGER NOT NULL,
	attempts    INTEGER NOT NULL,
	relay       TEXT NOT NULL,
	status      TEXT NOT NULL,
	text        TEXT NOT NULL,
	reason      TEXT NOT NULL,
	hard        INTEGER NOT NULL
);
-- Those on their way: a message that is given up is known by its queue id alone.
CREATE INDEX delivery_on_its_way ON delivery (queue_id) WHERE outcome IN (1, 3);

-- Queue ids that have a Message-ID as ours are, and no result so far.
CREATE TABLE delivery_name (
	queue_id    TEXT PRIMARY KEY,
	message_id  TEXT NOT NULL,
	time_ms     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX delivery_name_time ON delivery_name (time_ms);

-- Results that came before their journal row; since_ms: wait since then.
CREATE TABLE delivery_early (
	id          INTEGER PRIMARY KEY,
	queue_id    TEXT NOT NULL,
	message_id  TEXT NOT NULL,
	recipient   TEXT NOT NULL,
	original    TEXT NOT NULL,
	outcome     INTEGER NOT NULL,
	began_ms    INTEGER NOT NULL,
	time_ms     INTEGER NOT NULL,
	delay_ms    INTEGER NOT NULL,
	relay       TEXT NOT NULL,
	status      TEXT NOT NULL,
	text        TEXT NOT NULL,
	next        TEXT NOT NULL,
	since_ms    INTEGER NOT NULL,
	UNIQUE (queue_id, recipient, outcome, delay_ms)
);

-- How far the mail log is read: a row for each file that is open, the oldest first.
CREATE TABLE mail_log_place (
	number      INTEGER PRIMARY KEY,
	device      INTEGER NOT NULL,
	inode       INTEGER NOT NULL,
	place       INTEGER NOT NULL,
	head_n      INTEGER NOT NULL,
	head        TEXT NOT NULL,
	time_ms     INTEGER NOT NULL
);

-- version 13

-- Where webhooks are. state: as enum store_webhook_state. revision counts changes, so that nobody
-- overwrites what he did not see. cursor: the last event that was taken. What is on its way goes
-- from there to batch_last (0: nothing is), has the id batch_id, and a body with that SHA-256.
-- failing_ms: since when nothing was taken; 0: all is well.
CREATE TABLE webhook (
	name         TEXT PRIMARY KEY,
	state        INTEGER NOT NULL,
	revision     INTEGER NOT NULL,
	cursor       INTEGER NOT NULL,
	batch_last   INTEGER NOT NULL,
	batch_id     TEXT NOT NULL,
	batch_digest BLOB NOT NULL,
	failures     INTEGER NOT NULL,
	failing_ms   INTEGER NOT NULL,
	tried_ms     INTEGER NOT NULL,
	next_ms      INTEGER NOT NULL,
	sent         INTEGER NOT NULL,
	answer       TEXT NOT NULL
) WITHOUT ROWID;

-- version 14

-- Of contacts who want mail only so often: the last message that has a place, and since when.
CREATE TABLE frequency (
	contact     INTEGER PRIMARY KEY,
	message     TEXT NOT NULL,
	time_ms     INTEGER NOT NULL
);

-- version 15

-- sender_domain: of From, in lower case and A-labels; empty: not known. Receivers have their opinion
-- of it, whatever the campaign.
ALTER TABLE journal ADD COLUMN sender_domain TEXT NOT NULL DEFAULT '';
CREATE INDEX journal_sender ON journal (sender_domain, time_ms) WHERE sender_domain <> '';
ALTER TABLE outbox_message ADD COLUMN sender_domain TEXT NOT NULL DEFAULT '';
