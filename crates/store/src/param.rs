//! Values on their way into a statement. Operations write `p![account, &name, maybe]`; the engines bind.
//! A newtype joins in by implementing [`AsParam`].

/// A value for one placeholder. Borrowed: binding copies it once, inside the engine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Param<'a> {
    Null,
    Int(i64),
    Bool(bool),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// What `p![…]` accepts. Implement it for ids and other newtypes of the model.
pub trait AsParam {
    fn as_param(&self) -> Param<'_>;
}

/// The parameters of a statement, in the order of their numbers: `p![a, &b.c, opt]`.
#[macro_export]
macro_rules! p {
    ($($value:expr),* $(,)?) => {
        &[$($crate::AsParam::as_param(&$value)),*][..] as &[$crate::Param<'_>]
    };
}

impl<'p> AsParam for Param<'p> {
    fn as_param(&self) -> Param<'_> {
        *self
    }
}

impl AsParam for bool {
    fn as_param(&self) -> Param<'_> {
        Param::Bool(*self)
    }
}

impl AsParam for str {
    fn as_param(&self) -> Param<'_> {
        Param::Text(self)
    }
}

impl AsParam for String {
    fn as_param(&self) -> Param<'_> {
        Param::Text(self)
    }
}

impl AsParam for [u8] {
    fn as_param(&self) -> Param<'_> {
        Param::Blob(self)
    }
}

impl<const N: usize> AsParam for [u8; N] {
    fn as_param(&self) -> Param<'_> {
        Param::Blob(self)
    }
}

impl AsParam for Vec<u8> {
    fn as_param(&self) -> Param<'_> {
        Param::Blob(self)
    }
}

impl<T: AsParam> AsParam for Option<T> {
    fn as_param(&self) -> Param<'_> {
        self.as_ref().map_or(Param::Null, AsParam::as_param)
    }
}

impl<T: AsParam + ?Sized> AsParam for &T {
    fn as_param(&self) -> Param<'_> {
        (**self).as_param()
    }
}

impl<T: AsParam + ?Sized> AsParam for Box<T> {
    fn as_param(&self) -> Param<'_> {
        (**self).as_param()
    }
}

impl<T: AsParam + ?Sized> AsParam for std::sync::Arc<T> {
    fn as_param(&self) -> Param<'_> {
        (**self).as_param()
    }
}

impl<T: AsParam + ToOwned + ?Sized> AsParam for std::borrow::Cow<'_, T> {
    fn as_param(&self) -> Param<'_> {
        (**self).as_param()
    }
}

/// Whole numbers that always fit; wider ones (u64, usize) are converted where their range is known.
macro_rules! whole {
    ($($t:ty),*) => {$(
        impl AsParam for $t {
            fn as_param(&self) -> Param<'_> {
                Param::Int(i64::from(*self))
            }
        }
        impl From<$t> for Param<'_> {
            fn from(value: $t) -> Self {
                Param::Int(i64::from(value))
            }
        }
    )*};
}
whole!(i64, i32, i16, u32, u16, u8);

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Param::Bool(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Param::Text(value)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Param::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Param::Blob(value)
    }
}

impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Param::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::Param;

    #[test]
    fn one_macro_takes_numbers_texts_options_and_references() {
        let (name, none, bytes) = (String::from("Ann"), None::<i64>, vec![1u8, 2]);
        let some: Option<&str> = Some("x");
        let wanted = [
            Param::Int(7),
            Param::Text("Ann"),
            Param::Text("Ann"),
            Param::Null,
            Param::Text("x"),
            Param::Bool(true),
            Param::Blob(&[1, 2]),
            Param::Blob(&[1]),
            Param::Text("lit"),
            Param::Int(8),
        ];
        assert_eq!(p![7, &name, name, none, some, true, bytes, &bytes[..1], "lit", &&8i64], wanted);
        assert_eq!(p![], &[] as &[Param<'_>]);
    }
}
