//! What people sign in with: names, passwords, and the secrets of sessions and links. The input is one text for all.

use contactgram_model::member::{PASSWORD, name_key, sign_in_name};
use contactgram_model::{Password, PlainSecret};

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(name) = sign_in_name(text) {
        assert!((1..=64).contains(&name.chars().count()));
        assert_eq!(sign_in_name(&name).as_ref(), Ok(&name), "what is kept can be registered");
        assert_eq!(name_key(&name), name_key(text), "it is found as it was typed");
        assert!(!name.contains(['<', '>', '"', '\'', '&', ',', '\n', '\u{202E}']));
    }
    if let Ok(password) = Password::new(text) {
        let entered = Password::entered(text);
        assert_eq!(password.bytes(), entered.bytes(), "what is set fits what is entered");
        let chars = std::str::from_utf8(password.bytes()).map_or(0, |text| text.chars().count());
        assert!(PASSWORD.contains(&chars));
        assert_eq!(format!("{password:?}"), "Password(…)");
    }
    if let Some(secret) = PlainSecret::parse(text) {
        assert_eq!(secret.reveal(), text);
        let csrf = secret.csrf();
        assert!(csrf.fits(csrf.reveal()) && !csrf.fits(text) && !format!("{secret:?}").contains(text));
    }
}
