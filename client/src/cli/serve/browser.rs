//! Opens the pages: in a window of their own where a browser can do that, in the usual browser elsewhere.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Browsers that show a page as a program of its own, as they are called on different systems.
const WITH_WINDOWS: [&str; 6] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "msedge"];
/// Their profile for these pages: no extension of anybody's reads along.
pub(crate) const PROFILE: &str = "ui-profile";

/// Opens an address on the desktop, if there is one. The code in it is good for one browser and a minute, and shows nothing
/// without the passphrase: others on this machine may see it in the list of programs.
pub(super) fn open(address: &str, home: &Path) {
    let variable = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !variable("DISPLAY") && !variable("WAYLAND_DISPLAY") {
        return;
    }
    let opened = match with_window(std::env::var_os("PATH").unwrap_or_default().as_os_str()) {
        Some(browser) => window(&browser, address, home).spawn().map(drop),
        None => open::that_detached(address),
    };
    if let Err(error) = opened {
        tracing::info!("no browser opens: {error}");
    }
}

fn window(browser: &Path, address: &str, home: &Path) -> Command {
    let mut profile = std::ffi::OsString::from("--user-data-dir=");
    // The browser is started elsewhere than this program, perhaps.
    profile.push(std::path::absolute(home).unwrap_or_else(|_| home.to_owned()).join(PROFILE));
    let mut command = Command::new(browser);
    command.arg(format!("--app={address}")).arg(profile).arg("--no-first-run");
    // What it says is not this program's.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The first of these browsers in the folders of programs.
fn with_window(path: &std::ffi::OsStr) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect();
    WITH_WINDOWS
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|at| at.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_with_windows_is_found_and_gets_the_address_a_profile_of_ours_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(with_window(folder.path().as_os_str()), None);
        let chrome = folder.path().join("google-chrome");
        std::fs::write(&chrome, "").unwrap();
        assert_eq!(with_window(folder.path().as_os_str()), Some(chrome.clone()));
        assert_eq!(with_window(std::ffi::OsStr::new(".")), None, "nothing from where one happens to be");
        let command = window(&chrome, "http://a.localhost:1/#code=2", Path::new("/home/x"));
        let args: Vec<_> = command.get_args().map(|arg| arg.to_str().unwrap()).collect();
        assert_eq!(
            args,
            ["--app=http://a.localhost:1/#code=2", "--user-data-dir=/home/x/ui-profile", "--no-first-run"]
        );
    }
}
