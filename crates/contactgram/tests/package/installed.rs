//! The package installed by dpkg into a folder that stands for a machine, with its scripts, and taken away again. For root
//! alone, who may do that; nothing of this machine is changed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::kit::{is_root, output, package};

/// A folder that dpkg takes for a machine with nothing installed.
fn machine() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    for folder in
        ["var/lib/dpkg/info", "var/lib/dpkg/updates", "etc/systemd/system", "usr/bin", "var/lib/systemd"]
    {
        fs::create_dir_all(root.path().join(folder)).expect("the folder is made");
    }
    for file in ["var/lib/dpkg/status", "var/lib/dpkg/available", "etc/passwd", "etc/group"] {
        fs::write(root.path().join(file), "").expect("the file is made");
    }
    root
}

#[track_caller]
fn dpkg(root: &Path, arguments: &[&str]) -> String {
    let mut dpkg = Command::new("dpkg");
    dpkg.arg(format!("--root={}", root.display()));
    // What it needs is on this machine, not in the folder.
    dpkg.args(["--force-depends", "--force-script-chrootless", "--log=/dev/null"]);
    output(dpkg.args(arguments))
}

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn a_purge_leaves_the_data_and_nothing_else() {
    if !is_root() {
        eprintln!("skipped: installing takes root");
        return;
    }
    let machine = machine();
    let root = machine.path();
    let package = package();
    let said = dpkg(root, &["--install", &package.to_string_lossy()]);
    assert!(said.contains("/var/lib/contactgram/started.txt"), "{said}");
    let has = |path: &str| root.join(path).symlink_metadata().is_ok();
    assert!(has("usr/bin/contactgram") && has("usr/lib/systemd/system/contactgram.service"));
    assert!(
        has("etc/systemd/system/multi-user.target.wants/contactgram.service"),
        "it starts with the machine"
    );
    let users = fs::read_to_string(root.join("etc/passwd")).expect("users");
    assert!(
        users.contains("contactgram:") && users.contains(":/var/lib/contactgram:/usr/sbin/nologin"),
        "{users}"
    );

    // Settings that somebody changed, and data.
    let settings = root.join("etc/contactgram/contactgram.toml");
    let changed = fs::read_to_string(&settings).expect("settings") + "scans = 3\n";
    fs::write(&settings, &changed).expect("written");
    fs::create_dir_all(root.join("var/lib/contactgram")).expect("the data folder");
    fs::write(root.join("var/lib/contactgram/contactgram.db"), "data").expect("written");

    // The same again, as an upgrade does it.
    let said = dpkg(root, &["--install", &package.to_string_lossy()]);
    assert!(!said.contains("started.txt"), "only the first start makes tokens: {said}");
    assert_eq!(fs::read_to_string(&settings).expect("settings"), changed);

    dpkg(root, &["--remove", "contactgram"]);
    assert!(!has("usr/bin/contactgram") && has("etc/contactgram/contactgram.toml"));
    dpkg(root, &["--purge", "contactgram"]);
    assert_eq!(fs::read_to_string(root.join("var/lib/contactgram/contactgram.db")).expect("data"), "data");
    let left = output(Command::new("find").arg(root).args([
        "-name",
        "*contactgram*",
        "-not",
        "-path",
        "*/var/lib/contactgram*",
    ]));
    assert_eq!(left.trim(), "", "left behind");
}
