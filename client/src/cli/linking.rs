//! What people are told when a workstation cannot be invited, let in or taken out.

use std::io::IsTerminal as _;

use causeway_certs::link::CodeError;
use causeway_certs::names;

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use super::failure::{Failure, exit};
use super::output::remark;
use crate::linking::LinkingError;

/// What to do when a code is worth nothing any more.
const ASK_AGAIN: &str =
    "Ask your administrator for a new code (`causeway device invite`) and run `causeway join` with it here.";

/// A name that colleagues will see.
pub(crate) fn check_device_name(name: &str) -> Result<(), Failure> {
    names::check_name(name)
        .map_err(|error| Failure::invalid(format!("{error}."), "Nothing was changed; choose another name."))
}

/// Shows a code as a picture, for a camera, if there is a screen to show it on.
pub(crate) fn show_picture(text: &str) {
    if std::io::stderr().is_terminal()
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
    let (code, exit, message, hint) = match error {
        LinkingError::Code(code) => return of_code(*code),
        LinkingError::CodeRefused => (
            "E-117",
            exit::REFUSED,
            "The relay does not accept this code: somebody has used it already, its fifteen minutes are over, or it was taken \
             back.",
            ASK_AGAIN,
        ),
        LinkingError::Used => (
            "E-117",
            exit::REFUSED,
            "This code has let in another workstation already. This request is a second one with it: somebody else has seen the \
             code, or the relay shows an old request. Nothing was changed.",
            "Look at `causeway device list`: if a device stands there that you do not know, remove it with `causeway device revoke`. Then make a new code.",
        ),
        LinkingError::NotOurs => (
            "E-127",
            exit::REFUSED,
            "The code of this request was not made on this workstation, so nobody can check the request here. Nothing was changed.",
            "Let it in on the workstation where the code was made.",
        ),
        LinkingError::NotAdministrator => (
            "E-103",
            exit::LOCKED,
            "This workstation is not an administrator's: it can neither invite, nor let in, nor remove devices. Nothing was \
             changed.",
            "Do it on an administrator's workstation: `causeway device list` shows which ones are.",
        ),
        LinkingError::NotRoot => (
            "E-113",
            exit::LOCKED,
            "Your organisation's root key has to sign who its administrators are, and it is not on this workstation. Nothing was changed.",
            "Fetch the root's recovery sheet and run the command again: you are asked for it, or name a file with `--sheet-file`. Before it was put on paper, the organisation's first workstation has it.",
        ),
        LinkingError::NotFound(_) => {
            return Failure::new(
                "E-104",
                exit::NOT_FOUND,
                format!("{error}. Nothing was changed."),
                "`causeway device pending` shows who asks to join, `causeway device proposals` what waits for signatures, `causeway device list` who is there. Use at least four characters of the identifier.",
            );
        }
        LinkingError::LastAdministrator => (
            "E-109",
            exit::CONFLICT,
            "Without this workstation too few administrators' workstations would be left to let in or remove devices of your \
             organisation. Nothing was changed.",
            "Name a successor first: `causeway device invite --role administrator`; or, with your root's sheet, demand fewer signatures: `causeway recovery threshold`. If this workstation is in other hands, call the registrar: it can suspend your organisation at once.",
        ),
        LinkingError::Overtaken => (
            "E-129",
            exit::CONFLICT,
            "Another change of your devices was faster, so this one is void. Nothing was changed.",
            "If it is still wanted, ask your colleague to do it again: `causeway device list` shows what is in force now.",
        ),
        LinkingError::Full => (
            "E-119",
            exit::CONFLICT,
            "Your organisation has as many devices, or administrators, as it can have. Nothing was changed.",
            "Remove one that is no longer used: `causeway device revoke DEVICE --reason retired`.",
        ),
        LinkingError::OtherOrganisation => (
            "E-118",
            exit::INTEGRITY,
            "The directory does not show this workstation in the organisation that your code names. It was not believed, and \
             nothing was sent.",
            "Call your administrator, and the people who run the relay; do not use this workstation meanwhile.",
        ),
        // The rest goes the way of every session.
        _ => return Failure::internal(error),
    };
    Failure::new(code, exit, message, hint)
}

fn of_code(error: CodeError) -> Failure {
    match error {
        CodeError::Expired => Failure::new(
            "E-107",
            exit::REFUSED,
            "The fifteen minutes of this code are over. Nothing was changed.",
            "If your administrator has let you in, another one may have to sign that too: `causeway sync` once both have. Otherwise ask for a new code (`causeway device invite`) and run `causeway join` with it here.",
        ),
        CodeError::Mistyped => Failure::new(
            "E-105",
            exit::INVALID,
            "This is not the code as it was given out: a letter is wrong, or a part is missing. Nothing was changed.",
            "Copy all of it, from `causeway:device:` to its last character, or read the picture with a camera.",
        ),
        other => Failure::new(
            "E-108",
            exit::INTEGRITY,
            format!("{other}. It must not be let in; nothing was changed."),
            "Call the colleague who waits. Make a new code and hand it over by another way; if it happens again, tell the people who run the relay.",
        ),
    }
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
