"""Plans: which cells would be regenerated, why exactly those, at what price, and who must agree."""
