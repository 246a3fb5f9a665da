/* SPDX-License-Identifier: BSD-2-Clause
 *
 * intake_fuzz: product feeds and events that somebody made up
 *
 * The first byte chooses; what the event API unpacks is among it. What must hold: a product or event that was taken may be written
 * as it is; its JSON is JSON; the same event has the same id; reading ends.
 */
#include "ctl/items.h"
#include "intake/call.h"
#include "intake/feed.h"
#include "intake/profile.h"
#include "intake/time.h"
#include "web/api.h"

#include <glib.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void
check_json(struct str text)
{
	json_t *value = json_loadb(text.p, text.n, 0, NULL);

	MUST(json_is_object(value));
	json_decref(value);
}

static void
check_product(const struct store_product *product)
{
	MUST(store_product_check(product, NULL) == 0);
	MUST(g_utf8_validate(product->title.p, (gssize)product->title.n, NULL));
	MUST(product->key.n > 0 && product->category.n <= STORE_PRODUCT_TEXT_MAX);
	MUST(product->price == STORE_PRICE_NONE || product->price >= 0);
	check_json(product->attributes);
}

/* --- XML --- */

static int
on_product(void *closure, size_t line, const struct store_product *product)
{
	size_t *count = closure;

	MUST(line > 0);
	check_product(product);
	++*count;
	return 0;
}

static int
on_refuse(void *closure, size_t line, const struct err *err)
{
	(void)closure;
	MUST(line > 0 && err->code != ERR_NONE && err->text[0] != '\0');
	return 0;
}

static void
fuzz_feed(struct str input)
{
	size_t count = 0;
	struct intake_feed feed = {on_product, on_refuse, &count, STR("EUR")};
	struct err err = ERR_INIT;
	FILE *in = fmemopen((void *)(uintptr_t)input.p, input.n, "r");

	MUST(in != NULL);
	if (intake_feed_read(in, &feed, &err) != 0)
		MUST(err.code != ERR_NONE);
	fclose(in);
}

/* --- JSON --- */

static int
on_item(void *closure, size_t line, struct str text)
{
	json_t *object = json_loadb(text.p, text.n, 0, NULL), *value;
	struct store_product product;
	struct intake_product row;
	struct arena *arena = closure;
	const char *name;
	int rc = 0;

	MUST(line > 0 && text.n >= 2 && text.p[0] == '{');
	if (!json_is_object(object)) {
		json_decref(object);
		return 0;
	}
	intake_product_init(&row, arena, STR(""));
	json_object_foreach(object, name, value)
	{
		if (rc == 0)
			rc = intake_product_json(&row, str_c(name), value, NULL);
	}
	if (rc == 0 && intake_product_finish(&row, &product, NULL) == 0)
		check_product(&product);
	intake_product_fini(&row);
	json_decref(object);
	return 0;
}

static void
fuzz_items(struct str input, struct arena *arena)
{
	FILE *in = fmemopen((void *)(uintptr_t)input.p, input.n, "r");
	struct err err = ERR_INIT;

	MUST(in != NULL);
	if (ctl_items_each(in, on_item, arena, &err) != 0)
		MUST(err.code != ERR_NONE);
	fclose(in);
}

/* --- events --- */

static void
fuzz_call(struct str input, struct arena *arena)
{
	struct intake_context context = {.repeatable = true};
	json_t *object = json_loadb(input.p, input.n, JSON_REJECT_DUPLICATES, NULL);
	struct intake_call call, again;
	struct intake_profile profile;
	struct err err = ERR_INIT;
	json_t *properties;

	if (object == NULL)
		return;
	if (intake_call_read(object, &context, arena, &call, &err) != 0) {
		MUST(err.code == ERR_INPUT || err.code == ERR_LIMIT);
	} else {
		MUST(call.id.n > 0 && call.time_ms > 0);
		MUST(call.kind > STORE_EVENT_ANY && call.kind < STORE_EVENT_OWN);
		MUST(call.address.n + call.user_id.n + call.anonymous_id.n > 0);
		check_json(call.properties);
		MUST(intake_call_read(object, &context, arena, &again, &err) == 0);
		MUST(str_eq(call.id, again.id) && str_eq(call.properties, again.properties));
		properties = json_loadb(call.properties.p, call.properties.n, 0, NULL);
		intake_profile_init(&profile, properties);
		intake_profile_subtract(&profile, &profile);
		intake_profile_fini(&profile);
		json_decref(properties);
	}
	json_decref(object);
}

/* --- what the event API is sent --- */

static int
on_call(void *closure, size_t index, const json_t *object, const struct intake_context *context)
{
	struct intake_call call;

	MUST(index < 65536);
	if (intake_call_read(object, context, closure, &call, NULL) == 0)
		check_json(call.properties);
	return 0;
}

/* The second byte: is it packed? */
static void
fuzz_body(struct str input, struct arena *arena)
{
	const struct intake_context context = {.received_ms = 1769847300000};
	struct str text = {input.p + 1, input.n - 1};
	struct err err = ERR_INIT;
	struct buf out;
	json_t *object;

	buf_init(&out, (size_t)64 << 10);
	if (input.p[0] & 1) {
		if (web_api_gunzip(text, &out, &err) != 0)
			MUST(err.code == ERR_INPUT || err.code == ERR_LIMIT);
		MUST(out.len <= (size_t)64 << 10);
		text = err.code == ERR_NONE ? buf_str(&out) : STR("");
	}
	object = json_loadb(text.p == NULL ? "" : text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(object) &&
	    intake_batch_each(object, &context, on_call, arena, &err) != 0)
		MUST(err.code == ERR_INPUT);
	json_decref(object);
	buf_fini(&out);
}

/* --- small things --- */

static void
fuzz_scalars(struct str input)
{
	char currency[4];
	int64_t number = 0;

	if (intake_money(input, &number, currency, NULL) == 0)
		MUST(number >= 0 && (currency[0] == '\0' || strlen(currency) == 3));
	if (intake_time(input, &number, NULL) == 0)
		MUST(number > -100000000000000 && number < 500000000000000);
	intake_field_of(input);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = {(const char *)data + 1, size - 1};
	struct arena *arena;

	if (size < 2 || size > 65536)
		return 0;
	arena = arena_new((size_t)16 << 20);
	switch (data[0] % 5) {
	case 0:
		fuzz_feed(input);
		break;
	case 1:
		fuzz_items(input, arena);
		break;
	case 2:
		fuzz_call(input, arena);
		break;
	case 3:
		fuzz_scalars(input);
		break;
	default:
		fuzz_body(input, arena);
		break;
	}
	arena_free(&arena);
	return 0;
}
