/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns: see dns.h
 *
 * Owns:    nothing.
 * Threads: any; each question has a resolver state of its own.
 */
#include "dkim/dns.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PACKET_MAX  65536
#define WAIT_S	    2
#define SERVERS_MAX 2

static bool
may_be_key(const char *record)
{
	char value[DKIM_RECORD_MAX];

	return dkim_record_tag(record, "p", value);
}

/* --- the file --- */

/* The record of `name` within the line; NULL: it is another's. */
static char *
record_in(char *line, const char *name)
{
	size_t n = strcspn(line, " \t\r\n"), len = n;
	char *text = line + n + strspn(line + n, " \t");

	/* The root's dot is welcome. */
	if (len > 1 && line[len - 1] == '.')
		len--;
	if (line[0] == '#' || len != strlen(name) || strncasecmp(line, name, len) != 0)
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

static enum dkim_answer
ask_file(const char *file, const char *name, char record[DKIM_RECORD_MAX])
{
	FILE *in = fopen(file, "re");
	enum dkim_answer answer = DKIM_ANSWER_NONE;
	char line[DKIM_RECORD_MAX + DKIM_NAME_MAX];

	if (in == NULL)
		return DKIM_ANSWER_SILENT;
	while (answer == DKIM_ANSWER_NONE && fgets(line, sizeof line, in) != NULL) {
		const char *text = record_in(line, name);

		if (text == NULL || strcmp(text, "NXDOMAIN") == 0)
			continue;
		if (strcmp(text, "SERVFAIL") == 0) {
			answer = DKIM_ANSWER_SILENT;
		} else if (strlen(text) < DKIM_RECORD_MAX && may_be_key(text)) {
			memcpy(record, text, strlen(text) + 1);
			answer = DKIM_ANSWER_RECORD;
		}
	}
	fclose(in);
	return answer;
}

/* --- the resolver --- */

/* The character-strings of one TXT record as one text; empty if it is too long or broken. */
static void
join_strings(const ns_rr *rr, char record[DKIM_RECORD_MAX])
{
	const unsigned char *at = ns_rr_rdata(*rr), *end = at + ns_rr_rdlen(*rr);
	size_t len = 0;

	for (; at < end; at += 1 + *at) {
		if (at + 1 + *at > end || len + *at >= DKIM_RECORD_MAX) {
			len = 0;
			break;
		}
		memcpy(record + len, at + 1, *at);
		len += *at;
	}
	record[len] = '\0';
}

static enum dkim_answer
find_record(const unsigned char *packet, int size, char record[DKIM_RECORD_MAX])
{
	ns_msg message;
	ns_rr rr;

	if (ns_initparse(packet, size, &message) != 0)
		return DKIM_ANSWER_SILENT;
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		if (ns_parserr(&message, ns_s_an, i, &rr) != 0 || ns_rr_type(rr) != ns_t_txt)
			continue;
		join_strings(&rr, record);
		if (may_be_key(record))
			return DKIM_ANSWER_RECORD;
	}
	return DKIM_ANSWER_NONE;
}

static enum dkim_answer
ask_resolver(const char *name, char record[DKIM_RECORD_MAX])
{
	unsigned char *packet = malloc(PACKET_MAX);
	struct __res_state state = {.options = 0};
	enum dkim_answer answer = DKIM_ANSWER_SILENT;
	int size;

	if (packet == NULL)
		abort();
	if (res_ninit(&state) == 0) {
		state.retrans = WAIT_S;
		state.retry = 1;
		if (state.nscount > SERVERS_MAX)
			state.nscount = SERVERS_MAX;
		size = res_nquery(&state, name, ns_c_in, ns_t_txt, packet, PACKET_MAX);
		if (size > 0)
			answer = find_record(packet, size, record);
		else if (state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA)
			answer = DKIM_ANSWER_NONE;
		res_nclose(&state);
	}
	free(packet);
	return answer;
}

enum dkim_answer
dkim_dns_txt(const char *file, const char *name, char record[DKIM_RECORD_MAX])
{
	record[0] = '\0';
	return file[0] != '\0' ? ask_file(file, name, record) : ask_resolver(name, record);
}
