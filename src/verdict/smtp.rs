//! A session of SMTP out of its bytes: each command with its reply (RFC 5321). The harness sends one
//! command at a time, so that the n-th reply belongs to the n-th command.

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub code: u16,
    /// Enhanced code (RFC 2034), where there is one.
    pub enhanced: Option<String>,
    /// All of it, in one line.
    pub text: String,
}

impl Reply {
    /// Whether it is a refusal for good.
    pub fn refuses(&self) -> bool {
        (500..600).contains(&self.code)
    }
}

/// What decided about a message: the reply to it, or the refusal before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    /// The command it was given to; `DATA` stands for the message too.
    pub command: String,
    pub reply: Reply,
    /// Whether it is the reply to the message itself.
    pub final_word: bool,
}

impl Decision {
    /// The server took the message.
    pub fn takes(&self) -> bool {
        self.final_word && (200..300).contains(&self.reply.code)
    }
}

/// Reads the decision out of a session; nothing where it ended without one.
pub(super) fn decision(sent: &[u8], received: &[u8]) -> Option<Decision> {
    let mut replies = replies(received).into_iter();
    // The greeting may be a refusal, too.
    let mut last = Decision { command: String::new(), reply: replies.next()?, final_word: false };
    if last.reply.code >= 400 {
        return Some(last);
    }
    let mut lines = sent.split(|b| *b == b'\n');
    loop {
        let command = String::from_utf8_lossy(lines.next()?).trim().to_owned();
        if command.eq_ignore_ascii_case("quit") || command.is_empty() {
            return None;
        }
        last = Decision { command, reply: replies.next()?, final_word: false };
        if last.reply.code >= 400 {
            return Some(last);
        }
        if last.command.eq_ignore_ascii_case("data") && last.reply.code == 354 {
            return Some(Decision { reply: replies.next()?, final_word: true, ..last });
        }
    }
}

fn replies(received: &[u8]) -> Vec<Reply> {
    let text = String::from_utf8_lossy(received);
    let (mut out, mut open): (Vec<Reply>, Vec<&str>) = (Vec::new(), Vec::new());
    for line in text.lines() {
        open.push(line.trim_end());
        if line.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        let rest = |l: &&str| l.get(4..).unwrap_or_default().to_owned();
        let all: Vec<String> = open.iter().map(rest).collect();
        let first = all[0].split(' ').next().unwrap_or_default();
        let parts: Vec<&str> = first.split('.').collect();
        let number = |p: &&str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
        let enhanced = parts.len() == 3 && parts.iter().all(number);
        out.push(Reply {
            code: open[0].get(..3).and_then(|c| c.parse().ok()).unwrap_or(0),
            enhanced: enhanced.then(|| first.to_owned()),
            text: open.join(" / "),
        });
        open.clear();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::decision;

    #[test]
    fn the_reply_that_counts_is_found() {
        let sent = b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: x\r\n\r\nquit\r\n.\r\nQUIT\r\n";
        let taken = b"220 h\r\n250-h\r\n250 SIZE 9\r\n250 2.1.0 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 taken\r\n221 bye\r\n";
        let found = decision(sent, taken).expect("a decision");
        assert!(found.takes());
        assert_eq!(found.reply.enhanced.as_deref(), Some("2.0.0"));
        let refused = b"220 h\r\n250 h\r\n250 ok\r\n550-5.1.1 no\r\n550 5.1.1 such\r\n221 bye\r\n";
        let found = decision(sent, refused).expect("a decision");
        assert!(found.reply.refuses() && !found.takes());
        assert_eq!((found.command.as_str(), found.reply.code), ("RCPT TO:<c@d>", 550));
        assert_eq!(found.reply.enhanced.as_deref(), Some("5.1.1"));
        // Cut off before the last reply.
        let cut = b"220 h\r\n250 h\r\n250 ok\r\n250 ok\r\n354 go\r\n";
        assert_eq!(decision(sent, cut), None);
        assert_eq!(decision(sent, b""), None);
    }
}
