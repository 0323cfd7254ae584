# Pages of the office: search, statistics.
nav-search = Search
nav-statistics = Statistics
search-label = Find a referral
search-go = Find
search-how = Names in any spelling, in Latin or Cyrillic letters; "a phrase"; kind:border-alert from:NAME country:MD state:accepted. What is looked for stands in no address and no history.
search-nothing = Nothing here fits. Try fewer words, or the beginning of one. What is not for this workstation is not searched.
search-narrower = More fit than are shown: add a word.
search-found = { $count ->
    [one] { $count } found, the best first.
   *[other] { $count } found, the best first.
}
col-partner = With whom
col-place = Where it stands
col-row = Row
statistics-period = Quarter
statistics-quarter = Q{ $number } { $year }
statistics-show = Show
statistics-csv = Download as CSV
statistics-empty = Tables without numbers
fail-no-month = { $text } is no month.
    .hint = Choose a quarter from the list.
