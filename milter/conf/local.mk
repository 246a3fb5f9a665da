# Files of milter/conf
