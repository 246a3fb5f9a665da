/* SPDX-License-Identifier: BSD-2-Clause
 *
 * machine: is it a person who asks?
 *
 * Mail passes scanners that open each link, and proxies that fetch each image, before or
 * instead of the reader. What they do is recorded, but as theirs. Judged here is what one
 * request says about itself: words that programs put into User-Agent, the lack of what
 * every browser sends, and the fields that say "fetched ahead".
 *
 * Threads: any; touches only its arguments.
 */
#include "web/internal.h"

#include <glib.h>
#include <pthread.h>
#include <strings.h>

/* Of programs that begin with neither Mozilla nor Opera: what those made for people have. */
static const char *const signs[] = {"(", "profile/", "cfnetwork", "webkit", "browser", "wap",
    "amiga", "midp", "lynx", "windows", "fban/", "player", "app/"};

/* Of Google, Yahoo and others: they fetch images when somebody reads, or before. */
static const char *const proxies[] = {"imageproxy", "ggpht", "mailproxy", "cachesystem"};

/* What programs call themselves, or what they do. */
static const char *const words[] = {"crawl", "spider", "archive", "fetcher", "preview", "monitor",
    "headless", "phantomjs", "selenium", "puppeteer", "playwright", "lighthouse", "prerender",
    "validat", "checker", "check.", "scrape", "indexer", "feed", "sitemap", "uptime", "pingdom",
    "httpclient", "http-client", "http_client", "okhttp", "python", "java/", "curl", "wget", "perl",
    "php", "go-http", "axios", "node-fetch", "undici", "aiohttp", "guzzle", "winhttp",
    "apache-http", "dart:io", "postman", "nmap", "nikto", "sqlmap", "masscan", "zgrab", "nutch",
    "heritrix", "httrack", "externalhit", "whatsapp", "telegram", "skypeuripreview", "embedly",
    "mediapartners", "google-", "googleweb", "imageproxy", "ggpht", "mailproxy", "cachesystem",
    "proofpoint", "mimecast", "barracuda", "symantec", "ironport", "trendmicro", "fireeye",
    "forcepoint", "safelinks", "urldefense", "virustotal", "http://", "https://", "www.", "inspect",
    "catchpoint", "transcoder", "synthetic", "dejaclick", "ptst/", "speedcurve", "burpcollaborator",
    ".com/", "bw/1", "discover", "detector", "collector", "thumb", "snapshot", "screenshot",
    "scanner)", "scanner;", "research", "survey", "analyz", "security.", "reader)", "+http",
    "cypress", "gomez", "splash", "statuscake", "site24x7", "recon", "observatory"};

static bool
contains_nocase(struct str text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.n; i++) {
		if (strncasecmp(text.p + i, word, n) == 0)
			return true;
	}
	return false;
}

static bool
begins_nocase(struct str text, struct str word)
{
	return text.n >= word.n && strncasecmp(text.p, word.p, word.n) == 0;
}

/* The words by their first two letters, in either case: most places of a text begin none. */
static struct {
	pthread_once_t once;
	unsigned char first[256][256];		 /* 1 + index of a word; 0: there is none */
	unsigned char next[G_N_ELEMENTS(words)]; /* another one, in the same way */
} index_of = {.once = PTHREAD_ONCE_INIT};

G_STATIC_ASSERT(G_N_ELEMENTS(words) < 255);

static void
fill_index(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		unsigned char a = (unsigned char)words[i][0], b = (unsigned char)words[i][1];
		unsigned char upper_a = (unsigned char)g_ascii_toupper(words[i][0]);
		unsigned char upper_b = (unsigned char)g_ascii_toupper(words[i][1]);

		index_of.next[i] = index_of.first[a][b];
		index_of.first[a][b] = index_of.first[upper_a][b] = (unsigned char)(i + 1);
		index_of.first[a][upper_b] = index_of.first[upper_a][upper_b] =
		    (unsigned char)(i + 1);
	}
}

static bool
holds_word(struct str text)
{
	pthread_once(&index_of.once, fill_index);
	for (size_t i = 0; i + 1 < text.n; i++) {
		struct str rest = {text.p + i, text.n - i};
		unsigned at = index_of.first[(unsigned char)rest.p[0]][(unsigned char)rest.p[1]];

		for (; at != 0; at = index_of.next[at - 1]) {
			if (begins_nocase(rest, str_c(words[at - 1])))
				return true;
		}
	}
	return false;
}

static bool
holds_any(struct str text, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (contains_nocase(text, list[i]))
			return true;
	}
	return false;
}

/* "Googlebot/2.1", "robots"; but Cubot makes telephones, and Caboto was a sailor. */
static bool
is_bot(struct str agent)
{
	for (size_t i = 0; i + 3 <= agent.n; i++) {
		char next = i + 3 < agent.n ? agent.p[i + 3] : ' ';

		if ((agent.p[i] | 0x20) == 'b' && strncasecmp(agent.p + i, "bot", 3) == 0 &&
		    (!g_ascii_isalpha(next) || (next | 0x20) == 's') &&
		    (i < 2 || strncasecmp(agent.p + i - 2, "cu", 2) != 0))
			return true;
	}
	return false;
}

const char *
web_machine_agent(struct str agent)
{
	if (agent.n == 0)
		return "no agent";
	/* Apple's Mail Privacy Protection names nothing but this. */
	if (str_is(agent, "Mozilla/5.0"))
		return "privacy proxy";
	if (is_bot(agent) || holds_word(agent))
		return holds_any(agent, proxies, G_N_ELEMENTS(proxies)) ? "image proxy" : "agent";
	/* No browser: mail programs and the like name the system that they run on. */
	return begins_nocase(agent, STR("moz")) || begins_nocase(agent, STR("opera")) ||
		holds_any(agent, signs, G_N_ELEMENTS(signs))
	    ? NULL
	    : "agent";
}

static bool
is_ahead(const struct web_request *request)
{
	static const char *const fields[] = {"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"};

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct str value = web_header(request, fields[i]);

		if (value.p != NULL &&
		    (contains_nocase(value, "prefetch") || contains_nocase(value, "prerender") ||
			contains_nocase(value, "preview")))
			return true;
	}
	return false;
}

const char *
web_machine(const struct web_request *request)
{
	if (is_ahead(request))
		return "fetched ahead";
	return web_machine_agent(str_trim(web_header(request, "User-Agent")));
}
