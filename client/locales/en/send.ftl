send-too-many = At most { $max } organisations at once.
    .hint = Send again to the others.
send-to-self = A referral cannot go to your own organisation. Nothing was queued.
    .hint = Name another organisation with --to.
send-not-section-file = "{ $given }" is not SECTION=FILE.
    .hint = For example: --attach PHO=photo.jpg
send-queued = Queued for { $count } organisation(s), number { $number }. `causeway sync` sends it.
send-own-suspended = The registrar has suspended this organisation: it stays in your outbox until you are reinstated.

attach-unread = The file { $file } cannot be read: { $why }. Nothing was sent.
    .hint = Check the name, the folder and whether you may read the file.
attach-unkept = { $file } cannot be made ready for sending: { $why }. Nothing was sent.
    .hint = Check the name, the folder and the space on the disk.
attach-photo = The picture { $file } is damaged or too large, so what it says beside itself (where it was taken, for example) cannot be taken out. Nothing was sent.
    .hint = Save it anew as JPEG or PNG and attach that; a file that is evidence goes unchanged with EVI=.
attach-much = { $file } cannot go along: with it the files of this referral have more than 100 MB together. Nothing was sent.
    .hint = Send the others with a second referral, or smaller.
attach-large = The file { $file } is larger than { $max } MB. Nothing was sent.
    .hint = Split it or send it another way.
attach-too-many = A packet carries at most { $max } attachments. Nothing was sent.
    .hint = Send some of them with another referral.
attachment-file = A file cannot be read or written: { $why }.
    .hint = Check the name, the folder and the space on the disk.
attachment-entry = The attachment's entry in the packet is malformed.
    .hint = Try again; if it stays, ask the sender to send it again.
attachment-cut = The attachment is not complete yet.
    .hint = Try again; if it stays, ask the sender to send it again.
attachment-overlong = The relay sent more than the attachment; it is not kept.
    .hint = Try again; if it stays, ask the sender to send it again.
attachment-other-file = The attachment is not the file that the sender described; it is not kept.
    .hint = Try again; if it stays, ask the sender to send it again.
attachment-changed = The attachment was changed on the way; it is not kept.
    .hint = Try again; if it stays, ask the sender to send it again.
attachment-other = The attachment did not get through: { $what }.
    .hint = Try again; if it stays, ask the sender to send it again.
attachment-saved =
    Saved to { $out }. It is the file the sender signed for (SHA-256 { $sha256 }).
    It is not encrypted there: delete it when you no longer need it.
