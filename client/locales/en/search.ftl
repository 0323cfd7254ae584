# Searching referrals.
search-none = Nothing here fits. Try fewer words, or the beginning of one; sections that are for other devices are not searched.
search-empty = There is nothing to look for.
search-empty-hint = Write words, "a phrase", or filters: kind:border-alert from:NAME country:MD state:accepted.
search-more = { $count ->
    [one] One more fits; --limit shows more.
   *[other] { $count } more fit; --limit shows more.
}
search-sent-to = to { $name }
search-from = from { $name }
search-call = call
