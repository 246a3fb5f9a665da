/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_corpus: other people's HTML, scanned and spliced
 *
 *     html_corpus scan < LIST       LIST names files, one a line; a line of JSON for each
 *     html_corpus tokens FILE...    cases of html5lib-tests for tokenizers
 *
 * scan also edits each file: every link replaced by itself, and every link replaced by a
 * token, found again and put back, must give the same bytes. html_corpus.py compares the
 * links with what html5lib finds.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "html/element.h"
#include "html/entity.h"
#include "html/html.h"
#include "html/token.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)16 << 20)

static const struct html_options options = {.limits = {FILE_MAX, 100000}};

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
print(const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	if (text == NULL)
		abort();
	puts(text);
	free(text);
}

/* Bytes as Latin-1, which JSON takes whatever they are. */
static json_t *
bytes_json(struct str s)
{
	struct buf utf8;
	json_t *json;

	buf_init(&utf8, 2 * s.n + 2);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80) {
			buf_add_char(&utf8, (char)(0xc0 | c >> 6));
			c = 0x80 | (c & 0x3f);
		}
		buf_add_char(&utf8, (char)c);
	}
	json = json_stringn(buf_str(&utf8).p, utf8.len);
	buf_fini(&utf8);
	return json;
}

/* --- scan --- */

static struct html_doc *
scan(struct str source)
{
	struct html_doc *doc;
	struct err err = ERR_INIT;

	if (html_scan(&doc, source, &options, &err) == 0)
		return doc;
	fprintf(stderr, "%s\n", err.text);
	return NULL;
}

static bool
splice(struct str source, struct html_edit *edits, size_t count, struct buf *out)
{
	struct err err = ERR_INIT;

	if (html_splice(source, edits, count, out, &err) == 0)
		return true;
	fprintf(stderr, "%s\n", err.text);
	return false;
}

/* Each link in the place of itself, last ones first. */
static bool
identity(struct str source, const struct html_doc *doc)
{
	size_t count = html_link_count(doc);
	struct html_edit *edits = calloc(count + 1, sizeof *edits);
	struct buf out;
	bool same;

	for (size_t i = 0; i < count; i++) {
		struct html_range range = html_link_at(doc, i)->value.range;

		edits[count - 1 - i] =
		    (struct html_edit){range, {source.p + range.begin, range.end - range.begin}};
	}
	buf_init(&out, 2 * FILE_MAX);
	same = splice(source, edits, count, &out) && str_eq(buf_str(&out), source);
	buf_fini(&out);
	free(edits);
	return same;
}

#define TOKEN_SIZE 128

/* The source with a token in the place of each address. */
static bool
put_tokens(struct str source, const struct html_doc *doc, struct html_edit *edits, struct buf *out)
{
	size_t count = html_link_count(doc), made = 0;
	char(*tokens)[TOKEN_SIZE] = calloc(count + 1, TOKEN_SIZE);
	bool done;

	for (size_t i = 0; i < count; i++) {
		const struct html_link *link = html_link_at(doc, i);
		char address[TOKEN_SIZE / 2];
		struct buf token;

		if (!link->whole)
			continue;
		buf_init(&token, TOKEN_SIZE);
		snprintf(address, sizeof address, "https://t/%zu?a&b", i);
		html_value_encode(str_c(address), link->value.quote, false, &token);
		memcpy(tokens[i], token.data, token.len);
		edits[made++] = (struct html_edit){link->value.range, {tokens[i], token.len}};
		buf_fini(&token);
	}
	done = splice(source, edits, made, out);
	free(tokens);
	return done;
}

/* Edits that put back the addresses of `source` in what put_tokens made. */
static bool
take_tokens(struct str source, const struct html_doc *doc, const struct html_doc *edited,
    struct html_edit *edits, size_t *made)
{
	*made = 0;
	if (html_link_count(edited) != html_link_count(doc))
		return false;
	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *was = html_link_at(doc, i), *is = html_link_at(edited, i);
		struct html_range from = was->value.range, to = is->value.range;
		char address[TOKEN_SIZE / 2];

		if (!was->whole)
			continue;
		snprintf(address, sizeof address, "https://t/%zu?a&b", i);
		if (!str_is(is->address, address))
			return false;
		if (was->value.quote == HTML_QUOTE_NONE) {
			to.begin--;
			to.end++;
		}
		edits[(*made)++] =
		    (struct html_edit){to, {source.p + from.begin, from.end - from.begin}};
	}
	return true;
}

static bool
there_and_back(struct str source, const struct html_doc *doc)
{
	struct html_edit *edits = calloc(html_link_count(doc) + 1, sizeof *edits);
	struct html_doc *edited = NULL;
	struct buf there, back;
	size_t made;
	bool same = false;

	buf_init(&there, 2 * FILE_MAX);
	buf_init(&back, 2 * FILE_MAX);
	if (put_tokens(source, doc, edits, &there) && (edited = scan(buf_str(&there))) != NULL &&
	    take_tokens(source, doc, edited, edits, &made))
		same =
		    splice(buf_str(&there), edits, made, &back) && str_eq(buf_str(&back), source);
	html_free(&edited);
	buf_fini(&there);
	buf_fini(&back);
	free(edits);
	return same;
}

