# A lost workstation comes back on a page, out of its backup.
begin-restore = Has a workstation been lost, and is there a backup of it?
begin-restore-go = Bring it back from the backup
begin-sheets = Have all workstations been lost, and are there recovery sheets of the organisation's keys? They bring it back at the terminal: causeway recovery restore.
restore-title = Bring a workstation back
restore-why = Everything that was in the backup comes onto this machine: the inbox, what was sent, the drafts, the keys of the workstation.
restore-folder = Folder with the backups
restore-folder-hint = From the root of the machine, for example /media/usb/causeway.
restore-secret = Recovery code, or passphrase
restore-secret-hint = Of the workstation that was lost. The code stands on paper; capital letters and dashes do not matter. What you type is shown: see that nobody looks on.
restore-slow = Every file is read and checked before the first is written. That can take some minutes; leave this page open.
restore-go = Bring it back
restored-title = The workstation is back
restored-from = It is as it was on { $at } (backup { $number }). What came or was written after that is not in it.
restored-comes = Partners send again by themselves what this workstation cannot open. What had been received and confirmed after the backup does not come again: Diagnostics name what is missing as far as it can be known. Ask your partners.
restored-one = If the old machine turns up, do not use it any more: two of the same workstation are taken for a theft.
restored-opens = The recovery code and the passphrase of the lost workstation open this one too. Keep the paper.
