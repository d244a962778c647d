//! The steps at a mail system: the harness hands letters in over SMTP, and looks into the mailbox.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::drive::Drive;
use super::recorder::OwnExchange;
use crate::channel::smtp::{
    Conversation, Enclosure, Envelope, Letter as Mail, Offers, Outgoing, SmtpError, converse,
};
use crate::evidence::StepOutcome;
use crate::ids::{ComponentKind, Correlator, SystemId};
use crate::message::build;
use crate::plan::{
    DocumentUse, Letter, MailLook, MessageUse, Step, TestCase, document_bytes, vorgang_of,
};
use crate::secret::Secret;
use crate::target::Protocol;

/// Longest time for one letter.
const LIMIT: Duration = Duration::from_secs(60);
/// Longest time until what was taken lies in the mailbox.
const ARRIVAL: Duration = Duration::from_secs(5);
/// Pause before the mailbox is looked into again.
const PAUSE: Duration = Duration::from_millis(100);
/// Largest letter that is sent, bytes, whatever the server takes.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Room for the rest of a large letter, bytes.
const REST: u64 = 64 * 1024;
/// Sender of all letters.
const FROM: &str = "datendrehscheibe@probeland.example";
/// Longest mail that is read from a mailbox, bytes.
const READ_LIMIT: u64 = 128 * 1024 * 1024;

