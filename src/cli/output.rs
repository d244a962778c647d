//! Results on standard output, text for people on standard error.

#![expect(clippy::print_stderr, reason = "the one place that prints")]

use std::io::{IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressStyle};
use pruefstand::run::Progress;

/// Whether standard error takes colours.
pub fn colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Text for people.
pub fn say(text: &str) {
    eprintln!("{}", text.trim_end());
}

/// A result. A reader that has gone away is no fault of ours.
pub fn result(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end());
    let _ = out.flush();
}

/// A result for machines.
pub fn json(value: &impl serde::Serialize) {
    result(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// A progress bar on a terminal, plain lines elsewhere.
pub struct Bar {
    bar: Option<ProgressBar>,
}

impl Bar {
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} [{elapsed}]");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar }
    }

    pub fn on(&self, progress: Progress) {
        match (&self.bar, progress) {
            (Some(bar), Progress::Phase(phase)) => bar.set_message(phase),
            (Some(bar), Progress::Cases { done, all }) => {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            }
            (None, Progress::Phase(phase)) => say(phase),
            (None, Progress::Cases { done, all }) => {
                if done % 100 == 0 || done == all {
                    say(&format!("  {done}/{all}"));
                }
            }
        }
    }

    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
