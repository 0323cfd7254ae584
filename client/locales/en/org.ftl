org-none = The directory is empty. `causeway sync` fetches it.
org-own = your own organisation
org-suspended = SUSPENDED { $words }
org-recovery = RECOVERY: { $words }
org-shown =
    { $name } ({ $kind }, { $country })
    identifier  { $id }
    status      { $status }
    fingerprint { $fingerprint }
    devices     { $devices }
    admitted    { $admitted }
org-shown-recovery = recovery    { $words }
org-status-active = active
org-status-suspended = suspended { $words }

check-none = not checked yet: compare the fingerprint
check-done = checked by { $by } on { $day } { $how }
check-outdated = checked by { $by } on { $day } { $how }; the key has changed since: compare the fingerprint again
check-how-in-person = in person
check-how-phone = by telephone
check-how-letter = by letter
check-how-video = by video call
check-recorded =
    Recorded: { $name } was { $words }, with the fingerprint
        { $fingerprint }
    If these are not the digits that you compared, tell the registrar at once and send nothing there.
fail-check-own = This is your own organisation.
    .hint = Check your partners; they check you.
fail-check-other = These are not the digits that the directory gives for this organisation. Nothing was recorded.
    .hint = Let them read all twelve groups again. If they differ still, send nothing there and call the registrar.

join-asked = You ask to join { $name }. Your administrator's screen must show exactly this:
join-let-in = This workstation ({ $id }) is one of { $name } and can send and receive.
join-waits =
    This workstation ({ $id }) waits. Compare the pictures or the digits with your administrator, who then types: causeway device admit { $id }
    Then run `causeway sync` here. The code is good for fifteen minutes.

fail-link-refused = The relay does not accept this code: somebody has used it already, its fifteen minutes are over, or it was taken back.
    .hint = Ask your administrator for a new code (`causeway device invite`) and run `causeway join` with it here.
fail-link-used = This code has let in another workstation already. This request is a second one with it: somebody else has seen the code, or the relay shows an old request. Nothing was changed.
    .hint = Look at `causeway device list`: if a device stands there that you do not know, remove it with `causeway device revoke`. Then make a new code.
fail-link-not-ours = The code of this request was not made on this workstation, so nobody can check the request here. Nothing was changed.
    .hint = Let it in on the workstation where the code was made.
fail-link-not-administrator = This workstation is not an administrator's: it can neither invite, nor let in, nor remove devices. Nothing was changed.
    .hint = Do it on an administrator's workstation: `causeway device list` shows which ones are.
fail-link-not-root = Your organisation's root key has to sign who its administrators are, and it is not on this workstation. Nothing was changed.
    .hint = Fetch the root's recovery sheet and run the command again: you are asked for it, or name a file with `--sheet-file`. Before it was put on paper, the organisation's first workstation has it.
fail-link-not-found = Nothing, or more than one, matches { $id }. Nothing was changed.
    .hint = `causeway device pending` shows who asks to join, `causeway device proposals` what waits for signatures, `causeway device list` who is there. Use at least four characters of the identifier.
fail-link-last = Without this workstation too few administrators' workstations would be left to let in or remove devices of your organisation. Nothing was changed.
    .hint = Name a successor first: `causeway device invite --role administrator`; or, with your root's sheet, demand fewer signatures: `causeway recovery threshold`. If this workstation is in other hands, call the registrar: it can suspend your organisation at once.
fail-link-overtaken = Another change of your devices was faster, so this one is void. Nothing was changed.
    .hint = If it is still wanted, ask your colleague to do it again: `causeway device list` shows what is in force now.
fail-link-full = Your organisation has as many devices, or administrators, as it can have. Nothing was changed.
    .hint = Remove one that is no longer used: `causeway device revoke DEVICE --reason retired`.
fail-link-other-organisation = The directory does not show this workstation in the organisation that your code names. It was not believed, and nothing was sent.
    .hint = Call your administrator, and the people who run the relay; do not use this workstation meanwhile.
fail-code-expired = The fifteen minutes of this code are over. Nothing was changed.
    .hint = If your administrator has let you in, another one may have to sign that too: `causeway sync` once both have. Otherwise ask for a new code (`causeway device invite`) and run `causeway join` with it here.
fail-code-mistyped = This is not the code as it was given out: a letter is wrong, or a part is missing. Nothing was changed.
    .hint = Copy all of it, from `causeway:device:` to its last character, or read the picture with a camera.
fail-request-malformed = The request is malformed. It must not be let in; nothing was changed.
    .hint = Call the colleague who waits. Make a new code and hand it over by another way; if it happens again, tell the people who run the relay.
fail-request-forged = The request was not made with this code, or was changed on its way. It must not be let in; nothing was changed.
    .hint = Call the colleague who waits. Make a new code and hand it over by another way; if it happens again, tell the people who run the relay.
fail-request-other-organisation = The request is for another organisation. It must not be let in; nothing was changed.
    .hint = Call the colleague who waits. Make a new code and hand it over by another way; if it happens again, tell the people who run the relay.
fail-key-changed = The key of { $name } has changed since { $by } compared it on { $day }. Nothing was sent: it may be in other hands.
    .hint = Call { $name } at a number that you know from elsewhere and compare the fingerprint: `causeway org show`, then `causeway org check`, or the organisation's page. If it does not fit, call the registrar.