impl Drive<'_> {
    /// Hands a letter in.
    pub(super) async fn mail(
        &self,
        case: &TestCase,
        (name, system): (&str, &SystemId),
        recipient: &str,
        (letter, message): (Letter, &MessageUse),
    ) -> StepOutcome {
        let impossible = |reason: String| StepOutcome::Impossible { reason };
        let mail = match self.written(case, recipient, letter, message) {
            Ok(mail) => mail,
            Err(reason) => return impossible(reason),
        };
        let (url, credentials, protocol) = {
            let target = self.target.read().await;
            let protocol = target.file.interface.as_ref().and_then(|i| i.protocol);
            (target.interface_url(), target.file.credentials.clone(), protocol)
        };
        if let Some(other) = protocol.filter(|p| *p != Protocol::Smtp) {
            let name = other.name();
            return impossible(format!("a mail system is spoken to over smtp, not over {name}"));
        }
        let login = match credentials {
            Some(c) => match (&c.user_env, &c.password_env) {
                (Some(user), Some(password)) => {
                    let value =
                        |name: &str| std::env::var(name).map_err(|e| format!("{name}: {e}"));
                    match (value(user), value(password)) {
                        (Ok(user), Ok(password)) => Some((user, Secret::new(password))),
                        (Err(reason), _) | (_, Err(reason)) => return impossible(reason),
                    }
                }
                _ => None,
            },
            None => None,
        };
        self.note_mailbox().await;
        let address = address_of(&url);
        let envelope =
            Envelope { from: FROM.into(), to: recipient.into(), login, ..Envelope::default() };
        let started = self.clock.now();
        let make = move |offers: &Offers| outgoing(mail, letter, offers);
        let Conversation { sent, received, failure } =
            converse(&address, &envelope, make, LIMIT).await;
        let gone = matches!(&failure, Some(SmtpError::Io(_))) && received.is_empty();
        let broken = match &failure {
            Some(SmtpError::Io(_) | SmtpError::TimedOut(_)) => {
                failure.as_ref().map(ToString::to_string)
            }
            _ => None,
        };
        self.recorder.own(&OwnExchange {
            protocol: "smtp",
            system,
            case: Some(&case.id),
            step: name,
            peer: &url,
            started,
            request: &sent,
            answer: &received,
            failure: broken,
        });
        match failure {
            Some(error @ SmtpError::Io(_)) if gone => {
                self.check_lost().await;
                StepOutcome::Unreachable { reason: error.to_string() }
            }
            Some(SmtpError::Impossible(reason)) => impossible(reason),
            // Whatever it answered, or did not, is evidence.
            _ => StepOutcome::Done,
        }
    }

    /// Notes once, before the first letter, what lies in the mailbox: cases have the same numbers in
    /// every run, so that mails of an earlier run would pass for those of this one.
    async fn note_mailbox(&self) {
        let folder = self.target.read().await.held_folder();
        let mut before = self.lay_before.lock().unwrap_or_else(PoisonError::into_inner);
        if before.is_none() {
            let files = folder.map(|folder| files_of(&folder)).and_then(Result::ok);
            *before =
                Some(files.unwrap_or_default().iter().map(|path| stable_name(path)).collect());
        }
    }

    pub(super) fn is_mailbox(&self, system: &SystemId) -> bool {
        let mut systems = self.plan.system.iter();
        systems.any(|s| &s.id == system && s.kind == ComponentKind::Mailsystem)
    }

    /// The letter with the application and its documents.
    fn written(
        &self,
        case: &TestCase,
        recipient: &str,
        letter: Letter,
        message: &MessageUse,
    ) -> Result<Mail, String> {
        let built = build(self.plan, case, message).map_err(|e| e.to_string())?;
        let vorgang = vorgang_of(&case.id);
        let enclose = |d: &DocumentUse| Enclosure {
            name: d.name.clone(),
            media_type: d.media_type.clone(),
            content: document_bytes(d),
        };
        let mut enclosed = vec![Enclosure {
            name: "antrag.xml".into(),
            media_type: "application/xml".into(),
            content: built.bytes,
        }];
        enclosed.extend(built.documents.iter().map(enclose));
        let text = match letter {
            // Nothing beyond ASCII and no long line, or a coding would hide the dots.
            Letter::Dots => format!(
                "Antrag {vorgang}\n.\n..\n.Punkt am Anfang\n...drei\n. \nPunkt am Ende.\n.\n"
            ),
            Letter::EightBit => {
                format!("Antrag {vorgang}\nGrüße aus Prüfstedt: Größe, Öl, Đặng, 5 €\n.Ä\n")
            }
            _ => format!(
                "Guten Tag,\n\nfür Ihre Stelle ist der Antrag {vorgang} eingegangen.\n\
                 Der Antrag liegt als antrag.xml bei.\n"
            ),
        };
        Ok(Mail {
            from: format!("Datendrehscheibe <{FROM}>"),
            to: recipient.to_owned(),
            subject: format!("Antrag {vorgang} – Prüfung"),
            text,
            eight_bit: letter == Letter::EightBit,
            enclosed,
            message_id: format!("<{}@datendrehscheibe.example>", built.nachricht),
        })
    }

    /// Looks into the mailbox of the target: what it holds of this case, once what was sent has had
    /// the time to arrive, and once more when it has been quiet.
    pub(super) async fn mailbox(&self, case: &TestCase, name: &str) -> StepOutcome {
        let Some(folder) = self.target.read().await.held_folder() else {
            let reason = "the target file does not say where the mailbox lies: add held = \"…\" (a \
                          Maildir) to [interface]";
            return StepOutcome::Impossible { reason: reason.into() };
        };
        let sent = case.step.iter().take_while(|s| s.name() != name);
        let refused = [Letter::UnknownRecipient, Letter::TooLarge];
        let wanted = sent
            .filter(|s| matches!(s, Step::Mail { letter, .. } if !refused.contains(letter)))
            .count();
        let begun = Instant::now();
        let before = {
            let before = self.lay_before.lock().unwrap_or_else(PoisonError::into_inner);
            before.clone().unwrap_or_default()
        };
        let look = || held_of(&folder, case, &before);
        loop {
            match look() {
                Ok(found) if found.of_case.len() < wanted && begun.elapsed() < ARRIVAL => {
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(_) => break,
                Err(reason) => return StepOutcome::Impossible { reason },
            }
        }
        tokio::time::sleep(Duration::from_millis(u64::from(self.plan.plan.settle_ms))).await;
        let found = match look() {
            Ok(found) => found,
            Err(reason) => return StepOutcome::Impossible { reason },
        };
        let record = |label: &str, peer: &str, answer: &[u8]| {
            self.recorder.own(&OwnExchange {
                protocol: "maildir",
                system: &"harness".into(),
                case: Some(&case.id),
                step: label,
                peer,
                started: self.clock.now(),
                request: b"",
                answer,
                failure: None,
            });
        };
        let list = format!("{} Mails, davon dieses Falls {}\n", found.all, found.of_case.len());
        record(&MailLook::List.label(name), &folder.display().to_string(), list.as_bytes());
        for (path, bytes) in &found.of_case {
            record(&MailLook::Mail.label(name), &path.display().to_string(), bytes);
        }
        StepOutcome::Done
    }
}

