//! Arguments, output and exit codes. No rule of the field lives here.

mod args;
mod attest;
mod authored;
mod certs;
mod credentials;
mod exit;
mod gate;
mod init;
mod measure;
mod output;
mod person;
mod plans;
mod registry;
mod reports;
mod rules;
mod runs;
mod servers;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::{CliError, Exit};

/// Parses, dispatches, and turns the result into an exit code.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Passed.into() };
        }
    };
    match dispatch(args) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::say(&error.to_string());
            error.exit().into()
        }
    }
}

fn dispatch(args: Args) -> Result<Exit, CliError> {
    let format = args.format;
    match args.command {
        Command::Demo { out, defect } => runs::demo(out, &defect, format),
        Command::Init { dir } => init::init(&dir),
        Command::Check { paths, sarif } => authored::check(&paths, sarif.as_deref(), format),
        Command::Plan(command) => plans::plan(command, format),
        Command::Schema { concept, out } => plans::schema(&concept, &out),
        Command::Messages { plan, organisation, out } => {
            plans::messages(&plan, organisation.as_deref(), &out, format)
        }
        Command::Organisation(command) => authored::organisation(command, format),
        Command::Rules(command) => rules::rules(command, format),
        Command::Measure(args) => measure::measure(args, format),
        Command::Fake(command) => servers::fake(command, format),
        Command::Hub(command) => servers::hub(command, format),
        Command::Preflight { target, organisation, plan } => {
            runs::preflight(&target, organisation.as_deref(), plan.as_deref(), format)
        }
        Command::Run(run) => runs::run(run, format),
        Command::Judge { dir } => runs::judge(&dir, format),
        Command::Report(args) => runs::report(&args),
        Command::Explain { dir, case, save } => runs::explain(&dir, &case, save),
        Command::Attest { dir, case, verdict, by, note, key } => {
            attest::attest(&dir, &case, verdict, &by, &note, key.as_deref(), format)
        }
        Command::Certify(args) => certs::certify_run(&args),
        Command::Countersign(args) => certs::countersign(&args),
        Command::Verify(args) => certs::verify(&args, format),
        Command::Gate(args) => gate::gate(&args, format),
        Command::Registry(command) => registry::registry(command, format),
        Command::Compare { a, b } => authored::compare_files(&a, &b, format),
        Command::CompareRuns { old, new } => runs::compare_runs(&old, &new, format),
        Command::FileSchemas { out } => authored::file_schemas(&out),
        Command::XsltWorker => servers::xslt_worker(),
        Command::TargetGuard { command } => servers::target_guard(&command),
    }
}
