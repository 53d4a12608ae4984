//! The documents, tried: every link leads somewhere, every command is run against a server that was just started, every answer that
//! is shown has the form of the one that came, and every piece of a program is a piece of one that the tests run.
//!
//! A code block says by the words behind its language what is done with it:
//! - `sh` and `console` (its lines after `$ `) are run and have to succeed, `sh refused` has to fail, `sh norun` is read alone;
//! - `json` right behind such a block is the answer of its last command: the same fields, of the same types;
//! - another language needs `<!-- from: examples/python/walk.py -->` before it: the file that has these lines.
//!
//! `<!-- sh: … -->` is run too, and not seen: what a page takes for granted.

mod commands;
mod links;
mod pages;
mod pieces;
mod shape;
