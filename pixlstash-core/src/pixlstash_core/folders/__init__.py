"""Reference folders: indexed in place, browsed, relocated and watched."""
