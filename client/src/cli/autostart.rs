//! `causeway autostart`: the daemon starts when somebody logs in, as a service of systemd where the user has one, otherwise as an entry
//! of the desktop. It starts locked. A program that holds the pages' port from the beginning also keeps others from it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use causeway_common::store::files;
use clap::Subcommand;
use etcetera::BaseStrategy as _;
use serde_json::json;

use super::Global;
use super::failure::Failure;
use super::home;
use super::output::{emit, print, text};

/// Name of the service.
const UNIT: &str = "causeway.service";
/// Where it belongs, below the user's settings.
const UNITS: &str = "systemd/user";
/// Where the desktop's entry belongs, and its name.
const ENTRY: &str = "autostart/causeway.desktop";

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum AutostartCommand {
    /// From the next login on.
    On,
    /// Not any more.
    Off,
    /// Print the service of systemd and the entry of the desktop, without writing them.
    Show,
}

pub(super) fn run(command: AutostartCommand, global: &Global) -> Result<(), Failure> {
    let program = std::env::current_exe().map_err(Failure::internal)?;
    let home = home::folder(global)?;
    let home = std::path::absolute(&home).map_err(Failure::internal)?;
    let words =
        [program.as_path(), Path::new("--home"), &home, Path::new("serve"), Path::new("--no-browser")];
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    // What is no text, or would be two lines, fits into neither file.
    if words.len() < 5 || words.iter().any(|word| word.contains(char::is_control)) {
        return Err(Failure::wrong("autostart-name", &[]));
    }
    let settings =
        etcetera::choose_base_strategy().map_err(|_| Failure::wrong("fail-no-folder", &[]))?.config_dir();
    match command {
        AutostartCommand::Show => {
            emit(&format!("# {UNITS}/{UNIT}\n{}\n# {ENTRY}\n{}", unit(&words), entry(&words)));
            Ok(())
        }
        AutostartCommand::On => on(&settings, &words, global),
        AutostartCommand::Off => off(&settings, global),
    }
}

fn on(settings: &Path, words: &[&str], global: &Global) -> Result<(), Failure> {
    let service = settings.join(UNITS).join(UNIT);
    let (path, content) =
        if has_systemd() { (service, unit(words)) } else { (settings.join(ENTRY), entry(words)) };
    if let Some(folder) = path.parent() {
        files::create_private_dir(folder)?;
    }
    files::write_durable(&path, content.as_bytes())?;
    if path.ends_with(UNIT) {
        systemctl(&["daemon-reload"]);
        if !systemctl(&["enable", UNIT]) {
            return Err(Failure::wrong("autostart-not-enabled", &[]));
        }
    }
    say(global, true, &[path])
}

fn off(settings: &Path, global: &Global) -> Result<(), Failure> {
    let paths = [settings.join(UNITS).join(UNIT), settings.join(ENTRY)];
    let there: Vec<PathBuf> = paths.into_iter().filter(|path| path.exists()).collect();
    if there.iter().any(|path| path.ends_with(UNIT)) && has_systemd() {
        systemctl(&["disable", UNIT]);
    }
    there.iter().try_for_each(|path| files::remove_durable(path))?;
    if there.iter().any(|path| path.ends_with(UNIT)) && has_systemd() {
        systemctl(&["daemon-reload"]);
    }
    say(global, false, &there)
}

fn say(global: &Global, on: bool, paths: &[PathBuf]) -> Result<(), Failure> {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let result = json!({ "autostart": on, "file": paths.first() });
    let id = match (on, paths.is_empty()) {
        (true, _) => "autostart-on",
        (false, false) => "autostart-off",
        (false, true) => "autostart-was-off",
    };
    print(global.json, result, |v| global.lang().fill(id, &[("file", text(v, "file"))]));
    Ok(())
}

/// Whether this user has a systemd of their own that runs.
fn has_systemd() -> bool {
    systemctl(&["show-environment"])
}

fn systemctl(words: &[&str]) -> bool {
    let mut command = Command::new("systemctl");
    command.arg("--user").args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The service. It may do what commands need that it does for others: read and write files of this user wherever they are. So nothing in it
/// moves or hides folders; the rest is taken away, with what works without a namespace of users, which not every system allows.
fn unit(words: &[&str]) -> String {
    let command: Vec<String> = words.iter().map(|word| quoted_for_systemd(word)).collect();
    format!(
        "[Unit]
Description=Causeway: connection to the relay and pages of this workstation
Documentation=man:causeway(1)

[Service]
Type=exec
ExecStart={}
Restart=on-failure
RestartSec=5
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
",
        command.join(" ")
    )
}

/// The desktop's entry.
fn entry(words: &[&str]) -> String {
    let command: Vec<String> = words.iter().map(|word| quoted_for_desktop(word)).collect();
    format!(
        "[Desktop Entry]
Type=Application
Name=Causeway
Exec={}
Terminal=false
NoDisplay=true
X-GNOME-Autostart-enabled=true
",
        command.join(" ")
    )
}

/// A word of `ExecStart=` as it is: nothing in it is a quote, a specifier or a variable.
fn quoted_for_systemd(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    format!("\"{escaped}\"")
}

/// A word of `Exec=` as it is: escaped within quotes, and once more because the value is a string of the file.
fn quoted_for_desktop(word: &str) -> String {
    let mut escaped = String::new();
    for c in word.chars() {
        match c {
            '\\' => escaped.push_str("\\\\\\\\"),
            '"' | '`' | '$' => escaped.extend(['\\', '\\', c]),
            '%' => escaped.push_str("%%"),
            other => escaped.push(other),
        }
    }
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_signs_that_mean_something_elsewhere_mean_themselves() {
        assert_eq!(quoted_for_systemd("/a b/$x%h\"\\"), "\"/a b/$$x%%h\\\"\\\\\"");
        assert_eq!(quoted_for_desktop("/a b/$x%f\\"), "\"/a b/\\\\$x%%f\\\\\\\\\"");
    }

    #[test]
    fn systemd_finds_nothing_wrong_with_the_service() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(UNIT);
        std::fs::write(&path, unit(&["/bin/true", "--home", "/a b/$x%h", "serve"])).unwrap();
        let mut verify = Command::new("systemd-analyze");
        verify.args(["--user", "--man=no", "verify"]).arg(&path).env("XDG_RUNTIME_DIR", folder.path());
        // Not every machine has it.
        let Ok(judged) = verify.output() else { return };
        let said = String::from_utf8_lossy(&judged.stderr).into_owned();
        assert!(judged.status.success() && !said.contains(UNIT), "{said}");
    }
}
