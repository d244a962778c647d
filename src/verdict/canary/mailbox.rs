//! The part of the small world that is about a mail system: a letter is taken, and lies in the
//! mailbox.

use super::{World, message_use};
use crate::evidence::{Direction, Record};
use crate::plan::{Letter, MailLook, Step, nachricht_of};

/// Number of the message that the letter carries; no other step has it.
const NUMBER: u32 = 4;

impl World {
    /// Adds it, in the case that there is.
    pub(super) fn add_mailbox(&mut self) {
        let id = nachricht_of(&self.case, NUMBER);
        let message = message_use(NUMBER);
        self.plan.case[0].step.extend([
            Step::Mail {
                name: "brief".into(),
                to: "mail".into(),
                recipient: "a@b".into(),
                letter: Letter::Plain,
                message: Box::new(message),
            },
            Step::Look { name: "kasten".into(), at: "mail".into() },
        ]);
        let head = |text: &str, attached: &str| {
            format!(
                "Message-ID: <{id}@k>\r\nSubject: Antrag\r\nMIME-Version: 1.0\r\nContent-Type: \
                 multipart/mixed; boundary=k\r\n\r\n--k\r\nContent-Type: text/plain; charset=utf-8\
                 \r\n{text}\r\n--k\r\nContent-Type: application/pdf\r\nContent-Disposition: \
                 attachment; filename=\"a.pdf\"\r\n{attached}\r\n--k--\r\n"
            )
        };
        // Sent and held in different codings, so that they differ but say the same.
        let sent = head(
            "Content-Transfer-Encoding: quoted-printable\r\n\r\nGuten Tag K=C3=A4tz",
            "Content-Transfer-Encoding: base64\r\n\r\nQlJJRUZQREY=",
        );
        let sent =
            format!("EHLO k\r\nMAIL FROM:<k@k>\r\nRCPT TO:<a@b>\r\nDATA\r\n{sent}.\r\nQUIT\r\n");
        let answer = "220 h\r\n250 h\r\n250 2.1.0 ja\r\n250 2.1.5 ja\r\n354 los\r\n\
                      250 2.0.0 genommen\r\n221 2.0.0 ende\r\n";
        self.told("brief", "smtp", &sent, answer);
        self.done("brief");
        let held = head("\r\nGuten Tag Kätz", "\r\nBRIEFPDF");
        let held = format!("Return-Path: <k@k>\r\n{held}");
        self.told(&MailLook::List.label("kasten"), "maildir", "", "1 Mails\n");
        self.told(&MailLook::Mail.label("kasten"), "maildir", "", &held);
        self.done("kasten");
    }

    fn told(&mut self, step: &str, protocol: &str, request: &str, answer: &str) {
        let own = Some((Some(self.case.clone()), step.to_owned()));
        self.exchange("harness", Direction::Sent, "/post", own, request, answer);
        // The last request is this one.
        for (_, record) in self.records.iter_mut().rev() {
            if let Record::Request { protocol: p, .. } = record {
                protocol.clone_into(p);
                break;
            }
        }
    }

    /// The mailbox holds nothing.
    pub fn lose_mail(&mut self) {
        let label = MailLook::Mail.label("kasten");
        self.records.retain(
            |(_, r)| !matches!(r, Record::Request { step, .. } if step.as_ref() == Some(&label)),
        );
    }
}
