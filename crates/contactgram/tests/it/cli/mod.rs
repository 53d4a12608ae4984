//! Tests of the command line: each runs the real program in a folder of its own.

mod accounts;
mod config;
mod doctor;
mod help;
mod kit;
mod people;
mod serve;
