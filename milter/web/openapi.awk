# Turns openapi.json into a C array, for api.c.
BEGIN {
	print "/* Made from openapi.json: do not edit. */"
	print "static const char openapi_json[] ="
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	print "\t\"" $0 "\\n\""
}
END { print "\t;" }