/// Host and port of an address.
fn address_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    match host.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => host.to_owned(),
        _ => format!("{host}:25"),
    }
}

/// The letter as it goes out to a server that offers this.
fn outgoing(mut mail: Mail, letter: Letter, offers: &Offers) -> Result<Outgoing, String> {
    let announces = || {
        let text = "the server announces no largest size (SIZE), so there is none to test";
        offers.size.ok_or_else(|| text.to_owned())
    };
    let (mut announced, eight_bit) = (None, mail.eight_bit);
    let filling = match letter {
        Letter::Large => announces()?.min(LARGEST).saturating_sub(REST),
        Letter::TooLarge => {
            let size = announces()?;
            announced = Some(size.saturating_add(1));
            // What is announced counts; should the server go on all the same, it gets that much, as
            // far as that is sensible.
            if size <= 4 * LARGEST { size.saturating_add(REST) } else { 0 }
        }
        _ => 0,
    };
    if filling > 0 {
        // Base64 makes four bytes of three, and two more of each 76 for the end of the line.
        let bytes = usize::try_from(filling / 78 * 57).unwrap_or_default();
        mail.enclosed.push(Enclosure {
            name: "fuellung.bin".into(),
            media_type: "application/octet-stream".into(),
            content: b"Fiktive Anlage. ".iter().copied().cycle().take(bytes).collect(),
        });
    }
    Ok(Outgoing { message: mail.bytes()?, eight_bit, announced })
}

/// What was found in a mailbox.
struct Found {
    all: usize,
    of_case: Vec<(PathBuf, Vec<u8>)>,
}

/// The mails of a case in a Maildir: those that have arrived (`new`) and those that somebody has seen
/// (`cur`). A mail belongs to the case whose number or message it names outside any coding; its
/// `Message-ID` does.
fn held_of(folder: &Path, case: &TestCase, before: &HashSet<String>) -> Result<Found, String> {
    let mut found = Found { all: 0, of_case: Vec::new() };
    for path in files_of(folder)? {
        if before.contains(&stable_name(&path)) {
            continue;
        }
        let large = path.metadata().is_ok_and(|m| m.len() > READ_LIMIT || !m.is_file());
        if large {
            return Err(format!("{}: too large, or no file", path.display()));
        }
        // Somebody may move it from `new` to `cur` at this moment.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        found.all += 1;
        let end = |mark: &[u8]| bytes.windows(mark.len()).position(|w| w == mark);
        let end = end(b"\r\n\r\n").or_else(|| end(b"\n\n")).unwrap_or(bytes.len());
        let own = {
            let mut words = Correlator::candidates(bytes.get(..end).unwrap_or_default());
            words.any(|word| case.correlators.iter().any(|c| c.as_str() == word))
        };
        if own {
            found.of_case.push((path, bytes));
        }
    }
    Ok(found)
}

/// The mails of a Maildir.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, String> {
    if !folder.is_dir() {
        return Err(format!("{} is no folder; held must name a Maildir", folder.display()));
    }
    let mut out = Vec::new();
    for part in ["new", "cur"] {
        let at = folder.join(part);
        let list = std::fs::read_dir(&at).map_err(|e| format!("{}: {e}", at.display()))?;
        out.extend(list.flatten().map(|entry| entry.path()));
    }
    out.sort();
    Ok(out)
}

/// The name of a mail without what a reader adds to it when it has been seen.
fn stable_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split(':').next().unwrap_or_default().to_owned()
}
