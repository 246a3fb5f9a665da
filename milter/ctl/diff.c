/* SPDX-License-Identifier: BSD-2-Clause
 *
 * diff: see diff.h
 *
 * The longest common subsequence of lines by dynamic programming, on what is left when equal
 * lines at both ends are taken off.
 *
 * Threads: any.
 */
#include "ctl/diff.h"

#include <stdint.h>
#include <stdlib.h>

#define CONTEXT	  3
#define CELLS_MAX ((size_t)16 << 20)

struct lines {
	struct str *at;
	size_t count;
};

/* One line of the outcome: ' ' is in both, '-' in the first, '+' in the second. */
struct step {
	char sign;
	struct str line;
};

struct script {
	struct step *at;
	size_t count;
};

static void *
need(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (memory == NULL)
		abort();
	return memory;
}

static struct lines
split(struct str text)
{
	struct lines lines = {.count = 1};
	struct str rest = text;

	for (size_t i = 0; i < text.n; i++)
		lines.count += text.p[i] == '\n';
	lines.at = need(lines.count, sizeof *lines.at);
	lines.count = 0;
	while (rest.n > 0 && str_split(&rest, '\n', &lines.at[lines.count]))
		lines.count++;
	return lines;
}

static void
put(struct script *script, char sign, struct str line)
{
	script->at[script->count++] = (struct step){sign, line};
}

/* How long the longest common subsequence of a[i..] and b[k..] is, for all i and k. */
static uint32_t *
measure(const struct str *a, size_t n, const struct str *b, size_t m)
{
	uint32_t *longest = need((n + 1) * (m + 1), sizeof *longest);

	for (size_t i = n; i-- > 0;) {
		for (size_t k = m; k-- > 0;) {
			uint32_t *cell = &longest[i * (m + 1) + k];
			uint32_t down = cell[m + 1], right = cell[1];

			if (str_eq(a[i], b[k]))
				*cell = cell[m + 2] + 1;
			else
				*cell = down >= right ? down : right;
		}
	}
	return longest;
}

static void
compare(struct script *script, const struct str *a, size_t n, const struct str *b, size_t m)
{
	bool small = n == 0 || m <= CELLS_MAX / (n + 1);
	uint32_t *longest = small ? measure(a, n, b, m) : NULL;
	size_t i = 0, k = 0;

	while (i < n && k < m && longest != NULL) {
		const uint32_t *cell = &longest[i * (m + 1) + k];

		if (str_eq(a[i], b[k])) {
			put(script, ' ', a[i++]);
			k++;
		} else if (cell[m + 1] >= cell[1]) {
			put(script, '-', a[i++]);
		} else {
			put(script, '+', b[k++]);
		}
	}
	while (i < n)
		put(script, '-', a[i++]);
	while (k < m)
		put(script, '+', b[k++]);
	free(longest);
}

static struct script
script_of(const struct lines *a, const struct lines *b)
{
	struct script script = {need(a->count + b->count, sizeof *script.at), 0};
	size_t head = 0, tail = 0;

	while (head < a->count && head < b->count && str_eq(a->at[head], b->at[head]))
		put(&script, ' ', a->at[head++]);
	while (tail < a->count - head && tail < b->count - head &&
	    str_eq(a->at[a->count - 1 - tail], b->at[b->count - 1 - tail]))
		tail++;
	compare(
	    &script, a->at + head, a->count - head - tail, b->at + head, b->count - head - tail);
	for (; tail > 0; tail--)
		put(&script, ' ', a->at[a->count - tail]);
	return script;
}

/* The first step behind a run of more than twice the context's equal lines. */
static size_t
hunk_end(const struct script *script, size_t from)
{
	size_t equal = 0, last = from;

	for (size_t i = from; i < script->count && equal <= (size_t)2 * CONTEXT; i++) {
		equal = script->at[i].sign == ' ' ? equal + 1 : 0;
		if (equal == 0)
			last = i + 1;
	}
	return last + CONTEXT < script->count ? last + CONTEXT : script->count;
}

static void
put_hunk(FILE *out, const struct script *script, size_t from, size_t to, const size_t before[2])
{
	size_t count[2] = {0, 0};

	for (size_t i = from; i < to; i++) {
		count[0] += script->at[i].sign != '+';
		count[1] += script->at[i].sign != '-';
	}
	fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", before[0] + (count[0] > 0), count[0],
	    before[1] + (count[1] > 0), count[1]);
	for (size_t i = from; i < to; i++) {
		fputc(script->at[i].sign, out);
		fwrite(script->at[i].line.p, 1, script->at[i].line.n, out);
		fputc('\n', out);
	}
}

void
ctl_diff(FILE *out, struct str from, struct str to)
{
	struct lines a = split(from), b = split(to);
	struct script script = script_of(&a, &b);
	size_t before[2] = {0, 0}, at = 0;

	while (at < script.count) {
		size_t change = at, begin;

		while (change < script.count && script.at[change].sign == ' ')
			change++;
		if (change == script.count)
			break;
		begin = change - at > CONTEXT ? change - CONTEXT : at;
		before[0] += begin - at;
		before[1] += begin - at;
		at = hunk_end(&script, change);
		put_hunk(out, &script, begin, at, before);
		for (size_t i = begin; i < at; i++) {
			before[0] += script.at[i].sign != '+';
			before[1] += script.at[i].sign != '-';
		}
	}
	free(script.at);
	free(a.at);
	free(b.at);
}
