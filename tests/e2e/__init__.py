"""Tests against the built programs, from outside: standard library only, no code of imece."""
