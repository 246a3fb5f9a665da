/* SPDX-License-Identifier: BSD-2-Clause
 *
 * api_body: see api.h; this file: from bytes to JSON
 *
 * Some of Segment's clients send gzip (Python's and Java's, if told so). What is unpacked has the
 * ceiling of what comes as it is, so that a small body can't become a large one.
 *
 * Threads: any; touches only its arguments.
 */
#include "web/api.h"

#include <zlib.h>

/* zlib: a header of gzip, and nothing else. */
#define GZIP_BITS (16 + MAX_WBITS)
#define PIECE	  ((size_t)16 << 10)

bool
web_api_body_check(struct web_request *request)
{
	static const char *const types[] = {
	    "application/json", "text/plain", "application/merge-patch+json"};
	struct str type = web_header(request, "Content-Type"), media;
	struct str encoding = str_trim(web_header(request, "Content-Encoding"));
	bool known = type.p == NULL;

	if (str_split(&type, ';', &media)) {
		for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
			known = known || str_is_nocase(str_trim(media), types[i]);
	}
	if (encoding.n > 0 && !str_is_nocase(encoding, "gzip") &&
	    !str_is_nocase(encoding, "identity")) {
		web_api_error(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
		    "Content-Encoding: gzip was expected, or none");
		return false;
	}
	if (!known)
		web_api_error(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
		    "Content-Type: application/json was expected");
	return known;
}

/* Until there is no more: Z_STREAM_END, or what is wrong. */
static int
inflate_all(z_stream *stream, struct buf *out)
{
	int status = Z_OK;

	while (status == Z_OK) {
		/* One byte more than may be tells that there is more. */
		size_t left = out->max - out->len, size = left < PIECE ? left : PIECE;
		unsigned char piece[PIECE];
		size_t got;

		stream->next_out = piece;
		stream->avail_out = (uInt)(size < PIECE ? size + 1 : size);
		status = inflate(stream, Z_NO_FLUSH);
		got = (size_t)(stream->next_out - piece);
		if (got > left)
			return Z_BUF_ERROR;
		buf_add(out, piece, got);
		if (status == Z_OK && got == 0)
			return Z_DATA_ERROR;
	}
	return status == Z_BUF_ERROR ? Z_DATA_ERROR : status;
}

int
web_api_gunzip(struct str packed, struct buf *out, struct err *err)
{
	z_stream stream = {
	    .next_in = (unsigned char *)(uintptr_t)packed.p, .avail_in = (uInt)packed.n};
	int status;

	if (inflateInit2(&stream, GZIP_BITS) != Z_OK)
		return err_set(err, ERR_IO, "zlib can't be used");
	status = inflate_all(&stream, out);
	inflateEnd(&stream);
	if (status == Z_BUF_ERROR)
		return err_set(err, ERR_LIMIT, "the body unpacks to more than %zu bytes", out->max);
	if (status != Z_STREAM_END || stream.avail_in > 0)
		return err_set(err, ERR_INPUT, "the body is no gzip");
	return 0;
}

static json_t *
parse(struct web_request *request, struct str text)
{
	json_error_t problem;
	json_t *object =
	    json_loadb(text.p == NULL ? "" : text.p, text.n, JSON_REJECT_DUPLICATES, &problem);

	if (json_is_object(object))
		return object;
	if (object == NULL)
		web_api_error(request, MHD_HTTP_BAD_REQUEST, "no JSON: %s, line %d, column %d",
		    problem.text, problem.line, problem.column);
	else
		web_api_error(request, MHD_HTTP_BAD_REQUEST, "a JSON object was expected");
	json_decref(object);
	return NULL;
}

json_t *
web_api_object(struct web_request *request, const struct web_api_call *call)
{
	bool packed = str_is_nocase(str_trim(web_header(request, "Content-Encoding")), "gzip");
	json_t *object = NULL;
	struct err err = ERR_INIT;
	struct buf text;

	if (!packed)
		return parse(request, buf_str(&request->body));
	buf_init(&text, call->key.id == 0 ? request->body_max : call->route->body_max);
	if (web_api_gunzip(buf_str(&request->body), &text, &err) != 0)
		web_api_fail(request, &err);
	else
		object = parse(request, buf_str(&text));
	buf_fini(&text);
	return object;
}
