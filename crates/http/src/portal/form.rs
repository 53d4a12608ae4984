//! What a page's form was sent with, and what is wrong with it: each error is kept with the field that it is about,
//! so that the page can show it there with everything that was typed. Handlers read it, templates show it.

use contactgram_hub::Error;
use contactgram_model::{Timestamp, times};

/// Fields by name, in the order in which they came.
#[derive(Debug, Default, Clone)]
pub struct Form {
    fields: Vec<(String, String)>,
    wrong: Vec<(&'static str, String)>,
    unplaced: Option<String>,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn read(body: &[u8]) -> Form {
        Form { fields: form_urlencoded::parse(body).into_owned().collect(), ..Form::default() }
    }

    /// The fields of a form that has a file, too.
    pub fn sent<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Form {
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Form { fields, ..Form::default() }
    }

    /// A form that shows what there is.
    pub fn of(fields: impl IntoIterator<Item = (&'static str, String)>) -> Form {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Form { fields, ..Form::default() }
    }

    /// A field's text; empty where it was not sent.
    pub fn one(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// A field's text without space around it, if anything is left.
    pub fn some(&self, name: &str) -> Option<String> {
        Some(self.one(name).trim()).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// All values of a field that may come more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|given| given == value)
    }

    /// The texts between commas or on lines.
    pub fn list(&self, name: &str) -> Vec<String> {
        let parts = self.one(name).split([',', '\n']).map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// What scripts say of the moment that was typed into a field: Unix seconds.
    pub fn unix(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field.strip_suffix("_unix") == Some(name));
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The moment that was typed into a field: in the visitor's time zone where scripts run, else in UTC.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, &'static str> {
        let (text, unix) = (self.one(name).trim(), self.unix(name).trim());
        if text.is_empty() {
            return Ok(None);
        }
        let at = unix.parse().ok().or_else(|| times::read_minute(text));
        at.map(Some).ok_or("must be a day and a time, such as 2027-01-31T09:30")
    }

    /// With an error at a field.
    pub fn with(mut self, field: &'static str, text: impl Into<String>) -> Form {
        self.wrong.push((field, text.into()));
        self
    }

    /// With the hub's refusal, at the field that its text names among these, or above all of them.
    pub fn refused(mut self, error: Error, fields: &[&'static str]) -> Result<Form, Error> {
        let text = match error {
            Error::BadRequest(text) | Error::Conflict(text) => text.into_owned(),
            other => return Err(other),
        };
        let named = |field: &&&'static str| {
            text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == **field)
        };
        match fields.iter().find(named) {
            Some(field) => self.wrong.push((field, text)),
            None => self.unplaced = Some(text),
        }
        Ok(self)
    }

    /// Without what a field was sent with: a secret is not shown again, nor what was typed for one.
    #[must_use]
    pub fn without(mut self, name: &str) -> Form {
        self.fields.retain(|(field, _)| field != name);
        self
    }

    /// With a text where a field has none.
    #[must_use]
    pub fn or(mut self, name: &str, text: &str) -> Form {
        if self.one(name).is_empty() {
            self.fields.retain(|(field, _)| field != name);
            self.fields.push((name.to_owned(), text.to_owned()));
        }
        self
    }

    /// Whether something is wrong with one of these fields.
    pub fn is_wrong_at(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.wrong(field).is_some())
    }

    /// What is wrong with a field.
    pub fn wrong(&self, field: &str) -> Option<&str> {
        self.wrong.iter().find(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }

    /// What is wrong with no field in particular.
    pub fn unplaced(&self) -> Option<&str> {
        self.unplaced.as_deref()
    }

    /// Whether anything is.
    pub fn is_wrong(&self) -> bool {
        !self.wrong.is_empty() || self.unplaced.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_stands_at_the_field_that_it_names_and_else_above() {
        let fields = ["phone", "phone_number", "email"];
        let form = Form::default().refused(Error::bad("phone_number is no number"), &fields).unwrap();
        assert_eq!(
            (form.wrong("phone_number"), form.wrong("phone")),
            (Some("phone_number is no number"), None)
        );
        let form = Form::default().refused(Error::bad("no"), &fields).unwrap();
        assert_eq!((form.unplaced(), form.is_wrong()), (Some("no"), true));
        assert!(matches!(Form::default().refused(Error::Internal, &fields), Err(Error::Internal)));
    }

    #[test]
    fn a_moment_is_what_the_script_says_and_else_utc() {
        let read = |body: &str| Form::read(body.as_bytes()).moment("at");
        assert_eq!(read("at=2026-11-22T12%3A30&at_unix=1795347000"), Ok(Some(1_795_347_000)));
        assert_eq!(read("at=2026-11-22T12%3A30&at_unix="), Ok(Some(1_795_350_600)));
        assert_eq!((read("at=&at_unix=1"), read("")), (Ok(None), Ok(None)));
        assert!(read("at=tomorrow").is_err());
    }

    #[test]
    fn fields_are_read_as_browsers_send_them() {
        let form = Form::read(b"scope=a&scope=b&labels=x%2C+y%0D%0Az,,&name=+Ann+%26+Bob+");
        assert!(form.has("scope", "a") && form.has("scope", "b") && !form.has("scope", "c"));
        assert_eq!(form.list("labels"), ["x", "y", "z"]);
        assert_eq!(form.some("name").as_deref(), Some("Ann & Bob"));
        assert_eq!((form.one("gone"), form.some("gone")), ("", None));
    }
}
