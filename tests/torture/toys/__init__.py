"""An app to be tortured: a ledger, who reacts to it, and whom that tells."""
