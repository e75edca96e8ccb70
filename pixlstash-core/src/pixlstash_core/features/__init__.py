"""One file per noun: what people and files say about pictures. Features never import each other."""
