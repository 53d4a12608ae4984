//! The people of the local connector, over the admin API and the command line: what they do, and what the
//! accounts see of it.

mod acts;
mod blocks;
mod command_line;
mod directory;
mod groups;
mod share;
mod strict;
mod waiting;
