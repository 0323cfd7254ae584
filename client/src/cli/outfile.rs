//! Files that leave the vault: whole or not at all, for their owner alone, and never over another file unasked.

use std::path::Path;

use causeway_common::store::files;

use super::failure::{Failure, exit};
use super::home::Home;
use super::output::remark;
use crate::caller;

/// Refuses a name that is taken, unless it may be written over, and one in a folder that is not there.
pub(super) fn is_free(home: &Home, out: &Path, force: bool) -> Result<(), Failure> {
    let show = out.display().to_string();
    if !force && std::fs::symlink_metadata(caller::at(out)).is_ok() {
        return Err(Failure::new(
            "O-101",
            exit::CONFLICT,
            home.lang.fill("export-exists", &[("file", &show)]),
            home.lang.text("export-exists-hint"),
        ));
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !caller::at(folder).is_dir()) {
        let show = folder.display().to_string();
        return Err(Failure::new(
            "O-107",
            exit::INVALID,
            home.lang.fill("export-no-folder", &[("folder", &show)]),
            home.lang.text("export-no-folder-hint"),
        ));
    }
    Ok(())
}

/// Writes a file in clear, enters it into the activity log and says what that means. `what` names the kind of export.
pub(super) async fn write(
    home: &Home,
    out: &Path,
    bytes: &[u8],
    force: bool,
    what: &str,
) -> Result<(), Failure> {
    let show = out.display().to_string();
    is_free(home, out, force)?;
    let unwritable = |error: &dyn std::fmt::Display| {
        let gaps = [("file", show.as_str()), ("error", &error.to_string())];
        Failure::new(
            "O-102",
            exit::INVALID,
            home.lang.fill("export-unwritable", &gaps),
            home.lang.text("export-unwritable-hint"),
        )
    };
    // The log first: what cannot be entered does not go out.
    home.note(what).await?;
    let path = std::path::absolute(caller::at(out)).map_err(|error| unwritable(&error))?;
    files::write_durable(&path, bytes).map_err(|error| unwritable(&error))?;
    remark(&home.lang.fill("export-in-clear", &[("file", &show)]));
    Ok(())
}
