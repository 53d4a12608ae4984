//! A blocking connection to PostgreSQL that sends several statements in one flight: those whose result nobody
//! needs at once wait for the next one that somebody waits for. `tx`, `group` and `run` drive it. It decides
//! nothing about transactions, and after an error says only what happened.

use std::collections::HashMap;
use std::io::{Read, Write};

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{CommandCompleteBody, Message};
use postgres_protocol::message::frontend;
use socket2::Socket;
use tokio_postgres::types::Type;

use super::early::Early;
use super::error::{Report, commit_error, lost};
use super::plans::{PLAN_AGAIN, Plans};
use super::value::{self, Bound};
use crate::{Param, R, Row, Sql, StoreError};

/// Statements of one flight at most: what the server answers to them must fit its socket while it still reads.
const FLIGHT: usize = 64;
/// Bytes read at once.
const CHUNK: usize = 16 * 1024;
/// States of a transaction, as the protocol writes them.
const IDLE: u8 = b'I';
const FAILED: u8 = b'E';
/// Ends the transaction, and is checked to have kept it.
static COMMIT: Sql = Sql::new("COMMIT");
static ROLLBACK: Sql = Sql::new("ROLLBACK");

/// What a waiting statement is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// Its effect.
    Effect,
    /// Its rows, which are asked for later.
    Answer,
    /// A row that it locks, unless somebody else has it locked.
    Lock,
    /// To keep the transaction.
    Commit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    /// Something is sent and not all of the answer is read.
    Flying,
    Dead,
}

/// A prepared statement.
struct Prepared {
    name: String,
    params: Box<[Type]>,
    columns: Box<[Type]>,
}

/// A connection with its prepared statements.
pub(super) struct Line {
    socket: Socket,
    out: BytesMut,
    input: BytesMut,
    chunk: Box<[u8]>,
    /// By the address of the [`Sql`], which is never freed.
    statements: HashMap<usize, std::sync::Arc<Prepared>>,
    named: u64,
    plans: Plans,
    /// What is in `out`, in its order.
    waiting: Vec<Aim>,
    early: Early,
    state: State,
    /// The server's word for it: idle, in a transaction, or in one that failed.
    transaction: u8,
    /// A lock that somebody else has.
    missed: bool,
    /// The statement that the last error was about.
    failed: Option<Aim>,
}

/// Looks at rows.
type Visit<'v> = &'v mut dyn FnMut(&dyn Row) -> R<()>;

impl Line {
    /// Over a socket that is logged in; `input` is what was read too far.
    pub(super) fn new(socket: Socket, input: BytesMut) -> Line {
        Line {
            socket,
            out: BytesMut::with_capacity(4096),
            input,
            chunk: vec![0; CHUNK].into_boxed_slice(),
            statements: HashMap::new(),
            named: 0,
            plans: Plans::new(),
            waiting: Vec::new(),
            early: Early::default(),
            state: State::Ready,
            transaction: IDLE,
            missed: false,
            failed: None,
        }
    }

    /// To be called before each transaction, or what is read without one.
    pub(super) fn begin(&mut self, statement: Option<&'static Sql>) -> R<()> {
        if self.plans.due() {
            self.later(&PLAN_AGAIN, &[], Aim::Effect)?;
            // In the flight of a BEGIN it would be part of that transaction, whose isolation is to be set first.
            self.flush()?;
        }
        statement.map_or(Ok(()), |statement| self.later(statement, &[], Aim::Effect))
    }

