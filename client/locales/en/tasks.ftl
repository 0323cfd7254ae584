tasks-none = Nothing to do.
tasks-open = { $count ->
    [one] { $count } task is open: see `causeway tasks list`.
   *[other] { $count } tasks are open: see `causeway tasks list`.
}
task-remind = half of the time is over, { $with } waits: { $deadline }, due { $due }.
task-overdue = OVERDUE since { $due }, { $with } waits for you: { $deadline }.
task-call = CALL { $with }: { $deadline } was due { $due }. Write down what they say: `causeway tasks done`.
task-supervisor = SUPERVISOR: { $with } has not acted ({ $deadline }, due { $due }). Say what was done.
task-recipient = NEW RECIPIENT NEEDED: the referral to { $with } ended ({ $deadline }).
task-arrival = ARRIVAL NOT CONFIRMED: { $with } should have confirmed by { $due }. Call now.
task-alert-over = THE ALERT TO { $with } HAS RUN OUT on { $due }, and nobody there had taken it on. It is withdrawn. If she may still come, write a new one (`causeway send border-alert --from { $id }`) and call them.
task-danger = SUPERVISOR: a caller is in IMMEDIATE DANGER (call { $id }). Say what was done.
task-confirm = SUPERVISOR: confirm what was sent to { $with }, by { $due }.
task-reassign = Give the referral of { $with } to somebody else: a colleague has stepped back.
task-late = ITS TIME IS OVER.
task-next-shelter = { $with } has NO BED NOW: a place on its list, or a bed that comes later. Ask another shelter; this request stays open.
task-bed-offered = { $with } KEEPS A BED FOR YOU until { $due }. Hand the person over (`causeway send victim-handoff --from { $id }`) or give it back (`causeway withdraw { $id } --reason "…"`).
task-bed-gone = THE BED IS NOT KEPT ANY MORE: { $with } kept it until { $due }. Call, or ask again before anybody sets out.
task-bed-over = THE BED KEPT FOR { $with } IS FREE AGAIN since { $due }: nobody has taken it up. Call them, then keep it longer (`causeway answer { $id } --set decision=offered …`) or `causeway decline { $id } --reason no_capacity`.
task-phone = Phone { $phone }.
task-fallback = Next on your list: { $name }, `causeway escalate { $id }`.
task-done = Done.
task-outcome = Say what came of it with --text: whom you reached, what was agreed. The task stays open.
task-outcome-hint = For example: --text "Reached the desk at 21:10, they look into it now."
again-not-yet = A referral goes to somebody else in place of this one only after it was declined, did not succeed or reached nobody. It is now: { $state }.
again-not-yet-hint = Take it back first (`causeway withdraw { $id } --reason "…"`), or write a new one that begins with it: `causeway send { $kind } --from { $id } --to …`
again-outcome = Sent again as { $number }.
escalate-none = There is no other organisation on the fallback list of this referral that may have it.
escalate-none-hint = The list is part of the signed referral. Write a new referral to somebody else: `causeway send`.
escalate-done = Queued for { $name }, with the parts that it may see. `causeway sync` sends it. Attachments do not go along.
overdue-offline = The relay cannot be reached, and { $priority } { $kind } { $about } is OVERDUE since { $due } ({ $deadline }). CALL { $with }.
overdue-more = { $count ->
    [one] { $count } more referral is overdue: see `causeway sent list --overdue`.
   *[other] { $count } more referrals are overdue: see `causeway sent list --overdue`.
}
overdue-count = { $count ->
    [one] { $count } referral is OVERDUE: see `causeway inbox list --overdue` and `causeway sent list --overdue`.
   *[other] { $count } referrals are OVERDUE: see `causeway inbox list --overdue` and `causeway sent list --overdue`.
}
task-case = (case { $ref })
task-no-phone = No phone number is known here: take it from your agreement with them or from your contact list for night duty. Once they publish their hours of duty, it stands here.
due-late = OVERDUE since { $due }: { $deadline }
due-next = due { $due }: { $deadline }
clock-C1 = delivery
clock-C2 = to be seen by a person
clock-C3 = to be accepted, declined or asked about
clock-C4 = answer to the question
clock-C5 = beginning of the work
clock-C6 = report of progress
clock-C7 = outcome after the handover
clock-CE = confirmation of the erasure
clock-CA = confirmation of the arrival
clock-declined = declined
clock-failed = failed
clock-expired = not delivered in time
clock-validity = its time
clock-danger = immediate danger
clock-bed = the bed that was offered
clock-waiting_list = no bed now
desk-call = { $name } has nobody on duty until { $next }: call { $phone }
desk-nobody = { $name } has nobody on duty until { $next }, and has given no number for the night. Look for another way.
hours-set = Saved. `causeway hours publish --to ORG` tells your partners.
hours-default = No calendar is known: Monday to Friday, 09:00 to 18:00, UTC, is assumed.
hours-none = There is no calendar to publish.
hours-none-hint = First: causeway hours set --zone Europe/Berlin --day mon=09:00-18:00 …
hours-unreadable = { $path }: { $found } cannot be read.
hours-unreadable-hint = For example: --zone Europe/Berlin --day mon=09:00-12:00,13:00-18:00 --holiday 2026-12-25 --night-phone +4930123456
hours-published = { $count ->
    [one] Queued for { $count } organisation. `causeway sync` sends it.
   *[other] Queued for { $count } organisations. `causeway sync` sends it.
}
