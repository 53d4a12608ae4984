//! Tests of the command line: each runs the real program in a folder of its own.

// The linter's exception for tests knows test functions, not their helpers.
#![allow(clippy::unwrap_used)]

mod accounts;
mod audit;
mod backup;
mod cluster;
mod config;
mod contacts;
mod doctor;
mod help;
mod kit;
mod members;
mod people;
mod postgres;
mod serve;
