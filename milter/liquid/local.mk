# Files of milter/liquid
