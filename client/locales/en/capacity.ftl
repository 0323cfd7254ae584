capacity-none = Nobody has counted the places of your shelter yet, so nothing can be held or published.
capacity-none-hint = Begin with the file of your house: causeway capacity set --file capacity.json (an example is docs/samples/capacity.json), or causeway capacity set --shelter S-04 --places bed:women=8/3 --set region=MD-CU --set duty_contact.phone=+37360000311
capacity-which = It is not clear which house is meant. Nothing was changed.
capacity-which-hint = Say which with --shelter CODE. Known houses: { $known }
capacity-too-many = No more houses can be kept here. Nothing was changed.
capacity-too-many-hint = Count under the code of a house that is known: `causeway capacity show`.
capacity-code = The code of a house has at most 40 letters, digits, dots and dashes: partners read it, and it must not be an address. Nothing was changed.
capacity-code-hint = Choose a code that says nothing about the place, for example --shelter S-04
capacity-field = { $field } is no part of a publication: it says how many places there are, and never where. Nothing was changed.
capacity-field-hint = Leave the field out. Where the house is goes only to whoever brings a person there, in the handoff.
capacity-places = "{ $typed }" cannot be read as a line of the count. Nothing was changed.
capacity-places-hint = The first time with all places and the free ones, --places bed:women=8/3; after that the free ones are enough, --places bed:women=3. `causeway kind show capacity` lists units and groups.
capacity-set = { $shelter }: counted. It counts until { $until }. `causeway capacity publish` tells your partners.
capacity-tell = Your partners still have the count before this one: `causeway capacity publish` sends them this one.
capacity-house = { $shelter }  counted { $counted }, counts until { $until }
capacity-count-again = COUNT AGAIN: partners do not rely on these numbers any more. If nothing has changed, `causeway capacity set` is enough.
capacity-line = { $unit }, { $group }: { $available } to offer ({ $free } free of { $maximum }, { $held } held)
capacity-squeezed = MORE IS HELD THAN IS FREE
capacity-held = held for { $name }: { $places } ({ $group }) until { $until }, referral { $id }
capacity-under-way = held for { $name }: { $places } ({ $group }), the handoff is under way, referral { $id }
capacity-elsewhere = Offered, but in no house that has been counted:
capacity-unpublished = Nobody has been told: causeway capacity publish --to ORG
capacity-published = Published { $at } to { $names }: they have these numbers.
capacity-published-before = Published { $at } to { $names }: they do NOT have these numbers yet. `causeway capacity publish` or, if only offers have changed, `causeway sync` tells them.
capacity-old = The count is too old to be published. Nothing was sent.
capacity-to-whom = It is not clear who should get it. Nothing was sent.
capacity-to-whom-hint = Name up to 100 other organisations: causeway capacity publish --to "Angel Hotline"
capacity-queued = Queued for { $names }. `causeway sync` sends it.
capacity-no-partners = No shelter has published anything to you, or none that you asked for.
capacity-shelter = { $name }  { $shelter }  { $region }  counted { $age } ago, counts until { $until }
capacity-stale = STALE: do not rely on these numbers, call the shelter or ask for a bed.
capacity-replaced = REPLACED by a newer publication: see `causeway capacity partners`.
capacity-closed = CLOSED for the time being.
capacity-offer = { $unit }, { $group }: { $available } of { $maximum }
capacity-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
capacity-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
placing-decision = The answer does not say what you have decided. Nothing was sent.
placing-decision-hint = Say --set decision=offered, offered_from, waiting_list or declined.
placing-promised = You have promised a bed in this request, and a place on a list or a later bed would take it back without saying so. Nothing was sent.
placing-promised-hint = If there is no bed any more: causeway decline { $id } --reason no_capacity (for a supervisor). Whoever asked then looks for another one at once.
placing-uncounted = Nobody has counted the beds here, so this offer holds no bed back in what you publish. `causeway capacity set` begins that.
placing-no-line = No such places have been counted here. Nothing was sent.
placing-full = { $shelter }: { $places } would be needed ({ $unit }, { $group }), and { $available } can be offered; the others are taken or held. Nothing was sent.
placing-full-hint = `causeway capacity show` says who they are held for. If somebody has left: `causeway capacity set`. If you make room all the same: --squeeze-in. If there is none: --set decision=declined --set reason=no_capacity
placing-squeezed = { $shelter }: { $places } promised ({ $unit }, { $group }), { $available } could be offered. Make room: somebody relies on it.
placing-old-count = { $shelter }: the count is too old. Look whether the bed is really free, then `causeway capacity set`.
placing-kept-until = The places are kept until { $until }.
placing-told = { $count ->
    [one] { $count } partner that has your last publication is told what is left; `causeway sync` sends it.
   *[other] { $count } partners that have your last publication are told what is left; `causeway sync` sends it.
}
placing-unpublished = No partner knows how many beds you have left: causeway capacity publish --to ORG
placing-ask-stale = { $name }: its numbers are STALE (counted { $counted }). You are asking all the same; call as well.
placing-ask-full = { $name }: FULL for { $group } (counted { $counted }). You are asking all the same; ask another shelter as well.
placing-ask-closed = { $name } has said that it is CLOSED for the time being. You are asking all the same; call first.
placing-ask-no-line = { $name } has published no places for { $group } (counted { $counted }). You are asking all the same.
placing-no-bed-named = This accepts the request and holds no bed, and other shelters that were asked may give theirs away. Offer one now: causeway answer ID --set decision=offered --set intake_contact.phone=+…
