"""From uploaded bytes to a searchable PDF/A, text, words with confidence, and fields."""
