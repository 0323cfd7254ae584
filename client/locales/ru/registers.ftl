# Справочники: страны, языки, пункты пропуска.
registers-none = По запросу «{ $text }» ничего не найдено.
registers-none-border = По запросу «{ $text }» ничего не найдено. Пункт без номера можно записать как место: --set where.place=НАЗВАНИЕ.
border-mode-road = автодорога
border-mode-rail = железная дорога
border-mode-air = аэропорт
border-mode-sea = морской порт
border-mode-river = река
border-mode-foot = пешком
