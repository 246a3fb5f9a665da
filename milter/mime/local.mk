# Files of milter/mime
