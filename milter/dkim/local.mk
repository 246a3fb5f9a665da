# Files of milter/dkim
