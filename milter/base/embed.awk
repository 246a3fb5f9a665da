# Turns files into a C array of struct embedded (base/embed.h), each named by what stands before
# the first dot of its file's name:
#
#     awk -v array=pages -v before=web/ -f embed.awk FILE...
BEGIN {
	print "/* Made from files: do not edit. */"
	print "static const struct embedded " array "[] = {"
}
FNR == 1 {
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\..*/, "", name)
	print (NR > 1 ? "\t}," : "") "\t{\"" before name "\","
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	print "\t\"" $0 "\\n\""
}
END { print "\t}};" }
