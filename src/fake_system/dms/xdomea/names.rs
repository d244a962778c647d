//! The names of containers, messages and files (xdomea, section on file names; for files also
//! section 5.1.35 of 3.0.0).
//!
//! None of these names is ever used as a path: what comes in lies in memory only.

/// A UUID (RFC 9562, section 4): groups of 8, 4, 4, 4 and 12 digits. The pattern of the schema also
/// lets `|` through, which is no digit.
pub(super) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The name of a container or message: process, type such as `FVDaten.SGOErstellen.0604`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MessageName<'a> {
    pub process: &'a str,
    pub kind: &'a str,
}

impl<'a> MessageName<'a> {
    /// Reads `<ProzessID>_<Nachrichtentyp>.<extension>`; the extension must be written like this.
    pub fn parse(name: &'a str, extension: &str) -> Option<Self> {
        let (process, kind) = name.strip_suffix(extension)?.strip_suffix('.')?.split_once('_')?;
        let number = kind.rsplit_once('.').map_or("", |(_, number)| number);
        let fine = is_uuid(process)
            && kind
                .split('.')
                .all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric()))
            && number.len() == 4
            && number.bytes().all(|b| b.is_ascii_digit());
        fine.then_some(Self { process, kind })
    }
}

/// How a name of a file that belongs to a document breaks the rule `<UUID>[_<Betreff>].<ext>`;
/// 2.4.0 demands the Betreff, 3.x takes a bare UUID too.
pub(super) fn wrong_file_name(name: &str, with_subject: bool) -> Option<&'static str> {
    let (uuid, rest) = name.split_at_checked(36).unwrap_or((name, ""));
    if !is_uuid(uuid) {
        return Some("does not begin with a UUID");
    }
    let (stem, extension) = rest.rsplit_once('.').unwrap_or((rest, ""));
    match stem.strip_prefix('_') {
        Some("") => Some("has nothing behind the underscore"),
        Some(_) => (extension.is_empty()).then_some("has no extension"),
        None if !stem.is_empty() => Some("has something other than an underscore behind the UUID"),
        None if with_subject => Some("has no Betreff, which 2.4.0 demands"),
        // The schema of 3.x names a bare UUID as a possible name.
        None => (rest == ".").then_some("has no extension"),
    }
}

/// A name as a client gives it: `filename*` (RFC 8187) or `filename` of a Content-Disposition
/// (RFC 6266).
pub(super) fn of_disposition(header: &str) -> Option<String> {
    let mut plain = None;
    for parameter in parameters(header) {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "filename*" => {
                let coded = value.split_once('\'').and_then(|(set, rest)| {
                    let (_, coded) = rest.split_once('\'')?;
                    set.eq_ignore_ascii_case("utf-8").then_some(coded)
                });
                if let Some(name) = coded.and_then(percent_decoded) {
                    return Some(name);
                }
            }
            "filename" => plain = Some(unquoted(value)),
            _ => {}
        }
    }
    plain
}

/// The parts between semicolons that stand outside of quotation marks.
fn parameters(header: &str) -> Vec<&str> {
    let (mut out, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in header.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                out.push(&header[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&header[start..]);
    out
}

fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut out = String::new();
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

/// Percent-encoded UTF-8, as in a `Slug` (RFC 5023, section 9.7) or a query.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    String::from_utf8(crate::wire::percent_decoded(text.as_bytes())).ok()
}

#[cfg(test)]
mod tests {
    use super::{MessageName, is_uuid, of_disposition, wrong_file_name};

    const ID: &str = "9fde4e7a-b41b-11ec-9225-005056871b7c";

    #[test]
    fn message_names_have_a_process_and_a_type() {
        let name = format!("{ID}_FVDaten.SGOErstellen.0604.zip");
        let read = MessageName::parse(&name, "zip").unwrap();
        assert_eq!((read.process, read.kind), (ID, "FVDaten.SGOErstellen.0604"));
        for wrong in [
            "FVDaten.SGOErstellen.0604.zip",
            "9fde4e7a_FVDaten.SGOErstellen.0604.zip",
            &format!("{ID}_FVDaten.SGOErstellen.604.zip"),
            &format!("{ID}_0604_1.zip"),
            &format!("{ID}_FVDaten.SGOErstellen.0604.ZIP"),
            &format!("{ID}_FVDaten..0604.zip"),
            &format!("../{ID}_FVDaten.SGOErstellen.0604.zip"),
        ] {
            assert_eq!(MessageName::parse(wrong, "zip"), None, "{wrong}");
        }
    }

    #[test]
    fn uuids_have_digits_only() {
        assert!(is_uuid(ID) && is_uuid(&ID.to_uppercase()));
        assert!(!is_uuid("9fde4e7a-b41b-11ec-9225-005056871b7|"));
        assert!(!is_uuid("9fde4e7ab41b11ec9225005056871b7c"));
        assert!(!is_uuid("ä"));
    }

    #[test]
    fn file_names_begin_with_a_uuid() {
        let of = |rest: &str, subject| wrong_file_name(&format!("{ID}{rest}"), subject);
        assert_eq!(of(".pdf", false), None);
        assert_eq!(of("_Antrag Müller.v2.pdf", true), None);
        assert!(of(".pdf", true).is_some());
        assert_eq!(of("", false), None);
        assert!(of("", true).is_some());
        assert!(of(".", false).is_some());
        assert!(of("_.pdf", false).is_some());
        assert!(of("Antrag.pdf", false).is_some());
        assert!(of("_Antrag", false).is_some());
        assert!(wrong_file_name("Antrag.pdf", false).is_some());
        assert!(wrong_file_name("ääääääääääääääääääääääääää", false).is_some());
    }

    #[test]
    fn dispositions_are_read_in_both_ways() {
        let of = |text: &str| of_disposition(text);
        assert_eq!(of("attachment; filename=a.zip"), Some("a.zip".into()));
        assert_eq!(of("attachment; filename=\"a;\\\"b.zip\""), Some("a;\"b.zip".into()));
        let both = "attachment; filename=\"a.zip\"; filename*=UTF-8''%C3%A4.zip";
        assert_eq!(of(both), Some("ä.zip".into()));
        assert_eq!(of("attachment"), None);
    }
}
