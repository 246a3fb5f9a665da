# Turns schema.sql into a C array with one text a version, for migrate.c.
BEGIN {
	print "/* Made from schema.sql: do not edit. */"
	print "static const char *const schema_steps[] = {"
}
/^-- version [0-9]+$/ {
	if ($3 != ++version) {
		print FILENAME ":" FNR ": version " version " expected" > "/dev/stderr"
		exit 1
	}
	if (version > 1)
		print "\t,"
	next
}
version == 0 || /^--/ || /^[ \t]*$/ { next }
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	print "\t\"" $0 "\\n\""
}
END { print "};" }
