access-title = Who will see what
access-legend = + goes   ~ goes in part   . stays here
access-verdict-allowed = goes
access-verdict-minimised = in part
access-verdict-refused = stays here
access-refused = Nothing goes to { $org }: { $why } Nothing was queued.
access-no-agreement = no agreement: the general rules alone decide
access-by-agreement = under agreement { $ids }
access-not-to-be-told = These people must not be told: { $people }
access-nothing-goes = Nothing goes to this organisation.
access-missing = What this kind of referral needs, and this organisation will not get: { $fields }. Ask for consent, or send to somebody else.
access-files-kept-back = Files of these sections stay here: { $sections }
access-ask = Send it like this? [y/N]
access-not-sent = Nothing was sent.

along-title = If nobody answers, it goes on to
along-nobody = “{ $name }” on the fallback list is no member, or the name fits more than one: nothing goes there by itself.
along-refused = { $org } stands on the fallback list, and nothing may go there: { $why } Nothing was queued.
along-refused-hint = Take it off the fallback list and send again.

record-other-number = The header names another consent (consent_ref) than the record of consent beside it. Nothing was queued.
record-other-number-hint = Leave consent_ref out: it is taken from the record. If the consent was taken back, ask her again.
record-withheld-from-nobody = She withholds something from { $orgs }, and no organisation in the directory is called that: it would be kept from nobody. Look at the spelling.
record-withheld-hint = `causeway org list` shows the names. If it is meant like this, send with --yes.

access-default = needed for its work.
access-consent = the consent names this organisation and this section.
access-vital = danger to life now: it goes without consent, and somebody looks at the decision within 72 hours.
access-override = by decision of two people, without consent.
access-ordered = a court or a law demands it.
access-location-expires = only to intervene; it is not shown after { $hours } hours.
access-contact = without the way to reach her.
access-never = never goes to this kind of organisation.
access-only-evidence = goes to it only in a handover of evidence.
access-not-named = the consent does not name this organisation.
access-no-consent = goes only with consent that names this organisation and this section.
access-no-consent-vital = goes only with consent that names this organisation and this section, or by decision of two people (--override).
access-vital-only = goes only while a life is in danger or a child must be protected (--override).
access-withheld = she does not want this organisation to have it.
access-withheld-all = she does not want this organisation to have anything.
access-agreement-section = not part of what is agreed with this organisation.
access-agreement-kind = no agreement in force with it covers { $kind }.
access-location-other = the place is another organisation's.
access-note-guest = the name she uses, her age group, sex and languages; no legal identity.
access-note-suspicion = that she may be a victim, of what, and the dangers; no account of it.
access-note-urgent = only what cannot wait for a doctor.
access-note-guard = only what guards the house: a face, a car.
access-note-silence = only whom not to inform.
access-note-least = only what is needed at the door.

access-consent-withdrawn = the consent was taken back. If somebody's life is in danger, send without this consent record, on the legal basis vital.
access-consent-expired = the consent has run out. Ask her again.
access-consent-undated = the consent does not say when it was given, or says a time to come.
access-consent-child = a child, or somebody who may be one, does not decide this alone: a guardian must give the consent.
access-consent-giver = the consent was not given by somebody who can give it.

access-hard-asylum = she seeks protection, and its state ({ $country }) must not learn of it from us.
access-hard-journey = towns and times of the journey go, exact addresses and the names of houses do not: where she is never stands beside who she is.
access-hard-location = where she is never goes beside who she is to somebody who does not have to go there.
access-hard-relay = an organisation of this kind has no part in the care of a person.
access-hard-onward = it came from { $org } under H1 or H2: ask for approval (causeway consent approve, there).
access-hard-informant = without whoever called or asks: she has not agreed to be named to the police.

access-hint-asylum = Send it to somebody else, and speak with her lawyer. No consent and no override changes this.
access-hint-role = Send it to an organisation that works with people.
access-hint-child = Let a guardian decide, or send on the legal basis child_protection with --override child_protection.
access-hint-agreement = See `causeway agreement list`. Agree on more, or send it to somebody else.
access-hint-withheld = Respect it, or speak with her. An override does not change it.
access-hint-consent = Ask her again and write the new consent into the referral. `causeway send … --preview` shows what would go.

access-override-nobody = The decision needs the number of the person who decides (--decided-by), at most 40 characters.
access-override-text = The decision needs its reason in words (--override-text), at most 2000 characters.
access-override-alone = Two people decide, except where minutes count (P0): name the second with --second-person.
access-override-same = The second person is the same as the first.
access-override-unlisted = One of the two is not on the list of those who work here (causeway staff list).
access-override-review = Somebody has to look at it again within 72 hours, and not before now.
access-override-no-child = There is no child in this referral, and nobody who may be one.
access-override-typed = A decision to go without consent is not read from a file.
access-override-hint = For example: --override vital_interest --override-text "…" --decided-by 12 --second-person 7 --review-by PT48H

access-section-hdr = header
access-section-idn = identity
access-section-pho = photographs, description
access-section-doc = documents
access-section-con = how to reach her
access-section-loc = where she is now
access-section-tra = journey
access-section-exp = what happened to her
access-section-med = health
access-section-leg = status, proceedings
access-section-sus = suspects
access-section-evi = evidence
access-section-fam = family, who asks
access-section-rsk = risks
access-section-cns = consent
access-section-ops = tasks, duty desk
access-section-sta = figures without a person

