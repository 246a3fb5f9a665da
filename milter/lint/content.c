/* SPDX-License-Identifier: BSD-2-Clause
 *
 * content: what people and the law expect of a newsletter
 *
 * Guesses by words in several languages, made so as to be silent when in doubt. Where the
 * configuration knows what the law asks for, law.c looks exactly.
 *
 * Unsubscribing: a link whose text or address holds one of the words below; in a part of
 * plain text the word and an address anywhere.
 *
 * Postal address: a street's word beside a number, a post box, a post code beside a
 * place, or the signs that Chinese and Japanese addresses have.
 *
 * Call to action: a web link that is not one of a footer (unsubscribe, privacy, view in
 * browser, social networks).
 *
 * Threads: one.
 */
#include "lint/work.h"

#define WORDS_PER_IMAGE 10
#define WORDS_ENOUGH	150 /* then any number of images is all right */
#define IMAGE_BYTES	((size_t)300 * 1024)
#define BYTES_PER_BYTE	50 /* of images for one of text */

/* Lower case. Parts of words, since many are longer in an address or declined. */
static const char *const unsubscribe_words[] = {"unsub", "opt out", "opt-out", "optout", "opt_out",
    "preferences", "preference-cent", "subscription", "stop receiving", "remove me",
    "remove yourself", "be removed", "removed from", "manage your email", "list options",
    "email options", "email settings", "notification settings",
    /* de */ "abmeld", "abbestell", "austragen", "einstellungen",
    /* fr */ "désabonn", "desabonn", "désinscri", "desinscri", "se désinscrire", "préférences",
    /* es */ "cancelar suscripci", "darse de baja", "dar de baja", "darme de baja", " baja",
    "/baja", "desuscri", "cancelar la suscripci",
    /* it */ "disiscri", "cancella l'iscrizione", "cancellati", "annulla iscrizione",
    "annulla l'iscrizione", "cancella iscrizione", "disdici",
    /* pt */ "cancelar inscri", "cancelar a inscri", "descadastr", "cancelar assinatura",
    "cancelar a subscri", "remover",
    /* nl */ "uitschrijv", "afmeld", "afmelden",
    /* sv da no */ "avregistrera", "avprenumerera", "avanmäl", "afmeld", "frameld", "avmeld",
    "meld deg av", "avslutt",
    /* fi et */ "peruuta tilaus", "peru tilaus", "loobu",
    /* pl cs sk hu ro */ "wypisz", "rezygn", "anuluj subskrypcj", "odhlás", "odhlas",
    "zrušit odběr", "leiratkoz", "dezabon",
    /* ru uk bg el tr */ "отписа", "отказаться от", "відписа", "отпиш", "διαγραφ",
    "κατάργηση εγγραφής", "aboneliğ", "abonelikten", "listeden çık",
    /* zh ja ko */ "退订", "退訂", "取消订阅", "取消訂閱", "配信停止", "購読解除", "解除",
    "수신거부", "수신 거부", "구독 취소", "구독취소",
    /* he ar */ "להסרה", "הסרה", "إلغاء الاشتراك"};

static const char *const footer_words[] = {"privacy", "datenschutz", "impressum", "imprint",
    "confidentialit", "privacidad", "terms", "view in", "view this", "view online", "in browser",
    "im browser", "online version", "webversion", "web version", "en ligne", "navegador",
    "facebook.", "twitter.", "instagram.", "linkedin.", "youtube.", "pinterest.", "tiktok.",
    "//x.com/", "plus.google.", "forward to", "forward this", "update your"};

