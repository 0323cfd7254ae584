# Security keys that open a home beside the passphrase.
settings-keys = Security keys
keys-why = A security key, or the fingerprint reader or face recognition of this computer, opens the workstation without typing the passphrase. It works in this browser on this computer only. The passphrase keeps working, and after a restart of a damaged computer it is the only way: do not forget it.
keys-none = No security key opens this workstation yet.
keys-added = Added
keys-add = Add a security key
keys-without = This needs a browser that runs scripts and can ask a security key. The passphrase works without.
keys-name-hint = So that you know it again when it is lost, for example “Blue key of the night shift”.
keys-touch = Ask the key now
keys-failed = The key has given nothing. Try again; a key without PIN or fingerprint, or an old one, cannot be used here.
keys-name = Give the key a name of its own, of at most 40 characters.
keys-too-many = There are eight security keys already. Remove one that is not used any more.
keys-known = This key opens the workstation already.
keys-no-secret = The key has given no secret. Try again; a key without PIN or fingerprint, or an old one, cannot be used here.
unlock-by-key = Open with a security key
fail-security-keys = What is kept of the security keys cannot be read. Referrals are not touched.
    .hint = Open the workstation with the passphrase. Then remove the file security-keys from the folder of the home and add the keys again in the settings.
