//! What the package says of itself and holds, read by dpkg's own programs.

use std::process::Command;

use crate::kit::{dpkg_deb, output, package, repository, unpacked};

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn the_control_file_names_program_version_and_needs() {
    let field = |name: &str| {
        output(Command::new("dpkg-deb").arg("--field").arg(package()).arg(name)).trim().to_owned()
    };
    assert_eq!(field("Package"), "contactgram");
    assert!(field("Version").starts_with(concat!(env!("CARGO_PKG_VERSION"), "-")), "{}", field("Version"));
    let architecture = output(Command::new("dpkg").arg("--print-architecture"));
    assert_eq!(field("Architecture"), architecture.trim());
    // The C library and SQLite are inside, or not for the package to choose; the user is systemd's to make.
    assert_eq!(field("Depends"), "init-system-helpers, systemd (>= 250)");
    assert!(field("Description").contains("Telegram Contact API"), "{}", field("Description"));
}

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn each_file_is_roots_and_has_its_place_and_mode() {
    let listed = dpkg_deb(&["--contents"]);
    let mode = |path: &str| {
        let line = listed.lines().find(|line| line.ends_with(&format!(" ./{path}")));
        line.unwrap_or_else(|| panic!("no {path}: {listed}")).split(' ').next().unwrap_or_default().to_owned()
    };
    assert_eq!(mode("usr/bin/contactgram"), "-rwxr-xr-x");
    // It may hold a password.
    assert_eq!(mode("etc/contactgram/contactgram.toml"), "-rw-r-----");
    for path in [
        "usr/lib/systemd/system/contactgram.service",
        "usr/lib/sysusers.d/contactgram.conf",
        "usr/lib/tmpfiles.d/contactgram.conf",
        "usr/share/man/man1/contactgram.1.gz",
        "usr/share/man/man1/contactgram-serve.1.gz",
        "usr/share/bash-completion/completions/contactgram",
        "usr/share/zsh/vendor-completions/_contactgram",
        "usr/share/fish/vendor_completions.d/contactgram.fish",
        "usr/share/doc/contactgram/copyright",
        "usr/share/doc/contactgram/contactgram.toml.example",
        "usr/share/doc/contactgram/docs/access.md",
    ] {
        assert_eq!(mode(path), "-rw-r--r--", "{path}");
    }
    assert!(listed.lines().all(|line| line.contains(" root/root ") || line.contains(" 0/0 ")), "{listed}");
    let places = ["", "etc/", "usr/"];
    let place = |line: &str| {
        let path = line.split(" ./").nth(1).unwrap_or_default().to_owned();
        path.find('/').map_or(String::new(), |end| path[..=end].to_owned())
    };
    assert!(listed.lines().all(|line| places.contains(&place(line).as_str())), "{listed}");
}

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn settings_are_a_conffile_and_the_only_one() {
    assert_eq!(dpkg_conffiles(), ["/etc/contactgram/contactgram.toml"]);
}

fn dpkg_conffiles() -> Vec<String> {
    let told = output(Command::new("dpkg-deb").arg("--info").arg(package()).arg("conffiles"));
    told.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn scripts_are_shell_that_can_be_read_and_make_the_user_before_the_folder() {
    let control = tempfile::tempdir().expect("a temporary folder");
    output(Command::new("dpkg-deb").arg("--control").arg(package()).arg(control.path()));
    for name in ["postinst", "prerm", "postrm"] {
        output(Command::new("sh").arg("-n").arg(control.path().join(name)));
    }
    let postinst = std::fs::read_to_string(control.path().join("postinst")).expect("a postinst");
    let at = |what: &str| postinst.find(what).unwrap_or_else(|| panic!("no {what}: {postinst}"));
    assert!(
        at("systemd-sysusers") < at("systemd-tmpfiles") && at("systemd-tmpfiles") < at("deb-systemd-invoke")
    );
    assert!(!postinst.contains("#DEBHELPER#"), "{postinst}");
}

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn the_program_takes_the_settings_it_comes_with() {
    let root = unpacked();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(root.path().join("usr/bin/contactgram"));
        output(command.args(arguments).env_clear().current_dir(root.path()))
    };
    assert!(run(&["--version"]).starts_with(concat!("contactgram ", env!("CARGO_PKG_VERSION"))));
    let settings = root.path().join("etc/contactgram/contactgram.toml");
    let effective = run(&["config", "--effective", "--config", &settings.to_string_lossy()]);
    for line in ["data = \"/var/lib/contactgram\"  # ", "listen = \"127.0.0.1:8081\"  # ", "demo = false  # "]
    {
        assert!(effective.contains(line), "{line:?}: {effective}");
    }
}

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn what_the_image_is_told_fits_the_program_and_the_package() {
    let read =
        |path: &str| std::fs::read_to_string(repository(path)).unwrap_or_else(|why| panic!("{path}: {why}"));
    let image = read("packaging/docker/Dockerfile");
    let help = output(Command::new(env!("CARGO_BIN_EXE_contactgram")).arg("--help"));
    for command in ["health", "serve"] {
        assert!(
            image.contains(&format!("\"{command}\"]")) && help.contains(&format!("\n  {command} ")),
            "{command}"
        );
    }
    // Each variable that it sets is a setting.
    let variables =
        image.split_whitespace().filter_map(|word| word.strip_prefix("CONTACTGRAM_")?.split_once('='));
    let variables: Vec<(&str, &str)> = variables.filter(|(name, _)| *name != "COMMIT").collect();
    assert_eq!(variables, [("DATA", "/data"), ("LISTEN", "0.0.0.0:8081")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_contactgram"));
    let named = variables.iter().map(|(name, value)| (format!("CONTACTGRAM_{name}"), *value));
    let effective = output(command.args(["config", "--effective"]).env_clear().envs(named).current_dir("/"));
    assert!(effective.contains("data = \"/data\"  # CONTACTGRAM_DATA"), "{effective}");
    // What goes into the build is named, and is there.
    assert!(read(".dockerignore").lines().any(|line| line == "*"));
    for line in read(".dockerignore").lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(repository(line).exists(), "{line}");
    }
}
