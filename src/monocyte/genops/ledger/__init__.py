"""The ledger: what was decided and spent, for ever; append-only, chained, the same everywhere."""
