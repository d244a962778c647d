//! A mailbox: takes mail over SMTP.

use super::script::{Behaviour, Scripts};
use crate::channel::smtp::{Mail, MailHandler, MailReply};
use crate::ids::SystemId;

/// One mailbox. What it took is in the evidence, byte for byte.
pub(super) struct Mailbox {
    id: SystemId,
    scripts: Scripts,
}

impl Mailbox {
    pub fn new(id: SystemId, scripts: Scripts) -> Self {
        Self { id, scripts }
    }
}

impl MailHandler for Mailbox {
    fn mail(&self, mail: Mail) -> MailReply {
        match self.scripts.behaviour(&self.id, &mail.data) {
            // What is taken lies in the evidence alone, so there is nothing to forget yet.
            Behaviour::Answer | Behaviour::Forget | Behaviour::Delay(_) | Behaviour::Garble => {
                MailReply::Accept
            }
            Behaviour::Reset | Behaviour::Hang => MailReply::Reset,
            Behaviour::Refuse | Behaviour::NoSpace => MailReply::Later,
        }
    }
}
