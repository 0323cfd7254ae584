# The daemon and the terminal.
daemon-locked = The home is locked, and causeway serve has it.
    .hint = Open it: causeway unlock
daemon-has-home = causeway serve runs for this home; what you want makes or replaces a home.
    .hint = End causeway serve first, or name another folder with --home. Nothing was changed.
daemon-none = causeway serve does not run for this home.
    .hint = Start it: causeway serve
daemon-no-answer = causeway serve has not answered to the end.
    .hint = What it confirmed before is safe. Look whether it still runs, then run the command again.
daemon-open = The home is open.
daemon-shut = The home is locked; its keys are wiped.
daemon-wait-hint = Wait; an attempt before that time is not looked at.
daemon-no-socket = Commands of the terminal do not work while this runs: { $why }
fail-not-in-home = This command is not one for a home that is open.
    .hint = Run it in a terminal by itself. Nothing was changed.
autostart-on = causeway serve starts when you log in, locked. Written to { $file }
autostart-off = causeway serve does not start by itself any more. Removed: { $file }
autostart-was-off = causeway serve did not start by itself before either.
autostart-name = The name of the program or of the home has signs that no file for starting it can hold.
    .hint = Move it to a folder with a plain name. Nothing was changed.
autostart-not-enabled = The service is written, and systemd does not take it.
    .hint = Look at it: systemctl --user status causeway.service
notice-urgent = { $count ->
    [one] { $count } urgent referral
   *[other] { $count } urgent referrals
}
notice-urgent-from = { $count ->
    [one] { $count } urgent referral from { $org }
   *[other] { $count } urgent referrals from { $org }
}
