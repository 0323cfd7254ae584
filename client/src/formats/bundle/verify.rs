//! Judges an archive with nothing but itself, and the two keys that somebody outside has got by another way.

use std::collections::{BTreeMap, BTreeSet};

use causeway_certs::audit::{Audit, Pins, audit};
use causeway_certs::keys::PublicKey;
use causeway_certs::roster;
use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::{PADDED_BYTES_MAX, ROSTER_BYTES_MAX};
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceReceipt, RECEIPT_OPENED, Roster};

use super::{
    AttachmentEntry, DIRECTORY, INDEX, Index, IndexSignature, PacketEntry, SCHEMA_VERSION, SIGNATURE, TYPE,
    archive,
};
use crate::attachments;
use crate::audit::{self as form, File};
use crate::casebook;
use crate::formats::finding::Finding;
use crate::formats::times;
use crate::model::StoredSection;
use crate::referral::exhibits::{Exhibit, differences};
use crate::seal::content::{Grant, Manifest, commitment, grant_digest};

/// What an archive proves.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Verdict {
    /// Everything that is wrong; empty if it holds.
    pub findings: Vec<Finding>,
    /// Who made it, by the directory.
    pub by: String,
    /// Whether it was invented to practise.
    pub exercise: bool,
    /// Packets whose sender is proven by a signature.
    pub proven: usize,
    /// Packets of the maker itself: the maker says what was in them.
    pub own: usize,
    /// Receipts of devices and of the relay that hold.
    pub receipts: usize,
    /// Packets that a person on the other side has opened.
    pub opened: usize,
    /// Files that are there and are what the packets name.
    pub attachments: usize,
    /// Files that the packets name and that are not there.
    pub missing: usize,
}

type Contents = BTreeMap<String, Vec<u8>>;

/// Judges an archive.
pub fn verify(bytes: &[u8], pins: &Pins) -> Verdict {
    let mut verdict = Verdict::default();
    if let Err(finding) = judge(bytes, pins, &mut verdict) {
        verdict.findings.push(finding);
    }
    verdict
}

fn judge(bytes: &[u8], pins: &Pins, verdict: &mut Verdict) -> Result<(), Finding> {
    let files = archive::read(bytes).ok_or_else(|| Finding::new("formats-bundle-archive", ""))?;
    let order: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let files: Contents = files.into_iter().collect();
    if files.len() != order.len() {
        return Err(Finding::new("formats-bundle-archive", ""));
    }
    let index: Index = parse(&files, INDEX)?;
    if (index.r#type.as_str(), index.schema_version) != (TYPE, SCHEMA_VERSION) {
        return Err(Finding::new("formats-bundle-form", INDEX));
    }
    verdict.exercise = index.exercise;
    let directory = directory(&files, pins, verdict)?;
    signed_index(&files, &index, &directory, verdict)?;
    listed(&files, &order, &index)?;
    for (n, packet) in (1..).zip(&index.packets) {
        if let Err(finding) = one(packet, &files, &index, &directory, verdict) {
            verdict.findings.push(finding.under(&format!("packets/{n:03}")));
        }
    }
    Ok(())
}

fn parse<T: serde::de::DeserializeOwned>(files: &Contents, name: &str) -> Result<T, Finding> {
    let bytes = files.get(name).ok_or_else(|| Finding::new("formats-bundle-lacks", name))?;
    serde_json::from_slice(bytes).map_err(|_| Finding::new("formats-bundle-form", name))
}

/// The directory, and the rosters of its log. Each of them is named by a statement of its organisation and signed by its
/// administrators, or the directory has a finding: so they say who was listed before.
struct Listing {
    audit: Audit,
    rosters: Vec<(Digest, Roster)>,
}

fn directory(files: &Contents, pins: &Pins, verdict: &mut Verdict) -> Result<Listing, Finding> {
    let bytes = files.get(DIRECTORY).ok_or_else(|| Finding::new("formats-bundle-lacks", DIRECTORY))?;
    let Ok(File::Directory(log)) = form::read(bytes) else {
        return Err(Finding::new("formats-bundle-form", DIRECTORY));
    };
    let audited = audit(&log, pins);
    for finding in &audited.findings {
        verdict.findings.push(
            Finding::new("formats-bundle-directory", DIRECTORY).with("what", finding.wrong.to_string()),
        );
    }
    let rosters = log.rosters.iter().filter_map(|signed| {
        let read = codec::decode::<Roster>(&signed.body, ROSTER_BYTES_MAX).ok()?;
        Some((roster::digest(&signed.body), read))
    });
    Ok(Listing { audit: audited, rosters: rosters.collect() })
}

/// When a device has to have been listed.
#[derive(Clone, Copy)]
enum Listed {
    /// Now.
    Now,
    /// Now, or in the roster that its grant names.
    In(Digest),
    /// Now or before: a receipt names no roster.
    Ever,
}

