status-relay = relay { $relay }: { $state ->
        [connected] connected
       *[other] not reachable
    }
status-sent = { $queued } queued, { $relayed } at the relay without a receipt, { $failed } failed
status-unopened = { $count } from others could not be opened{ $count ->
        [0] {""}
       *[other] : see `causeway inbox list`
    }
status-keys = { $count } one-time keys unused
status-directory = directory: { $count } entries
status-held = { $count } held: their recipients are suspended, see `causeway sent list`
status-doubtful = { $count } from others in doubt: see `causeway inbox list`
status-signatures = { $count } change(s) of your devices wait for your signature: see `causeway device proposals`
status-keys-withheld = Warning: { $count } packet(s), found last { $found }, were sealed to this device's spare key although the relay held one-time keys. Whoever takes this device can read them for up to 39 days more. A partner that sends more than 200 packets a day explains it; if none does, the relay withholds keys: call its operator and the registrar.
doctor-vault = All { $count } records of the vault verify.
doctor-activity = The activity log has { $count } entries and is unbroken.

backup-last = last backup: { $count } days ago
backup-none = no backup yet
backup-old = Warning: if this machine is lost now, so is what is on it. Run `causeway backup create --out DIR`, with a folder on another disk.
backup-restored = This home was restored from a backup of { $taken }. What was received and confirmed between then and { $at } does not come again by itself, and what was sent is not listed here: ask the partners.
backup-missing = missing from { $name }: { $count } packet(s), which may be referrals, answers or receipts; their numbers begin with { $numbers }
backup-number = { $number } of the run of { $at }

head-old = Warning: the newest directory that the relay has shown was signed { $count } hours ago ({ $signed }). If you have not connected since, run `causeway sync`. If it stays old after that, the relay may be hiding that a device or an organisation no longer counts, or a clock is wrong: check the date of this computer, then call the registrar, not through the relay, and ask whether anybody was suspended or removed. A partner's file (`causeway directory export`) shows what the partner was shown: `causeway directory evidence --out OUT --with FILE` compares it.
head-first-contact = Until there is a fresh one, nothing goes out to an organisation that you have never exchanged anything with; it stays queued.
head-waiting = { $count } packet(s) for organisations that you have never exchanged anything with wait for it.
head-waits = What is for { $names } stays queued until the relay shows a fresh directory: you have never exchanged anything with them, and the last one is more than three days old. `causeway sync` fetches one and sends it. If it is urgent, call them.

roots-recovering = ALARM: the registrar has announced that your organisation gets another root key, which takes effect after { $ready }. If you have not asked for that, somebody takes your organisation over: call the registrar at once, and run `causeway recovery contradict` with your root's sheet.
roots-here = Warning: root keys of your organisation are on this workstation only. Who steals it can take your organisation over, and if it is lost, nobody can bring it back. Run `causeway recovery sheet` and put them on paper.
roots-lost = Warning: a root key of your organisation is lost: it was never put on paper, and this home was restored without it. See `causeway recovery keys`, and talk to the registrar.
roots-exposed = Warning: an earlier version kept a root key in this home's database, which does not forget. Rotate until none of `causeway recovery keys` is marked: `causeway recovery sheet --new`, `confirm`, `rotate`.
roots-recovered = recovered with the registrar's help on { $at }
roots-recovered-compare = recovered with the registrar's help on { $at }: compare its fingerprint
roots-announced = a recovery takes effect after { $ready }: call it and ask whether it knows

alarm-split =
    ALARM: the relay has signed directories that contradict each other ({ $count } times). It deceives this organisation or another one; what you receive is still sealed, but who is who is in doubt.
    Write the evidence with `causeway directory evidence --out FILE`, call the registrar and your partners, not through the relay, and compare fingerprints again before you send anything.
alarm-illegal-unproven =
    ALARM: the relay shows a directory with a statement in it that nobody may make, or that belongs to another history. This home has taken nothing of it, and cannot prove it to others ({ $what }); your word and that of your partners counts. It also learns of no removal and no suspension meanwhile.
    Send nothing. Run `causeway sync` again, which asks for what is missing; if this stays, call the registrar and your partners, not through the relay.
alarm-illegal =
    ALARM: the relay has signed a directory with a statement in it that nobody may make. This home has taken nothing of it; it also learns of no removal and no suspension any more. Statement { $statement }: { $what }. The file proves it to anybody.
    Send nothing. Write the evidence with `causeway directory evidence --out FILE` and call the registrar and your partners, not through the relay.
alarm-went-back = Warning: the relay went back: it signed a directory of { $before }, and after that one of { $after }. Either it was restored from a backup, or its clock was set back, or it hides entries, a removal or a suspension perhaps. Nothing that this home knows is lost. Run `causeway sync`: members give the relay back what it has lost. If this stays, write both heads with `causeway directory evidence --out FILE`, ask the operator whether the relay was restored, and the registrar, not through the relay, whether anybody was suspended or removed.
alarm-head = { $size } entries at { $at }

relay-key-next = The relay gets a new key on { $from }; nothing needs to be done if this workstation syncs before.
relay-key-at-once = The relay has had a new key since { $changed }, because somebody else may have the old one. Ask the registrar, not through the relay, what that means for you.
relay-key-changed = The relay has had a new key since { $changed }.

join-admitted = You are admitted and can send and receive. Your organisation's root keys are still on this workstation: put them on paper today, `causeway recovery sheet`.
join-pending = Read the fingerprint to the registrar by phone. Once you are admitted, run `causeway sync`.
join-fingerprint = fingerprint { $digits }
sync-restarting = The relay is restarting; trying again in { $seconds } s. What you queued is safe.
sync-no-connection = No connection ({ $why }); trying again in { $seconds } s. What you queued is safe.
sync-connected = Connected; waiting up to { $seconds } s for what is still to come.
sync-held = { $count } packet(s) are held: the registrar has suspended their recipient. `causeway sent list` shows them; they go out once it is reinstated, or `causeway withdraw` takes them back.
sync-unproven = { $count } packet(s) from others wait at the relay, because it withholds the part of the directory that proves their senders. Run `causeway sync` again. If they stay, ask a partner for `causeway directory export --out FILE` and compare it with `causeway directory evidence --out OUT --with FILE`; then call the registrar, not through the relay.
sync-doubtful = { $count } packet(s) from others are in doubt: see `causeway inbox list`, and call their senders before you act on them.
sync-unopened = { $count } packet(s) from others could not be opened: see `causeway inbox list`.
sync-failed = { $count } packet(s) did not reach their recipient: see `causeway sent list`, and call by phone.
