# Files of milter/ctl
