//! The guard: a small process between the harness and a command, under which everything stays that
//! the command starts, also what forks twice, changes its session or ignores signals. Orphans become
//! children of their nearest ancestor that asked for them (`PR_SET_CHILD_SUBREAPER`, see prctl(2)), so
//! that nothing leaves this part of the tree of processes. The harness holds a socket to it; when that
//! is closed, by whatever end of the harness, everything below the guard is killed.
//!
//! What gets away all the same: what another service starts on behalf of the command (cron, a
//! container engine), what runs as another user, and everything if a command kills its guard.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, wait};

/// Asks the guard to tell everything below it to end.
pub(super) const TERM: u8 = b't';
/// Asks it to kill everything.
pub(super) const KILL: u8 = b'k';
/// Pause between two rounds of killing.
const PAUSE: Duration = Duration::from_millis(3);
/// So many rounds, then what is left cannot be killed.
const ROUNDS: u32 = 2_000;

/// Runs a command and guards it until nothing of it is left. Standard input is the socket of the
/// harness: requests come in, a line goes out when the command ends (`exit CODE`, `signal NUMBER`,
/// `error REASON`).
///
/// # Errors
/// When the system does not let it guard.
pub fn guard(command: &[String]) -> std::io::Result<()> {
    set_child_subreaper(Some(getpid()))?;
    let Some((program, arguments)) = command.split_first() else {
        say("error the command is empty");
        return Ok(());
    };
    let started =
        Command::new(program).args(arguments).stdin(Stdio::null()).process_group(0).spawn();
    let main = match started {
        Ok(child) => i32::try_from(child.id()).ok().and_then(Pid::from_raw),
        Err(error) => {
            say(&format!("error {error}"));
            return Ok(());
        }
    };
    std::thread::spawn(obey);
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if Some(pid) == main => {
                match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => say(&format!("exit {code}")),
                    (None, Some(signal)) => say(&format!("signal {signal}")),
                    (None, None) => {}
                }
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            // Nothing is left.
            Err(_) => return Ok(()),
        }
    }
}

/// A line for the harness, which may be gone.
fn say(line: &str) {
    let stdin = std::io::stdin();
    let mut rest = [line.as_bytes(), b"\n"].concat();
    while !rest.is_empty() {
        match rustix::io::write(stdin.as_fd(), &rest) {
            Ok(count) if count > 0 => drop(rest.drain(..count)),
            _ => return,
        }
    }
}

/// Does what the harness asks; when it is gone, kills everything.
fn obey() {
    let mut stdin = std::io::stdin().lock();
    let mut byte = [0];
    loop {
        match stdin.read(&mut byte) {
            Ok(1) if byte[0] == TERM => {
                for pid in below() {
                    let _ = kill_process(pid, Signal::TERM);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            _ => break,
        }
    }
    for _ in 0..ROUNDS {
        let left = below();
        // Stopped first, so that nothing forks while the others are killed.
        for signal in [Signal::STOP, Signal::KILL] {
            for pid in &left {
                let _ = kill_process(*pid, signal);
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// Every process below this one, zombies left out.
fn below() -> Vec<Pid> {
    let mut parents: BTreeMap<i32, i32> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name of a program may hold anything, also brackets.
        let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        if let (Some(state), Some(parent)) = (fields.next(), fields.next())
            && let Ok(parent) = parent.parse()
            && state != "Z"
        {
            parents.insert(pid, parent);
        }
    }
    let own = getpid().as_raw_nonzero().get();
    let is_below = |pid: i32| {
        let mut at = pid;
        // As deep as there are processes, at most.
        for _ in 0..=parents.len() {
            match parents.get(&at) {
                Some(parent) if *parent == own => return true,
                Some(parent) => at = *parent,
                None => return false,
            }
        }
        false
    };
    parents.keys().copied().filter(|pid| is_below(*pid)).filter_map(Pid::from_raw).collect()
}
