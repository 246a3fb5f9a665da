/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_claim: which rows an outbox process serves next
 *
 * The index of waiting rows is ordered by campaign and due time. First comes a look
 * at the oldest row of each campaign that has any (one seek each), then the campaigns
 * are merged: from the one with the oldest row all rows are taken that are older than
 * the next campaign's oldest, and so on. A paused campaign, or one whose rate is used
 * up, costs its one seek, however many rows wait in it.
 *
 * A rate is kept as the time when the next recipient may go (next_ns), which moves on
 * by one interval with each recipient. It never lies more than a second less one
 * interval in the past, so that after a silence at most one second's worth goes at
 * once.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (arena), and db.c's.
 */
#include "store/outbox.h"

#include "base/clock.h"
#include "store/db.h"

#include <limits.h>
#include <stdlib.h>

#define SECOND_NS ((int64_t)1000000000)
#define MS_NS	  ((int64_t)1000000)

static const char next_campaign_sql[] =
    "SELECT campaign, due_ms FROM outbox_row WHERE state = 0 AND campaign > ?1 "
    "ORDER BY campaign, due_ms LIMIT 1";
static const char campaign_sql[] =
    "SELECT name, paused, next_ns FROM outbox_campaign WHERE id = ?1";
static const char head_sql[] = "SELECT due_ms FROM outbox_row WHERE state = 0 AND campaign = ?1 "
			       "ORDER BY due_ms LIMIT 1";

#define ROW_COLUMNS                                                                               \
	"SELECT r.id, r.message, r.attempts, r.first_due_ms, r.claimed_ms, r.address, "           \
	"r.rcpt_args, r.message_id, m.key, m.sender, m.mail_args, m.smtputf8, b.digest, c.name, " \
	"m.sender_domain "                                                                        \
	"FROM outbox_row r JOIN outbox_message m ON m.id = r.message "                            \
	"JOIN outbox_body b ON b.id = m.body JOIN outbox_campaign c ON c.id = r.campaign "

static const char take_sql[] = ROW_COLUMNS
    "WHERE r.state = 0 AND r.campaign = ?1 AND r.due_ms <= ?2 ORDER BY r.due_ms LIMIT ?3";
static const char claim_sql[] =
    "UPDATE outbox_row SET state = 1, slot = ?2, claimed_ms = ?3 WHERE id = ?1";
static const char pace_sql[] = "UPDATE outbox_campaign SET next_ns = ?2 WHERE id = ?1";
static const char in_doubt_sql[] =
    ROW_COLUMNS "WHERE r.state = 1 AND r.slot BETWEEN ?1 AND ?2 ORDER BY r.id";

/* A campaign with waiting rows that is not paused. */
struct line {
	int64_t campaign;
	int64_t head_ms;     /* due time of its oldest row, INT64_MAX: none left */
	int64_t interval_ns; /* between two recipients; 0: no rate */
	int64_t next_ns;
	int64_t taken;
};

struct claim {
	struct store_db *db;
	struct arena *arena;
	struct err *err;
	int64_t now;
	int slot;
	size_t max;
	store_outbox_rate *rate;
	void *closure;
	struct line *lines;
	size_t line_count;
	size_t line_room;
	struct store_outbox_row *rows;
	size_t row_count;
};

/* How many recipients the line's rate allows now. */
static int64_t
quota(const struct claim *claim, const struct line *line)
{
	int64_t next = line->next_ns + line->taken * line->interval_ns;
	int64_t now = claim->now * MS_NS;

	if (line->interval_ns == 0)
		return INT64_MAX;
	return next > now ? 0 : (now - next) / line->interval_ns + 1;
}

static void
line_pace(struct claim *claim, struct line *line, int64_t rate, int64_t next_ns)
{
	int64_t now = claim->now * MS_NS;

	if (rate <= 0)
		return;
	line->interval_ns = SECOND_NS / rate;
	line->next_ns = next_ns;
	if (line->next_ns < now - SECOND_NS + line->interval_ns)
		line->next_ns = now - SECOND_NS + line->interval_ns;
	/* Later than any claim can have set it: the clock was put back. */
	if (line->next_ns > now + line->interval_ns)
		line->next_ns = now + line->interval_ns;
}

/* Adds a line unless the campaign is paused. */
static int
line_add(struct claim *claim, int64_t campaign, int64_t head_ms)
{
	sqlite3_stmt *statement = store_db_statement(claim->db, campaign_sql, claim->err);
	struct line line = {.campaign = campaign, .head_ms = head_ms};
	int rc;

	if (statement == NULL)
		return -1;
	store_db_bind_int(statement, 1, campaign);
	rc = store_db_step(claim->db, statement, "read a campaign", claim->err);
	if (rc != 1)
		return rc;
	if (sqlite3_column_int(statement, 1) == 0) {
		if (claim->rate != NULL)
			line_pace(claim, &line,
			    claim->rate(claim->closure, store_db_str(statement, 0)),
			    sqlite3_column_int64(statement, 2));
		if (claim->line_count == claim->line_room) {
			claim->line_room = claim->line_room == 0 ? 16 : 2 * claim->line_room;
			claim->lines =
			    realloc(claim->lines, claim->line_room * sizeof claim->lines[0]);
			if (claim->lines == NULL)
				abort();
		}
		claim->lines[claim->line_count++] = line;
	}
	sqlite3_reset(statement);
	return 0;
}

