/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cap_quiet: for lines "ZONE MILLISECONDS" prints when the plugin cap lets mail leave
 *
 * Usage: cap_quiet PARAMETERS < lines. See cap_quiet.py.
 */
#include "gate_fixture.h"

#include <inttypes.h>

int
main(int argc, char **argv)
{
	struct gate_world world = {0};
	char zone[64];
	int64_t now_ms;

	if (argc != 2)
		return 2;
	gate_prepare("cap_quiet", argv[1]);
	plugin_process_init();
	plugin_process.live = true;
	if (gate_open(&world, NULL, NULL) != 0)
		return 2;
	while (scanf("%63s %" SCNd64, zone, &now_ms) == 2) {
		const struct gate_copy copy = {
		    .contact = 1, .zone = zone, .key = "k", .now_ms = now_ms};
		struct gate_answer answer = gate_ask(&world, &copy);

		printf("%" PRId64 "\n", answer.answer == PLUGIN_SEND ? now_ms : answer.when_ms);
	}
	gate_close(&world);
	gate_clean();
	return 0;
}
