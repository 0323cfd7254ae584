//! Invites as people pass them on: `causeway:` and the base64url form of a signed [`Invite`].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::signed::Signed;
use causeway_common::statements::Invite;
use causeway_common::time::Timestamp;

use crate::keys::{PublicKey, SigningKey};
use crate::names;

/// Why an invite is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InviteError {
    /// Its time is over.
    #[error("the invite has expired; ask the registrar for a new one")]
    Expired,
    /// Not the text of an invite, or a part of it is missing.
    #[error("this is not a complete invite; copy all of it, from `causeway:` to its last character")]
    Malformed,
    /// It was changed, or signed by somebody else.
    #[error(
        "the invite's signature does not verify; it was changed on its way or is not from this registrar"
    )]
    Unverified,
}

const PREFIX: &str = "causeway:";
/// Names and addresses are short: 120 characters of 4 bytes, a host name of 253.
const INVITE_BYTES_MAX: usize = 2048;

/// Signs an invite.
pub fn sign(invite: &Invite, registrar: &SigningKey) -> Signed {
    registrar.sign(Label::Invite, codec::encode(invite))
}

/// The text of an invite. A claim code is the same text with an empty signature.
pub fn to_text(signed: &Signed) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(codec::encode(signed)))
}

/// Reads the text of an invite; white space from a message or a mail is ignored. Verify it before relying on it.
pub fn from_text(text: &str) -> Result<(Signed, Invite), InviteError> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let encoded = compact.strip_prefix(PREFIX).ok_or(InviteError::Malformed)?;
    if encoded.len() > INVITE_BYTES_MAX * 2 {
        return Err(InviteError::Malformed);
    }
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| InviteError::Malformed)?;
    let signed: Signed = codec::decode(&bytes, INVITE_BYTES_MAX).map_err(|_| InviteError::Malformed)?;
    let invite = codec::decode(&signed.body, INVITE_BYTES_MAX).map_err(|_| InviteError::Malformed)?;
    Ok((signed, invite))
}

/// Checks an invite's signature by the registrar it names, its names and its time, and gives its content.
pub fn verify(signed: &Signed, registrar: PublicKey, now: Timestamp) -> Result<Invite, InviteError> {
    registrar.verify(Label::Invite, signed).map_err(|_| InviteError::Unverified)?;
    let invite: Invite = codec::decode(&signed.body, INVITE_BYTES_MAX).map_err(|_| InviteError::Malformed)?;
    names::check_name(&invite.name).map_err(|_| InviteError::Malformed)?;
    names::check_kind(&invite.kind).map_err(|_| InviteError::Malformed)?;
    names::check_country(&invite.country).map_err(|_| InviteError::Malformed)?;
    if invite.registrar_key != *registrar.as_bytes() {
        return Err(InviteError::Unverified);
    }
    if now > invite.expires { Err(InviteError::Expired) } else { Ok(invite) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite(registrar: &SigningKey) -> Invite {
        Invite {
            invite_id: [1; 16],
            relay_address: "127.0.0.1:4433".into(),
            relay_key: [2; 32],
            registrar_key: *registrar.public().as_bytes(),
            name: "Hotline".into(),
            kind: "hotline".into(),
            country: "RU".into(),
            expires: Timestamp(100),
        }
    }

    #[test]
    fn text_round_trips_and_every_change_is_noticed() {
        let registrar = SigningKey::from_seed(&[3; 32]);
        let text = to_text(&sign(&invite(&registrar), &registrar));
        let wrapped = format!("  {}\n {} ", &text[..40], &text[40..]);
        let (signed, read) = from_text(&wrapped).unwrap();
        assert_eq!(read, invite(&registrar));
        assert_eq!(verify(&signed, registrar.public(), Timestamp(100)), Ok(read));
        assert_eq!(verify(&signed, registrar.public(), Timestamp(101)), Err(InviteError::Expired));
        let stranger = SigningKey::from_seed(&[4; 32]).public();
        assert_eq!(verify(&signed, stranger, Timestamp(1)), Err(InviteError::Unverified));
        assert_eq!(from_text(&text[..text.len() - 2]).unwrap_err(), InviteError::Malformed);
        assert_eq!(from_text("hello").unwrap_err(), InviteError::Malformed);
    }
}