override-reason-vital-interest = danger to life
override-reason-child-protection = protection of a child
override-reason-court-order = order of a court
override-reason-legal-obligation = a law demands it

shared-override = SENT WITHOUT CONSENT: { $reason }. “{ $text }” Decided by { $by }, second person { $second }; looked at again by { $due }.
shared-guardian = A CHILD, OR SOMEBODY WHO MAY BE ONE: nobody is appointed yet who stands for her.
shared-minimised = you have these sections in part only: { $sections }
shared-recipient = sent to { $name }: { $sections }

agreement-bad-id = The name of an agreement has 1 to 120 characters.
agreement-nothing = Nothing was entered.
agreement-over = The last day lies before the first.
agreement-bad-section = { $code } is not a section.
agreement-sections = Sections are { $codes }.
agreement-set = Agreement { $id } is entered. It narrows what this organisation gets; it widens nothing.
agreement-none = There are no agreements: the general rules alone decide.
agreement-all = all
agreement-line = { $name }  { $id }  kinds: { $kinds }  sections: { $sections }  { $from } to { $until }
agreement-not-in-force = NOT IN FORCE
agreement-removed = Agreement { $id } is removed.

consent-none = This referral holds no record of consent, or none that this device may read.
consent-nobody-told = Nothing of this case has gone out from here: there is nobody to tell.
consent-nobody-told-hint = If it came from somebody else, tell them: they tell everybody who has it.
consent-withdrawn-unsent = Taken back before it left, nobody there has had it: { $names }.
consent-withdrawn-told = Queued for { $names }: each has 72 hours to erase it or to say why not. `causeway sync` tells them; nothing more is sent on this consent.
consent-text-long = The text is longer than { $max } characters.
consent-text-long-hint = Shorten it. Nothing was changed.
consent-task = { $id }  { $name }: CONSENT WITHDRAWN ({ $sections }) on { $at }. Erase it by { $due } and run `causeway consent confirm`, or state the legal ground on which you keep it.
consent-waits = { $id }  { $name }: has until { $due } to confirm the withdrawal ({ $sections }).
consent-overdue = { $id }  { $name }: HAS NOT CONFIRMED the withdrawal ({ $sections }); it was due { $due }. Call them.
consent-erased = { $id }  { $name }: erased ({ $sections }).
consent-kept = { $id }  { $name }: kept ({ $sections }), because: { $ground }
consent-none-pending = No withdrawal waits for anybody.
consent-nothing-to-confirm = In this referral no withdrawal of consent waits for your answer.
consent-nothing-to-confirm-hint = `causeway consent pending` lists those that do.
consent-confirmed-erased = You have confirmed that it is erased. `causeway sync` tells the other side.
consent-confirmed-kept = You have said why it is kept. `causeway sync` tells the other side.
consent-passed-on = You had handed it on. The withdrawal is queued for { $names }: each has 72 hours to answer.
consent-doubted = ITS SENDER IS NOT WHERE THIS CONSENT CAME FROM: what rests on the consent elsewhere goes on. Call those who obtained it.
consent-no-reviews = No decision waits for anybody.
consent-guardian-wanted = { $id }  appoint somebody who stands for the child, by { $due }
consent-review = { $id }  without consent ({ $reason }), decided by { $by }: “{ $text }”; to be looked at by { $due }
consent-review-overdue = OVERDUE
consent-settle-empty = It needs the number of the person who has looked at it, and what came of it.
consent-settle-hint = For example: causeway consent settle NUMBER --by 7 --text "She was told, and agrees."
consent-settle-own = Whoever has decided does not look at the decision again.
consent-settle-unlisted = This number is not on the list of those who work here (causeway staff list).
consent-settle-other-hint = Somebody else looks at it: neither of the two who decided, and somebody on the list.
consent-settled = Entered.
consent-approved = { $name } may hand it on. `causeway sync` tells them.
consent-status-to-confirm = { $count ->
    [one] { $count } withdrawal of consent waits for your answer: see `causeway consent pending`
   *[other] { $count } withdrawals of consent wait for your answer: see `causeway consent pending`
}
consent-status-unconfirmed = { $count ->
    [one] { $count } withdrawal of consent is not confirmed by others yet
   *[other] { $count } withdrawals of consent are not confirmed by others yet
}
consent-status-overdue = { $count ->
    [one] { $count } withdrawal of consent is OVERDUE
   *[other] { $count } withdrawals of consent are OVERDUE
}
consent-status-reviews = { $count ->
    [one] { $count } decision or task waits: see `causeway consent reviews`
   *[other] { $count } decisions and tasks wait: see `causeway consent reviews`
}
consent-status-reviews-overdue = { $count ->
    [one] { $count } of them is OVERDUE
   *[other] { $count } of them are OVERDUE
}

told-feared = She seeks protection from the state that this organisation acts for: no word about her goes to it any more, whoever asked first. Nothing was sent.
told-feared-hint = Take the step without text and fields, or give the case back: `causeway decline`, `causeway withdraw`. Tell your supervisor that this organisation knows of the case.
told-withdrawn = Her consent was taken back: nothing more about her goes to this organisation. Nothing was sent.
told-withdrawn-hint = Take the step without text and fields, for example `causeway withdraw`. If her life is in danger, call, and decide without consent with a second person: `causeway send --override`.
