//! A mailbox: takes mail over SMTP, and keeps the latest of it to look at. The evidence has all of
//! it, byte for byte.

mod faults;
mod letter;
mod maildir;
mod names;

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

pub use letter::{Attachment, Letter};

use self::maildir::Maildir;
use super::defect::FakeDefect;
use super::inbox::{Held, Shown};
use super::script::{Behaviour, Scripts};
use super::world::{Note, State, World, texts};
use crate::ambient::Clock;
use crate::channel::smtp::{Mail, MailHandler, MailReply};
use crate::ids::SystemId;
use crate::organisation::{Recipients, System, TestOrganisation};
use crate::xml::parse;

/// How many mails are kept.
const MOST_MAILS: usize = 1000;
/// How many bytes of mail are kept.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// A line of the list of mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number of the mail in its mailbox, from 1; never given twice.
    pub number: u64,
    /// Number of the exchange that brought it.
    pub exchange: u64,
    /// Envelope sender; empty for a notification (RFC 5321 section 4.5.5).
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// Subject, decoded; empty where absent.
    pub subject: String,
    /// Size of the message, bytes.
    pub size: usize,
}

/// What a mailbox holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The mails, oldest first.
    pub entries: Vec<Entry>,
    /// How many older ones were accepted and are no longer here, for want of room.
    pub gone: u64,
}

#[derive(Debug, Clone)]
struct Kept {
    came: Timestamp,
    entry: Entry,
    data: Arc<[u8]>,
}

#[derive(Debug, Default)]
struct Store {
    mails: VecDeque<Kept>,
    bytes: usize,
    last: u64,
    gone: u64,
}

impl Store {
    /// Keeps a mail with its subject; the oldest go beyond so many mails or bytes.
    fn keep(
        &mut self,
        came: Timestamp,
        (mail, subject): (Mail, String),
        (most_mails, most_bytes): (usize, usize),
    ) {
        self.last += 1;
        let entry = Entry {
            number: self.last,
            exchange: mail.exchange,
            subject,
            from: mail.from,
            to: mail.to,
            size: mail.data.len(),
        };
        self.bytes += entry.size;
        self.mails.push_back(Kept { came, entry, data: mail.data.into() });
        // The newest stays, however large it is: it is about to be accepted.
        while self.mails.len() > 1 && (self.mails.len() > most_mails || self.bytes > most_bytes) {
            let Some(oldest) = self.mails.pop_front() else { break };
            self.bytes -= oldest.entry.size;
            self.gone += 1;
        }
    }
}

/// Where a mailbox keeps what it takes, and for whom it takes.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// Its Maildir, where it has one.
    maildir: Option<Maildir>,
    /// The addresses it takes mail for, in lower case; all where absent.
    known: Option<BTreeSet<String>>,
}

impl Keeping {
    /// As the organisation says.
    ///
    /// # Errors
    /// What the operating system says about the folder.
    pub fn of(system: &System, organisation: &TestOrganisation) -> std::io::Result<Self> {
        let folder = system.folder.as_ref().map(|f| organisation.folder.join(f));
        let maildir = folder.map(|f| Maildir::open(&f)).transpose()?;
        let own =
            organisation.file.authority.iter().filter(|a| a.mailbox.as_ref() == Some(&system.id));
        let addresses = || own.filter_map(|a| a.mail_address.as_ref()).map(|a| a.to_lowercase());
        let known = (system.recipients == Recipients::Known).then(|| addresses().collect());
        Ok(Self { maildir, known })
    }
}

/// One mailbox.
#[derive(Debug)]
pub struct Mailbox {
    keeping: Keeping,
    id: SystemId,
    scripts: Scripts,
    world: Arc<World>,
    store: Mutex<Store>,
    clock: Clock,
}

impl Mailbox {
    pub(super) fn new(id: SystemId, scripts: Scripts, world: Arc<World>) -> Self {
        let (keeping, store) = (Keeping::default(), Mutex::default());
        Self { keeping, id, scripts, world, store, clock: Clock::system() }
    }

