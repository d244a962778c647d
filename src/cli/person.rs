//! The person at the terminal.

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;

use pruefstand::target::{Person, Said};
use tokio::sync::{Mutex, mpsc};

use super::output;

/// Shows instructions on standard error and waits for Enter. Without a terminal an instruction is
/// shown, and nobody can say that it is done.
pub fn at_the_terminal() -> Person {
    let lines: Arc<Mutex<Option<mpsc::UnboundedReceiver<()>>>> = Arc::default();
    Person::new(move |instruction| {
        let lines = lines.clone();
        Box::pin(async move {
            // One instruction after the other: two at once could not be told apart.
            let mut lines = lines.lock().await;
            output::say(&format!("\n>>> {instruction}"));
            if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
                return Said::NobodyThere;
            }
            output::say(">>> Danach die Eingabetaste drücken (press Enter when it is done).");
            let lines = lines.get_or_insert_with(read_lines);
            // What was typed before the instruction was shown does not belong to it.
            while lines.try_recv().is_ok() {}
            match lines.recv().await {
                Some(()) => Said::Done,
                None => Said::NobodyThere,
            }
        })
    })
}

/// A thread of its own, since reading a terminal cannot be broken off: the program must be able to
/// end while it waits, and a wait that was dropped must not swallow the next line.
fn read_lines() -> mpsc::UnboundedReceiver<()> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || sender.send(()).is_err() {
                return;
            }
        }
    });
    receiver
}
