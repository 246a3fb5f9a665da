/* SPDX-License-Identifier: BSD-2-Clause
 *
 * address: mailboxes, read and written
 *
 * Owns:    nothing; results are in the caller's arena.
 * Threads: any.
 * Fails:   ERR_INPUT, ERR_LIMIT.
 */
#include "mime/guard.h"
#include "mime/start.h"
#include "mime/words.h"

/* RFC 5321 section 4.5.3.1 (254: erratum 1690), RFC 1035 section 2.3.4. */
#define ADDRESS_MAX 254
#define LOCAL_MAX   64
#define LABEL_MAX   63

#define FOLD_AT 78
#define GROWTH	16
#define EXTRA	256

/* RFC 5322 section 3.2.3 and, for UTF-8, RFC 6531 section 3.3. */
static bool
is_atext(unsigned char c)
{
	return c >= 0x80 || g_ascii_isalnum(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
local_ok(struct str local)
{
	bool dot = true;

	if (local.n == 0 || local.n > LOCAL_MAX)
		return false;
	if (local.p[0] == '"') {
		if (local.n < 3 || local.p[local.n - 1] != '"')
			return false;
		for (size_t i = 1; i < local.n - 1; i++) {
			if (local.p[i] == '\\' && ++i == local.n - 1)
				return false;
			else if (local.p[i] == '"' && local.p[i - 1] != '\\')
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '.' ? dot : !is_atext((unsigned char)local.p[i]))
			return false;
		dot = local.p[i] == '.';
	}
	return !dot;
}

static bool
label_ok(struct str label)
{
	if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		unsigned char c = (unsigned char)label.p[i];

		if (c < 0x80 && !g_ascii_isalnum(c) && c != '-')
			return false;
	}
	return true;
}

/* RFC 5321 section 4.1.3, loosely: [192.0.2.1], [IPv6:2001:db8::1]. */
static bool
literal_ok(struct str domain)
{
	if (domain.n < 4 || domain.p[domain.n - 1] != ']')
		return false;
	for (size_t i = 1; i < domain.n - 1; i++) {
		if (!g_ascii_isalnum(domain.p[i]) && strchr(".:-", domain.p[i]) == NULL)
			return false;
	}
	return true;
}

static bool
domain_ok(struct str domain)
{
	struct str label;

	if (domain.n > 0 && domain.p[0] == '[')
		return literal_ok(domain);
	if (domain.n == 0)
		return false;
	while (str_split(&domain, '.', &label)) {
		if (!label_ok(label))
			return false;
	}
	return true;
}

/* Valid UTF-8 without controls (C1 included). */
static bool
text_ok(struct str s)
{
	const char *end = s.p + s.n;

	if (!g_utf8_validate_len(s.p, s.n, NULL))
		return false;
	for (const char *p = s.p; p < end; p += g_utf8_skip[(unsigned char)*p]) {
		gunichar c = g_utf8_get_char(p);

		if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
			return false;
	}
	return true;
}

bool
mime_address_ok(struct str address)
{
	size_t at = address.n;

	if (address.p == NULL || address.n > ADDRESS_MAX || !text_ok(address))
		return false;
	while (at > 0 && address.p[at - 1] != '@')
		at--;
	if (at == 0)
		return false;
	return local_ok((struct str){address.p, at - 1}) &&
	    domain_ok((struct str){address.p + at, address.n - at});
}

/* --- writing --- */

static bool
is_phrase(struct str display)
{
	for (size_t i = 0; i < display.n; i++) {
		if (display.p[i] == ' ' ? display.p[i - 1] == ' '
					: !is_atext((unsigned char)display.p[i]))
			return false;
	}
	return true;
}

static struct str
quote(struct str display, struct buf *out)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < display.n; i++) {
		if (display.p[i] == '"' || display.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, display.p[i]);
	}
	buf_add_char(out, '"');
	return buf_str(out);
}