    /// The same with files, or for certain recipients only.
    pub(super) fn keeping(self, keeping: Keeping) -> Self {
        Self { keeping, ..self }
    }

    /// The Maildir in which it keeps what it takes, if it has one.
    pub fn folder(&self) -> Option<&Path> {
        self.keeping.maildir.as_ref().map(Maildir::root)
    }

    /// What it holds.
    pub fn list(&self) -> Listing {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = store.mails.iter().map(|kept| kept.entry.clone()).collect();
        Listing { entries, gone: store.gone }
    }

    /// A message as it was taken, without dot-stuffing; nothing when it never was here or is gone.
    pub fn raw(&self, number: u64) -> Option<Arc<[u8]>> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = store.mails.iter().find(|kept| kept.entry.number == number)?;
        Some(kept.data.clone())
    }

    /// A mail, read; nothing when it never was here or is gone. What is no mail is one text.
    pub fn letter(&self, number: u64) -> Option<Letter> {
        Some(Letter::read(&self.raw(number)?))
    }

    /// Keeps a mail; whether that was possible.
    fn keep(&self, mail: Mail) -> bool {
        let came = self.clock.now();
        if let Some(maildir) = &self.keeping.maildir {
            for data in faults::kept(&self.scripts, mail.data.clone()) {
                if maildir.keep(came, &mail.from, &data).is_err() {
                    return false;
                }
            }
        }
        let letter = Letter::read(&mail.data);
        if let Some(vorgang) = letter.vorgang() {
            let state = Some(State::Zugestellt);
            let note = Note { system: &self.id, vorgang: &vorgang, state, aktenzeichen: None };
            self.world.note(note, || attached_texts(&letter));
        }
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.keep(came, (mail, letter.subject), (MOST_MAILS, MOST_BYTES));
        true
    }
}

/// What a mail says without its codings.
fn plain(data: &[u8]) -> Vec<u8> {
    Letter::read(data).said()
}

/// The values of the XML files that are attached.
fn attached_texts(letter: &Letter) -> Vec<String> {
    let documents = letter.attachments.iter().filter_map(|a| parse(&a.content).ok());
    documents.flat_map(|d| texts(&d.root)).collect()
}

impl Shown for Mailbox {
    fn held(&self) -> Vec<Held> {
        let kept: Vec<Kept> = {
            let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            store.mails.iter().rev().cloned().collect()
        };
        kept.iter()
            .map(|Kept { came, entry, data }| {
                let letter = Letter::read(data);
                let mut text = format!("Von: {}\nAn: {}\n", entry.from, entry.to.join(", "));
                for attachment in &letter.attachments {
                    let name = attachment.name.as_deref().unwrap_or("(ohne Namen)");
                    let (kind, size) = (&attachment.media_type, attachment.content.len());
                    text.push_str(&format!("Anhang: {name} ({kind}, {size} Bytes)\n"));
                }
                text.push('\n');
                text.push_str(&letter.text);
                let vorgang = letter.vorgang();
                Held {
                    time: came.strftime("%H:%M:%S").to_string(),
                    vorgang: vorgang.unwrap_or_default(),
                    title: letter.subject,
                    aktenzeichen: String::new(),
                    content: text.into_bytes(),
                    number: 0,
                    attachment: false,
                    media_type: String::new(),
                    message: None,
                    again: false,
                }
            })
            .collect()
    }

    fn count(&self) -> usize {
        self.list().entries.len()
    }

    fn let_go(&self) -> u64 {
        self.list().gone
    }
}

impl MailHandler for Mailbox {
    fn mail(&self, mail: Mail) -> MailReply {
        let reply = match self.scripts.behaviour(&self.id, &mail.data, || plain(&mail.data)) {
            Behaviour::Answer => MailReply::Accept,
            Behaviour::Delay(ms) => MailReply::AcceptAfter(Duration::from_millis(u64::from(ms))),
            Behaviour::Garble => MailReply::Garble,
            Behaviour::Twice => MailReply::Twice,
            Behaviour::Forget => return MailReply::Accept,
            Behaviour::Reset | Behaviour::Down => return MailReply::Reset,
            Behaviour::Hang => return MailReply::Hang,
            Behaviour::Refuse => return MailReply::Later,
            Behaviour::NoSpace => return MailReply::Full,
        };
        if faults::refuses(&self.scripts, &mail.data) || !self.keep(mail) {
            return MailReply::Full;
        }
        reply
    }

