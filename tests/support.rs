//! A folder and a command per test, and the material that may or may not be there.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that goes with the test, unless `KEEP_TEMP_DIR` is set.
pub struct Sandbox(Option<tempfile::TempDir>, PathBuf);

impl Sandbox {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("pruefstand-test-").tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        if std::env::var_os("KEEP_TEMP_DIR").is_some() {
            eprintln!("kept: {}", path.display());
            return Self(None, folder.keep());
        }
        Self(Some(folder), path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let _ = &self.0;
        self.1.join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// What a command did.
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// Fails the test with all output unless the exit code is this one.
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "exit code\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }
}

/// Ends a program as Ctrl-C would, so that it cleans up; by force only when it does not.
pub fn end(child: &mut std::process::Child) {
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
    for _ in 0..500 {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

pub fn program() -> &'static str {
    env!("CARGO_BIN_EXE_pruefstand")
}

/// Runs the program.
pub fn pruefstand<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Done {
    pruefstand_with(args, &[])
}

/// Runs the program with variables of its environment.
pub fn pruefstand_with<S: AsRef<std::ffi::OsStr>>(
    args: impl IntoIterator<Item = S>,
    variables: &[(&str, &str)],
) -> Done {
    let output =
        Command::new(program()).args(args).envs(variables.iter().copied()).output().unwrap();
    Done {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Builds an argument list out of texts and paths.
#[macro_export]
macro_rules! args {
    ($($arg:expr),* $(,)?) => { [$(std::ffi::OsString::from($arg)),*] };
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with real schemas and messages, beside the project; says so when it is absent.
pub fn real_data(what: &str) -> Option<PathBuf> {
    let folder = root().join("../shared").join(what);
    if folder.exists() {
        return Some(folder.canonicalize().unwrap());
    }
    eprintln!("skipped: {what} is not there");
    None
}

/// Whether a program of the system is there; says so when it is not.
pub fn tool(name: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {name}")])
        .output()
        .is_ok_and(|o| o.status.success());
    if !found {
        eprintln!("skipped: {name} is not installed");
    }
    found
}

/// The Python that `scripts/setup.sh --test` set up with programs of others; says so when it is not
/// there.
pub fn python_client() -> Option<PathBuf> {
    let folder = root().join("target/python-clients");
    if folder.join("installed").is_file() {
        return Some(folder.join("bin/python"));
    }
    eprintln!("skipped: the Python clients are not installed");
    None
}

/// Derives the plan of a hub.
pub fn derive(concept: &Path, organisation: &Path, plan: &Path) {
    let from = crate::args!["plan", "derive", "--concept", concept, "--organisation", organisation];
    pruefstand(from.into_iter().chain(crate::args!["-o", plan]).collect::<Vec<_>>()).exits(0);
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