static void
put_display(struct mime_words *words, struct str display)
{
	struct buf quoted;

	buf_init(&quoted, 2 * display.n + 2);
	if (!mime_words_plain(quote(display, &quoted), words->column))
		mime_words_encode(words, display);
	else if (is_phrase(display))
		mime_words_put(words, display);
	else
		mime_words_put(words, buf_str(&quoted));
	buf_fini(&quoted);
}

int
mime_mailbox_encode(const char *name, struct str display, struct str address, struct arena *arena,
    struct str *value_r, struct err *err)
{
	char *clean;
	struct str plain;
	struct buf out;
	struct mime_words words = {&out, strlen(name) + 1};

	if (!mime_address_ok(address))
		return err_set(err, ERR_INPUT, "\"%.*s\" is no mail address", STR_F(address));
	clean = mime_words_clean(display);
	plain = str_c(clean);
	buf_init(&out, GROWTH * plain.n + address.n + EXTRA);
	if (plain.n > 0)
		put_display(&words, plain);
	if (plain.n > 0 && words.column + address.n + 3 > FOLD_AT)
		buf_add_c(&out, "\r\n");
	buf_printf(&out, " <%.*s>", STR_F(address));
	*value_r = out.full ? STR_NONE : arena_str(arena, buf_str(&out));
	buf_fini(&out);
	g_free(clean);
	if (value_r->p == NULL)
		return err_set(err, ERR_LIMIT, "no memory left for the %s field", name);
	return 0;
}

/* --- reading --- */

static InternetAddressMailbox *
first_mailbox(InternetAddressList *list)
{
	InternetAddressMailbox *found = NULL;

	for (int i = 0; found == NULL && i < internet_address_list_length(list); i++) {
		InternetAddress *address = internet_address_list_get_address(list, i);

		if (INTERNET_ADDRESS_IS_MAILBOX(address))
			found = INTERNET_ADDRESS_MAILBOX(address);
		else if (INTERNET_ADDRESS_IS_GROUP(address))
			found = first_mailbox(
			    internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)));
	}
	return found;
}

/* GMime turns A-labels into UTF-8, which only an SMTPUTF8 message may hold: the form
 * that stood in `value` is kept. */
static struct str
address_of(InternetAddressMailbox *mailbox, const char *value)
{
	const char *address = internet_address_mailbox_get_addr(mailbox);
	const char *domain = address == NULL ? NULL : strrchr(address, '@');

	if (domain != NULL && !g_str_is_ascii(domain) && strstr(value, domain + 1) == NULL)
		address = internet_address_mailbox_get_idn_addr(mailbox);
	return str_c(address);
}

static int
take_mailbox(InternetAddressMailbox *mailbox, const char *value, struct arena *arena,
    struct str *display_r, struct str *address_r, struct err *err)
{
	char *clean;

	if (mailbox == NULL)
		return err_set(err, ERR_INPUT, "no mail address in the field");
	*address_r = address_of(mailbox, value);
	if (!mime_address_ok(*address_r))
		return err_set(err, ERR_INPUT, "\"%.*s\" is no mail address", STR_F(*address_r));
	clean = mime_words_clean(str_c(internet_address_get_name(INTERNET_ADDRESS(mailbox))));
	*display_r = arena_str(arena, str_c(clean));
	*address_r = arena_str(arena, *address_r);
	g_free(clean);
	if (display_r->p == NULL || address_r->p == NULL)
		return err_set(err, ERR_LIMIT, "no memory left for an address");
	return 0;
}

int
mime_mailbox_parse(struct str value, struct arena *arena, struct str *display_r,
    struct str *address_r, struct err *err)
{
	GMimeParserOptions *options = mime_start();
	InternetAddressList *list;
	char *words;
	int result;

	if (!mime_guard_addresses(value))
		return err_set(err, ERR_INPUT, "too many groups in the field");
	words = mime_words_read(value);
	list = internet_address_list_parse(options, words);
	result = take_mailbox(
	    list == NULL ? NULL : first_mailbox(list), words, arena, display_r, address_r, err);

	g_clear_object(&list);
	g_free(words);
	return result;
}
