"""Pages for people: the staff desk and the public pages; the only package that renders HTML."""