static json_t *
links_json(const struct html_doc *doc)
{
	json_t *links = json_array();

	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *link = html_link_at(doc, i);

		json_array_append_new(links,
		    json_pack("{s:o,s:o,s:s,s:I,s:I,s:I,s:b,s:b,s:b,s:b}", "element",
			bytes_json(link->element), "address", bytes_json(link->address), "scheme",
			html_scheme_name(link->scheme), "tag", (json_int_t)link->tag.begin, "begin",
			(json_int_t)link->value.range.begin, "end",
			(json_int_t)link->value.range.end, "conditional", link->conditional,
			"dynamic", link->value.dynamic != HTML_STATIC, "whole", link->whole,
			"literal", link->literal));
	}
	return links;
}

static int
scan_file(const char *path)
{
	struct html_doc *doc = NULL;
	struct buf source;
	int64_t begin, us;
	bool kept;

	buf_init(&source, FILE_MAX);
	if (!read_file(path, &source)) {
		fprintf(stderr, "%s can't be read\n", path);
		return -1;
	}
	begin = clock_mono_us();
	doc = scan(buf_str(&source));
	us = clock_mono_us() - begin;
	if (doc == NULL)
		return -1;
	kept = identity(buf_str(&source), doc);
	if (kept)
		kept = there_and_back(buf_str(&source), doc);
	json_t *line = json_pack("{s:o,s:o,s:I,s:I,s:I,s:b,s:b}", "path", bytes_json(str_c(path)),
	    "links", links_json(doc), "mismatches", (json_int_t)html_summary(doc)->mismatches,
	    "size", (json_int_t)source.len, "us", (json_int_t)us, "broken",
	    html_summary(doc)->broken, "kept", kept);
	print(line);
	json_decref(line);
	html_free(&doc);
	buf_fini(&source);
	return kept ? 0 : -1;
}

static int
scan_all(void)
{
	char path[4096];
	int status = 0;

	while (fgets(path, sizeof path, stdin) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		if (scan_file(path) != 0)
			status = 1;
	}
	return status;
}

/* --- tokens --- */

static void
add_text(json_t *tokens, struct str text)
{
	json_t *last = json_array_get(tokens, json_array_size(tokens) - 1);
	struct buf all;

	buf_init(&all, FILE_MAX);
	if (last != NULL && strcmp(json_string_value(json_array_get(last, 0)), "Character") == 0)
		buf_add_c(&all, json_string_value(json_array_get(last, 1)));
	else if (text.n > 0)
		json_array_append_new(tokens, last = json_pack("[s,s]", "Character", ""));
	buf_add_str(&all, text);
	if (all.len > 0)
		json_array_set_new(last, 1, json_stringn_nocheck(all.data, all.len));
	buf_fini(&all);
}

static json_t *
lower(struct str name)
{
	struct buf text;
	json_t *json;

	buf_init(&text, FILE_MAX);
	buf_add_str(&text, name);
	if (text.len > 0)
		str_lower_ascii(text.data, text.len);
	json = json_stringn_nocheck(buf_str(&text).p, text.len);
	buf_fini(&text);
	return json;
}

static void
add_start(json_t *tokens, const char *bytes, const struct html_token *token)
{
	json_t *attributes = json_object();
	size_t at = token->attributes;
	struct html_attribute attribute;

	while (
	    html_attribute_next(bytes, token->range.end, &at, &attribute) == HTML_ATTRIBUTE_FOUND) {
		json_t *name = lower(attribute.name);
		struct str value = {
		    bytes + attribute.value.begin, attribute.value.end - attribute.value.begin};
		struct buf text;

		buf_init(&text, FILE_MAX);
		html_value_decode(value, &text);
		if (json_object_get(attributes, json_string_value(name)) == NULL)
			json_object_set_new_nocheck(attributes, json_string_value(name),
			    json_stringn_nocheck(buf_str(&text).p, text.len));
		buf_fini(&text);
		json_decref(name);
	}
	json_array_append_new(
	    tokens, json_pack("[s,o,o]", "StartTag", lower(token->name), attributes));
}

/* What our tokenizer makes of it, in the form of the cases. Comments and doctypes have no
 * content here. */
