erase-needs-yes = Nothing was erased: there is no terminal to ask whether you mean it.
erase-needs-yes-hint = Say so with --yes.
erase-what = { $id }  { $kind }  { $peer }
erase-sure = This cannot be taken back: nobody will be able to read it here, not even with the passphrase. Type “yes” to erase it:
erase-yes = yes
erase-not = Nothing was erased.
erase-not-hint = Type the whole word to erase.
erase-done = Erased: { $id }. A note without personal data stays in the lists.
erase-done-asked = Erased here: { $id }. `causeway sync` asks { $peer } to erase it too; `causeway erase list` shows the answer.
erase-older = Part of it was stored by an older version of the program and may still be in the file on this disk. To be sure: make a backup, restore it into a new home, and destroy the old one (docs/retention.md).
erase-refused = Kept, on the ground { $ground }. `causeway sync` tells the other side.
erase-list-empty = Nothing has been erased, and nobody asks for it.
erase-call-done = Call { $id } is erased. What it has led to stays.
erase-what-call =   { $id }  call of { $day }
erase-question = { $id }  { $kind }  { $peer } asks you to erase it: `causeway erase confirm { $id }`, or `causeway erase refuse { $id } --ground GROUND`.
erase-order-held = { $id }  A colleague ({ $author }) has erased it; a legal hold keeps it here.
erase-line = { $id }  { $kind }  { $peer }  erased { $day }: { $reason }
erase-answer-done = { $peer } has erased it too.
erase-answer-refused = { $peer } keeps it, on the ground { $ground }.
erase-answer-none = { $peer } has not answered yet.
erase-reason-expired = its time was over
erase-reason-subject-request = the person asked for it
erase-reason-consent-withdrawn = the person withdrew the consent
erase-reason-entered-in-error = it was sent by mistake
erase-reason-unlawful = it should not have been kept
erase-reason-not-needed = nobody needed it any more
erase-reason-other-side = the other side asked for it
erase-reason-unknown = a reason of a newer version
erase-is-erased = This referral was erased on { $day }: { $reason }. Nobody can bring it back here.
erase-is-erased-hint = `causeway erase list` shows what is left of it. If you need it, ask the other side.
erase-held = Nothing was erased: a legal hold keeps this referral (until { $day }: { $reason }).
erase-held-hint = Ask whoever set the hold. `causeway hold-legal release` ends it.
erase-not-asked = Nothing was changed: the other side has not asked to erase this referral, or you have answered already.
erase-not-asked-hint = To erase it yourself: `causeway erase ID --reason CODE`.
retention-renewed = Noted. You are asked again in 90 days.
retention-done = { $erased } erased, fields erased in { $parts }; { $stay } stay although their time is over (open, or under a legal hold).
retention-no-time = Nothing was erased: this home has not heard from the relay yet, so it cannot tell whether its clock is right.
retention-no-time-hint = Run `causeway sync` once.
retention-due-none = Nothing comes to its end in the next 14 days.
retention-due-erase = { $id }  { $kind }  { $peer }  is erased on { $day }.
retention-due-fields = { $id }  { $kind }  { $peer }  loses what says who somebody is on { $day }.
retention-due-open = { $id }  { $kind }  { $peer }  should go on { $day } and stays, because it is open. Close it when it is done.
retention-due-held = { $id }  { $kind }  { $peer }  should go on { $day } and stays, because of a legal hold.
retention-due-asked = { $id }  { $kind }  { $peer }  should go on { $day } and stays: { $peer } has asked for it to be erased. Answer with `causeway erase confirm { $id }` or `erase refuse`, or `consent confirm` for a withdrawal.
retention-due-renew = { $id }  { $kind }  { $peer }  Is this person still missing ({ $day })? `causeway retention renew { $id }`, or close the case.
retention-sync-erased = { $count ->
    [one] { $count } referral has come to the end of its time and was erased.
   *[other] { $count } referrals have come to the end of their time and were erased.
}
retention-sync-questions = { $count ->
    [one] You are asked to erase { $count } referral: see `causeway erase list`.
   *[other] You are asked to erase { $count } referrals: see `causeway erase list`.
}
retention-sync-holds = { $count ->
    [one] { $count } legal hold should have been looked at by now: see `causeway hold-legal list`.
   *[other] { $count } legal holds should have been looked at by now: see `causeway hold-legal list`.
}
hold-none = There is no legal hold on this referral.
hold-none-hint = `causeway hold-legal list` shows all of them.
hold-released = Released. The referral goes when its time is over.
hold-reason = Say who wants it kept and why, in at most { $most } characters.
hold-reason-hint = For example: --reason "Riga regional court, case 12-345"
hold-past = That day is over, or too far away.
hold-past-hint = Name a day to come, at the latest 9999-12-30, for example --until 2027-06-30.
hold-set = Kept until somebody releases it. You are reminded on { $day }.
hold-list-none = There are no legal holds.
hold-line = { $id }  until { $day }: { $reason }
hold-line-overdue = { $id }  OVERDUE since { $day }: { $reason }. Ask whether it still has to be kept.
erase-proof-none = Nothing is left that proves anything about this referral.
erase-proof-none-hint = It was never sent, its receipts are older than ten years, or an older version of the program erased it. `causeway erase list` shows what is known.
erase-proof-relayed = the relay took it
erase-proof-consent = What had been agreed to, kept until { $day }:
erase-proof-until = The receipts are kept until { $day }. They name packets and workstations, and nobody else.
