# Registers: countries, languages, border points.
registers-none = Nothing fits "{ $text }".
registers-none-border = Nothing fits "{ $text }". A crossing without a number can be written as a place: --set where.place=NAME.
border-mode-road = road
border-mode-rail = rail
border-mode-air = airport
border-mode-sea = sea port
border-mode-river = river
border-mode-foot = on foot
