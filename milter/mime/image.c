/* SPDX-License-Identifier: BSD-2-Clause
 *
 * image: the images that HTML names by Content-ID (RFC 2392)
 *
 * Wanted only when a message is looked at in a browser, so the tree is read anew then.
 *
 * Owns:    nothing; results live in the caller's arena.
 * Threads: any.
 * Fails:   ERR_LIMIT.
 */
#include "mime/message.h"
#include "mime/start.h"

/* Nobody inlines more in a newsletter. */
#define IMAGES_MAX 200
#define ID_MAX	   250

struct gathering {
	struct mime_image *images;
	size_t count;
	size_t bytes;
	size_t max;
	struct arena *arena;
	bool full;
};

/* Such that it may stand in a field and in an address. */
static bool
id_ok(const char *id)
{
	size_t n = id == NULL ? 0 : strlen(id);

	if (n == 0 || n > ID_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (id[i] <= ' ' || id[i] >= 127 || strchr("<>\"'&()\\", id[i]) != NULL)
			return false;
	}
	return true;
}

static bool
subtype_ok(const char *subtype)
{
	return subtype[0] != '\0' &&
	    strspn(subtype, "abcdefghijklmnopqrstuvwxyz0123456789.+-") == strlen(subtype);
}

static void
add(struct gathering *gathering, GMimePart *part, const char *id, const char *subtype)
{
	struct str content = mime_fixed_decode(part);
	struct mime_image *image = &gathering->images[gathering->count];

	if (content.p != NULL && content.n <= gathering->max - gathering->bytes) {
		image->id = arena_str(gathering->arena, str_c(id));
		image->type = arena_printf(gathering->arena, "image/%s", subtype);
		image->content = arena_str(gathering->arena, content);
		gathering->full |=
		    image->id.p == NULL || image->type.p == NULL || image->content.p == NULL;
		gathering->bytes += content.n;
		gathering->count++;
	}
	g_free((char *)(uintptr_t)content.p);
}

static void
visit(struct gathering *gathering, GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	const char *id = g_mime_object_get_content_id(object);
	char *subtype;

	if (GMIME_IS_MULTIPART(object)) {
		GMimeMultipart *multipart = GMIME_MULTIPART(object);

		for (int i = 0; i < g_mime_multipart_get_count(multipart); i++)
			visit(gathering, g_mime_multipart_get_part(multipart, i));
		return;
	}
	if (gathering->full || gathering->count == IMAGES_MAX || !GMIME_IS_PART(object) ||
	    !g_mime_content_type_is_type(type, "image", "*") || !id_ok(id))
		return;
	subtype = g_ascii_strdown(g_mime_content_type_get_media_subtype(type), -1);
	if (subtype_ok(subtype))
		add(gathering, GMIME_PART(object), id, subtype);
	g_free(subtype);
}

static int
visit_root(GMimeObject *root, void *closure)
{
	visit(closure, root);
	return 0;
}

int
mime_images(const struct mime_message *message, size_t max, struct arena *arena,
    struct mime_image **images_r, size_t *count_r, struct err *err)
{
	struct gathering gathering = {.max = max, .arena = arena};

	*images_r = NULL;
	*count_r = 0;
	if (message->image_bytes == 0)
		return 0;
	gathering.images = arena_zalloc(arena, IMAGES_MAX, sizeof *gathering.images);
	if (gathering.images == NULL)
		return err_set(err, ERR_LIMIT, "images: arena full");
	mime_with_tree(message->raw, visit_root, &gathering);
	if (gathering.full)
		return err_set(err, ERR_LIMIT, "images: arena full");
	*images_r = gathering.images;
	*count_r = gathering.count;
	return 0;
}
