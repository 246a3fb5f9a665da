# Files of milter/outbox
