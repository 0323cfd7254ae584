//! What the relay must not contain.

use std::process::Command;

#[test]
fn nothing_in_the_relay_can_open_a_packet() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", "causeway-relay", "-e", "normal", "--prefix", "none", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains(&"causeway-certs"), "the tree was read");
    for forbidden in ["x25519-dalek", "chacha20poly1305", "hpke", "x-wing", "ml-kem", "causeway-client"] {
        assert!(!crates.contains(&forbidden), "{forbidden} is in the relay's dependency tree");
    }
}
