//! HTML forms (CMIS 1.1, section 5.4.4): what was sent, in which character set, and the structured
//! controls in it.

use bytes::Bytes;
use encoding_rs::Encoding;

use crate::fake_system::dms::acl::AclChange;
use crate::fake_system::dms::errors::{Caller, CmisError, Outcome};
use crate::fake_system::dms::store::Content;
use crate::fake_system::dms::values::Given;
use crate::wire::percent_decoded;

const CLAUSE: &str = "CMIS 1.1 5.4.4, RFC 7578";
/// Most controls in a form.
const MOST_FIELDS: usize = 5_000;

/// The controls of a form, and the content stream.
#[derive(Debug, Default)]
pub(in crate::fake_system::dms) struct Form {
    fields: Vec<(String, String)>,
    pub content: Option<Content>,
}

/// A part of a multipart body, still bytes.
struct Part<'a> {
    head: &'a [u8],
    body: &'a [u8],
}

/// A field before its character set is known: name, value, and the character set of its own part.
type RawField = (Vec<u8>, Vec<u8>, Option<Vec<u8>>);

impl Form {
    /// The query of a URL.
    pub fn of_query(query: &str) -> Outcome<Self> {
        let mut fields = Vec::new();
        for (name, value) in pairs(query.as_bytes()) {
            let text = |bytes: Vec<u8>| {
                String::from_utf8(bytes).map_err(|_| CmisError::invalid("the URL is not UTF-8"))
            };
            fields.push((text(name)?, text(value)?));
        }
        Ok(Self { fields, content: None })
    }

    /// Arguments that come from elsewhere than a form.
    pub fn of_pairs(fields: Vec<(String, String)>) -> Self {
        Self { fields, content: None }
    }

