//! What must be on this machine: the product's files, programs, variables of the environment.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::PreflightFinding;
use crate::ids::Digest;
use crate::target::{Doing, Target, TargetFile};

/// The files that are the product.
pub(super) fn files(target: &TargetFile, out: &mut Vec<PreflightFinding>) {
    for (number, file) in target.target.file.iter().enumerate() {
        let path = target.folder.join(&file.path);
        let key = format!("target.file, number {}, in the target file", number + 1);
        match std::fs::read(&path) {
            Err(error) => out.push(PreflightFinding::new(
                "files of the product",
                format!("{} cannot be read: {error}", path.display()),
                format!("correct the path ({key}), or put the file there"),
            )),
            Ok(bytes) if Digest::of(&bytes) != file.sha256 => out.push(PreflightFinding::new(
                "files of the product",
                format!(
                    "{} has the digest {}, the target file says {}",
                    path.display(),
                    Digest::of(&bytes),
                    file.sha256
                ),
                format!("test the version that is named, or correct sha256 ({key})"),
            )),
            Ok(_) => {}
        }
    }
}

/// Programs that are to be run.
pub(super) fn commands(target: &TargetFile, out: &mut Vec<PreflightFinding>) {
    let start = target.start.iter().map(|s| ("start".to_owned(), s.command.first()));
    let prepare = target.prepare.iter().enumerate();
    let prepare = prepare.map(|(n, doing)| (format!("prepare, number {},", n + 1), program(doing)));
    let action = target.action.iter().enumerate();
    let action = action.map(|(n, a)| (format!("action, number {},", n + 1), program(&a.doing)));
    let again = target.reconfigure.iter().map(|d| ("reconfigure".to_owned(), program(d)));
    for (key, program) in start.chain(prepare).chain(action).chain(again) {
        if let Some(program) = program.filter(|p| !p.contains('{') && !is_there(p)) {
            out.push(PreflightFinding::new(
                "programs",
                format!("there is no program \"{program}\" that could be run"),
                format!("correct the command of {key} in the target file, or install it"),
            ));
        }
    }
}

fn program(doing: &Doing) -> Option<&String> {
    match doing {
        Doing::Command { command, .. } => command.first(),
        Doing::Call { .. } | Doing::Person { .. } => None,
    }
}

fn is_there(program: &str) -> bool {
    let runs = |path: PathBuf| {
        path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return runs(Path::new(program).to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| runs(folder.join(program)))
}

/// What the harness must show.
pub(super) fn credentials(target: &Target, out: &mut Vec<PreflightFinding>) {
    for fault in target.access_faults() {
        out.push(PreflightFinding::new("credentials", fault.problem.clone(), fault.help.clone()));
    }
}
