# Tests beyond the unit tests, which each folder of milter/ lists itself.
