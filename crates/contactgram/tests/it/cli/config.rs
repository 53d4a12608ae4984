//! The configuration as the program reads it: file, variables and flags.

use super::kit::Home;

#[test]
fn the_default_configuration_is_accepted_back() {
    let home = Home::new();
    let template = home.ok(&["config"]);
    assert!(template.contains("\nlisten = \"127.0.0.1:8081\"\n"), "{template}");
    home.write("contactgram.toml", &template);
    let effective = home.ok(&["config", "--effective"]);
    assert!(effective.contains("listen = \"127.0.0.1:8081\"  # contactgram.toml:"), "{effective}");
}

#[test]
fn a_wrong_key_is_refused_with_file_line_and_suggestion() {
    let home = Home::new();
    home.write("my.toml", "# mine\nlisen = \"127.0.0.1:1\"\n");
    let refusal = home.refusal(&["--config", "my.toml", "account", "list"]);
    assert_eq!(refusal, "my.toml:2: `lisen` is no setting; did you mean `listen`?");
    assert!(!home.database().exists(), "nothing was made");
}

#[test]
fn a_wrong_variable_is_refused_with_a_suggestion() {
    let home = Home::new().with("CONTACTGRAM_LOG_FORMATT", "json");
    let refusal = home.refusal(&["serve"]);
    assert_eq!(refusal, "CONTACTGRAM_LOG_FORMATT is no setting; did you mean CONTACTGRAM_LOG_FORMAT?");
}

#[test]
fn a_wrong_value_is_refused_with_what_is_allowed() {
    let home = Home::new();
    let refusal = home.refusal(&["serve", "--listen", "8081"]);
    assert!(refusal.starts_with("--listen must be an address with a port"), "{refusal}");
    let refusal = home.refusal(&["--set", "drain_s=soon", "serve"]);
    assert!(refusal.starts_with("--set drain_s must be a whole number from 0 to 3600"), "{refusal}");
    let refusal = home.refusal(&["--set", "drain_s", "serve"]);
    assert!(refusal.contains("KEY=VALUE"), "{refusal}");
}

#[test]
fn the_file_in_the_data_folder_is_found_and_flags_win_over_it() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("elsewhere")).unwrap();
    home.write("elsewhere/contactgram.toml", "drain_s = 3\nscans = 5\n");
    let shown = home.ok(&["config", "--effective", "--data", "elsewhere", "--set", "scans=7"]);
    assert!(shown.contains("drain_s = 3  # elsewhere/contactgram.toml:1\n"), "{shown}");
    assert!(shown.contains("scans = \"7\"  # --set scans\n"), "{shown}");
}
