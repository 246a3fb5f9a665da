/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host: the functions of struct mt_host, by the files that have them; host.c makes the table
 *
 * Each takes what a plugin passed, which may be anything: the call is looked up, pointers are
 * only as good as the plugin.
 */
#ifndef PLUGIN_HOST_H
#define PLUGIN_HOST_H

#include "plugin/internal.h"

#define CALL(mt) plugin_call_of(mt, __func__)

/* host_value.c: making */
const struct mt_value *host_nil(struct mt_call *mt);
const struct mt_value *host_boolean(struct mt_call *mt, int32_t truth);
const struct mt_value *host_integer(struct mt_call *mt, int64_t number);
const struct mt_value *host_number(struct mt_call *mt, double number);
const struct mt_value *host_text(struct mt_call *mt, struct mt_str text);
const struct mt_value *host_markup(struct mt_call *mt, struct mt_str text);
const struct mt_value *host_time(struct mt_call *mt, int64_t time, struct mt_str zone);
struct mt_value *host_array(struct mt_call *mt);
struct mt_value *host_object(struct mt_call *mt);
int32_t host_add(struct mt_call *mt, struct mt_value *array, const struct mt_value *value);
int32_t host_set(
    struct mt_call *mt, struct mt_value *object, struct mt_str key, const struct mt_value *value);

/* host_read.c */
int32_t host_json(struct mt_call *mt, struct mt_str text, const struct mt_value **value_r);
uint32_t host_type(struct mt_call *mt, const struct mt_value *value);
int32_t host_as_bool(struct mt_call *mt, const struct mt_value *value);
int32_t host_as_int(struct mt_call *mt, const struct mt_value *value, int64_t *number_r);
int32_t host_as_number(struct mt_call *mt, const struct mt_value *value, double *number_r);
struct mt_str host_as_text(struct mt_call *mt, const struct mt_value *value);
int32_t host_as_time(struct mt_call *mt, const struct mt_value *value, int64_t *time_r);
struct mt_str host_as_json(struct mt_call *mt, const struct mt_value *value);
size_t host_length(struct mt_call *mt, const struct mt_value *value);
const struct mt_value *host_at(struct mt_call *mt, const struct mt_value *value, size_t i);
struct mt_str host_key(struct mt_call *mt, const struct mt_value *object, size_t i);
const struct mt_value *host_get(
    struct mt_call *mt, const struct mt_value *object, struct mt_str key);

/* host_copy.c */
int32_t host_contact(struct mt_call *mt, struct mt_contact *contact);
int32_t host_message(struct mt_call *mt, struct mt_message *message);
const struct mt_value *host_find(struct mt_call *mt, struct mt_str path);
struct mt_str host_link(struct mt_call *mt, struct mt_str address);
struct mt_str host_image(struct mt_call *mt, struct mt_str kind, struct mt_str parameters);
size_t host_header_count(struct mt_call *mt);
int32_t host_header_at(struct mt_call *mt, size_t i, struct mt_str *name_r, struct mt_str *value_r);
int32_t host_header_set(struct mt_call *mt, struct mt_str name, struct mt_str value);
int32_t host_header_add(struct mt_call *mt, struct mt_str name, struct mt_str value);
int32_t host_header_remove(struct mt_call *mt, struct mt_str name);

/* host_store.c */
int32_t host_kv_get(struct mt_call *mt, struct mt_str key, const struct mt_entry **entry_r);
int32_t host_kv_put(struct mt_call *mt, struct mt_str key, struct mt_str value, int64_t expires);
int32_t host_kv_delete(struct mt_call *mt, struct mt_str key);
int32_t host_kv_swap(struct mt_call *mt, struct mt_str key, struct mt_str expected,
    struct mt_str value, int64_t expires);
int32_t host_kv_list(struct mt_call *mt, struct mt_str prefix, struct mt_str after, size_t most,
    const struct mt_entry *const **entries_r, size_t *count_r);
int32_t host_kv_claim(
    struct mt_call *mt, struct mt_str pool, struct mt_str owner, const struct mt_entry **entry_r);
int32_t host_changed(struct mt_call *mt);

/* host_data.c */
int32_t host_events(struct mt_call *mt, const struct mt_query *query,
    const struct mt_event *const **events_r, size_t *count_r);
int32_t host_event_count(struct mt_call *mt, const struct mt_query *query, int64_t *count_r);
int32_t host_events_after(struct mt_call *mt, int64_t after, size_t most,
    const struct mt_event *const **events_r, size_t *count_r);
int32_t host_product(struct mt_call *mt, struct mt_str catalogue, struct mt_str key,
    const struct mt_product **product_r);
int32_t host_product_by_id(struct mt_call *mt, int64_t id, const struct mt_product **product_r);
int32_t host_products_in(struct mt_call *mt, struct mt_str catalogue, struct mt_str category,
    size_t most, const struct mt_product *const **products_r, size_t *count_r);
int32_t host_products_after(struct mt_call *mt, int64_t after, size_t most,
    const struct mt_product *const **products_r, size_t *count_r);

/* host_fetch.c */
int32_t host_fetch(
    struct mt_call *mt, const struct mt_request *request, const struct mt_answer **answer_r);

/* host_clock.c */
int32_t host_local(struct mt_call *mt, int64_t time, struct mt_str zone, struct mt_local *local_r);
int32_t host_moment(
    struct mt_call *mt, const struct mt_local *local, struct mt_str zone, int64_t *time_r);

#endif