static const char postal_pattern[] =
    /* 12 Main Street, Suite 4; 5th Ave 12 */
    "\\d[\\w.,#/ "
    "-]{0,40}\\b(street|st|avenue|ave|av|road|rd|boulevard|blvd|drive|dr|lane|ln|way|court|ct|"
    "square|sq|place|pl|plaza|parkway|pkwy|highway|hwy|suite|ste|floor|terrace|crescent|quay|row|"
    "broadway|close|gardens|mews)\\b(?! \\d* ?(hours?|days?|times?|off))"
    "|\\b(suite|ste|unit|floor|apt)\\.? ?#?\\d"
    /* Hauptstraße 5, Lindenweg 3a; Kerkstraat 9; Storgatan 7; ulica Długa 4 */
    "|\\w*(stra(ß|ss)e|str\\.|weg|platz|allee|gasse|ufer|ring|damm|chaussee|straat|laan|plein|"
    "gracht|"
    "gatan|gata|vägen|gade|vej|veien|katu|tie|utca)\\s?\\d"
    "|\\b(ul\\.|ulica|al\\.|aleja|nám\\.|náměstí|ул\\.|улица|вул\\.|пр\\.|проспект|str\\.|strada)"
    "\\s?\\w+"
    /* 3 rue de la Paix; Calle Mayor 5; Via Roma 1; Rua Augusta, 10 */
    "|\\d+[,]?\\s?(bis |ter )?(rue|avenue|boulevard|bd|place|quai|chemin|allée|impasse|cours)\\b"
    "|\\b(calle|c/|avda|avenida|paseo|plaza|carrer|ronda|via|viale|piazza|corso|largo|rua|travessa|"
    "praça|alameda|estrada)\\.?\\s[\\w.' ]{2,40},?\\s?(n[.º°]?\\s?)?\\d"
    /* a post box */
    "|\\bp\\.? ?o\\.? ?box\\s?\\d|\\bpostfach\\s?\\d|\\bapartado (de correos )?\\d|\\bbo[iî]te "
    "postale\\b|\\bb\\.?p\\.? \\d"
    "|\\bpostbus \\d|\\bcasella postale"
    /* CA 94103; NY 10001-1234; SW1A 1AA; K1A 0B1; 1012 AB */
    "|\\b(?-i:[A-Z]{2}),? \\d{5}(-\\d{4})?\\b|\\b(?-i:[A-Z]{1,2}\\d[A-Z\\d]? \\d[A-Z]{2})\\b"
    "|\\b(?-i:[ABCEGHJ-NPRSTVXY]\\d[A-Z] ?\\d[A-Z]\\d)\\b|\\b(?-i:\\d{4} [A-Z]{2})\\b,? (?-i:[A-Z])"
    /* 10115 Berlin; D-10115 Berlin; 1010 Wien after a comma or sign */
    "|\\b(?-i:[A-Z]{1,2}-)\\d{4,5} \\p{L}|[,·|•–\\-\\n] ?\\d{5} (?-i:\\p{Lu})\\p{Ll}"
    /* Japan, China, Korea */
    "|〒|\\d{3}-\\d{4} ?\\p{Han}|\\p{Han}(省|市|区|區|縣|県|都|府)\\p{Han}|(대로|로|길) ?\\d";

static bool
has_any(struct str text, const char *const *words, size_t count)
{
	char *valid, *lower;
	bool found = false;

	if (text.n == 0 || text.p == NULL)
		return false;
	valid = g_utf8_make_valid(text.p, (gssize)MIN(text.n, (size_t)2000));
	lower = g_utf8_strdown(valid, -1);
	for (size_t i = 0; i < count && !found; i++)
		found = strstr(lower, words[i]) != NULL;
	g_free(lower);
	g_free(valid);
	return found;
}

bool
lint_is_unsubscribe(struct str address, struct str shown)
{
	return has_any(address, unsubscribe_words, G_N_ELEMENTS(unsubscribe_words)) ||
	    has_any(shown, unsubscribe_words, G_N_ELEMENTS(unsubscribe_words));
}

bool
lint_has_postal_address(struct str text)
{
	static GRegex *pattern;

	if (pattern == NULL)
		pattern = g_regex_new(postal_pattern, G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, NULL);
	g_assert(pattern != NULL);
	return text.n > 0 && g_regex_match_full(pattern, text.p, (gssize)text.n, 0, 0, NULL, NULL);
}

/* --- what is there, in HTML and in plain text --- */

struct presence {
	bool unsubscribe;
	bool address;
	bool action;
};

/* Text of the link, its title, and the alt texts of images in it. */
static struct str
label_of(const struct lint_html *html, guint i, struct buf *label)
{
	size_t end = lint_html_end_of(html, i);
	const struct lint_token *to = end < html->tokens->len ? lint_html_at(html, end) : NULL;

	buf_reset(label);
	buf_add_str(label, lint_html_text(html, lint_html_at(html, i), to));
	buf_add_char(label, ' ');
	buf_add_str(label, lint_attr(lint_html_at(html, i), "title"));
	for (size_t j = i + 1; j < end && j < html->tokens->len; j++) {
		buf_add_char(label, ' ');
		buf_add_str(label, lint_attr(lint_html_at(html, j), "alt"));
	}
	return buf_str(label);
}

/* "click here to unsubscribe": the word may stand beside the link. */
static bool
stands_beside(const struct lint_html *html, const struct lint_token *token)
{
	struct str text = buf_str(&html->text);
	size_t from = token->text_at > 120 ? token->text_at - 120 : 0;
	struct str near = {text.p + from, MIN(text.n - from, (size_t)260)};

	return lint_is_unsubscribe(STR(""), near);
}

/* Anchors name a place, they do not lead anywhere. */
static bool
leads_somewhere(const struct lint_token *token)
{
	return token->kind == LINT_START &&
	    (str_is(token->name, "a") || str_is(token->name, "area")) &&
	    lint_attr(token, "href").n > 0;
}

/* From the end, where it stands in most. */
static bool
has_unsubscribe(const struct lint_html *html, struct buf *label)
{
	for (guint i = html->tokens->len; i-- > 0;) {
		const struct lint_token *token = lint_html_at(html, i);

		if (leads_somewhere(token) &&
		    (lint_is_unsubscribe(lint_attr(token, "href"), label_of(html, i, label)) ||
			stands_beside(html, token)))
			return true;
	}
	return false;
}

