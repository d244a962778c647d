//! A mail system under test: the harness mails applications as a hub does, letters that are hard in
//! one way each among them, and looks into the mailbox afterwards.

use super::valid;
use crate::concept::{Aspect, Message};
use crate::ids::SystemId;
use crate::organisation::Authority;
use crate::plan::builder::CaseBuilder;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::values::a_document;
use crate::plan::{Change, Expectation, Letter, MailReply, MessageUse, Step};

/// Names of attachments that need RFC 2231, with a word for each.
const NAMES: [(&str, &str); 3] = [
    ("umlaute", "Prüfung Größe Öl.pdf"),
    ("seltene-buchstaben", "Đặng Çelik Šafářová.pdf"),
    (
        "lang",
        "Ein langer Name mit Größe, der in mehreren Teilen geschrieben werden muss, wie es RFC 2231 sagt.pdf",
    ),
];

/// A mailbox with its authority, and the applications that it gets.
struct Mailbox<'a> {
    system: SystemId,
    address: &'a str,
    authority: &'a Authority,
    messages: Vec<&'a Message>,
}

fn boxes<'a>(d: &Derivation<'a>) -> Vec<Mailbox<'a>> {
    let mut out: Vec<Mailbox<'a>> = Vec::new();
    for authority in &d.organisation.file.authority {
        let (Some(system), Some(address)) = (&authority.mailbox, &authority.mail_address) else {
            continue;
        };
        let messages = d.applications_of(authority);
        if !messages.is_empty() {
            out.push(Mailbox { system: system.clone(), address, authority, messages });
        }
    }
    out
}

/// A case with one letter more each time, and a look at the end.
struct Mailing<'b, 'a> {
    to: &'b Mailbox<'a>,
    case: CaseBuilder,
    taken: Vec<String>,
}

impl<'b, 'a> Mailing<'b, 'a> {
    fn begin(
        d: &Derivation<'_>,
        method: &Method,
        to: &'b Mailbox<'a>,
        (message, variant, title): (&Message, &str, &str),
        aspect: Aspect,
    ) -> Option<Self> {
        let id = format!("{}/{variant}/{}", message.id, to.system);
        let case = d.case(method, id, title.to_owned(), aspect)?;
        Some(Self { to, case, taken: vec![] })
    }

    fn send(&mut self, step: &str, letter: Letter, message: MessageUse, reply: MailReply) {
        let recipient = match letter {
            Letter::UnknownRecipient => {
                let domain = self.to.address.rsplit('@').next().unwrap_or_default();
                format!("gibt.es.nicht@{domain}")
            }
            _ => self.to.address.to_owned(),
        };
        self.case.case.step.push(Step::Mail {
            name: step.into(),
            to: self.to.system.clone(),
            recipient,
            letter,
            message: Box::new(message),
        });
        if reply == MailReply::Taken {
            self.taken.push(step.to_owned());
        }
        let step = step.to_owned();
        self.case.expect(|requirement| Expectation::MailAnswer { requirement, step, reply });
    }

    fn end(mut self, d: &mut Derivation<'_>) {
        let look = "nachsehen".to_owned();
        self.case.case.step.push(Step::Look { name: look.clone(), at: self.to.system.clone() });
        let steps = self.taken;
        self.case.expect(|requirement| Expectation::Mailbox { requirement, steps, look });
        d.push(self.case);
    }
}

/// A case with a single letter.
fn one(
    d: &mut Derivation<'_>,
    method: &Method,
    to: &Mailbox<'_>,
    about: (&Message, &str, &str),
    (aspect, letter): (Aspect, Letter),
    (subject, reply): (MessageUse, MailReply),
) {
    let Some(mut mailing) = Mailing::begin(d, method, to, about, aspect) else { return };
    mailing.send("senden", letter, subject, reply);
    mailing.end(d);
}

