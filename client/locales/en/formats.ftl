# Files of other systems: what goes out, what comes in.

formats-too-large =
    .wrong = The file is larger than { $max } MiB.
    .right = Split it and import the parts one after another.
formats-not-utf8 =
    .wrong = The file is not UTF-8 text.
    .right = Save it as UTF-8 (in Excel: “CSV UTF-8”).
formats-not-xml =
    .wrong = The file is not well-formed XML ({ $what }).
    .right = Get it again from whoever made it; it may have been cut off.
formats-too-deep =
    .wrong = Elements stand more than { $max } deep inside each other.
    .right = No honest file of this format does that. Ask whoever sent it.
formats-too-many =
    .wrong = The file has more than { $max } records or elements.
    .right = Split it and import the parts one after another.
formats-too-many-columns =
    .wrong = The table has more than { $max } columns.
    .right = Take out columns that are not needed.
formats-too-long =
    .wrong = A value is longer than { $max } characters.
    .right = Shorten it, or send it as an attachment.
formats-entity =
    .wrong = The file uses the entity “{ $name }”, which may stand for anything.
    .right = Ask for the file without entities. Nothing was read.
formats-doctype =
    .wrong = The file declares a document type. Such declarations can fill the memory or read files of this machine.
    .right = Ask for the file without DOCTYPE. Nothing was read.
formats-not-csv =
    .wrong = The table does not read ({ $what }).
    .right = Check the quotation marks in the line that is named.
formats-ragged =
    .wrong = This line has more cells than the first line has names ({ $columns }).
    .right = Put values that contain the separator into quotation marks.
formats-column-twice =
    .wrong = The column “{ $column }” stands there twice.
    .right = Take one of them out.
formats-no-column =
    .wrong = The column “{ $column }” is missing.
    .right = The first line must have the names of the columns.
formats-empty =
    .wrong = The file is empty.
    .right = Check that it is the right one.
formats-missing =
    .wrong = is missing.
    .right = The format demands it; the draft is made without it.
formats-twice =
    .wrong = The same record stands in this file twice.
    .right = Only the first one is taken.
formats-wrong-kind =
    .wrong = This format is for { $wanted } only; the referral is a { $kind }.
    .right = Choose another format.
formats-not-public =
    .wrong = The report does not say that it may be published, so nothing was written.
    .right = PFIF files go to public registries. Set publication to public only if that is really meant.
formats-no-consent =
    .wrong = Nobody has agreed to a publication, so nothing was written.
    .right = The consent needs a scope with the purpose media or publication that is still valid.
formats-not-pfif =
    .wrong = This is no PFIF 1.4 file: its root is “{ $root }” of “{ $namespace }”.
    .right = The root must be pfif of http://zesty.ca/pfif/1.4.
formats-pfif-id =
    .wrong = “{ $value }” is not the number of a record.
    .right = A domain, a slash and a name, for example example.org/person.17.
formats-pfif-time =
    .wrong = “{ $value }” is not a time of PFIF.
    .right = A time in UTC with Z: 2026-09-20T05:10:00Z.
formats-pfif-sex =
    .wrong = “{ $value }” is not a word for the sex.
    .right = male, female or other; nothing if it is not known.
formats-pfif-birth =
    .wrong = “{ $value }” is not a date of birth of PFIF.
    .right = 1985, 1985-03 or 1985-03-12.
formats-pfif-age =
    .wrong = “{ $value }” is not an age.
    .right = A number of years up to 120, or two with a hyphen: 20-25.
formats-pfif-flag =
    .wrong = “{ $value }” is neither true nor false.
    .right = true or false.
formats-pfif-status =
    .wrong = “{ $value }” is not a status of PFIF.
    .right = information_sought, is_note_author, believed_alive, believed_missing or believed_dead.
formats-pfif-country =
    .wrong = “{ $value }” is not a country code.
    .right = Two capital letters, for example RU.
formats-pfif-state =
    .wrong = “{ $value }” is not the code of a region.
    .right = For example RU-KR.
formats-pfif-orphan =
    .wrong = The note is about a person who is not in this file.
    .right = Import the file with the person.
formats-pfif-placeholder =
    .wrong = The record has expired: nothing but its number and dates is left.
    .right = If you have an older copy of it, erase it.
formats-pfif-photo =
    .wrong = There is a photo on the web; it is not fetched, because whoever runs that server would see that you look.
    .right = Fetch it by another way and attach it.
