//! The command line: it translates arguments into calls of the library, and results into exit codes.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
