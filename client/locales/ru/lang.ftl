lang-name = Русский