    /// All controls, names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// The body of a POST.
    pub fn of_body(content_type: &str, body: &Bytes, caller: &mut Caller) -> Outcome<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/x-www-form-urlencoded" => {
                let raw: Vec<_> = pairs(body).into_iter().map(|(n, v)| (n, v, None)).collect();
                Self::of_raw(raw, None, content_type, caller)
            }
            "multipart/form-data" => Self::of_multipart(content_type, body, caller),
            "" if body.is_empty() => Ok(Self::default()),
            other => Err(CmisError::invalid(format!("\"{other}\" is no form"))),
        }
    }

    /// The fields of another form that this one does not have.
    pub fn add(&mut self, other: &Self) {
        let more = other.fields.iter().filter(|(n, _)| !self.fields.iter().any(|(m, _)| m == n));
        let more: Vec<_> = more.cloned().collect();
        self.fields.extend(more);
    }

    fn of_multipart(content_type: &str, body: &Bytes, caller: &mut Caller) -> Outcome<Self> {
        let boundary = parameter(content_type.as_bytes(), "boundary")
            .filter(|b| !b.is_empty() && b.len() <= 200)
            .ok_or_else(|| CmisError::invalid("the form has no boundary"))?;
        let mut raw = Vec::new();
        let mut stream: Option<(Vec<u8>, String, Bytes)> = None;
        for part in parts(body, &boundary)? {
            let disposition = header(part.head, "content-disposition").unwrap_or_default();
            let kind =
                header(part.head, "content-type").map(|k| String::from_utf8_lossy(&k).into_owned());
            let name = parameter(&disposition, "name")
                .ok_or_else(|| CmisError::invalid("a part of the form has no name"))?;
            if name.eq_ignore_ascii_case(b"content") {
                let file_name = parameter(&disposition, "filename").unwrap_or_default();
                let media_type = kind.unwrap_or_else(|| "application/octet-stream".into());
                if stream.is_some() {
                    return Err(CmisError::invalid("the form has two contents"));
                }
                stream = Some((file_name, media_type, body.slice_ref(part.body)));
                continue;
            }
            let charset = kind.and_then(|k| parameter(k.as_bytes(), "charset"));
            raw.push((name, part.body.to_vec(), charset));
        }
        Self::of_raw(raw, stream, "", caller)
    }

    /// Decodes: the character set of a part counts most, then `_charset_`, then that of the form,
    /// then UTF-8. Never is a byte replaced: what cannot be read is an error.
    fn of_raw(
        raw: Vec<RawField>,
        stream: Option<(Vec<u8>, String, Bytes)>,
        content_type: &str,
        caller: &mut Caller,
    ) -> Outcome<Self> {
        if raw.len() > MOST_FIELDS {
            return Err(CmisError::invalid("the form has too many controls"));
        }
        let whole = raw
            .iter()
            .find(|(name, _, _)| name == b"_charset_")
            .map(|(_, value, _)| value.clone())
            .or_else(|| parameter(content_type.as_bytes(), "charset"));
        let mut guessed = false;
        let mut decode =
            |bytes: Vec<u8>, own: Option<&Vec<u8>>, what: &str, caller: &mut Caller| {
                let label = own.or(whole.as_ref());
                guessed |= label.is_none() && !bytes.is_ascii();
                text_of(bytes, label.map(Vec::as_slice), what, caller)
            };
        let mut form = Self::default();
        for (name, value, charset) in raw {
            let name = decode(name, None, "the name of a control", caller)?;
            let value = decode(value, charset.as_ref(), &name, caller)?;
            if form.fields.iter().any(|(n, _)| *n == name) {
                let message = format!("the control {name} is there twice");
                caller.deviation(CLAUSE, CmisError::invalid(message))?;
                continue;
            }
            form.fields.push((name, value));
        }
        if let Some((file_name, media_type, bytes)) = stream {
            let file_name = decode(file_name, None, "filename", caller)?;
            form.content = Some(Content { file_name: last_of(&file_name), media_type, bytes });
        }
        if guessed {
            caller.note(
                CLAUSE,
                "text beyond ASCII without a character set: some servers read it as ISO-8859-1; \
                 the sender should add _charset_=UTF-8",
            );
        }
        Ok(form)
    }

    /// A control; names of controls do not depend on case, and an empty one counts as absent
    /// (section 5.4.4.2).
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(value.as_str()).filter(|v| !v.is_empty())
    }

    /// # Errors
    /// `invalidArgument` where it is absent.
    pub fn need(&self, name: &str) -> Outcome<&str> {
        self.get(name).ok_or_else(|| CmisError::invalid(format!("{name} is missing")))
    }

    /// # Errors
    /// `invalidArgument` where it is neither true nor false.
    pub fn flag(&self, name: &str, default: bool) -> Outcome<bool> {
        match self.get(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => {
                Err(CmisError::invalid(format!("{name}: \"{other}\" is neither true nor false")))
            }
        }
    }

    /// Controls `prefix[n]` and `prefix[n][m]`: n, m, value; in the order of the numbers.
    fn indexed(&self, prefix: &str) -> Vec<(usize, Option<usize>, &str)> {
        let mut out = Vec::new();
        for (name, value) in &self.fields {
            let Some(start) = name.get(..prefix.len()) else { continue };
            if !start.eq_ignore_ascii_case(prefix) {
                continue;
            }
            let inside = name[prefix.len()..].strip_prefix('[').and_then(|r| r.strip_suffix(']'));
            let Some(inside) = inside else { continue };
            let (first, second) = match inside.split_once("][") {
                Some((first, second)) => (first, Some(second)),
                None => (inside, None),
            };
            let Ok(first) = first.parse::<usize>() else { continue };
            match second.map(str::parse::<usize>) {
                None => out.push((first, None, value.as_str())),
                Some(Ok(second)) => out.push((first, Some(second), value.as_str())),
                Some(Err(_)) => {}
            }
        }
        out.sort_by_key(|(first, second, _)| (*first, *second));
        out
    }

    /// `propertyId[n]` with `propertyValue[n]` or `propertyValue[n][m]`: they belong together by
    /// number, not by order; without a value, the property is taken away.
    pub fn properties(&self, caller: &mut Caller) -> Outcome<Given> {
        let values = self.indexed("propertyValue");
        let ids = self.indexed("propertyId");
        gapless(ids.iter().map(|(n, _, _)| *n), "propertyId", caller)?;
        let mut given = Given::default();
        let mut at = 0;
        for (number, _, id) in &ids {
            while values.get(at).is_some_and(|(n, _, _)| n < number) {
                at += 1;
            }
            let mut of = Vec::new();
            while let Some((_, _, value)) = values.get(at).filter(|(n, _, _)| n == number) {
                of.push((*value).to_owned());
                at += 1;
            }
            if given.0.iter().any(|(i, _)| i == id) {
                return Err(CmisError::invalid(format!("{id} is there twice")));
            }
            given.0.push(((*id).to_owned(), of));
        }
        Ok(given)
    }

    /// `addACEPrincipal[n]` with `addACEPermission[n][m]`, and the same to remove.
    pub fn acl_change(&self) -> AclChange {
        let pairs = |principal: &str, permission: &str| {
            let permissions = self.indexed(permission);
            let mut out = Vec::new();
            for (number, _, who) in self.indexed(principal) {
                let of = permissions.iter().filter(|(n, _, _)| *n == number);
                out.extend(of.map(|(_, _, p)| (who.to_owned(), (*p).to_owned())));
            }
            out
        };
        AclChange {
            add: pairs("addACEPrincipal", "addACEPermission"),
            remove: pairs("removeACEPrincipal", "removeACEPermission"),
        }
    }

    /// `objectId[n]` with `changeToken[n]`, for bulk updates.
    pub fn objects(&self) -> Vec<(String, Option<String>)> {
        let tokens = self.indexed("changeToken");
        let token = |number| tokens.iter().find(|(n, _, _)| *n == number);
        self.indexed("objectId")
            .into_iter()
            .map(|(n, _, id)| (id.to_owned(), token(n).map(|(_, _, t)| (*t).to_owned())))
            .collect()
    }
}

