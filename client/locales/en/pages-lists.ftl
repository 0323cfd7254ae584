# Lists: filters, views that were kept, tags, what is done with several referrals at once.
fail-list-day = { $found } is no day.
    .hint = For example 2026-11-30.
fail-tag = This is no tag.
    .hint = A tag has 1 to { $max } visible characters.
fail-tags-full = This referral has { $most } tags already.
    .hint = Take one off that nobody looks for any more.
fail-view-name = This is no name for a view.
    .hint = A name has 1 to { $max } visible characters.
fail-views-full = There are { $most } views already.
    .hint = Take one away that nobody uses any more.
tag-added = Tagged: { $tag }
tag-removed = Taken off: { $tag }
tags-none = There are no tags.
view-kept = The view "{ $name }" is kept on this workstation.
view-removed = The view "{ $name }" is taken away. The referrals stay.
views-none = There are no views of your own.
filter-title = Filter
filter-kind = Kind
filter-from = From whom
filter-to = To whom
filter-since = From day
filter-until = To day
filter-tag = Tag
filter-any = Any
filter-go = Show
filter-clear = Without filter
filter-keep-as = Keep this view as
filter-keep = Keep the view
filter-keep-hint = On this workstation only.
view-take-away = Take this view away
views-own = Views of this workstation
chosen-title = With the chosen ones
chosen-pick = Choose
chosen-all = Choose all on this page
chosen-none = Choose at least one referral in the list.
chosen-many = At most { $most } referrals at once.
chosen-tag = Tag
chosen-tag-hint = Your organisation's word, without names of people.
chosen-tag-go = Tag
chosen-untag-go = Take the tag off
chosen-export = Export as JSON
chosen-export-clear = The exported file is in clear: whoever has it can read it.
chosen-done = { $count ->
    [one] Done, for { $count } referral.
   *[other] Done, for { $count } referrals.
}
chosen-done-before = { $count ->
    [one] Done for { $count } referral; then it went wrong:
   *[other] Done for { $count } referrals; then it went wrong:
}
item-tags = Tags
item-tag-add = Tag it
item-tag-off = Take off
item-tag-why = Only your organisation sees tags.
log-tagged-a-referral = Tagged a referral
log-took-a-tag-off-a-referral = Took a tag off a referral
log-kept-a-view-of-a-list = Kept a view of a list
log-took-a-view-of-a-list-away = Took a view of a list away
