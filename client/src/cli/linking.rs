//! What people are told when a workstation cannot be invited, let in or taken out.

use causeway_certs::link::CodeError;
use causeway_certs::names;

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use super::failure::{Failure, exit};
use super::output::{harmless, is_beside_seen, remark};
use crate::linking::LinkingError;

/// A name that colleagues will see.
pub(crate) fn check_device_name(name: &str) -> Result<(), Failure> {
    Ok(names::check_name(name)?)
}

/// Shows a code as a picture, for a camera, if there is a screen to show it on.
pub(crate) fn show_picture(text: &str) {
    if is_beside_seen()
        && let Some(picture) = picture(text)
    {
        remark(&picture);
    }
}

/// A code that a camera reads, in half blocks. Terminals are dark, so what is drawn is what is light, the rim included. None
/// if the text is too long for one.
fn picture(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

/// What people are told.
pub(crate) fn failure(error: &LinkingError) -> Failure {
    let (code, exit, id) = match error {
        LinkingError::Code(code) => return of_code(*code),
        LinkingError::CodeRefused => ("E-117", exit::REFUSED, "fail-link-refused"),
        LinkingError::Used => ("E-117", exit::REFUSED, "fail-link-used"),
        LinkingError::NotOurs => ("E-127", exit::REFUSED, "fail-link-not-ours"),
        LinkingError::NotAdministrator => ("E-103", exit::LOCKED, "fail-link-not-administrator"),
        LinkingError::NotRoot => ("E-113", exit::LOCKED, "fail-link-not-root"),
        LinkingError::NotFound(id) => {
            let gaps = [("id", &*harmless(id))];
            return Failure::said("E-104", exit::NOT_FOUND, "fail-link-not-found", &gaps);
        }
        LinkingError::LastAdministrator => ("E-109", exit::CONFLICT, "fail-link-last"),
        LinkingError::Overtaken => ("E-129", exit::CONFLICT, "fail-link-overtaken"),
        LinkingError::Full => ("E-119", exit::CONFLICT, "fail-link-full"),
        LinkingError::OtherOrganisation => ("E-118", exit::INTEGRITY, "fail-link-other-organisation"),
        // The rest goes the way of every session.
        _ => return Failure::internal(error),
    };
    Failure::said(code, exit, id, &[])
}

fn of_code(error: CodeError) -> Failure {
    let (code, exit, id) = match error {
        CodeError::Expired => ("E-107", exit::REFUSED, "fail-code-expired"),
        CodeError::Mistyped => ("E-105", exit::INVALID, "fail-code-mistyped"),
        CodeError::Malformed => ("E-108", exit::INTEGRITY, "fail-request-malformed"),
        CodeError::OtherOrganisation => ("E-108", exit::INTEGRITY, "fail-request-other-organisation"),
        _ => ("E-108", exit::INTEGRITY, "fail-request-forged"),
    };
    Failure::said(code, exit, id, &[])
}

impl From<LinkingError> for Failure {
    fn from(error: LinkingError) -> Self {
        match error {
            LinkingError::Session(session) => session.into(),
            other => failure(&other),
        }
    }
}

impl From<CodeError> for Failure {
    fn from(error: CodeError) -> Self {
        of_code(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_code_fits_a_picture_that_fits_a_screen() {
        let picture = picture(&"x".repeat(420)).unwrap();
        let widest = picture.lines().map(|line| line.chars().count()).max().unwrap();
        assert!((60..=90).contains(&widest) && picture.lines().count() <= 45, "{widest}");
        assert!(picture.lines().next().is_some_and(|rim| rim.chars().all(|c| c == '█')), "the rim is light");
        assert!(super::picture(&"x".repeat(3_000)).is_none(), "it is left out, and the text is there");
    }
}
