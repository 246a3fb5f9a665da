# Turns pages/*.html.liquid into a C array, for page.c.
BEGIN {
	print "/* Made from pages/: do not edit. */"
	print "struct page_source { const char *name, *text; };"
	print "static const struct page_source page_sources[] = {"
}
FNR == 1 {
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.html\.liquid$/, "", name)
	print (NR > 1 ? "\t}," : "") "\t{\"web/" name "\","
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	print "\t\"" $0 "\\n\""
}
END { print "\t}};" }
