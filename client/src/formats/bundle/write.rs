//! Puts a case together.

use causeway_common::codec;
use causeway_common::framed;
use causeway_common::ids::{DeviceId, OrgId};
use causeway_common::signed::Signed;

use super::archive::{self, Files};
use super::{
    AttachmentEntry, By, DIRECTORY, FileEntry, INDEX, Index, IndexSignature, PacketEntry, SCHEMA_VERSION,
    SIGNATURE, SectionEntry, TYPE,
};
use crate::attachments;
use crate::casebook::is_expired;
use crate::formats::case::Exported;
use crate::formats::finding::Finding;
use crate::formats::times;
use crate::lang::Lang;
use crate::model::{Received, Sent, StoredSection};
use crate::seal::content::grant_digest;

/// A packet of the case as the vault keeps it.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a packet has come or gone")]
pub enum Packet {
    /// It has come.
    Received(Box<Received>),
    /// It has gone.
    Sent(Box<Sent>),
}

/// A file that came with the case and is at hand in clear.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "made by the command line and the pages")]
pub struct Attached {
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}
no_content_in_debug!(Attached);

/// What an archive is made of.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by the command line and the pages")]
pub struct Parts<'a> {
    /// The case.
    pub from: &'a Exported<'a>,
    /// Its packets in order.
    pub packets: Vec<Packet>,
    /// The directory as `causeway directory export` writes it.
    pub directory: String,
    /// Files that are at hand.
    pub attached: Vec<Attached>,
    /// The device that makes it.
    pub device: DeviceId,
}

/// Writes the archive; `sign` signs a body with the device's key under the label of bundles.
pub fn write(parts: &Parts<'_>, sign: impl Fn(Vec<u8>) -> Signed) -> Result<Vec<u8>, Finding> {
    let mut files = Files::new();
    for lang in Lang::ALL {
        let readme =
            lang.fill("formats-bundle-readme", &[("referral", &parts.from.case.thread.root.to_string())]);
        files.push((format!("README.{}.txt", lang.tag()), (readme + "\n").into_bytes()));
    }
    files.push((DIRECTORY.into(), parts.directory.clone().into_bytes()));
    let packets = (1..).zip(&parts.packets).map(|(n, packet)| entry(n, packet, parts, &mut files)).collect();
    let from = parts.from;
    let listed = |(path, bytes): &(String, Vec<u8>)| FileEntry {
        path: path.clone(),
        bytes: bytes.len() as u64,
        sha256: framed::sha256(bytes).to_string(),
    };
    let index = Index {
        schema_version: SCHEMA_VERSION,
        r#type: TYPE.into(),
        kind: from.case.thread.kind.clone(),
        referral: from.case.thread.root.to_string(),
        case_ref: from.case_ref(),
        exercise: from.case.is_exercise(),
        made: times::pfif(from.now),
        by: By { org: from.own.to_string(), name: from.own_name.clone(), device: parts.device.to_string() },
        packets,
        files: files.iter().map(listed).collect(),
    };
    let unwritable = |_| Finding::new("formats-bundle-large", "");
    let body = serde_json::to_vec_pretty(&index).map_err(unwritable)?;
    let signed = sign(body.clone());
    let signature =
        IndexSignature { device: parts.device.to_string(), signature: hex::encode(signed.signature) };
    files.insert(0, (INDEX.into(), body));
    files.insert(1, (SIGNATURE.into(), serde_json::to_vec_pretty(&signature).map_err(unwritable)?));
    let size: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let archive = archive::write(&files).filter(|_| size < super::BUNDLE_BYTES_MAX);
    archive.ok_or_else(|| Finding::new("formats-bundle-large", ""))
}

