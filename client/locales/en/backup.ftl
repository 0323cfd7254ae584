fail-backup-damaged = The backup is damaged: { $what }.
    .hint = Make a new backup now: what is wrong is written again. To restore, try an older one with --number N, or another copy of the folder.
fail-backup-missing = There is no finished backup in { $folder }. Nothing was changed.
    .hint = Check the path; a backup that was cut off before its end does not count.
fail-backup-another = { $folder } holds the backups of another relay or workstation. Nothing was changed.
    .hint = Use an empty folder, or the one that holds the backups of this home; if another program is at work, wait for it.
fail-backup-not-empty = { $folder } is not empty. Nothing was changed.
    .hint = Use an empty folder, or the one that holds the backups of this home; if another program is at work, wait for it.
fail-backup-busy = Another program is using the backup in { $folder }; wait until it has finished. Nothing was changed.
    .hint = Use an empty folder, or the one that holds the backups of this home; if another program is at work, wait for it.
fail-backup-clock = The clock of this machine is behind: the backup was made later than it says. Nothing was changed.
    .hint = Set the clock of this machine, then restore again.
fail-backup-unwritable = The disk with the backups in { $folder } does not take writes now: { $why }. No backup was made now; those that were there are as they were, and so is this home.
    .hint = Free space on that disk, take a larger one, or keep fewer backups: --keep 2 removes older ones before it begins.
fail-backup-newer = The backup was written by a newer version of Causeway; update Causeway. The backups that were there are as they were.
    .hint = Update Causeway, close other programs, and try again.
fail-backup-memory = There is not enough memory to open the backup. The backups that were there are as they were.
    .hint = Update Causeway, close other programs, and try again.
fail-backup-large = There is more to back up than a backup takes: { $what }. The backups that were there are as they were.
    .hint = Update Causeway, close other programs, and try again.
fail-backup-other = The backup did not come to its end: { $what }. The backups that were there are as they were.
    .hint = Update Causeway, close other programs, and try again.
backup-made =
    Backup { $number } is finished: { $records } records and { $files } files, of which { $bytes } bytes were new.
    The passphrase of this home opens it, and so does the recovery code. Keep it away from this machine, and check it now and then with `causeway backup check`.
backup-verified = { $count } files of content verify.
backup-whole = backup { $number } of { $taken } is whole
backup-now-restored =
    Backup { $number } is restored and verified. It is from { $taken }: what came or was written after that is not in it.
    Run `causeway sync` now: partners send again what this home cannot open. What you had received and confirmed after the backup does not come again by itself; `causeway status` names what is missing as far as it can be known. Ask your partners.
    Never use the old home and this one beside each other.
