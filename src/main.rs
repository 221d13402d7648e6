//! The program `sim`: hands over to the command line and gives back its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    confluence::cli::main()
}