formats-pfif-last-contact = Last contact: { $date }.
formats-pfif-sought = Information is sought.
formats-pfif-found = News has come. No place is named.
formats-exercise = EXERCISE. Everything in here is invented.
formats-cap-headline = { $persons } person(s), of them children: { $children }; expected { $eta }
formats-cap-description = Details are in the encrypted packet only.
formats-cap-instruction = Open the packet and acknowledge it within 5 minutes.
formats-not-cap =
    .wrong = This is no CAP 1.2 alert: its root is “{ $root }” of “{ $namespace }”.
    .right = The root must be alert of urn:oasis:names:tc:emergency:cap:1.2.
formats-cap-name =
    .wrong = “{ $value }” cannot name an alert or a sender.
    .right = It must not be empty, and must not contain a space, a comma, < or &.
formats-cap-time =
    .wrong = “{ $value }” is not a time of CAP.
    .right = A time with an offset and without Z: 2026-09-20T08:15:00+03:00; UTC is -00:00.
formats-cap-status =
    .wrong = The status “{ $value }” makes no referral.
    .right = Actual, Exercise, Test or Draft.
formats-cap-type =
    .wrong = A message of the type “{ $value }” is no new alert.
    .right = Only Alert and Update become drafts; open the referral that it answers.

formats-not-json =
    .wrong = This is no JSON object ({ $what }).
    .right = Correct the file there; docs/samples has complete examples.
formats-no-kind =
    .wrong = does not say which kind of referral it is.
    .right = For example "kind": "MPR", or BIA, VHO, IDQ.
formats-attachments =
    .wrong = Attached files are not in such a file.
    .right = Attach them again when you send.

export-exists = { $file } is there already. Nothing was written.
export-exists-hint = Choose another name, or write over it with --force.
export-unwritable = { $file } cannot be written: { $error }.
export-unwritable-hint = Check the name, the folder and the space on the disk.
export-in-clear = { $file } is outside the vault and in clear: whoever gets the file can read it. Delete it when it has done its work.
export-done = Written to { $file }.

import-unreadable = { $file } cannot be read: { $error }.
import-unreadable-hint = Check the name and the folder.
import-state-ok = ok
import-state-warning = look at it
import-state-refused = REFUSED
import-known-new = new
import-known-same = here already
import-known-sent = was sent from here already
import-known-changed = here already, and different now; the draft was left as it is
import-summary = Good: { $ok }. To be looked at: { $warning }. Refused: { $refused }. Here already: { $known }.
import-kept = What is new is among the drafts (`causeway drafts list`). Nothing was sent.
import-not-kept = Nothing was kept. With --draft the good records become drafts.
import-refused = { $count ->
    [one] One record is refused, so nothing was kept.
   *[other] { $count } records are refused, so nothing was kept.
}
import-refused-hint = Correct them, or keep the good ones with --partly.

drafts-none = There are no drafts.
drafts-lacks = What it still lacks before it can be sent:
drafts-deleted = The draft is deleted.
drafts-to-whom = Nobody is named who should get it. Nothing was sent.
drafts-to-whom-hint = Name the organisation with --to.
drafts-not-found = There is no draft with the number “{ $id }”.
drafts-several = More than one draft begins with “{ $id }”.
drafts-not-found-hint = `causeway drafts list` shows what there is; a number needs at least four characters.

formats-htcds-type =
    .wrong = is set to “missing”: the standard does not say what kind of report it is.
    .right = Set it to what is right before you send it.
formats-htcds-date =
    .wrong = “{ $value }” is not a date.
    .right = 2001-05-17, 2001-05 or 2001. The text is kept beside it.
export-not-all = This format holds one referral. Nothing was written.
export-no-folder = There is no folder { $folder }. Nothing was written.
export-no-folder-hint = Make the folder first, or choose another.
attachment-tells-place = { $file } says where it was taken. Evidence is not changed: whoever may read the section learns that place.
attachment-not-cleaned = { $file } goes as it is: only JPEG and PNG lose the place, time and device that a photograph may name. Save it as JPEG if that matters.
export-bundle-whole = A bundle proves what was signed, and that is the whole case. Nothing was written.
export-bundle-whole-hint = Leave --public and --sections out, or choose another format.
export-not-all-hint = Name one, or choose csv, xlsx or htcds.

