#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# A helper for mailtailor-exec(7): a filter, {{ text | words: 12 }}, and a gate.
#
#    plugin "exec" {
#        command = {"/usr/bin/perl", "/etc/mailtailor/words.pl"}
#        filters = {"words"}
#        gates = {"members"}
#        attributes = {"member"}
#    }

use strict;
use warnings;
use JSON::PP;

my $json = JSON::PP->new->utf8->canonical;
$| = 1;

while (my $line = <STDIN>) {
	my $q = $json->decode($line);
	my $a = { id => $q->{id} };

	if ($q->{hook} eq 'filter') {
		my $most = $q->{arguments}[0] // 10;
		my @words = split ' ', $q->{input} // '';

		if ($most !~ /^\d+$/) {
			$a->{error} = 'words: expected a number';
		} elsif (@words > $most) {
			$a->{value} = join(' ', @words[0 .. $most - 1]) . " \x{2026}";
		} else {
			$a->{value} = join ' ', @words;
		}
	} elsif ($q->{hook} eq 'gate' && !$q->{contact}{member}) {
		$a->{action} = 'skip';
		$a->{reason} = 'no member';
	}
	print $json->encode($a), "\n";
}
