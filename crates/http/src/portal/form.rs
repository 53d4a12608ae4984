//! What a page's form was sent with, and what is wrong with it: each error is kept with the field that it is about,
//! so that the page can show it there with everything that was typed. Handlers read it, templates show it.

use contactgram_hub::Error;

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
    fn fields_are_read_as_browsers_send_them() {
        let form = Form::read(b"scope=a&scope=b&labels=x%2C+y%0D%0Az,,&name=+Ann+%26+Bob+");
        assert!(form.has("scope", "a") && form.has("scope", "b") && !form.has("scope", "c"));
        assert_eq!(form.list("labels"), ["x", "y", "z"]);
        assert_eq!(form.some("name").as_deref(), Some("Ann & Bob"));
        assert_eq!((form.one("gone"), form.some("gone")), ("", None));
    }
}
