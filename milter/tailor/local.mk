# Files of milter/tailor