/// Every application with what is mandatory and with everything.
pub(super) fn delivery(d: &mut Derivation<'_>, method: &Method) {
    for to in boxes(d) {
        for message in &to.messages {
            for (set, what) in [("minimal", "nur Pflichtangaben"), ("maximal", "alle Angaben")] {
                let title = format!("{}, {what}: per Mail übergeben", message.title);
                let subject = valid(message, set, 1, to.authority);
                let about = (*message, set, title.as_str());
                let how = (Aspect::Keeping, Letter::Plain);
                one(d, method, &to, about, how, (subject, MailReply::Taken));
            }
        }
    }
}

/// Letters that get lost or changed where somebody is careless.
pub(super) fn letters(d: &mut Derivation<'_>, method: &Method) {
    for to in boxes(d) {
        let Some(message) = to.messages.first().copied() else { continue };
        for (variant, title, letter) in [
            ("punkte", "Zeilen, die mit Punkten beginnen", Letter::Dots),
            ("acht-bit", "Text in UTF-8 ohne Umschrift", Letter::EightBit),
        ] {
            let subject = valid(message, "maximal", 1, to.authority);
            let how = (Aspect::Robustness, letter);
            one(d, method, &to, (message, variant, title), how, (subject, MailReply::Taken));
        }
        let documents = message.documents.first().and_then(|p| d.concept.document(&p.document));
        let Some(document) = documents else { continue };
        for (variant, name) in NAMES {
            let mut attached = a_document(&document.id, &document.media_types[0], 0, 700);
            name.clone_into(&mut attached.name);
            let mut subject = valid(message, "minimal", 1, to.authority);
            subject.change = vec![Change::Documents { documents: vec![attached] }];
            let title = format!("Anlage mit dem Namen \"{name}\"");
            let how = (Aspect::Robustness, Letter::Plain);
            let about = (message, variant, title.as_str());
            one(d, method, &to, about, how, (subject, MailReply::Taken));
        }
    }
}

/// Just below the size that the server announces, and above it.
pub(super) fn size(d: &mut Derivation<'_>, method: &Method) {
    for to in boxes(d) {
        let Some(message) = to.messages.first().copied() else { continue };
        let subject = || valid(message, "minimal", 1, to.authority);
        let about = (message, "gross", "Eine Mail, fast so groß wie angekündigt");
        let how = (Aspect::Acceptance, Letter::Large);
        one(d, method, &to, about, how, (subject(), MailReply::Taken));
        let about = (message, "zu-gross", "Eine Mail, größer als angekündigt");
        // RFC 3463: too big for the system, or by its rules. RFC 1870: 552.
        let codes = vec!["5.3.4".to_owned(), "5.2.3".to_owned()];
        let reply = MailReply::Refused { codes, replies: vec![552] };
        one(d, method, &to, about, (Aspect::Refusal, Letter::TooLarge), (subject(), reply));
    }
}

/// Whom nobody knows, nobody gets mail for.
pub(super) fn refusal(d: &mut Derivation<'_>, method: &Method) {
    for to in boxes(d) {
        let Some(message) = to.messages.first().copied() else { continue };
        let subject = valid(message, "minimal", 1, to.authority);
        let about = (message, "unbekannt", "Eine Mail an jemanden, den es nicht gibt");
        let codes = vec!["5.1.1".to_owned()];
        let reply = MailReply::Refused { codes, replies: vec![550, 551, 553] };
        one(d, method, &to, about, (Aspect::Refusal, Letter::UnknownRecipient), (subject, reply));
    }
}

/// The same mail twice: both are taken, and the second one changes nothing about the first.
pub(super) fn repeat(d: &mut Derivation<'_>, method: &Method) {
    for to in boxes(d) {
        let Some(message) = to.messages.first().copied() else { continue };
        let about = (message, "zweimal", "Dieselbe Mail zweimal");
        let begun = Mailing::begin(d, method, &to, about, Aspect::Keeping);
        let Some(mut mailing) = begun else { continue };
        for step in ["senden-1", "senden-2"] {
            let subject = valid(message, "minimal", 1, to.authority);
            mailing.send(step, Letter::Plain, subject, MailReply::Taken);
        }
        mailing.end(d);
    }
}
