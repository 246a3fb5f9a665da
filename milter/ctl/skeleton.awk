# Turns skeleton/ into a C array, for plugin_new.c.
BEGIN {
	print "/* Made from skeleton/: do not edit. */"
	print "struct skeleton_file { const char *name, *text; };"
	print "static const struct skeleton_file skeleton_files[] = {"
}
FNR == 1 {
	name = substr(FILENAME, index(FILENAME, "skeleton/") + 9)
	print (NR > 1 ? "\t}," : "") "\t{\"" name "\","
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	gsub(/\t/, "\\t")
	print "\t\"" $0 "\\n\""
}
END { print "\t}};" }
