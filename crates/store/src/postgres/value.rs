//! Values on their way to PostgreSQL and back, in its binary form. Used by `line`. Where the server's type
//! does not fit what is given or asked for it is an error, and never a guess.

use std::io;
use std::ops::Range;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::IsNull as Null;
use postgres_protocol::message::backend::DataRowBody;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

use crate::{Param, R, Row, StoreError};

type AnyError = Box<dyn std::error::Error + Sync + Send>;

/// A parameter for a statement.
pub(super) struct Bound<'a>(pub Param<'a>);

/// Writes a parameter as the server's type.
pub(super) fn write(Bound(param): Bound<'_>, ty: &Type, out: &mut BytesMut) -> Result<Null, AnyError> {
    let written = match param {
        Param::Null => Ok(IsNull::Yes),
        Param::Int(value) if *ty == Type::INT8 => value.to_sql(ty, out),
        Param::Int(value) if *ty == Type::INT4 => i32::try_from(value)?.to_sql(ty, out),
        Param::Int(value) if *ty == Type::INT2 => i16::try_from(value)?.to_sql(ty, out),
        Param::Int(value @ (0 | 1)) if *ty == Type::BOOL => (value == 1).to_sql(ty, out),
        Param::Bool(value) if *ty == Type::BOOL => value.to_sql(ty, out),
        Param::Text(value) if <&str as ToSql>::accepts(ty) => value.to_sql(ty, out),
        Param::Blob(value) if *ty == Type::BYTEA => value.to_sql(ty, out),
        Param::Int(_) => Err(format!("a whole number was given for {ty}").into()),
        Param::Bool(_) => Err(format!("a truth value was given for {ty}").into()),
        Param::Text(_) => Err(format!("text was given for {ty}").into()),
        Param::Blob(_) => Err(format!("bytes were given for {ty}").into()),
    };
    Ok(match written? {
        IsNull::Yes => Null::Yes,
        IsNull::No => Null::No,
    })
}

/// Types by their numbers; those the program has no use for are all unknown.
pub(super) fn types<I>(numbers: I) -> io::Result<Box<[Type]>>
where
    I: FallibleIterator<Item = u32, Error = io::Error>,
{
    let types: Vec<Type> = numbers.map(|oid| Ok(Type::from_oid(oid).unwrap_or(Type::UNKNOWN))).collect()?;
    Ok(types.into_boxed_slice())
}

/// Shows one row to a visitor.
pub(super) fn show(body: &DataRowBody, columns: &[Type], visit: &mut dyn FnMut(&dyn Row) -> R<()>) -> R<()> {
    let mut few = [const { None }; 24];
    let mut many = Vec::new();
    let ranges: &mut [Option<Range<usize>>] = match few.get_mut(..columns.len()) {
        Some(few) => few,
        None => {
            many.resize(columns.len(), None);
            &mut many
        }
    };
    let mut found = body.ranges();
    for slot in ranges.iter_mut() {
        let range = found.next().map_err(|error| StoreError::Other(error.to_string()))?;
        *slot = range.ok_or_else(|| StoreError::Other("PostgreSQL sent too short a row".to_owned()))?;
    }
    visit(&PostgresRow { bytes: body.buffer(), columns, ranges })
}

struct PostgresRow<'r> {
    bytes: &'r [u8],
    columns: &'r [Type],
    ranges: &'r [Option<Range<usize>>],
}

impl<'r> PostgresRow<'r> {
    fn get<T: FromSql<'r>>(&self, i: usize, wanted: &str) -> R<T> {
        let bytes = self.ranges.get(i).cloned().flatten().and_then(|range| self.bytes.get(range));
        let ty = self.columns.get(i);
        match (ty.filter(|ty| T::accepts(ty)), bytes) {
            (Some(ty), Some(bytes)) => T::from_sql(ty, bytes).ok(),
            _ => None,
        }
        .ok_or_else(|| {
            let holds = ty.map_or("nothing", Type::name);
            StoreError::Rule(format!("column {i} was read as {wanted} but holds {holds} or NULL"))
        })
    }
}

impl Row for PostgresRow<'_> {
    fn int(&self, i: usize) -> R<i64> {
        let Whole(value) = self.get(i, "a whole number")?;
        Ok(value)
    }

    fn text(&self, i: usize) -> R<&str> {
        self.get(i, "text")
    }

    fn blob(&self, i: usize) -> R<&[u8]> {
        self.get(i, "bytes")
    }

    fn bool(&self, i: usize) -> R<bool> {
        self.get(i, "a truth value")
    }

    fn is_null(&self, i: usize) -> R<bool> {
        match self.ranges.get(i) {
            Some(range) => Ok(range.is_none()),
            None => Err(StoreError::Rule(format!("no column {i}"))),
        }
    }
}

/// INT8, INT4 or INT2.
struct Whole(i64);

impl<'a> FromSql<'a> for Whole {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, AnyError> {
        match *ty {
            Type::INT8 => i64::from_sql(ty, raw).map(Whole),
            Type::INT4 => i32::from_sql(ty, raw).map(|value| Whole(value.into())),
            _ => i16::from_sql(ty, raw).map(|value| Whole(value.into())),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::INT2)
    }
}
