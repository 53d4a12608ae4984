//! Help, usage and completions.

use super::kit::Home;

#[test]
fn help_shows_examples_for_the_program_and_for_each_command() {
    let home = Home::new();
    for command in [
        &[][..],
        &["serve"],
        &["account"],
        &["token"],
        &["member"],
        &["contacts"],
        &["audit"],
        &["people"],
        &["group"],
        &["config"],
    ] {
        let help = home.ok(&[command, &["--help"]].concat());
        assert!(help.contains("Examples:\n  contactgram"), "{command:?}: {help}");
    }
}

#[test]
fn wrong_usage_is_told_on_stderr_with_code_2() {
    let run = Home::new().run(&["acount", "list"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.contains("'account'"), "it suggests: {}", run.err);
}

#[test]
fn completions_know_the_commands_of_each_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.ok(&["completions", shell]);
        assert!(script.contains("rotate") && script.contains("doctor"), "{shell}");
    }
}

#[test]
fn the_version_is_one_line() {
    let said = Home::new().ok(&["--version"]);
    let rest = said.strip_prefix(concat!("contactgram ", env!("CARGO_PKG_VERSION"))).expect("the version");
    // The commit, where the program was built from a repository.
    let commit = rest.trim().trim_start_matches('(').trim_end_matches(')');
    assert!(rest == "\n" || rest == format!(" ({commit})\n") && !commit.is_empty(), "{said}");
    assert!(commit.chars().all(|c| c.is_ascii_alphanumeric()), "{said}");
}

#[test]
fn each_command_has_a_manual_page() {
    let home = Home::new();
    assert_eq!(home.ok(&["man", "pages"]), "");
    let page = |name: &str| std::fs::read_to_string(home.path().join("pages").join(name)).unwrap();
    assert!(page("contactgram.1").starts_with(".ie"), "roff");
    assert!(page("contactgram.1").contains("contactgram\\-doctor(1)"), "{}", page("contactgram.1"));
    assert!(page("contactgram-account-add.1").contains("username"));
}
