//! What still proves a packet once it has been opened: the signed grant, the manifest, and the content.

use causeway_certs::keys::PublicKey;
use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::limits::PADDED_BYTES_MAX;
use causeway_common::signed::Signed;

use super::content::{Grant, Manifest, commitment, manifest_digest};

/// Reads a grant that was kept; nothing in it is proven yet.
pub fn claimed(grant: &Signed) -> Option<Grant> {
    codec::decode(&grant.body, PADDED_BYTES_MAX).ok()
}

/// The manifest, if the key has signed the grant, the grant names the manifest, and the manifest commits to each of these
/// contents. Sections that are not given prove nothing and are not needed.
pub fn verify<'a>(
    signed: &Signed,
    manifest: &[u8],
    contents: impl IntoIterator<Item = &'a [u8]>,
    key: &PublicKey,
) -> Option<Manifest> {
    let grant = claimed(signed)?;
    key.verify(Label::Grant, signed).ok()?;
    if key.device_id() != grant.from_device || grant.manifest != manifest_digest(manifest) {
        return None;
    }
    let manifest: Manifest = codec::decode(manifest, PADDED_BYTES_MAX).ok()?;
    let is_committed = |bytes: &[u8]| {
        grant.granted.iter().any(|granted| {
            let committed = manifest.commitments.get(usize::from(granted.index));
            committed == Some(&commitment(&granted.salt, granted.index, bytes))
        })
    };
    contents.into_iter().all(is_committed).then_some(manifest)
}
