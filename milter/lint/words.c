/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: see words.h
 *
 * Threads: one at a time.
 */
#include "lint/words.h"

#define STEM 5
/* A text of more different words meets any other. */
#define WORDS_MAX 20000

/* Too frequent to say what a text is about: English, German, French, Spanish, Italian,
 * Dutch, Portuguese. */
static const char *const stop_words[] = {"the", "and", "for", "you", "your", "our", "with", "that",
    "this", "from", "are", "was", "not", "have", "has", "all", "can", "will", "just", "but", "now",
    "out", "get", "more", "new", "here", "what", "how", "who", "into", "its", "it's", "they",
    "their", "der", "die", "das", "und", "oder", "nicht", "ist", "ein", "eine", "einen", "mit",
    "von", "für", "auf", "dem", "den", "des", "sie", "ihr", "ihre", "ihren", "wir", "uns", "unsere",
    "zum", "zur", "bei", "aus", "auch", "sind", "wie", "was", "les", "des", "une", "est", "pour",
    "dans", "avec", "sur", "vous", "votre", "vos", "nous", "notre", "nos", "par", "pas", "plus",
    "que", "qui", "aux", "los", "las", "una", "para", "con", "por", "del", "sus", "más", "como",
    "tus", "este", "esta", "gli", "una", "per", "con", "del", "della", "che", "non", "sono", "alla",
    "dei", "het", "een", "van", "voor", "met", "niet", "zijn", "dat", "uw", "aan", "bij", "ook",
    "onze", "dos", "das", "uma", "com", "não", "mais", "seu", "sua", "http", "https", "www", "com"};

static guint
stop_hash(const char *word)
{
	guint hash = 5381;

	for (const char *p = word; *p != '\0'; p += g_utf8_skip[(guchar)*p])
		hash = hash * 33 + g_utf8_get_char(p);
	return hash;
}

void
lint_words_init(struct lint_words *words)
{
	words->set = g_hash_table_new(NULL, NULL);
}

void
lint_words_fini(struct lint_words *words)
{
	if (words->set != NULL)
		g_hash_table_destroy(words->set);
}

static bool
is_stop_word(guint hash)
{
	static guint hashes[G_N_ELEMENTS(stop_words)];

	if (hashes[0] == 0) {
		for (size_t i = 0; i < G_N_ELEMENTS(stop_words); i++)
			hashes[i] = stop_hash(stop_words[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(stop_words); i++) {
		if (hashes[i] == hash)
			return true;
	}
	return false;
}

/* Written without spaces between words. */
static bool
is_dense(gunichar c)
{
	return (c >= 0x0e00 && c < 0x0e80) || (c >= 0x3040 && c < 0x3100) ||
	    (c >= 0x3400 && c < 0xa000) || (c >= 0xac00 && c < 0xd7b0);
}

/* The character at `p`, lower case; 0 for one that is not of a word. Moves `p` on. */
static gunichar
next_letter(const char **p, const char *end)
{
	unsigned char byte = (unsigned char)**p;
	gunichar c;

	if (byte < 0x80) {
		(*p)++;
		return g_ascii_isalnum(byte) ? (gunichar)g_ascii_tolower((char)byte) : 0;
	}
	c = g_utf8_get_char_validated(*p, end - *p);
	if (c == (gunichar)-1 || c == (gunichar)-2) {
		(*p)++;
		return 0;
	}
	*p += g_utf8_skip[byte];
	return g_unichar_isalnum(c) ? g_unichar_tolower(c) : 0;
}

/* Takes words off the text: the stem of the next one that is no stop word, 0 at the end. */
struct reading {
	const char *p;
	const char *end;
	gunichar before; /* the letter before, of a script without spaces */
};

static guint
next_word(struct reading *reading)
{
	guint full = 5381, stem = 5381, letters = 0;

	while (reading->p != reading->end) {
		gunichar c = next_letter(&reading->p, reading->end), before = reading->before;

		reading->before = 0;
		if (c != 0 && is_dense(c)) {
			reading->before = c;
			if (before != 0)
				return (before * 65599 + c) | 1;
			continue;
		}
		if (c != 0) {
			full = full * 33 + c;
			if (letters++ < STEM)
				stem = stem * 33 + c;
		}
		if (c != 0 && reading->p != reading->end)
			continue;
		if (letters >= 3 && !is_stop_word(full))
			return stem | 1;
		full = stem = 5381;
		letters = 0;
	}
	return 0;
}

static struct reading
begin(struct str text)
{
	return (struct reading){text.p, text.p == NULL ? NULL : text.p + text.n, 0};
}

void
lint_words_read(struct lint_words *words, struct str text)
{
	struct reading reading = begin(text);
	guint word;

	g_hash_table_remove_all(words->set);
	while ((word = next_word(&reading)) != 0 && g_hash_table_size(words->set) < WORDS_MAX)
		g_hash_table_add(words->set, GUINT_TO_POINTER(word));
}

size_t
lint_words_count(const struct lint_words *words)
{
	return g_hash_table_size(words->set);
}

bool
lint_words_meet(const struct lint_words *words, struct str text, size_t *count_r)
{
	struct reading reading = begin(text);
	guint word;

	*count_r = 0;
	while ((word = next_word(&reading)) != 0) {
		(*count_r)++;
		if (g_hash_table_contains(words->set, GUINT_TO_POINTER(word)))
			return true;
	}
	return false;
}

size_t
lint_words_in(struct str text, size_t max)
{
	const char *p = text.p, *end = p == NULL ? NULL : p + text.n;
	size_t count = 0;
	bool inside = false;

	while (p != end && count < max) {
		gunichar c = next_letter(&p, end);

		if (c != 0 && (!inside || is_dense(c)))
			count++;
		inside = c != 0;
	}
	return count;
}
