call-kept = Call { $number } is written down here. `causeway send KIND --from { $number } --to ORG` makes a referral of it.
call-open = { $count ->
    [one] One field is still open; `causeway call show` names it.
   *[other] { $count } fields are still open; `causeway call show` names them.
}
call-refused = It cannot be written down like this. Nothing of this command was kept.
    .hint = Correct the fields named above, or leave them out for now: a call is kept with as little as you know.
call-none = No call has been written down yet.
call-led-to = { $count ->
    [0] no referral
    [one] { $count } referral
   *[other] { $count } referrals
}
call-ambiguous = More than one call begins with "{ $number }".
call-longer = Use more characters.
call-danger = IMMEDIATE DANGER in call { $number }: send a P0 referral now (`causeway send border-alert --from { $number }`, or phone the police). Your supervisor has a task.