/// The key of a device that the directory lists for an organisation, or has listed: devices are retired, and what they have
/// signed stays signed.
fn key(directory: &Listing, org: &str, device: DeviceId, when: Listed) -> Result<PublicKey, Finding> {
    let unlisted =
        || Finding::new("formats-bundle-unlisted", "").with("device", device.short()).with("org", org);
    let org = OrgId(hex32(org).ok_or_else(unlisted)?);
    let present = directory.audit.directory.organisation(org).ok_or_else(unlisted)?;
    let counts = |digest: &Digest| match when {
        Listed::Now => false,
        Listed::In(named) => *digest == named,
        Listed::Ever => true,
    };
    let former = || {
        let rosters = directory.rosters.iter().filter(|(digest, roster)| roster.org == org && counts(digest));
        rosters.flat_map(|(_, roster)| &roster.devices).find(|listed| listed.device == device)
    };
    let key = present.device(device).map(|listed| listed.signing_key);
    let key = key.or_else(|| former().map(|listed| listed.signing_key)).ok_or_else(unlisted)?;
    PublicKey::from_bytes(key).map_err(|_| unlisted())
}

fn hex32(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    hex::decode_to_slice(text, &mut out).ok().map(|()| out)
}

fn signed_index(
    files: &Contents,
    index: &Index,
    directory: &Listing,
    verdict: &mut Verdict,
) -> Result<(), Finding> {
    let wrong = || Finding::new("formats-bundle-signature", SIGNATURE);
    let said: IndexSignature = parse(files, SIGNATURE)?;
    let device =
        hex32(&said.device).filter(|_| said.device == index.by.device).map(DeviceId).ok_or_else(wrong)?;
    let signature = hex::decode(&said.signature).map_err(|_| wrong())?;
    let body = files.get(INDEX).map_or(&[][..], Vec::as_slice);
    let key = key(directory, &index.by.org, device, Listed::Now)?;
    key.verify_detached(Label::Bundle, body, &signature).map_err(|_| wrong())?;
    let org = hex32(&index.by.org).and_then(|org| directory.audit.directory.organisation(OrgId(org)));
    verdict.by = org.map_or_else(String::new, |org| org.name.clone());
    Ok(())
}

/// Every file is in the index with its hash, in its place, and there is no other.
fn listed(files: &Contents, order: &[String], index: &Index) -> Result<(), Finding> {
    for entry in &index.files {
        let bytes =
            files.get(&entry.path).ok_or_else(|| Finding::new("formats-bundle-lacks", &entry.path))?;
        if framed::sha256(bytes).to_string() != entry.sha256 || bytes.len() as u64 != entry.bytes {
            return Err(Finding::new("formats-bundle-hash", &entry.path));
        }
    }
    let known =
        |name: &str| [INDEX, SIGNATURE].contains(&name) || index.files.iter().any(|entry| entry.path == name);
    if let Some(name) = files.keys().find(|name| !known(name)) {
        return Err(Finding::new("formats-bundle-extra", name));
    }
    let wanted = [INDEX, SIGNATURE].into_iter().chain(index.files.iter().map(|entry| entry.path.as_str()));
    if wanted.eq(order.iter().map(String::as_str)) {
        Ok(())
    } else {
        Err(Finding::new("formats-bundle-archive", ""))
    }
}

fn one(
    packet: &PacketEntry,
    files: &Contents,
    index: &Index,
    directory: &Listing,
    verdict: &mut Verdict,
) -> Result<(), Finding> {
    let mut sections = Vec::new();
    for section in &packet.sections {
        let mut code = [0; 3];
        code.iter_mut().zip(section.code.bytes()).for_each(|(to, from)| *to = from);
        sections.push(StoredSection { code, bytes: content(files, &section.path)?.to_vec() });
    }
    match (&packet.grant, &packet.manifest) {
        (Some(grant), Some(manifest)) => {
            proven(packet, (content(files, grant)?, content(files, manifest)?), &sections, directory)?;
            verdict.proven += 1;
        }
        // What the maker has sent itself: its own word, and the receipts below.
        _ if packet.from == index.by.org => verdict.own += 1,
        _ => return Err(Finding::new("formats-bundle-unproven", "")),
    }
    receipts(packet, files, directory, verdict)?;
    for file in &packet.attachments {
        attachment(file, files, &sections, verdict)?;
    }
    verdict.findings.extend(exhibits(&sections).map(|finding| finding.under(&packet.packet)));
    Ok(())
}

fn content<'a>(files: &'a Contents, path: &str) -> Result<&'a [u8], Finding> {
    files.get(path).map(Vec::as_slice).ok_or_else(|| Finding::new("formats-bundle-lacks", path))
}

