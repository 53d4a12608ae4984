//! The fields of a JSON object, read with the official server's strictness and its error texts.
//! Used by `entities` and `markup`, whose objects arrive as JSON text inside a parameter.
//! Takes a `null` for an absent field, which the official server would refuse.

use serde_json::{Map, Value};

/// A JSON object to read fields from. Errors are texts such as `Field "x" must be of type String`.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// `None` if the value is no object.
    pub fn of(value: &'a Value) -> Option<Fields<'a>> {
        value.as_object().map(Fields)
    }

    /// The field's value, unless it is absent or `null`.
    pub fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A required text; a number is taken as its digits.
    pub fn string(self, name: &str) -> Result<String, String> {
        self.string_or_none(name)?.ok_or_else(|| missing(name))
    }

    pub fn string_or_none(self, name: &str) -> Result<Option<String>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(wrong_type(name, "String")),
        }
    }

    /// A required 32-bit number; digits in a text are taken too.
    pub fn int(self, name: &str) -> Result<i32, String> {
        i32::try_from(self.long(name)?).map_err(|_| not_a_number(name))
    }

    /// A required 64-bit number; digits in a text are taken too.
    pub fn long(self, name: &str) -> Result<i64, String> {
        match self.get(name) {
            None => Err(missing(name)),
            Some(Value::Number(number)) => number.as_i64().ok_or_else(|| not_a_number(name)),
            Some(Value::String(digits)) => digits.parse().map_err(|_| not_a_number(name)),
            Some(_) => Err(wrong_type(name, "Number")),
        }
    }

    /// An optional flag; absent is false.
    pub fn flag(self, name: &str) -> Result<bool, String> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(wrong_type(name, "Boolean")),
        }
    }

    /// A required object.
    pub fn object(self, name: &str) -> Result<Fields<'a>, String> {
        let value = self.get(name).ok_or_else(|| missing(name))?;
        Fields::of(value).ok_or_else(|| wrong_type(name, "Object"))
    }

    /// An optional array; absent is empty.
    pub fn array(self, name: &str) -> Result<&'a [Value], String> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(wrong_type(name, "Array")),
        }
    }
}

fn missing(name: &str) -> String {
    format!("Can't find field \"{name}\"")
}

fn wrong_type(name: &str, kind: &str) -> String {
    format!("Field \"{name}\" must be of type {kind}")
}

fn not_a_number(name: &str) -> String {
    format!("Field \"{name}\" must be a valid Number")
}
