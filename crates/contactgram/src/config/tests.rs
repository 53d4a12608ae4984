//! Tests of the configuration: what wins over what, and what a mistake is told.

use super::*;
use std::ffi::OsString;

fn flag(key: &str, value: &str) -> Flag {
    Flag { key: key.to_owned(), value: value.to_owned(), name: format!("--{key}") }
}

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

/// Loads a file with this text and nothing else.
fn load_text(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("c.toml");
    std::fs::write(&path, text).expect("the file is written");
    let shown = path.display().to_string();
    load_from(&[], Some(path), Vec::new())
        .map(|loaded| loaded.config)
        .map_err(|error| error.replace(&shown, "c.toml"))
}

fn refusal(text: &str) -> String {
    load_text(text).err().expect("it is refused")
}

#[test]
fn the_template_is_the_default_configuration() {
    assert!(load_text(&template()).expect("it is accepted") == Config::default());
}

#[test]
fn every_example_of_the_template_is_accepted() {
    let text: String = template().lines().map(|line| line.strip_prefix('#').unwrap_or(line)).fold(
        String::new(),
        |all, line| {
            let is_setting = settings::SETTINGS.iter().any(|s| line.starts_with(&format!("{} = ", s.key)));
            if is_setting { all + line + "\n" } else { all }
        },
    );
    // The example of a token says what one should be like, in words.
    let config = load_text(&text.replace("a long random text", "long-random-text")).expect("it is accepted");
    assert_eq!(config.default_region.as_deref(), Some("GB"));
    assert_eq!(text.lines().count(), settings::SETTINGS.len());
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = "listen = \"127.0.0.1:1\"\ndrain_s = 1\nscans = 1\n";
    std::fs::write(folder.path().join("contactgram.toml"), text).unwrap();
    let data = folder.path().to_str().unwrap();
    let env =
        [("CONTACTGRAM_DATA", data), ("CONTACTGRAM_LISTEN", "127.0.0.1:2"), ("CONTACTGRAM_DRAIN_S", "2")];
    let loaded = load_from(&[flag("listen", "127.0.0.1:3")], None, variables(&env)).ok().unwrap();
    let config = &loaded.config;
    assert_eq!((config.listen.as_str(), config.drain_s, config.scans), ("127.0.0.1:3", 2, 1));
    let shown = effective(&loaded);
    assert!(shown.contains("listen = \"127.0.0.1:3\"  # --listen\n"), "{shown}");
    assert!(shown.contains("drain_s = \"2\"  # CONTACTGRAM_DRAIN_S\n"), "{shown}");
    assert!(shown.contains("contactgram.toml:3\n"), "{shown}");
}

#[test]
fn a_wrong_key_is_told_with_file_line_and_the_nearest_one() {
    assert_eq!(
        refusal("scans = 2\n\nlisen = \"x\"\n"),
        "c.toml:3: `lisen` is no setting; did you mean `listen`?"
    );
    assert!(refusal("qqqq = 1").ends_with("`contactgram config` lists the settings"));
    assert!(refusal("[listen]\naddress = 1").contains("no sections"));
}

#[test]
fn a_wrong_value_is_told_with_what_is_allowed() {
    assert_eq!(
        refusal("drain_s = \"soon\""),
        "c.toml:1: drain_s must be a whole number from 0 to 3600, not \"soon\""
    );
    assert_eq!(refusal("demo = 1"), "c.toml:1: demo must be true or false, not 1");
    for wrong in [
        "listen = \"8081\"",
        "listen = \"::1:80\"",
        "log = \"inof\"",
        "log_format = \"xml\"",
        "cors_origins = \"https://a.example\"",
        "cors_origins = [\"https://a.example/x\"]",
        "public_url = \"example.com\"",
        "default_region = \"England\"",
        "max_body = 0",
        "scans = 1.5",
    ] {
        assert!(refusal(wrong).contains(" must "), "{wrong}");
    }
    assert!(refusal("log = \"inof\"").contains("did you mean info?"));
    assert!(refusal("scans = = 2").starts_with("c.toml:1: "));
}

#[test]
fn a_wrong_variable_suggests_one_and_those_of_the_tests_are_left_alone() {
    let read = |pairs: &[(&str, &str)]| load_from(&[], None, variables(pairs)).map(|loaded| loaded.config);
    let refused = read(&[("CONTACTGRAM_LISTNE", "x")]).err().unwrap();
    assert_eq!(refused, "CONTACTGRAM_LISTNE is no setting; did you mean CONTACTGRAM_LISTEN?");
    assert!(read(&[("CONTACTGRAM_listen", "127.0.0.1:1")]).is_err(), "names are capitals");
    let fine = [("CONTACTGRAM_BIN", "x"), ("CONTACTGRAM_TEST_POSTGRES", "y"), ("CONTACTGRAM_STORE", "")];
    assert!(read(&fine).ok() == Some(Config::default()));
    assert!(
        read(&[("CONTACTGRAM_CORS_ORIGINS", "https://a.example, https://b.example")])
            .is_ok_and(|config| config.cors_origins.len() == 2)
    );
}

#[test]
fn secrets_are_never_repeated() {
    let env = [("CONTACTGRAM_ADMIN_TOKEN", "päss word")];
    let refused = load_from(&[], None, variables(&env)).err().unwrap();
    assert_eq!(refused, "CONTACTGRAM_ADMIN_TOKEN must be 8 or more visible ASCII characters");
    let flags = [flag("store", "postgres://u:hunter2@h/db"), flag("admin_token", "sesame-open")];
    let shown = effective(&load_from(&flags, None, Vec::new()).ok().unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains("sesame"), "{shown}");
    assert!(refusal("store = \"mysql://u:hunter2@h/db\"").ends_with("or a postgres:// URL"));
}

#[test]
fn the_store_is_the_file_in_the_data_folder_unless_another_is_named() {
    let at = |flags: &[Flag]| load_from(flags, None, Vec::new()).ok().unwrap().config.location();
    assert_eq!(at(&[flag("data", "d")]), Location::Sqlite { path: "d/contactgram.db".into() });
    assert_eq!(at(&[flag("store", "x.db")]), Location::Sqlite { path: "x.db".into() });
    let named = load_from(&[], Some("nowhere.toml".into()), Vec::new());
    assert_eq!(named.err().as_deref(), Some("there is no file nowhere.toml"));
}

#[test]
fn the_systems_file_is_the_last_place_and_for_the_installed_program_alone() {
    let system = std::path::Path::new("/etc/contactgram/contactgram.toml");
    let (installed, built) =
        (Some("/usr/bin/contactgram".as_ref()), Some("/src/target/debug/contactgram".as_ref()));
    assert_eq!(file::places(None, installed).last().map(|path| path.as_path()), Some(system));
    assert!(!file::places(None, built).iter().any(|place| place == system));
    assert!(!file::places(Some("elsewhere".as_ref()), installed).iter().any(|place| place == system));
}