static int
find_lines(struct claim *claim)
{
	sqlite3_stmt *statement = store_db_statement(claim->db, next_campaign_sql, claim->err);
	int64_t campaign = 0, head_ms;
	int rc;

	if (statement == NULL)
		return -1;
	for (;;) {
		store_db_bind_int(statement, 1, campaign);
		rc = store_db_step(claim->db, statement, "look for due rows", claim->err);
		if (rc != 1)
			return rc;
		campaign = sqlite3_column_int64(statement, 0);
		head_ms = sqlite3_column_int64(statement, 1);
		sqlite3_reset(statement);
		if (line_add(claim, campaign, head_ms) != 0)
			return -1;
	}
}

static int
read_row(
    sqlite3_stmt *statement, struct arena *arena, struct store_outbox_row *row, struct err *err)
{
	struct str digest = store_db_str(statement, 12);
	bool full = false;

	*row = (struct store_outbox_row){
	    .id = sqlite3_column_int64(statement, 0),
	    .message = sqlite3_column_int64(statement, 1),
	    .attempts = sqlite3_column_int64(statement, 2),
	    .due_ms = sqlite3_column_int64(statement, 3),
	    .claimed_ms = sqlite3_column_int64(statement, 4),
	    .smtputf8 = sqlite3_column_int(statement, 11) != 0,
	};
	row->address = store_db_copy(statement, 5, arena, &full);
	row->rcpt_args = store_db_copy(statement, 6, arena, &full);
	row->message_id = store_db_copy(statement, 7, arena, &full);
	row->key = store_db_copy(statement, 8, arena, &full);
	row->sender = store_db_copy(statement, 9, arena, &full);
	row->mail_args = store_db_copy(statement, 10, arena, &full);
	row->campaign = store_db_copy(statement, 13, arena, &full);
	row->sender_domain = store_db_copy(statement, 14, arena, &full);
	if (digest.n != sizeof row->body.byte)
		return err_set(err, ERR_STORE, "outbox: a digest of %zu bytes", digest.n);
	memcpy(row->body.byte, digest.p, sizeof row->body.byte);
	return full ? err_set(err, ERR_LIMIT, "outbox: arena full") : 0;
}

/* The line's oldest rows that are due until `until_ms`, as far as there is room and rate. */
static int
read_rows(struct claim *claim, struct line *line, int64_t until_ms, size_t *count_r)
{
	sqlite3_stmt *statement = store_db_statement(claim->db, take_sql, claim->err);
	int64_t limit = quota(claim, line);
	size_t room = claim->max - claim->row_count;
	size_t n = 0;
	int rc;

	if (statement == NULL)
		return -1;
	if (limit > (int64_t)room)
		limit = (int64_t)room;
	store_db_bind_int(statement, 1, line->campaign);
	store_db_bind_int(statement, 2, until_ms);
	store_db_bind_int(statement, 3, limit);
	while ((rc = store_db_step(claim->db, statement, "read due rows", claim->err)) == 1) {
		struct store_outbox_row *row = &claim->rows[claim->row_count + n++];

		if (read_row(statement, claim->arena, row, claim->err) != 0) {
			sqlite3_reset(statement);
			return -1;
		}
		row->claimed_ms = claim->now;
	}
	*count_r = n;
	return rc;
}

static int
take(struct claim *claim, struct line *line, int64_t until_ms)
{
	sqlite3_stmt *set = store_db_statement(claim->db, claim_sql, claim->err);
	sqlite3_stmt *head = store_db_statement(claim->db, head_sql, claim->err);
	size_t count;
	int rc;

	if (set == NULL || head == NULL || read_rows(claim, line, until_ms, &count) != 0)
		return -1;
	/* They are read first and changed then: the index that is read is the one that
	 * changes. */
	for (size_t i = 0; i < count; i++) {
		store_db_bind_int(set, 1, claim->rows[claim->row_count + i].id);
		store_db_bind_int(set, 2, claim->slot);
		store_db_bind_int(set, 3, claim->now);
		if (store_db_run(claim->db, set, "claim a row", claim->err) != 0)
			return -1;
	}
	claim->row_count += count;
	line->taken += (int64_t)count;
	store_db_bind_int(head, 1, line->campaign);
	rc = store_db_step(claim->db, head, "look for due rows", claim->err);
	if (rc < 0)
		return -1;
	line->head_ms = rc == 1 ? sqlite3_column_int64(head, 0) : INT64_MAX;
	sqlite3_reset(head);
	/* A line that gave nothing although its head was due would be asked for ever. */
	return count > 0 ? 0
			 : err_set(claim->err, ERR_STORE, "outbox: a waiting row without message");
}