/// Arrays start at 0 and have no gaps (section 5.4.4.2).
fn gapless(numbers: impl Iterator<Item = usize>, what: &str, caller: &mut Caller) -> Outcome<()> {
    for (wanted, number) in numbers.enumerate() {
        if wanted != number {
            let message = format!("{what}[{wanted}] is missing");
            return caller.deviation(CLAUSE, CmisError::invalid(message));
        }
    }
    Ok(())
}

/// Text out of bytes. Without a character set it is UTF-8; a lenient system then takes what is not
/// UTF-8 for Windows-1252, as many do.
fn text_of(
    bytes: Vec<u8>,
    label: Option<&[u8]>,
    what: &str,
    caller: &mut Caller,
) -> Outcome<String> {
    let encoding = match label {
        None => encoding_rs::UTF_8,
        Some(label) => Encoding::for_label(label).ok_or_else(|| {
            let label = String::from_utf8_lossy(label);
            CmisError::invalid(format!("the character set \"{label}\" is not known"))
        })?,
    };
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(&bytes) {
        return Ok(text.into_owned());
    }
    let message = format!("{what} is not {}", encoding.name());
    caller.deviation(CLAUSE, CmisError::invalid(message))?;
    Ok(encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned())
}

/// The name without the folders that some senders put before it.
pub(in crate::fake_system::dms) fn last_of(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

fn pairs(text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    text.split(|b| *b == b'&')
        .filter(|p| !p.is_empty())
        .map(|pair| {
            let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let plus = |part: &[u8]| {
                let spaced: Vec<u8> =
                    part.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
                percent_decoded(&spaced)
            };
            (plus(&pair[..at]), plus(pair.get(at + 1..).unwrap_or_default()))
        })
        .collect()
}

/// The parts of a multipart body (RFC 2046, section 5.1.1).
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Outcome<Vec<Part<'a>>> {
    let wrong = || CmisError::invalid("the form is broken off or has another boundary");
    let mark = [b"--", boundary].concat();
    let mut out = Vec::new();
    let mut at = if body.starts_with(&mark) {
        mark.len()
    } else {
        let first = [b"\r\n", &mark[..]].concat();
        find(body, &first).ok_or_else(wrong)? + first.len()
    };
    let delimiter = [b"\r\n", &mark[..]].concat();
    loop {
        let rest = &body[at..];
        if rest.starts_with(b"--") {
            return Ok(out);
        }
        let line = find(rest, b"\r\n").ok_or_else(wrong)?;
        if rest[..line].iter().any(|b| !matches!(b, b' ' | b'\t')) {
            return Err(wrong());
        }
        // From the line break on, so that a part without header fields has its empty line.
        let part = &rest[line..];
        let end = find(part, b"\r\n\r\n").ok_or_else(wrong)?;
        let (head, content) = (&part[..end], &part[end + 4..]);
        let stop = find(content, &delimiter).ok_or_else(wrong)?;
        out.push(Part { head, body: &content[..stop] });
        if out.len() > MOST_FIELDS {
            return Err(CmisError::invalid("the form has too many parts"));
        }
        at += line + end + 4 + stop + delimiter.len();
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut at = 0;
    while let Some(next) = text.get(at..)?.iter().position(|b| *b == first) {
        if text[at + next..].starts_with(wanted) {
            return Some(at + next);
        }
        at += next + 1;
    }
    None
}

/// A header field of a part.
fn header(head: &[u8], name: &str) -> Option<Vec<u8>> {
    head.split(|b| *b == b'\n').find_map(|line| {
        let line = line.trim_ascii();
        let colon = line.iter().position(|b| *b == b':')?;
        let matches = line[..colon].trim_ascii().eq_ignore_ascii_case(name.as_bytes());
        matches.then(|| line[colon + 1..].trim_ascii().to_vec())
    })
}

/// A parameter of a header field. In quotes, `\"` and `\\` and the browsers' `%22` stand for the
/// character; a backslash elsewhere is one, as in the paths that some senders put here.
pub(in crate::fake_system::dms) fn parameter(value: &[u8], wanted: &str) -> Option<Vec<u8>> {
    let mut rest = value;
    loop {
        let semicolon = rest.iter().position(|b| *b == b';')?;
        rest = rest[semicolon + 1..].trim_ascii_start();
        let equals = rest.iter().position(|b| matches!(b, b'=' | b';'))?;
        if rest[equals] == b';' {
            rest = &rest[equals..];
            continue;
        }
        let name = rest[..equals].trim_ascii();
        let after = rest[equals + 1..].trim_ascii_start();
        let (text, left) = match after.strip_prefix(b"\"") {
            Some(quoted) => {
                let mut text = Vec::new();
                let mut at = 0;
                loop {
                    match (quoted.get(at)?, quoted.get(at + 1)) {
                        (b'"', _) => break,
                        (b'\\', Some(next @ (b'"' | b'\\'))) => {
                            text.push(*next);
                            at += 2;
                        }
                        (byte, _) => {
                            text.push(*byte);
                            at += 1;
                        }
                    }
                }
                (text, &quoted[at + 1..])
            }
            None => {
                let end = after.iter().position(|b| *b == b';').unwrap_or(after.len());
                (after[..end].trim_ascii().to_vec(), &after[end..])
            }
        };
        if name.eq_ignore_ascii_case(wanted.as_bytes()) {
            let unescaped = String::from_utf8(text.clone())
                .map(|t| t.replace("%22", "\"").into_bytes())
                .unwrap_or(text);
            return Some(unescaped);
        }
        rest = left;
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
