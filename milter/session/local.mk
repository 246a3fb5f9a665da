# Files of milter/session
