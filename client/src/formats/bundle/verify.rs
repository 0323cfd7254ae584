//! Judges an archive with nothing but itself, and the two keys that somebody outside has got by another way.

use std::collections::BTreeMap;

use causeway_certs::audit::{Audit, Pins, audit};
use causeway_certs::keys::PublicKey;
use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{DeviceId, OrgId};
use causeway_common::limits::PADDED_BYTES_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceReceipt, RECEIPT_OPENED};

use super::{
    AttachmentEntry, DIRECTORY, INDEX, Index, IndexSignature, PacketEntry, SCHEMA_VERSION, SIGNATURE, TYPE,
    archive,
};
use crate::attachments;
use crate::audit::{self as form, File};
use crate::casebook;
use crate::formats::finding::Finding;
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
    let count = files.len();
    let files: Contents = files.into_iter().collect();
    if files.len() != count {
        return Err(Finding::new("formats-bundle-archive", ""));
    }
    let index: Index = parse(&files, INDEX)?;
    if (index.r#type.as_str(), index.schema_version) != (TYPE, SCHEMA_VERSION) {
        return Err(Finding::new("formats-bundle-form", INDEX));
    }
    verdict.exercise = index.exercise;
    let directory = directory(&files, pins, verdict)?;
    signed_index(&files, &index, &directory, verdict)?;
    listed(&files, &index)?;
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

fn directory(files: &Contents, pins: &Pins, verdict: &mut Verdict) -> Result<Audit, Finding> {
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
    Ok(audited)
}

/// The key of a device that the directory lists for an organisation.
fn key(directory: &Audit, org: &str, device: DeviceId) -> Result<PublicKey, Finding> {
    let unlisted =
        || Finding::new("formats-bundle-unlisted", "").with("device", device.short()).with("org", org);
    let org =
        directory.directory.organisation(OrgId(hex32(org).ok_or_else(unlisted)?)).ok_or_else(unlisted)?;
    let device = org.device(device).ok_or_else(unlisted)?;
    PublicKey::from_bytes(device.signing_key).map_err(|_| unlisted())
}

fn hex32(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    hex::decode_to_slice(text, &mut out).ok().map(|()| out)
}

fn signed_index(
    files: &Contents,
    index: &Index,
    directory: &Audit,
    verdict: &mut Verdict,
) -> Result<(), Finding> {
    let wrong = || Finding::new("formats-bundle-signature", SIGNATURE);
    let said: IndexSignature = parse(files, SIGNATURE)?;
    let device =
        hex32(&said.device).filter(|_| said.device == index.by.device).map(DeviceId).ok_or_else(wrong)?;
    let signature = hex::decode(&said.signature).map_err(|_| wrong())?;
    let body = files.get(INDEX).map_or(&[][..], Vec::as_slice);
    let key = key(directory, &index.by.org, device)?;
    key.verify_detached(Label::Bundle, body, &signature).map_err(|_| wrong())?;
    let org = hex32(&index.by.org).and_then(|org| directory.directory.organisation(OrgId(org)));
    verdict.by = org.map_or_else(String::new, |org| org.name.clone());
    Ok(())
}

/// Every file is in the index with its hash, and there is no other.
fn listed(files: &Contents, index: &Index) -> Result<(), Finding> {
    for entry in &index.files {
        let bytes =
            files.get(&entry.path).ok_or_else(|| Finding::new("formats-bundle-lacks", &entry.path))?;
        if framed::sha256(bytes).to_string() != entry.sha256 || bytes.len() as u64 != entry.bytes {
            return Err(Finding::new("formats-bundle-hash", &entry.path));
        }
    }
    let known =
        |name: &str| [INDEX, SIGNATURE].contains(&name) || index.files.iter().any(|entry| entry.path == name);
    match files.keys().find(|name| !known(name)) {
        Some(name) => Err(Finding::new("formats-bundle-extra", name)),
        None => Ok(()),
    }
}

fn one(
    packet: &PacketEntry,
    files: &Contents,
    index: &Index,
    directory: &Audit,
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
    directory: &Audit,
) -> Result<(), Finding> {
    let wrong = |what: &str| Finding::new("formats-bundle-grant", "").with("what", what);
    let signed: Signed = codec::decode(grant, PADDED_BYTES_MAX).map_err(|_| wrong("grant.bin"))?;
    let read: Grant = codec::decode(&signed.body, PADDED_BYTES_MAX).map_err(|_| wrong("grant.bin"))?;
    let key = key(directory, &packet.from, read.from_device)?;
    key.verify(Label::Grant, &signed).map_err(|_| wrong("signature"))?;
    let sides = read.from_org.to_string() == packet.from && read.to_org.to_string() == packet.to;
    let listed: Manifest = codec::decode(manifest, PADDED_BYTES_MAX).map_err(|_| wrong("manifest.bin"))?;
    let names = framed::hash(Label::Manifest, manifest) == read.manifest
        && listed.packet.to_string() == packet.packet
        && listed.created == read.created
        && grant_digest(&signed).to_string() == packet.grant_digest;
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
    directory: &Audit,
    verdict: &mut Verdict,
) -> Result<(), Finding> {
    let wrong = |path: &str| Finding::new("formats-bundle-receipt", path);
    let mut opened = false;
    for path in &packet.receipts {
        let signed: Signed =
            codec::decode(content(files, path)?, PADDED_BYTES_MAX).map_err(|_| wrong(path))?;
        let read: DeviceReceipt = codec::decode(&signed.body, PADDED_BYTES_MAX).map_err(|_| wrong(path))?;
        let names = read.packet.to_string() == packet.packet
            && read.org.to_string() == packet.to
            && (read.grant.to_string() == packet.grant_digest || packet.sealed_again);
        let key = key(directory, &packet.to, read.device)?;
        if !names || key.verify(Label::Receipt, &signed).is_err() {
            return Err(wrong(path));
        }
        opened |= read.status == RECEIPT_OPENED;
        verdict.receipts += 1;
    }
    verdict.opened += usize::from(opened);
    for path in &packet.relay_receipts {
        let signed: Signed =
            codec::decode(content(files, path)?, PADDED_BYTES_MAX).map_err(|_| wrong(path))?;
        let read =
            directory.directory.authority().and_then(|authority| authority.relay.verify_receipt(&signed));
        if read.is_none_or(|read| Some(read.envelope.to_string()) != packet.envelope) {
            return Err(wrong(path));
        }
        verdict.receipts += 1;
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
