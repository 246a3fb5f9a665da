/* SPDX-License-Identifier: BSD-2-Clause
 *
 * agent_corpus: for each line of standard input, a User-Agent, why it is a machine's, or "-"
 */
#include "web/internal.h"

#include <stdio.h>

int
main(void)
{
	static char line[65536];

	while (fgets(line, sizeof line, stdin) != NULL) {
		const char *reason = web_machine_agent(str_trim(str_c(line)));

		puts(reason == NULL ? "-" : reason);
	}
	return 0;
}