static json_t *
tokens_of(struct str input, const char *state, struct str last)
{
	json_t *tokens = json_array();
	struct html_tokenizer tokenizer;
	struct html_token token;

	html_tokenizer_init(&tokenizer, input.p, (struct html_range){0, input.n});
	if (strcmp(state, "Data state") != 0)
		tokenizer.inside = last;
	tokenizer.opaque = strcmp(state, "RCDATA state") != 0;
	while ((token = html_tokenizer_next(&tokenizer)).kind != HTML_TOKEN_EOF) {
		struct str text = {
		    input.p + token.range.begin, token.range.end - token.range.begin};
		struct buf decoded;

		buf_init(&decoded, FILE_MAX);
		if (token.kind == HTML_TOKEN_START)
			add_start(tokens, input.p, &token);
		else if (token.kind == HTML_TOKEN_STOP)
			json_array_append_new(
			    tokens, json_pack("[s,o]", "EndTag", lower(token.name)));
		else if (token.kind == HTML_TOKEN_COMMENT)
			json_array_append_new(tokens, json_pack("[s]", "Comment"));
		else if (token.kind == HTML_TOKEN_OPAQUE)
			add_text(tokens, text);
		else if (html_text_decode(text, &decoded) == 0)
			add_text(tokens, buf_str(&decoded));
		buf_fini(&decoded);
	}
	return tokens;
}

/* The expected tokens in the same form. */
static json_t *
expected_of(const json_t *output)
{
	json_t *tokens = json_array();
	size_t i;
	json_t *token;

	json_array_foreach((json_t *)(uintptr_t)output, i, token)
	{
		const char *kind = json_string_value(json_array_get(token, 0));
		json_t *name = json_array_get(token, 1);

		if (strcmp(kind, "StartTag") == 0)
			json_array_append_new(
			    tokens, json_pack("[s,O,O]", kind, name, json_array_get(token, 2)));
		else if (strcmp(kind, "EndTag") == 0)
			json_array_append_new(tokens, json_pack("[s,O]", kind, name));
		else if (strcmp(kind, "Character") == 0)
			add_text(tokens,
			    (struct str){json_string_value(name), json_string_length(name)});
		else
			json_array_append_new(tokens, json_pack("[s]", "Comment"));
	}
	return tokens;
}

/* What we report as one comment, and the standard as nothing: a tag without end, </>. */
static void
drop_unseen(json_t *got, json_t *want)
{
	for (size_t i = 0; i < json_array_size(got); i++) {
		const json_t *one = json_array_get(got, i), *other = json_array_get(want, i);
		const char *kind = json_string_value(json_array_get(one, 0));

		if (strcmp(kind, "Comment") == 0 &&
		    (other == NULL ||
			strcmp(json_string_value(json_array_get(other, 0)), "Comment") != 0))
			json_array_remove(got, i--);
	}
}

static struct {
	size_t passed, failed, left;
} count;

static void
run_case(const json_t *test, const char *state)
{
	const json_t *input = json_object_get(test, "input");
	const char *last = json_string_value(json_object_get(test, "lastStartTag"));
	json_t *want = expected_of(json_object_get(test, "output")), *got;
	struct str text = {json_string_value(input), json_string_length(input)};

	if (strcmp(state, "PLAINTEXT state") == 0)
		last = "plaintext";
	else if (strcmp(state, "Script data state") == 0)
		last = "script";
	else if (last == NULL)
		last = "xmp";
	got = tokens_of(text, state, str_c(last));
	drop_unseen(got, want);
	if (json_equal(got, want)) {
		count.passed++;
	} else {
		count.failed++;
		printf("%s, %s: expected and got\n",
		    json_string_value(json_object_get(test, "description")), state);
		print(want);
		print(got);
	}
	json_decref(want);
	json_decref(got);
}

/* NUL and CR are for the reader before us to replace; escaped surrogates are no UTF-8; the
 * inside of a CDATA section is no state that we begin in. */
static bool
is_for_us(const json_t *test, const char *state)
{
	const json_t *input = json_object_get(test, "input");
	const char *text = json_string_value(input);

	return !json_is_true(json_object_get(test, "doubleEscaped")) &&
	    strcmp(state, "CDATA section state") != 0 &&
	    memchr(text, '\0', json_string_length(input)) == NULL && strchr(text, '\r') == NULL;
}

static int
run_file(const char *path)
{
	json_error_t error;
	json_t *file = json_load_file(path, JSON_ALLOW_NUL, &error);
	size_t i, k;
	json_t *test, *state;

	if (file == NULL) {
		fprintf(stderr, "%s: %s\n", path, error.text);
		return -1;
	}
	json_array_foreach(json_object_get(file, "tests"), i, test)
	{
		json_t *states = json_object_get(test, "initialStates");
		json_t *list =
		    states == NULL ? json_pack("[s]", "Data state") : json_incref(states);

		json_array_foreach(list, k, state)
		{
			if (is_for_us(test, json_string_value(state)))
				run_case(test, json_string_value(state));
			else
				count.left++;
		}
		json_decref(list);
	}
	json_decref(file);
	return 0;
}

int
main(int argc, char **argv)
{
	int status = 0;

	if (argc == 2 && strcmp(argv[1], "scan") == 0)
		return scan_all();
	if (argc < 3 || strcmp(argv[1], "tokens") != 0)
		return 64;
	for (int i = 2; i < argc; i++) {
		if (run_file(argv[i]) != 0)
			status = 1;
	}
	printf("%zu tokenizer cases passed, %zu failed, %zu not for us\n", count.passed,
	    count.failed, count.left);
	return status != 0 || count.failed > 0 || count.passed == 0 ? 1 : 0;
}
