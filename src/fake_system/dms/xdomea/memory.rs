//! What was taken before: in a process there is one message of each type (3.0.0 section 2.4.4), and
//! an answer that got lost on its way can be fetched again. Bounded; the evidence of a run is
//! elsewhere, and what was filed stays in the repository.

use std::collections::VecDeque;

use bytes::Bytes;

use super::answer::Outgoing;
use super::version::Kind;

/// Most messages that are remembered.
const MOST: usize = 10_000;
/// Most bytes of messages and answers that are kept.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A message that was taken.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// In lower case.
    pub process: String,
    pub kind: Kind,
    /// The key of the authority that sent it.
    pub sender: Option<String>,
    /// Name and bytes of the XML file.
    pub message: (String, Bytes),
    pub answers: Vec<Outgoing>,
}

impl Taken {
    fn size(&self) -> usize {
        self.message.1.len() + self.answers.iter().map(|a| a.zip.len()).sum::<usize>()
    }
}

/// The messages, the newest last.
#[derive(Debug, Default)]
pub(super) struct Memory {
    all: VecDeque<Taken>,
    bytes: usize,
}

impl Memory {
    pub fn of(&self, process: &str, kind: Kind) -> Option<&Taken> {
        self.all.iter().rev().find(|t| t.process == process && t.kind == kind)
    }

    /// Any message of a process.
    pub fn process(&self, process: &str) -> Option<&Taken> {
        self.all.iter().find(|t| t.process == process)
    }

    pub fn keep(&mut self, taken: Taken) {
        self.bytes += taken.size();
        self.all.push_back(taken);
        // That a message was there is remembered longer than its bytes.
        let last = self.all.len() - 1;
        for old in self.all.iter_mut().take(last) {
            if self.bytes <= MOST_BYTES {
                break;
            }
            self.bytes -= old.size();
            old.message.1 = Bytes::new();
            old.answers.clear();
        }
        while self.all.len() > MOST {
            if let Some(old) = self.all.pop_front() {
                self.bytes -= old.size();
            }
        }
    }

    /// The names of everything that can be fetched, the newest first.
    pub fn names(&self) -> Vec<String> {
        let of = |t: &Taken| {
            let answers: Vec<String> = t.answers.iter().map(|a| a.name.clone()).collect();
            let message = (!t.message.1.is_empty()).then(|| t.message.0.clone());
            answers.into_iter().chain(message).collect::<Vec<_>>()
        };
        self.all.iter().rev().flat_map(of).collect()
    }

    /// A container or message by its name, the newest of that name; with its media type.
    pub fn fetch(&self, name: &str) -> Option<(&'static str, Bytes)> {
        self.all.iter().rev().find_map(|t| {
            let answer = t.answers.iter().find(|a| a.name == name);
            let message = (t.message.0 == name && !t.message.1.is_empty()).then_some(&t.message.1);
            answer
                .map(|a| ("application/zip", a.zip.clone()))
                .or(message.map(|m| ("application/xml", m.clone())))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, MOST, MOST_BYTES, Memory, Taken};

    fn taken(process: usize, bytes: usize) -> Taken {
        Taken {
            process: process.to_string(),
            kind: Kind::Create,
            sender: None,
            message: (format!("{process}.xml"), vec![1; bytes].into()),
            answers: Vec::new(),
        }
    }

    #[test]
    fn the_bytes_of_old_messages_go_before_their_names() {
        let mut memory = Memory::default();
        memory.keep(taken(1, 10));
        memory.keep(taken(2, MOST_BYTES));
        assert!(memory.of("1", Kind::Create).is_some() && memory.of("1", Kind::File).is_none());
        assert!(memory.fetch("1.xml").is_none() && memory.fetch("2.xml").is_some());
        for process in 3..MOST + 3 {
            memory.keep(taken(process, 0));
        }
        assert!(memory.process("2").is_none() && memory.process("3").is_some());
        assert_eq!(memory.bytes, 0);
    }
}