formats-bundle-readme =
    This archive is one case of a network of organisations that protect people, written out for a court or another outsider.
    Referral { $referral }.

    index.json says what is in it; index.sig is the signature of the device that has made it; directory.json proves which keys
    belong to which organisation. Each folder under packets is one message: what its sender signed (grant.bin, manifest.bin), its
    sections in clear, receipts of the recipient's devices and of the relay, and attached files.

    Verify it: causeway verify-bundle FILE, or python3 verify_bundle.py FILE, a second program by other means. Both need two keys,
    of the relay and of the registrar, which you must get by another way than this file. Neither program believes the maker.

    What it proves: who signed which message, to whom and when by their clocks, that not a byte has changed since, and who has
    signed for receiving and opening it. What it does not prove: that what people wrote is true. Of messages that the maker itself
    has sent, the content rests on the maker's signature over the index; the receipts prove that such a message arrived.
formats-bundle-large =
    .wrong = The case is too large for one archive.
    .right = Leave out files: without --files they are only named.
formats-bundle-archive =
    .wrong = The archive is not byte for byte what Causeway writes: it was changed or is cut off.
    .right = Get it again from whoever made it.
formats-bundle-form =
    .wrong = has another form than this version knows.
    .right = Get it again, or update Causeway.
formats-bundle-lacks =
    .wrong = is not in the archive.
    .right = Do not rely on it. Get it again.
formats-bundle-extra =
    .wrong = is in the archive and not in its index.
    .right = Do not rely on it. Somebody has added it.
formats-bundle-hash =
    .wrong = is not what the index says: it was changed.
    .right = Do not rely on it.
formats-bundle-directory =
    .wrong = The directory does not hold: { $what }.
    .right = Without it nobody knows whose keys these are. Do not rely on it.
formats-bundle-unlisted =
    .wrong = The directory lists no device { $device } of the organisation { $org }.
    .right = A device that was retired before is not listed any more. Ask the maker for an archive with the directory of that time.
formats-bundle-signature =
    .wrong = The index is not signed by the device that it names.
    .right = Do not rely on it.
formats-bundle-unproven =
    .wrong = The packet of somebody else comes without what its sender signed.
    .right = It proves nothing. Ask the maker why.
formats-bundle-grant =
    .wrong = What the sender signed does not fit: { $what }.
    .right = Do not rely on this packet.
formats-bundle-receipt =
    .wrong = is no receipt for this packet by a device of its recipient or by the relay.
    .right = Do not rely on it.
formats-bundle-attachment =
    .wrong = is named by no section of the packet.
    .right = Do not rely on this file.

verify-bundle-says =
    Made by { $by }. Packets of others, proven by their signatures: { $proven }. Packets of the maker itself: { $own }.
    Receipts that hold: { $receipts }. Packets that a person on the other side has opened: { $opened }.
    Files that are what was signed: { $attachments }; named but not there: { $missing }.
verify-bundle-pinned = The directory's keys are those that you gave.
verify-bundle-not-pinned = NOT COMPARED: get the relay's and the registrar's key by another way than this file, and give them with --relay-key and --registrar-key. Without them anybody could have invented the whole directory.

formats-not-fhir =
    .wrong = “{ $type }” makes no referral.
    .right = A Bundle, a ServiceRequest or a Task of FHIR R4.
formats-fhir-status =
    .wrong = “{ $value }” is not a status of a Task.
    .right = For example requested, received, accepted, in-progress, completed.
formats-fhir-task =
    .wrong = A Task says how far a referral has come ({ $status }, here { $ours }); it makes no draft.
    .right = Take the step in the referral that it is about.
formats-fhir-reason =
    .wrong = A reason must be there for rejected, on-hold, cancelled and failed, and only then.
    .right = Ask the sender what is meant.
formats-fhir-kind =
    .wrong = does not say which kind of referral it is.
    .right = A coding such as missing-person, border-alert, victim-handoff or identity-check.

print-from = From
print-to = To
print-case = Case number
print-referral = Number of the referral
print-priority = Priority
print-state = Delivery / work
print-printed = Printed (UTC)
print-timeline = What happened
print-no-effect = (had no effect)
print-yes = yes
print-no = no
print-exercise = EXERCISE — EVERYTHING IS INVENTED
print-foot = Confidential. Do not leave it lying about; destroy it when it has done its work.
print-in-clear = This paper is not protected by the program: whoever holds it can read it.
print-controlled = At least one contact is CONTROLLED BY THE EXPLOITER. Do not call and do not write there.
print-asylum = The person seeks protection. Do not show this to any authority of the country that she fears.


formats-pdf =
    .wrong = The paper could not be drawn.
    .right = Use --format html.
