/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mime_corpus: other people's messages, parsed and composed
 *
 *     mime_corpus OUT < LIST
 *
 * LIST names files, one a line. Each is parsed as it is and with CRLF line ends; with
 * nothing replaced the body must come out the same. Of the CRLF form OUT/N.orig is
 * written, OUT/N.copy with every text replaced by itself, OUT/N.first with the first one
 * replaced and all else as the daemon lets it leave, and OUT/N.parts with kind, content and
 * text of each part, a length and LF before each; standard output has "N parts path" for
 * each, "refused path: reason" for what mime_parse won't take. mime_corpus.py compares.
 */
#include "base/buf.h"
#include "mime/mime.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)64 << 20)

static int failures;

static bool
read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "rb");
	char *room;
	size_t n;

	if (file == NULL)
		return false;
	while ((room = buf_reserve(out, 65536)) != NULL && (n = fread(room, 1, 65536, file)) > 0)
		out->len += n;
	fclose(file);
	return !out->full;
}

static void
to_crlf(struct str in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\n' && (i == 0 || in.p[i - 1] != '\r'))
			buf_add_char(out, '\r');
		buf_add_char(out, in.p[i]);
	}
}

static void
check_identity(const char *path, const struct mime_message *message, const struct mime_copy *copy)
{
	struct str body = mime_body(message), got;
	struct buf out;

	buf_init(&out, FILE_MAX);
	for (size_t i = 0; i < copy->span_count; i++)
		buf_add_str(&out, copy->spans[i]);
	got = buf_str(&out);
	if (body.n < 2 || memcmp(body.p + body.n - 2, "\r\n", 2) != 0)
		got.n -= 2;
	if (!str_eq(body, got) || copy->replaced_count > 0) {
		printf("changed %s\n", path);
		failures++;
	}
	buf_fini(&out);
}

/* NULL: refused. */
static struct mime_message *
parse(const char *path, struct str raw, struct arena *arena)
{
	static const struct mime_limits limits = {1000, 1000, 100};
	struct str *none;
	struct mime_message *message;
	struct mime_copy copy;
	struct err err = ERR_INIT;

	if (mime_parse(&message, raw, &limits, &err) != 0) {
		printf("refused %s: %s\n", path, err.text);
		return NULL;
	}
	none = arena_zalloc(arena, mime_part_count(message) + 1, sizeof *none);
	if (mime_compose(message, none, arena, &copy, &err) != 0) {
		printf("failed %s: %s\n", path, err.text);
		failures++;
	}
	check_identity(path, message, &copy);
	return message;
}

static void
write_copy(const struct mime_message *message, const struct mime_copy *copy, FILE *out)
{
	size_t i, j;

	for (i = 0; i < mime_header_count(message); i++) {
		const struct mime_header *header = mime_header_at(message, i);

		for (j = 0; j < copy->replaced_count; j++) {
			if (str_eq_nocase(copy->replaced[j].name, header->name))
				break;
		}
		if (j == copy->replaced_count)
			fprintf(out, "%.*s\r\n",
			    (int)(header->value.p + header->value.n - header->name.p),
			    header->name.p);
	}
	for (j = 0; j < copy->replaced_count; j++)
		fprintf(out, "%.*s:%.*s\r\n", STR_F(copy->replaced[j].name),
		    STR_F(copy->replaced[j].value));
	fputs("\r\n", out);
	for (i = 0; i < copy->span_count; i++)
		fwrite(copy->spans[i].p, 1, copy->spans[i].n, out);
}

static FILE *
open_out(const char *folder, int number, const char *kind)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%d.%s", folder, number, kind);
	file = fopen(path, "wb");
	if (file == NULL)
		abort();
	return file;
}

static void
write_whole(const char *folder, int number, const char *kind, const struct mime_message *message,
    const struct mime_copy *copy)
{
	FILE *file = open_out(folder, number, kind);

	write_copy(message, copy, file);
	fclose(file);
}

static void
write_piece(struct str s, FILE *file)
{
	fprintf(file, "%zu\n", s.n);
	fwrite(s.p, 1, s.n, file);
}

static void
write_parts(const char *folder, int number, const struct mime_message *message)
{
	static const char *const kinds[] = {"plain", "html", "amp", "calendar"};
	static const char *const flows[] = {"", " flowed", " delsp"};
	FILE *file = open_out(folder, number, "parts");
	const struct mime_seal *seal = mime_seal(message);

	if (seal != NULL)
		fprintf(file, "sealed %s\n", seal->how);
	for (size_t i = 0; i < mime_part_count(message); i++) {
		const struct mime_part *part = mime_part_at(message, i);

		fprintf(file, "%s%s\n", kinds[part->kind], flows[part->flow]);
		write_piece(part->content, file);
		write_piece(part->text, file);
	}
	fclose(file);
}

/* One text replaced, the others as they leave. */
static int
compose_first(const char *folder, int number, const struct mime_message *message, struct str *texts,
    struct arena *arena, struct err *err)
{
	static const struct mime_out how = {.keep_charset = true, .survive = true};
	struct mime_copy copy;

	for (size_t i = 0; i < mime_part_count(message); i++)
		texts[i] = i == 0 ? STR("Tailored.\n") : STR_NONE;
	if (mime_compose_as(message, texts, &how, arena, &copy, err) != 0)
		return -1;
	write_whole(folder, number, "first", message, &copy);
	write_parts(folder, number, message);
	return 0;
}

static void
compose_all(const char *folder, int number, const char *path, struct str raw, struct arena *arena)
{
	struct mime_message *message = parse(path, raw, arena);
	struct mime_copy copy;
	struct str *texts;
	struct err err = ERR_INIT;
	FILE *file;

	if (message == NULL)
		return;
	texts = arena_zalloc(arena, mime_part_count(message) + 1, sizeof *texts);
	for (size_t i = 0; i < mime_part_count(message); i++)
		texts[i] = mime_part_at(message, i)->text;
	if (mime_compose(message, texts, arena, &copy, &err) == 0) {
		file = open_out(folder, number, "orig");
		fwrite(raw.p, 1, raw.n, file);
		fclose(file);
		write_whole(folder, number, "copy", message, &copy);
		if (compose_first(folder, number, message, texts, arena, &err) != 0) {
			printf("failed %s: %s\n", path, err.text);
			failures++;
		}
		printf("%d %zu %s\n", number, mime_part_count(message), path);
	} else {
		printf("failed %s: %s\n", path, err.text);
		failures++;
	}
	mime_free(&message);
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_new(FILE_MAX * 8);
	char path[4096];
	struct buf raw, crlf;

	if (argc != 2)
		return 64;
	buf_init(&raw, FILE_MAX);
	buf_init(&crlf, 2 * FILE_MAX);
	for (int number = 1; fgets(path, sizeof path, stdin) != NULL; number++) {
		struct mime_message *message;

		path[strcspn(path, "\n")] = '\0';
		buf_reset(&raw);
		buf_reset(&crlf);
		if (!read_file(path, &raw))
			continue;
		to_crlf(buf_str(&raw), &crlf);
		message = parse(path, buf_str(&raw), arena);
		mime_free(&message);
		compose_all(argv[1], number, path, buf_str(&crlf), arena);
		arena_reset(arena);
	}
	buf_fini(&raw);
	buf_fini(&crlf);
	arena_free(&arena);
	return failures == 0 ? 0 : 1;
}
