//! What a fake has taken, for people who look at it: by case, the newest first. Bounded; the
//! evidence of a run is elsewhere.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::ambient::Clock;

/// Most things that are kept.
const MOST: usize = 500;
/// Most bytes that are kept in all.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Something a fake holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// When it came, UTC.
    pub time: String,
    /// The case it belongs to, as far as it says.
    pub vorgang: String,
    /// What it is, such as the name of its root element or the subject of a mail.
    pub title: String,
    /// The file number that was given to it.
    pub aktenzeichen: String,
    /// Its bytes.
    pub content: Vec<u8>,
    /// Number of the hand-over: what came with a message has the same.
    pub number: u64,
    /// Whether it came with a message, rather than being one.
    pub attachment: bool,
    /// What a message says to be; empty where its system holds nothing apart from messages.
    pub media_type: String,
    /// The message itself, where the bytes are those of what brought it, such as an envelope.
    pub message: Option<Vec<u8>>,
    /// Whether it was held already and came again; then it counts once.
    pub again: bool,
}

impl Held {
    fn size(&self) -> usize {
        self.content.len() + self.message.as_ref().map_or(0, Vec::len)
    }
}

/// A message with what came with it, to be kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'a> {
    /// The case it belongs to.
    pub vorgang: &'a str,
    /// What it is.
    pub title: &'a str,
    /// The file number that was given to it.
    pub aktenzeichen: &'a str,
    /// What it says to be.
    pub media_type: &'a str,
    /// Its bytes as they came; none where only what came with it is kept.
    pub content: Option<&'a [u8]>,
    /// The message in them, where they are not that message by themselves.
    pub message: Option<&'a [u8]>,
    /// Whether it was kept before.
    pub again: bool,
    /// Name and bytes of what came with it.
    pub attachments: &'a [(String, Vec<u8>)],
}

/// A fake that holds something to look at.
pub trait Shown: Send + Sync {
    /// What it holds, newest first.
    fn held(&self) -> Vec<Held>;
    /// How many things it holds.
    fn count(&self) -> usize {
        self.held().len()
    }
    /// How many things it had to let go, since it keeps only so many.
    fn let_go(&self) -> u64 {
        0
    }
}

/// The things.
#[derive(Debug)]
pub(super) struct Inbox {
    clock: Clock,
    kept: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    /// With the moment when it came; it is written out only for those who look.
    all: VecDeque<(Timestamp, Held)>,
    bytes: usize,
    gone: u64,
    handed: u64,
}

impl Inbox {
    pub fn new(clock: Clock) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    /// Keeps something; the oldest go when there is too much.
    pub fn take(&self, vorgang: &str, title: &str, aktenzeichen: &str, content: &[u8]) {
        let (content, attachments) = (Some(content), &[][..]);
        let media_type = "";
        let (message, again) = (None, false);
        self.keep(&Kept {
            vorgang,
            title,
            aktenzeichen,
            media_type,
            content,
            message,
            again,
            attachments,
        });
    }

    /// Keeps a message with what came with it.
    pub fn keep(&self, new: &Kept<'_>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.handed += 1;
        let held = |title: &str, content: &[u8], attachment| Held {
            time: String::new(),
            vorgang: new.vorgang.to_owned(),
            title: title.to_owned(),
            aktenzeichen: new.aktenzeichen.to_owned(),
            content: content.to_vec(),
            number: kept.handed,
            attachment,
            media_type: if attachment { String::new() } else { new.media_type.to_owned() },
            message: new.message.filter(|_| !attachment).map(<[u8]>::to_vec),
            again: new.again,
        };
        let mut all: Vec<Held> =
            new.attachments.iter().map(|(name, bytes)| held(name, bytes, true)).collect();
        all.extend(new.content.map(|content| held(new.title, content, false)));
        for held in all {
            kept.bytes += held.size();
            kept.all.push_back((self.clock.now(), held));
        }
        while kept.all.len() > MOST || (kept.bytes > MOST_BYTES && kept.all.len() > 1) {
            let Some((_, oldest)) = kept.all.pop_front() else { break };
            kept.bytes -= oldest.size();
            kept.gone += 1;
        }
    }
}

impl Shown for Inbox {
    fn count(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).all.len()
    }

    fn held(&self) -> Vec<Held> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = |(came, held): &(Timestamp, Held)| {
            let time = came.strftime("%H:%M:%S").to_string();
            Held { time, ..held.clone() }
        };
        kept.all.iter().rev().map(shown).collect()
    }

    fn let_go(&self) -> u64 {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).gone
    }
}

#[cfg(test)]
mod tests {
    use super::{Inbox, MOST, MOST_BYTES, Shown};
    use crate::ambient::Clock;

    #[test]
    fn the_newest_stand_first_and_the_oldest_go() {
        let inbox = Inbox::new(Clock::system());
        for n in 0..MOST + 2 {
            inbox.take(&format!("PS-{n}"), "Antrag", "", b"<x/>");
        }
        let held = inbox.held();
        assert_eq!((held.len(), inbox.let_go()), (MOST, 2));
        assert_eq!(held[0].vorgang, format!("PS-{}", MOST + 1));
        // Few large ones fill it as well, and the newest is always there.
        inbox.take("PS-gross", "Antrag", "", &vec![0; MOST_BYTES + 1]);
        assert_eq!(inbox.held().len(), 1);
        assert_eq!(inbox.held()[0].vorgang, "PS-gross");
    }
}