    /// Puts a statement into the next flight. Its error is the error of that flight.
    pub(super) fn later(&mut self, sql: &'static Sql, params: &[Param<'_>], aim: Aim) -> R<()> {
        if self.waiting.len() >= FLIGHT {
            self.flush()?;
        }
        let prepared = self.prepare(sql)?;
        self.push(&prepared, params, aim)
    }

    /// Runs a statement behind those that wait; how many rows it changed or returned.
    pub(super) fn run(&mut self, sql: &'static Sql, params: &[Param<'_>], visit: Visit<'_>) -> R<u64> {
        let prepared = self.prepare(sql)?;
        let at = self.out.len();
        self.push(&prepared, params, Aim::Effect)?;
        let Some(answered) = self.early.knows(&self.out[at..]) else {
            return self.fly(Some((&prepared.columns, visit)));
        };
        let message = self.out.split_off(at);
        self.waiting.pop();
        if !answered {
            self.flush()?;
        }
        let rows = self.early.take(&message).ok_or(StoreError::Closed)?;
        rows.iter().try_for_each(|row| value::show(row, &prepared.columns, visit))?;
        Ok(rows.len() as u64)
    }

    /// Puts a question into the next flight that [`Line::run`] will ask in the same words.
    pub(super) fn ahead(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<()> {
        if self.waiting.len() >= FLIGHT {
            self.flush()?;
        }
        let prepared = self.prepare(sql)?;
        let at = self.out.len();
        self.push(&prepared, params, Aim::Answer)?;
        self.early.ask(&self.out[at..]);
        Ok(())
    }

    /// Answers to what was asked ahead are of no more use.
    pub(super) fn forget_answers(&mut self) {
        self.early.forget();
    }

    /// Sends what waits and learns how it went.
    pub(super) fn flush(&mut self) -> R<()> {
        if self.waiting.is_empty() { Ok(()) } else { self.fly(None).map(drop) }
    }

    /// Commits behind what waits. [`StoreError::InDoubt`] when it can't be known whether that was done.
    pub(super) fn commit(&mut self) -> R<()> {
        self.later(&COMMIT, &[], Aim::Commit)?;
        self.fly(None).map(drop).map_err(|error| match self.failed {
            Some(Aim::Commit) => commit_error(error),
            _ => error,
        })
    }

    /// Undoes the transaction; what waits is not sent.
    pub(super) fn rollback(&mut self) -> R<()> {
        self.out.clear();
        self.waiting.clear();
        self.early = Early::default();
        if !self.is_open() {
            return Err(StoreError::Closed);
        }
        if self.transaction == IDLE {
            return Ok(());
        }
        self.later(&ROLLBACK, &[], Aim::Effect)?;
        self.flush()
    }

    /// Statements one after the other, without parameters and without a look at their rows.
    pub(super) fn batch(&mut self, text: &str) -> R<()> {
        frontend::query(text, &mut self.out).map_err(rule)?;
        self.waiting.push(Aim::Effect);
        self.exchange(None, &mut None).map(drop)
    }

    /// Whether a lock that may be missed is among what waits.
    pub(super) fn waits_for_lock(&self) -> bool {
        self.waiting.contains(&Aim::Lock)
    }

    /// Whether the transaction can only be undone.
    pub(super) fn is_aborted(&self) -> bool {
        self.transaction == FAILED
    }

    /// Whether the connection is of further use.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Ready
    }

    /// Whether everything before is kept or undone.
    pub(super) fn is_idle(&self) -> bool {
        self.is_open() && self.transaction == IDLE && self.waiting.is_empty()
    }

    /// Whether a lock asked for with [`Aim::Lock`] was somebody else's since the last look.
    pub(super) fn take_missed(&mut self) -> bool {
        std::mem::take(&mut self.missed)
    }

    /// After the schema has changed, plans made before may be refused for good.
    pub(super) fn forget_statements(&mut self) {
        self.statements.clear();
    }

    fn push(&mut self, prepared: &Prepared, params: &[Param<'_>], aim: Aim) -> R<()> {
        if prepared.params.len() != params.len() {
            let text = format!("{} parameters wanted, {} given", prepared.params.len(), params.len());
            return Err(StoreError::Rule(text));
        }
        let before = self.out.len();
        let values = params.iter().zip(&prepared.params);
        let bound = frontend::bind(
            "",
            &prepared.name,
            Some(1),
            values,
            |(param, ty), out| value::write(Bound(*param), ty, out),
            Some(1),
            &mut self.out,
        );
        if let Err(error) = bound {
            self.out.truncate(before);
            let text = match error {
                frontend::BindError::Conversion(error) => error.to_string(),
                frontend::BindError::Serialization(error) => error.to_string(),
            };
            return Err(StoreError::Rule(text));
        }
        frontend::execute("", 0, &mut self.out).map_err(rule)?;
        self.waiting.push(aim);
        Ok(())
    }

    fn prepare(&mut self, sql: &'static Sql) -> R<std::sync::Arc<Prepared>> {
        let address = std::ptr::from_ref(sql).addr();
        if let Some(prepared) = self.statements.get(&address) {
            return Ok(prepared.clone());
        }
        self.named += 1;
        let name = format!("s{}", self.named);
        frontend::parse(&name, sql.postgres()?, None, &mut self.out).map_err(rule)?;
        frontend::describe(b'S', &name, &mut self.out).map_err(rule)?;
        frontend::sync(&mut self.out);
        let mut described = Some(Prepared { name, params: Box::default(), columns: Box::default() });
        self.exchange(None, &mut described)?;
        let prepared = std::sync::Arc::new(described.ok_or(StoreError::Closed)?);
        self.statements.insert(address, prepared.clone());
        Ok(prepared)
    }

    fn fly(&mut self, visit: Option<(&[Type], Visit<'_>)>) -> R<u64> {
        frontend::sync(&mut self.out);
        self.exchange(visit, &mut None)
    }

    /// Sends everything and reads to the end of the answer. The rows of the last statement are visited.
    fn exchange(
        &mut self,
        mut visit: Option<(&[Type], Visit<'_>)>,
        described: &mut Option<Prepared>,
    ) -> R<u64> {
        if self.state != State::Ready {
            return Err(StoreError::Closed);
        }
        // A visitor that panics leaves it so.
        self.state = State::Flying;
        let sent = self.socket.write_all(&self.out);
        self.out.clear();
        let aims = std::mem::take(&mut self.waiting);
        let (mut done, mut count, mut outcome) = (0, 0, Ok(()));
        self.failed = aims.last().copied();
        if let Err(error) = sent {
            return Err(self.die(&error));
        }
        loop {
            let message = match self.receive() {
                Ok(message) => message,
                // The reason given before the end says more than the end.
                Err(error) => return Err(outcome.err().unwrap_or(error)),
            };
            match message {
                Message::DataRow(row) => {
                    if aims.get(done) == Some(&Aim::Answer) {
                        self.early.row(row);
                    } else if let (Ok(()), Some((columns, visit))) = (&outcome, &mut visit)
                        && done + 1 == aims.len()
                    {
                        outcome = value::show(&row, columns, *visit);
                    }
                }
                Message::CommandComplete(tag) => {
                    count = rows(&tag);
                    match aims.get(done) {
                        Some(Aim::Lock) if count == 0 => self.missed = true,
                        Some(Aim::Answer) => self.early.end(),
                        Some(Aim::Commit) if tag.tag().ok() != Some("COMMIT") => {
                            outcome = Err(StoreError::Other("COMMIT did not commit".to_owned()));
                        }
                        _ => {}
                    }
                    done += 1;
                }
                Message::EmptyQueryResponse => done += 1,
                Message::ErrorResponse(body) => {
                    self.failed = aims.get(done).copied();
                    outcome = outcome.and(Err(Report::read(&body).into_error()));
                }
                Message::ParameterDescription(body) => {
                    if let Some(described) = described {
                        described.params =
                            value::types(body.parameters()).map_err(|error| self.die(&error))?;
                    }
                }
                Message::RowDescription(body) => {
                    if let Some(described) = described {
                        let columns = body.fields().map(|field| Ok(field.type_oid()));
                        described.columns = value::types(columns).map_err(|error| self.die(&error))?;
                    }
                }
                Message::ReadyForQuery(body) => {
                    self.early.landed();
                    self.transaction = body.status();
                    self.state = State::Ready;
                    return outcome.map(|()| count);
                }
                _ => {}
            }
        }
    }

    fn receive(&mut self) -> R<Message> {
        loop {
            match Message::parse(&mut self.input) {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                Err(error) => return Err(self.die(&error)),
            }
            let read = loop {
                match self.socket.read(&mut self.chunk) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            match read {
                Ok(0) => return Err(self.die(&std::io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => self.input.extend_from_slice(&self.chunk[..read]),
                Err(error) => return Err(self.die(&error)),
            }
        }
    }

    fn die(&mut self, error: &std::io::Error) -> StoreError {
        self.state = State::Dead;
        lost(error)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.state == State::Ready {
            self.out.clear();
            frontend::terminate(&mut self.out);
            // The server notices all the same.
            let _ = self.socket.write_all(&self.out);
        }
    }
}

/// The number at the end of a command's tag.
fn rows(tag: &CommandCompleteBody) -> u64 {
    let last = tag.tag().ok().and_then(|tag| tag.rsplit(' ').next());
    last.and_then(|count| count.parse().ok()).unwrap_or(0)
}

fn rule(error: std::io::Error) -> StoreError {
    StoreError::Rule(error.to_string())
}
