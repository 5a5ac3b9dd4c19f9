"""How script/test runs the legs that legs.py lists."""
