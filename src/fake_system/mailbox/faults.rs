//! What a mailbox with a fault makes of a mail that it took.

use crate::fake_system::defect::FakeDefect;
use crate::fake_system::script::Scripts;

/// Above this size a mailbox that refuses large mails does, bytes.
const LARGE: usize = 1024 * 1024;

/// Whether it is refused although it is not too large.
pub(super) fn refuses(scripts: &Scripts, data: &[u8]) -> bool {
    data.len() > LARGE && scripts.has(FakeDefect::MailRefusesLarge)
}

/// What is kept of a mail, as often as it is kept.
pub(super) fn kept(scripts: &Scripts, data: Vec<u8>) -> Vec<Vec<u8>> {
    let has = |defect| scripts.has(defect);
    if has(FakeDefect::MailDrops) {
        return vec![];
    }
    let mut data = data;
    if has(FakeDefect::MailLosesAttachment) {
        data = without_last_part(&data).unwrap_or(data);
    }
    if has(FakeDefect::MailBreaksEightBit) {
        data.iter_mut().filter(|b| !b.is_ascii()).for_each(|b| *b = b'?');
    }
    if has(FakeDefect::MailEatsDots) {
        let lines = data.split_inclusive(|b| *b == b'\n');
        data = lines.map(|l| l.strip_prefix(b".").unwrap_or(l)).collect::<Vec<_>>().concat();
    }
    match has(FakeDefect::MailStoresTwice) {
        true => vec![data.clone(), data],
        false => vec![data],
    }
}

/// The mail without the last part of its outermost multipart.
fn without_last_part(data: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(data);
    let (_, rest) = text.split_once("boundary=\"")?;
    let boundary = format!("--{}", rest.split('"').next()?);
    let at: Vec<usize> = text.match_indices(&boundary).map(|(at, _)| at).collect();
    let [.., last, end] = at.as_slice() else { return None };
    let head = data.get(..*last)?;
    Some([head, data.get(*end..)?].concat())
}