fn entry(number: usize, packet: &Packet, parts: &Parts<'_>, files: &mut Files) -> PacketEntry {
    let mut add = |name: &str, bytes: Vec<u8>| {
        let path = format!("packets/{number:03}/{name}");
        files.push((path.clone(), bytes));
        path
    };
    let own = (parts.from.own, parts.from.own_name.as_str());
    let name = |org: OrgId| if org == own.0 { own.1 } else { &parts.from.peer_name }.to_owned();
    let (sections, mut entry) = match packet {
        Packet::Received(received) => (&received.sections, received_entry(received, own.0, name, &mut add)),
        Packet::Sent(sent) => (&sent.sections, sent_entry(sent, own.0, name, &mut add)),
    };
    // A place whose hours are over goes nowhere any more: the grant still proves that it was told.
    let over = |section: &&StoredSection| is_expired(section, parts.from.now);
    let told = sections.iter().filter(over).map(|s| String::from_utf8_lossy(&s.code).into_owned());
    entry.withheld.extend(told);
    let sections: Vec<StoredSection> = sections.iter().filter(|s| !over(s)).cloned().collect();
    entry.sections = sections.iter().map(|section| section_entry(section, &mut add)).collect();
    for (n, file) in (1..).zip(attachments::entries(&sections)) {
        let at_hand = parts.attached.iter().find(|attached| attached.sha256 == file.sha256);
        let path = at_hand.map(|attached| add(&format!("attachments/{n:02}"), attached.bytes.clone()));
        let (name, media_type, bytes, sha256) = (file.name, file.media_type, file.size, file.sha256);
        entry.attachments.push(AttachmentEntry { name, media_type, bytes, sha256, path });
    }
    entry
}

fn section_entry(section: &StoredSection, add: &mut impl FnMut(&str, Vec<u8>) -> String) -> SectionEntry {
    let plain = section.code.iter().all(u8::is_ascii_alphanumeric);
    let code =
        if plain { String::from_utf8_lossy(&section.code).into_owned() } else { hex::encode(section.code) };
    let path = add(&format!("sections/{code}.json"), section.bytes.clone());
    SectionEntry { code, path }
}

fn received_entry(
    received: &Received,
    own: OrgId,
    name: impl Fn(OrgId) -> String,
    add: &mut impl FnMut(&str, Vec<u8>) -> String,
) -> PacketEntry {
    PacketEntry {
        packet: received.packet.to_string(),
        kind: received.kind.clone(),
        from: received.from.to_string(),
        from_name: name(received.from),
        to: own.to_string(),
        to_name: name(own),
        created: times::pfif(received.created),
        grant_digest: grant_digest(&received.grant).to_string(),
        grant: Some(add("grant.bin", codec::encode(&received.grant))),
        manifest: Some(add("manifest.bin", received.manifest.clone())),
        envelope: None,
        sealed_again: false,
        sections: Vec::new(),
        withheld: received.withheld.iter().map(|code| String::from_utf8_lossy(code).into_owned()).collect(),
        relay_receipts: Vec::new(),
        receipts: Vec::new(),
        attachments: Vec::new(),
    }
}

fn sent_entry(
    sent: &Sent,
    own: OrgId,
    name: impl Fn(OrgId) -> String,
    add: &mut impl FnMut(&str, Vec<u8>) -> String,
) -> PacketEntry {
    let mut all = |what: &str, signed: &[Signed]| -> Vec<String> {
        (1..).zip(signed).map(|(n, one)| add(&format!("{what}-{n:02}.bin"), codec::encode(one))).collect()
    };
    PacketEntry {
        packet: sent.packet.to_string(),
        kind: sent.kind.clone(),
        from: own.to_string(),
        from_name: name(own),
        to: sent.to.to_string(),
        to_name: name(sent.to),
        created: times::pfif(sent.created),
        grant_digest: sent.grant.to_string(),
        grant: None,
        manifest: None,
        envelope: Some(sent.envelope_id.to_string()),
        sealed_again: sent.reseals > 0,
        sections: Vec::new(),
        withheld: Vec::new(),
        relay_receipts: all("relay-receipt", &sent.relay_receipt),
        receipts: all("receipt", &sent.receipts),
        attachments: Vec::new(),
    }
}
