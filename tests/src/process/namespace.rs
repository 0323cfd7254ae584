//! A test that mounts something runs in a namespace of its own: nothing stays mounted, whatever happens to it.

use std::path::Path;
use std::process::Command;

/// Says to a test that it runs inside.
const INSIDE: &str = "CAUSEWAY_TEST_NAMESPACE";

/// Runs the test of this name again in a mount namespace. `true`: this is inside, go on; `false`: it has run and
/// succeeded.
///
/// # Panics
/// When it has failed inside, or when this machine lets nobody make a namespace: the test cannot be left out.
pub fn entered(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let ways: [&[&str]; 2] = [&["--mount", "--map-root-user"], &["--mount"]];
    let works = |way: &&&[&str]| {
        let probe = "mount -t tmpfs tmpfs /tmp";
        let tried = Command::new("unshare").args(**way).args(["sh", "-c", probe]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let Some(way) = ways.iter().find(works) else {
        panic!(
            "this test fills a small tmpfs and cannot mount one here. Run it as root (CAP_SYS_ADMIN), or allow \
             user namespaces: sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0"
        );
    };
    let status = Command::new("unshare")
        .args(*way)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} has failed in its namespace, see above");
    false
}

/// A disk of so many kibibytes.
///
/// # Panics
/// When it cannot be mounted.
pub fn mount_small_disk(at: &Path, kib: u64) {
    std::fs::create_dir_all(at).unwrap();
    let size = format!("size={kib}k,mode=700");
    let status = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status().unwrap();
    assert!(status.success(), "a tmpfs cannot be mounted on {}", at.display());
}

/// Uses up what is left on the disk of this folder. Dropping the answer gives it back.
///
/// # Panics
/// When the disk turns out to be a large one.
pub fn fill(folder: &Path) -> Filler {
    use std::io::Write as _;
    const LARGE: usize = 64 << 20;
    let path = folder.join("filler");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut written = 0;
    // Whole blocks first, then whatever still fits.
    for piece in [&[1; 4096][..], &[1; 1]] {
        while let Ok(more) = file.write(piece) {
            written += more;
            assert!(written < LARGE, "{} is not on a small disk", folder.display());
        }
    }
    Filler(path)
}

/// A file that fills a disk.
#[derive(Debug)]
pub struct Filler(std::path::PathBuf);

impl Drop for Filler {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}