/// The sender's device has signed a grant that names this manifest, which commits to these sections.
fn proven(
    packet: &PacketEntry,
    (grant, manifest): (&[u8], &[u8]),
    sections: &[StoredSection],
    directory: &Listing,
) -> Result<(), Finding> {
    let wrong = |what: &str| Finding::new("formats-bundle-grant", "").with("what", what);
    let signed: Signed = codec::decode(grant, PADDED_BYTES_MAX).map_err(|_| wrong("grant.bin"))?;
    let read: Grant = codec::decode(&signed.body, PADDED_BYTES_MAX).map_err(|_| wrong("grant.bin"))?;
    let key = key(directory, &packet.from, read.from_device, Listed::In(read.from_roster))?;
    key.verify(Label::Grant, &signed).map_err(|_| wrong("signature"))?;
    let sides = read.from_org.to_string() == packet.from && read.to_org.to_string() == packet.to;
    let listed: Manifest = codec::decode(manifest, PADDED_BYTES_MAX).map_err(|_| wrong("manifest.bin"))?;
    let names = framed::hash(Label::Manifest, manifest) == read.manifest
        && listed.packet.to_string() == packet.packet
        && listed.created == read.created
        && grant_digest(&signed).to_string() == packet.grant_digest
        && times::pfif(read.created) == packet.created;
    if !sides || !names {
        return Err(wrong("manifest"));
    }
    for section in sections {
        let opens = |given: &crate::seal::content::Granted| {
            let commits = listed.commitments.get(usize::from(given.index));
            commits == Some(&commitment(&given.salt, given.index, &section.bytes))
        };
        if !read.granted.iter().any(opens) {
            return Err(wrong(&String::from_utf8_lossy(&section.code)));
        }
    }
    Ok(())
}

/// Who has signed that it came, and that somebody opened it.
fn receipts(
    packet: &PacketEntry,
    files: &Contents,
    directory: &Listing,
    verdict: &mut Verdict,
) -> Result<(), Finding> {
    let wrong = |path: &str| Finding::new("formats-bundle-receipt", path);
    let mut opened = false;
    // What is listed twice has been signed once.
    let mut seen: BTreeSet<&[u8]> = BTreeSet::new();
    for path in &packet.receipts {
        let signed: Signed =
            codec::decode(content(files, path)?, PADDED_BYTES_MAX).map_err(|_| wrong(path))?;
        let read: DeviceReceipt = codec::decode(&signed.body, PADDED_BYTES_MAX).map_err(|_| wrong(path))?;
        let names = read.packet.to_string() == packet.packet
            && read.org.to_string() == packet.to
            && (read.grant.to_string() == packet.grant_digest || packet.sealed_again);
        let key = key(directory, &packet.to, read.device, Listed::Ever)?;
        if !names || key.verify(Label::Receipt, &signed).is_err() {
            return Err(wrong(path));
        }
        opened |= read.status == RECEIPT_OPENED;
        verdict.receipts += usize::from(seen.insert(content(files, path)?));
    }
    verdict.opened += usize::from(opened);
    for path in &packet.relay_receipts {
        let signed: Signed =
            codec::decode(content(files, path)?, PADDED_BYTES_MAX).map_err(|_| wrong(path))?;
        let read = directory
            .audit
            .directory
            .authority()
            .and_then(|authority| authority.relay.verify_receipt(&signed));
        if read.is_none_or(|read| Some(read.envelope.to_string()) != packet.envelope) {
            return Err(wrong(path));
        }
        verdict.receipts += usize::from(seen.insert(content(files, path)?));
    }
    Ok(())
}

/// Items of evidence that describe other files than those of the same name that the packet names.
fn exhibits(sections: &[StoredSection]) -> impl Iterator<Item = Finding> {
    let file =
        |entry: attachments::Entry| Exhibit { name: entry.name, sha256: entry.sha256, size: entry.size };
    let files: Vec<Exhibit> = attachments::entries(sections).into_iter().map(file).collect();
    differences(&casebook::document(sections), &files).into_iter().map(Finding::from)
}

/// A file is the one that a section of the packet names.
fn attachment(
    file: &AttachmentEntry,
    files: &Contents,
    sections: &[StoredSection],
    verdict: &mut Verdict,
) -> Result<(), Finding> {
    let named = attachments::entries(sections).iter().any(|entry| entry.sha256 == file.sha256);
    if !named {
        return Err(Finding::new("formats-bundle-attachment", &file.name));
    }
    match &file.path {
        None => verdict.missing += 1,
        Some(path) if framed::sha256(content(files, path)?).to_string() == file.sha256 => {
            verdict.attachments += 1
        }
        Some(path) => return Err(Finding::new("formats-bundle-hash", path)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_that_is_not_the_item_of_its_name_is_told() {
        let section = |sha256: &str| {
            let content = json!({
                "items": [{ "item_no": "1", "file": "chat.json", "hash_sha256": "9f".repeat(32), "size": 19 }],
                "attachments": [{
                    "id": "1", "name": "chat.json", "media_type": "application/json", "size": 19, "sha256": sha256,
                    "blob": "", "key": "", "token": "", "place": [0, 0],
                }],
            });
            [StoredSection { code: *b"EVI", bytes: content.to_string().into_bytes() }]
        };
        assert_eq!(exhibits(&section(&"9f".repeat(32))).count(), 0);
        assert_eq!(exhibits(&section(&"00".repeat(32))).count(), 1);
    }
}
