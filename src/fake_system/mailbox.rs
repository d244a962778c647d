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
            Behaviour::Answer => MailReply::Accept,
            Behaviour::Reset => MailReply::Reset,
            Behaviour::Refuse => MailReply::Later,
        }
    }
}