static int
merge_lines(struct claim *claim)
{
	while (claim->row_count < claim->max) {
		struct line *oldest = NULL;
		int64_t until_ms = claim->now;

		for (size_t i = 0; i < claim->line_count; i++) {
			struct line *line = &claim->lines[i];

			if (line->head_ms > claim->now || quota(claim, line) == 0)
				continue;
			if (oldest == NULL) {
				oldest = line;
			} else if (line->head_ms < oldest->head_ms) {
				until_ms = oldest->head_ms;
				oldest = line;
			} else if (line->head_ms < until_ms) {
				until_ms = line->head_ms;
			}
		}
		if (oldest == NULL)
			return 0;
		if (take(claim, oldest, until_ms) != 0)
			return -1;
	}
	return 0;
}

static int
save_pace(struct claim *claim)
{
	sqlite3_stmt *statement = store_db_statement(claim->db, pace_sql, claim->err);

	if (statement == NULL)
		return -1;
	for (size_t i = 0; i < claim->line_count; i++) {
		const struct line *line = &claim->lines[i];

		if (line->interval_ns == 0 || line->taken == 0)
			continue;
		store_db_bind_int(statement, 1, line->campaign);
		store_db_bind_int(statement, 2, line->next_ns + line->taken * line->interval_ns);
		if (store_db_run(claim->db, statement, "write a campaign", claim->err) != 0)
			return -1;
	}
	return 0;
}

static int64_t
next_time(const struct claim *claim)
{
	int64_t next = INT64_MAX;

	if (claim->row_count == claim->max)
		return claim->now;
	for (size_t i = 0; i < claim->line_count; i++) {
		const struct line *line = &claim->lines[i];
		int64_t when = line->head_ms;
		int64_t allowed = line->next_ns + line->taken * line->interval_ns;

		if (when != INT64_MAX && line->interval_ns > 0 && when * MS_NS < allowed)
			when = (allowed + MS_NS - 1) / MS_NS;
		if (when < next)
			next = when;
	}
	return next;
}

int
store_outbox_claim(struct store *store, int slot, size_t max, store_outbox_rate *rate,
    void *closure, struct arena *arena, struct store_outbox_row **rows_r, int64_t *next_ms_r,
    struct err *err)
{
	struct claim claim = {.arena = arena,
	    .err = err,
	    .slot = slot,
	    .max = max > INT_MAX ? INT_MAX : max,
	    .rate = rate,
	    .closure = closure};
	int rc;

	claim.rows = arena_zalloc(arena, claim.max, sizeof claim.rows[0]);
	if (claim.rows == NULL)
		return err_set(err, ERR_LIMIT, "outbox: arena full");
	claim.db = store_write_begin(store, STORE_POWER_SAFE, err);
	if (claim.db == NULL)
		return -1;
	claim.now = clock_now();
	rc = find_lines(&claim);
	if (rc == 0)
		rc = merge_lines(&claim);
	if (rc == 0)
		rc = save_pace(&claim);
	*next_ms_r = next_time(&claim);
	free(claim.lines);
	*rows_r = claim.rows;
	return store_write_end(store, rc, err) != 0 ? -1 : (int)claim.row_count;
}

/* --- what a worker that died left --- */

static int
read_in_doubt(struct store_db *db, sqlite3_stmt *statement, struct arena *arena,
    struct store_outbox_row **rows_r, struct err *err)
{
	struct store_outbox_row *rows = NULL;
	size_t count = 0, room = 0;
	int rc;

	while ((rc = store_db_step(db, statement, "read rows in doubt", err)) == 1) {
		if (count == room) {
			room = room == 0 ? 64 : 2 * room;
			rows = realloc(rows, room * sizeof rows[0]);
			if (rows == NULL)
				abort();
		}
		if (read_row(statement, arena, &rows[count++], err) != 0) {
			sqlite3_reset(statement);
			rc = -1;
			break;
		}
	}
	*rows_r = rc < 0 ? NULL : arena_zalloc(arena, count, sizeof rows[0]);
	if (rc == 0 && *rows_r == NULL)
		rc = err_set(err, ERR_LIMIT, "outbox: arena full");
	if (rc == 0 && count > 0)
		memcpy(*rows_r, rows, count * sizeof rows[0]);
	free(rows);
	return rc < 0 ? -1 : (int)count;
}

int
store_outbox_in_doubt(struct store *store, int slot, struct arena *arena,
    struct store_outbox_row **rows_r, struct err *err)
{
	struct store_db *db = store_read_begin(store, err);
	sqlite3_stmt *statement;
	int rc = -1;

	if (db == NULL)
		return -1;
	statement = store_db_statement(db, in_doubt_sql, err);
	if (statement != NULL) {
		store_db_bind_int(statement, 1, slot < 0 ? 0 : slot);
		store_db_bind_int(statement, 2, slot < 0 ? INT_MAX : slot);
		rc = read_in_doubt(db, statement, arena, rows_r, err);
	}
	store_read_end(store, db);
	return rc;
}
