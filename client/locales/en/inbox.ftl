doubt-sender-suspended = the registrar had suspended its sender when it came
doubt-device-retired = the relay took it after its sender had put that workstation out of service
doubt-device-lost = its sender has lost the workstation it comes from
doubt-device-compromised = somebody else may have had the workstation it comes from
doubt-sender-compromised = somebody else may have had its sender's keys when it came
doubt-quarantined = IN QUARANTINE: { $because }. It has changed nothing here, and its sender is not told that you read it. Call the sender at a number that you know from elsewhere. If it is true: causeway inbox release { $number } --vetted phone
doubt-questionable = QUESTIONABLE: { $because }. Do not act on it before you have called the sender at a number that you know from elsewhere. If it is true: causeway inbox release { $number } --vetted phone
doubt-released = Checked by a person here on { $at } ({ $because }).
doubt-readable = The sender did not know yet that your device { $device } is revoked: whoever has that device could read this.
doubt-head = { $priority } { $kind } from { $from }
doubt-several = More than one packet begins with "{ $number }".
    .hint = Use more characters.
doubt-now-released = Released: it counts from now on as what its sender says. The activity log has your decision.
inbox-number-short = A number has at least { $min } characters.
    .hint = Copy it from `causeway inbox list`.

unopened-head = { $count ->
    [one] 1 packet could not be opened. It may be a referral, an answer or only a receipt:
   *[other] { $count } packets could not be opened. Each may be a referral, an answer or only a receipt:
}
unopened-forgotten = ({ $count } older ones are not listed any more.)
unopened-unknown-key = It was sealed to a key that this device does not have, or not any more. That is usual after this home was restored from a backup.
unopened-erased-key = It was sealed to a key that another packet had used up. That is usual after the relay was restored from a backup.
unopened-newer = It was sealed by another version of Causeway than this one. Update this program.
unopened-unreadable = It was changed on the way, or the program that sealed it is faulty.
unopened-other = It did not open.
unopened-resealed = Its sender is told, and its program seals it again by itself, up to three times. What it sends then does not say which packet it replaces, so this note stays: dismiss it when everything you expect is here. If you miss something, ask by phone.
unopened-told = The sender is told that it did not reach you; its program does not try again by itself. Ask the sender by phone to send it again.
unopened-unproven = Nothing proves who sent it. Its sender is told that it did not reach you, and its program does not try again by itself. If you expect something, ask by phone.
unopened-unknown-sender = an unknown sender
unopened-line = { $number }  { $priority }  from { $from }  at the relay { $relayed }  { $bytes } bytes
unopened-ambiguous = More than one note begins with "{ $number }".
    .hint = Use more characters.
unopened-dismissed = { $count } note(s) put away, { $left } left.

withheld-section = (for other devices of your organisation: this one is not cleared for it; a file that belongs to it is not listed either)
lost-step = { $who } did "{ $first }" { $when }; { $what } { $fate }
lost-here = This workstation
lost-your = your { $step }
lost-of = the { $step } of { $author }
lost-same-time = at about the same time
lost-before = { $count ->
    [one] a minute before
   *[other] { $count } minutes before
}
lost-after = { $count ->
    [one] a minute after, and it counts first
   *[other] { $count } minutes after, and it counts first
}
lost-not-sent = was not sent
lost-sent = was sent, stands as a remark on both sides and has changed nothing