    fn refuses(&self, recipient: &str) -> Option<&'static str> {
        let known = self.keeping.known.as_ref()?;
        if known.contains(&recipient.to_lowercase())
            || self.scripts.has(FakeDefect::MailTakesUnknown)
        {
            return None;
        }
        Some(match self.scripts.has(FakeDefect::MailWrongCode) {
            true => "554 5.7.1 not allowed",
            false => "550 5.1.1 no such mailbox",
        })
    }

    fn open(&self) -> bool {
        self.scripts.is_up(&self.id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Letter, Mailbox, Store};
    use crate::ambient::Clock;
    use crate::channel::smtp::{Mail, MailHandler, MailReply};
    use crate::fake_system::{Behaviour, Scripts, Which, World};
    use crate::organisation::TestOrganisation;

    fn mail(subject: &str) -> Mail {
        let data = format!("Subject: {subject}\r\n\r\nText\r\n").into_bytes();
        Mail { from: "a@b.example".into(), to: vec!["c@d.example".into()], data, exchange: 7 }
    }

    #[test]
    fn the_oldest_go_and_the_list_says_so() {
        let mut store = Store::default();
        let read = |subject: &str| {
            let mail = mail(subject);
            let subject = Letter::read(&mail.data).subject;
            (mail, subject)
        };
        for subject in ["eins", "zwei", "drei", "vier"] {
            store.keep(jiff::Timestamp::UNIX_EPOCH, read(subject), (3, 1000));
        }
        assert_eq!((store.gone, store.mails[0].entry.subject.as_str()), (1, "zwei"));
        store.keep(jiff::Timestamp::UNIX_EPOCH, read("fünf"), (3, 1));
        assert_eq!((store.gone, store.mails.len()), (4, 1));
        assert_eq!(store.mails[0].entry.number, 5);
        assert_eq!(store.bytes, store.mails[0].entry.size);
    }

    #[test]
    fn what_is_forgotten_or_refused_is_not_held() {
        let scripts = Scripts::default();
        let system: crate::ids::SystemId = "mail".into();
        let organisation = TestOrganisation::embedded().unwrap();
        let world = Arc::new(World::new(&organisation.file, Clock::system()));
        let mailbox = Mailbox::new(system.clone(), scripts.clone(), world);
        let told = [
            (Behaviour::Forget, MailReply::Accept),
            (Behaviour::NoSpace, MailReply::Full),
            (Behaviour::Refuse, MailReply::Later),
            (Behaviour::Hang, MailReply::Hang),
            (Behaviour::Reset, MailReply::Reset),
            (Behaviour::Down, MailReply::Reset),
        ];
        for (behaviour, reply) in told {
            scripts.tell(&system, Which::All, behaviour);
            assert_eq!(mailbox.mail(mail("fort")), reply);
            assert!(mailbox.list().entries.is_empty());
        }
        scripts.tell(&system, Which::All, Behaviour::Garble);
        assert_eq!(mailbox.mail(mail("da")), MailReply::Garble);
        scripts.tell(&system, Which::All, Behaviour::Down);
        assert!(!mailbox.open());
        scripts.tell(&system, Which::All, Behaviour::Answer);
        assert!(mailbox.open());
        assert_eq!(mailbox.mail(mail("auch da")), MailReply::Accept);
        let subjects: Vec<_> = mailbox.list().entries.into_iter().map(|e| e.subject).collect();
        assert_eq!(subjects, ["da", "auch da"]);
        assert_eq!(mailbox.letter(2).map(|l| l.text), Some("Text\r\n".into()));
        assert_eq!(mailbox.letter(3), None);
    }
}
