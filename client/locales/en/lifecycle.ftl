carry-reason = Say why: --reason "in a line".
carry-reason-of = Say why with one of these codes: --reason { $codes }
carry-no-reason = This step takes no reason. Leave --reason out; write what you want to say with --text.
carry-other = The reason "other" needs words: --text "…".
carry-questions = Ask at least one question: --set questions[0].text="…"
carry-eta = Say when: --eta "in 20 minutes".
carry-until = Say until when: --until 2026-12-01T09:00:00Z, or how long: --until P2D.
hold-until = The hold ends in the future, at most 30 days from now: --until 2026-12-01T09:00:00Z, or how long: --until P2D.
carry-case = Give your own number of the case: --set peer_case_ref=…
carry-outcome = Say what came of it: --text "…", or --set outcome.code=done
carry-record = The handover record is missing: --set handover.place="…" --set handover.person_present=yes --set handover.by.staff_no=… --set handover.to.staff_no=…
carry-found = Say what was found: --set found.alive=yes
carry-answer = Answer the question, or say that you cannot: --text "…".
carry-text = Write what happened: --text "…".
carry-scope = Say what it is about: --set scope="everything", or the sections.
carry-staff = Give your number: --staff NO.
carry-assigned = Say who takes it: --set assigned_to.staff_no=NO
carry-clock = Name the deadline: --set clock=C3
step-incomplete = The step was not taken, because something is missing:
step-incomplete-hint = Add what is named above and run the command again. Nothing was sent.
step-too-late = It was completed more than 14 days ago: the time in which one can object is over.
step-too-late-hint = If it has been closed, a supervisor can reopen it: `causeway reopen`.
step-read-only = This referral was transferred and is completed: you keep a record of it to read, and the case is the other side's.
step-read-only-hint = Call the other side if something is wrong; only closing, and requests about the person's consent, are still possible.
handover-signed = You have signed the handover record. The other side signs the same record next: `causeway handed-over`.
handover-both = Both sides have signed the same record: it has changed hands.
handover-shown = The other side has signed this record. Read it. If it is right, sign it with `causeway handed-over { $id } --sign`; if not, send your own with --set handover.…
staff-unchecked = No staff is registered on this workstation, so roles are not checked. `causeway staff add NO --role supervisor` begins that.
staff-unnamed = This step is for a { $role }: say who takes it with --staff NO. Nothing was changed.
staff-unknown = Number { $number } is not on the list of the staff. Nothing was changed.
staff-refused = Number { $number } may not do this: it is for a { $role }. Nothing was changed.
staff-hint = `causeway staff list` shows who is registered.
staff-added = { $number } is registered as { $role }.
staff-removed = { $number } is no longer registered.
staff-none = Nobody is registered; roles are not checked.
staff-not-a-number = A staff number has at most 40 letters, digits, dots and dashes: no names.
role-agent = agent
role-supervisor = supervisor
role-duty = duty officer
handover-none = Nothing changes hands in a referral of this kind.
handover-none-hint = Say that it is done, and what came of it: causeway complete { $id } --text "…".
staff-policy = Referrals are taken on by: { $role }.
staff-no-supervisor = There is no supervisor on the list: nobody could take a referral on.
    .hint = First: causeway staff add NUMBER --role supervisor
