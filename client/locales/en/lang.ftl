# What the language is called, in itself.
lang-name = English