static bool
is_web(struct str address)
{
	return !str_starts(address, STR("mailto:")) && !str_starts(address, STR("tel:")) &&
	    address.p[0] != '#';
}

static bool
has_action(const struct lint_html *html, struct buf *label)
{
	for (guint i = 0; i < html->tokens->len; i++) {
		const struct lint_token *token = lint_html_at(html, i);
		struct str address, shown;

		if (!leads_somewhere(token))
			continue;
		address = lint_attr(token, "href");
		shown = label_of(html, i, label);
		if (is_web(address) && !lint_is_unsubscribe(address, shown) &&
		    !has_any(address, footer_words, G_N_ELEMENTS(footer_words)) &&
		    !has_any(shown, footer_words, G_N_ELEMENTS(footer_words)))
			return true;
	}
	return false;
}

static void
look_at_links(const struct lint_html *html, struct presence *presence)
{
	struct buf label;

	buf_init(&label, (size_t)64 * 1024);
	presence->unsubscribe = has_unsubscribe(html, &label);
	presence->action = has_action(html, &label);
	buf_fini(&label);
}

static void
look_at_text(struct str text, struct presence *presence)
{
	bool link = str_has(text, STR("://"));
	struct str rest = text;

	presence->action |= link;
	/* Piece by piece, since has_any looks at no more. */
	while (!presence->unsubscribe && rest.n > 0) {
		struct str piece = {rest.p, MIN(rest.n, (size_t)2000)};
		size_t step = rest.n > 2000 ? 1900 : rest.n;

		presence->unsubscribe =
		    (link || str_has(text, STR("@"))) && lint_is_unsubscribe(STR(""), piece);
		rest.p += step;
		rest.n -= step;
	}
	presence->address |= lint_has_postal_address(text);
}

void
lint_content(struct lint *lint, const struct lint_copy *copy)
{
	size_t i = copy->has_html ? copy->html_piece : copy->text_piece;
	struct presence presence = {false, false, false};
	struct lint_place place;

	if (!copy->has_html && !copy->has_text)
		return;
	place = lint_place_of(&lint->pieces[i]);
	if (copy->has_html) {
		look_at_links(copy->html, &presence);
		/* As it is written it is there for all; only the values are each one's own. */
		presence.address = lint->pieces[i].has_address ||
		    lint_has_postal_address(buf_str(&copy->html->text));
	} else {
		look_at_text(copy->texts[i], &presence);
	}
	if (!presence.unsubscribe && !lint_law_says(lint, TAILOR_LOOK_UNSUBSCRIBE))
		lint_report_add(lint->report, LINT_UNSUBSCRIBE, &place,
		    "a link to unsubscribe was expected%s",
		    lint->campaign == NULL ? ""
					   : "; without tracking_url and unsubscribe_address "
					     "no footer has one");
	if (!presence.address && !lint_law_says(lint, TAILOR_LOOK_POSTAL))
		lint_report_add(lint->report, LINT_POSTAL_ADDRESS, &place,
		    "a postal address of the sender was expected%s",
		    lint->campaign == NULL ? ""
			: tailor_inspect_wants(lint->inspect) != 0
			? "; postal_address is not set, so the footer can't show it"
			: "");
	if (!presence.action)
		lint_report_add(lint->report, LINT_ACTION, &place,
		    "a link or button that says what to do was expected");
}

/* --- images --- */

static size_t
count_images(const struct lint_html *html)
{
	size_t count = 0;

	for (guint i = 0; i < html->tokens->len; i++) {
		const struct lint_token *token = lint_html_at(html, i);
		struct str width = lint_attr(token, "width");
		unsigned long long pixels = 1000;

		if (token->kind != LINT_START || !str_is(token->name, "img"))
			continue;
		str_to_u64(str_trim(width), 100000, &pixels);
		/* Icons and pixels are no pictures. */
		count += pixels > 48;
	}
	return count;
}

void
lint_content_images(struct lint *lint, const struct lint_copy *copy)
{
	const struct lint_html *html = copy->html;
	struct lint_place place;
	size_t images, words, bytes = mime_image_bytes(lint->mime);

	if (!copy->has_html || html->limit != NULL)
		return;
	place = lint_place_of(&lint->pieces[copy->html_piece]);
	images = count_images(html);
	words = lint_words_in(buf_str(&html->text), WORDS_ENOUGH);
	if (images > 0 && words < WORDS_ENOUGH && words < WORDS_PER_IMAGE * images)
		lint_report_add(lint->report, LINT_IMAGE_HEAVY, &place,
		    "%zu words for %zu images; %d words for each were expected", words, images,
		    WORDS_PER_IMAGE);
	if (bytes > IMAGE_BYTES && bytes / BYTES_PER_BYTE > html->text.len)
		lint_report_add(lint->report, LINT_IMAGE_HEAVY, &place,
		    "the message carries %zu KB of images for %zu KB of text", bytes / 1024,
		    html->text.len / 1024);
}
