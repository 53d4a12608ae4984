//! Statements and rows of PostgreSQL behind [`Tx`] and [`Row`], for a thread that may block: each call
//! waits for the runtime that drives the connection. Rows stream in chunks; visitors run outside the
//! runtime. It never begins or ends a transaction.

use std::pin::pin;

use bytes::BytesMut;
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio_postgres::RowStream;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::connect::Connection;
use super::error::store_error;
use crate::{Dialect, Param, R, Row, Sql, StoreError, Tx};

/// Rows fetched for one visit of the runtime.
const CHUNK: usize = 256;

type AnyError = Box<dyn std::error::Error + Sync + Send>;

/// A connection lent to one closure.
pub(super) struct PostgresTx<'c> {
    handle: &'c Handle,
    connection: &'c mut Connection,
    may_write: bool,
    broken: Option<StoreError>,
}

impl<'c> PostgresTx<'c> {
    pub(super) fn new(handle: &'c Handle, connection: &'c mut Connection, may_write: bool) -> Self {
        PostgresTx { handle, connection, may_write, broken: None }
    }

    fn mark<T>(&mut self, result: R<T>) -> R<T> {
        if let Err(error) = &result {
            self.broken.get_or_insert_with(|| error.clone());
        }
        result
    }

    fn check(&mut self, allowed: bool) -> R<()> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        if self.may_write || allowed {
            return Ok(());
        }
        self.mark(Err(StoreError::Rule("a write through a reading door".to_owned())))
    }
}

impl Tx for PostgresTx<'_> {
    fn execute(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<u64> {
        self.check(false)?;
        let changed = self.handle.block_on(execute(self.connection, sql, params));
        self.mark(changed)
    }

    fn query(
        &mut self,
        sql: &'static Sql,
        params: &[Param<'_>],
        each: &mut dyn FnMut(&dyn Row) -> R<()>,
    ) -> R<()> {
        self.check(sql.reads())?;
        let opened = self.handle.block_on(query(self.connection, sql, params));
        let mut chunks = pin!(self.mark(opened)?.ready_chunks(CHUNK));
        while let Some(rows) = self.handle.block_on(chunks.next()) {
            for row in rows {
                let row = self.mark(row.map_err(store_error))?;
                each(&PostgresRow(&row))?;
            }
        }
        Ok(())
    }

    fn broken(&self) -> Option<&StoreError> {
        self.broken.as_ref()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

async fn execute(connection: &mut Connection, sql: &'static Sql, params: &[Param<'_>]) -> R<u64> {
    let statement = connection.prepare(sql).await?;
    check_count(statement.params().len(), params.len())?;
    connection.client.execute_raw(&statement, params.iter().map(|p| Bound(*p))).await.map_err(store_error)
}

async fn query(connection: &mut Connection, sql: &'static Sql, params: &[Param<'_>]) -> R<RowStream> {
    let statement = connection.prepare(sql).await?;
    check_count(statement.params().len(), params.len())?;
    connection.client.query_raw(&statement, params.iter().map(|p| Bound(*p))).await.map_err(store_error)
}

/// The driver would panic.
fn check_count(wanted: usize, given: usize) -> R<()> {
    if wanted == given {
        return Ok(());
    }
    Err(StoreError::Rule(format!("{wanted} parameters wanted, {given} given")))
}

#[derive(Debug)]
struct Bound<'a>(Param<'a>);

impl ToSql for Bound<'_> {
    /// By the server's type; where that doesn't fit, an error and no guess.
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        match self.0 {
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
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

struct PostgresRow<'r>(&'r tokio_postgres::Row);

impl<'r> PostgresRow<'r> {
    fn get<T: FromSql<'r>>(&self, i: usize, wanted: &str) -> R<T> {
        self.0.try_get(i).map_err(|_| {
            let holds = self.0.columns().get(i).map_or("nothing", |column| column.type_().name());
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
        Ok(self.get::<Option<Anything>>(i, "a column")?.is_none())
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

/// Any value, unread.
struct Anything;

impl<'a> FromSql<'a> for Anything {
    fn from_sql(_: &Type, _: &'a [u8]) -> Result<Self, AnyError> {
        Ok(Anything)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
