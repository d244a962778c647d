//! Exit codes, and the errors they stand for. A new error does not compile until it has one.

use std::process::ExitCode;

use pruefstand::certificate::{IssueError, KeyError, VerifyError};
use pruefstand::diagnostic::Diagnostics;
use pruefstand::fake_system::StartError;
use pruefstand::plan::DeriveError;
use pruefstand::registry::RegistryError;
use pruefstand::run::RunError;
use pruefstand::target::TargetError;
use pruefstand::verdict::{Overall, Verdict};

use super::output;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Passed or done.
    Passed,
    /// Failed, different, no certificate.
    Failed,
    /// Could not be judged.
    Inconclusive,
    /// Wrong usage.
    Usage,
    /// Bad input file.
    BadInput,
    /// Target or service not reachable before the first message.
    Unreachable,
    /// Fault of the harness.
    Fault,
    /// Cannot write.
    CannotWrite,
    /// Key, signature or certificate refused.
    Refused,
    /// Ended by SIGINT.
    Interrupted,
    /// Ended by SIGTERM.
    Terminated,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Passed => 0,
            Exit::Failed => 1,
            Exit::Inconclusive => 2,
            Exit::Usage => 64,
            Exit::BadInput => 65,
            Exit::Unreachable => 69,
            Exit::Fault => 70,
            Exit::CannotWrite => 73,
            Exit::Refused => 77,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        })
    }
}

impl From<&Verdict> for Exit {
    fn from(verdict: &Verdict) -> Self {
        match verdict.overall {
            Overall::Passed => Self::Passed,
            Overall::Failed => Self::Failed,
            Overall::Inconclusive => Self::Inconclusive,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub enum CliError {
    Usage(String),
    Files(Vec<Diagnostics>),
    BadInput(String),
    Derive(DeriveError),
    Fake(StartError),
    Target(TargetError),
    Run(RunError),
    Unreachable(String),
    Fault(String),
    CannotWrite(String, std::io::Error),
    Key(KeyError),
    Issue(IssueError),
    Verify(VerifyError),
    Registry(RegistryError),
    Refused(String),
    Stopped(Exit),
}

impl CliError {
    /// The exit code of this error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Files(_) | Self::BadInput(_) | Self::Derive(_) => Exit::BadInput,
            Self::Target(error) => of_target(error),
            Self::Fake(_) | Self::Unreachable(_) => Exit::Unreachable,
            Self::Run(error) => match error {
                RunError::CannotWrite(..) => Exit::CannotWrite,
                RunError::Fake(_) | RunError::Unreachable { .. } | RunError::Prepare(_) => {
                    Exit::Unreachable
                }
                RunError::Target(error) => of_target(error),
                RunError::Preflight(_) => Exit::BadInput,
                RunError::Interrupted => Exit::Interrupted,
                RunError::Evidence(_) => Exit::Fault,
            },
            Self::Fault(_) => Exit::Fault,
            Self::CannotWrite(..) => Exit::CannotWrite,
            Self::Key(_) => Exit::Refused,
            Self::Issue(error) => match error {
                IssueError::Refused(_) => Exit::Failed,
                IssueError::Io(..) => Exit::BadInput,
            },
            Self::Verify(_) => Exit::Refused,
            Self::Registry(error) => match error {
                RegistryError::Io(..) => Exit::BadInput,
                _ => Exit::Refused,
            },
            Self::Refused(_) => Exit::Failed,
            Self::Stopped(exit) => *exit,
        }
    }
}

fn of_target(error: &TargetError) -> Exit {
    match error {
        TargetError::File(_) => Exit::BadInput,
        TargetError::Unreachable { .. } | TargetError::Command { .. } => Exit::Unreachable,
    }
}

impl std::fmt::Display for CliError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let colour = output::colour();
        match self {
            Self::Files(files) => {
                for file in files {
                    f.write_str(&file.render(colour))?;
                }
                Ok(())
            }
            Self::Target(TargetError::File(file)) => f.write_str(&file.render(colour)),
            Self::Usage(text)
            | Self::BadInput(text)
            | Self::Unreachable(text)
            | Self::Refused(text)
            | Self::Fault(text) => {
                write!(f, "error: {text}")
            }
            Self::Derive(error) => write!(f, "error: {error}"),
            Self::Fake(error) => write!(f, "error: {error}"),
            Self::Target(error) => write!(f, "error: {error}"),
            Self::Run(error) => {
                write!(f, "error: {error}")?;
                if let RunError::Preflight(findings) | RunError::Unreachable { findings, .. } =
                    error
                {
                    for finding in findings {
                        write!(
                            f,
                            "\n  {}: {}\n    help: {}",
                            finding.check, finding.problem, finding.help
                        )?;
                    }
                }
                Ok(())
            }
            Self::CannotWrite(name, error) => write!(f, "error: {name} cannot be written: {error}"),
            Self::Key(error) => write!(f, "error: {error}"),
            Self::Issue(error) => write!(f, "error: {error}"),
            Self::Verify(error) => write!(f, "error: {error}"),
            Self::Registry(error) => write!(f, "error: {error}"),
            Self::Stopped(_) => Ok(()),
        }
    }
}

impl From<Diagnostics> for CliError {
    fn from(file: Diagnostics) -> Self {
        Self::Files(vec![file])
    }
}
impl From<DeriveError> for CliError {
    fn from(error: DeriveError) -> Self {
        match error {
            DeriveError::Catalogue(findings) => findings.into(),
            other => Self::Derive(other),
        }
    }
}
impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        Self::Fake(error)
    }
}
impl From<TargetError> for CliError {
    fn from(error: TargetError) -> Self {
        Self::Target(error)
    }
}
impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}
impl From<KeyError> for CliError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}
impl From<IssueError> for CliError {
    fn from(error: IssueError) -> Self {
        Self::Issue(error)
    }
}
impl From<RegistryError> for CliError {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}
impl From<VerifyError> for CliError {
    fn from(error: VerifyError) -> Self {
        Self::Verify(error)
    }
}

impl From<pruefstand::judged::JudgedError> for CliError {
    fn from(error: pruefstand::judged::JudgedError) -> Self {
        use pruefstand::judged::JudgedError;
        match error {
            JudgedError::Folder(text) => Self::BadInput(text),
            JudgedError::Evidence(error) => Self::BadInput(error.to_string()),
            JudgedError::Files(files) => files.into(),
        }
    }
}
