# Files of milter/store
