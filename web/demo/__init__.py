"""The demo office: fictitious people and papers at a made-up unit, put in once and removable."""
