//! Media types with their parameters, as HTTP (RFC 9110 section 8.3.1) and MIME (RFC 2045 section
//! 5.1) write them.

/// A media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    /// Type and subtype in lower case, such as `text/xml`.
    pub essence: String,
    /// Parameters in the order of the field; names in lower case, values without quotes.
    pub parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads a field value. Folded lines (RFC 5322 section 2.2.3) are unfolded first.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(value: &str) -> Result<Self, String> {
        let value = unfold(value);
        let mut rest = value.trim();
        let end = rest.find(';').unwrap_or(rest.len());
        let essence = rest[..end].trim().to_ascii_lowercase();
        match essence.split_once('/') {
            Some((kind, sub)) if is_token(kind) && is_token(sub) => {}
            _ => return Err(format!("\"{essence}\" is no media type")),
        }
        rest = &rest[end..];
        let mut parameters: Vec<(String, String)> = Vec::new();
        while let Some(more) = rest.strip_prefix(';') {
            let more = more.trim_start();
            // Empty parameters are allowed (RFC 9110 section 5.6.6).
            if more.is_empty() || more.starts_with(';') {
                rest = more;
                continue;
            }
            let Some((name, value)) = more.split_once('=') else {
                return Err(format!("parameter \"{more}\" has no value"));
            };
            let name = name.to_ascii_lowercase();
            if !is_token(&name) {
                return Err(format!("\"{name}\" is no name of a parameter"));
            }
            let (value, after) = match value.strip_prefix('"') {
                Some(quoted) => unquote(quoted).ok_or("a quoted value does not end")?,
                None => {
                    let end = value.find(|c: char| c == ';' || c.is_whitespace());
                    let (plain, after) = value.split_at(end.unwrap_or(value.len()));
                    (plain.to_owned(), after)
                }
            };
            if parameters.iter().any(|(n, _)| *n == name) {
                return Err(format!("parameter \"{name}\" stands twice"));
            }
            parameters.push((name, value));
            rest = after.trim_start();
        }
        match rest {
            "" => Ok(Self { essence, parameters }),
            left => Err(format!("\"{left}\" stands where a parameter should begin")),
        }
    }

    /// A parameter; the name in lower case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Joins folded lines: a line break before white space is white space.
pub fn unfold(value: &str) -> String {
    value.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ")
}

fn is_token(text: &str) -> bool {
    let sign = |b: u8| b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || sign(b))
}

/// The value up to the closing quote, and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, &text[at + 1..])),
            '\\' => out.push(chars.next()?.1),
            other => out.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::MediaType;

    #[test]
    fn parameters_are_read_with_quotes_folds_and_any_case() {
        let read = MediaType::parse(
            "Multipart/Related;boundary=\"rand_7--7\";\r\n type=\"application/xop+xml\" ; \
             Start-Info=\"application/soap+xml; action=\\\"urn:a\\\"\"; charset=utf-8;",
        )
        .unwrap();
        assert_eq!(read.essence, "multipart/related");
        assert_eq!(read.parameter("boundary"), Some("rand_7--7"));
        assert_eq!(read.parameter("type"), Some("application/xop+xml"));
        assert_eq!(read.parameter("start-info"), Some("application/soap+xml; action=\"urn:a\""));
        assert_eq!(read.parameter("charset"), Some("utf-8"));
        assert_eq!(read.parameter("start"), None);
        assert_eq!(MediaType::parse("text/xml").unwrap().parameters, []);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for wrong in [
            "",
            "text",
            "text/",
            "/xml",
            "te xt/xml",
            "text/xml; charset",
            "text/xml; charset=\"utf-8",
            "text/xml; charset=a; charset=b",
            "text/xml; charset=a b=c",
            "text/xml charset=utf-8",
            "text/xml; char set=utf-8",
        ] {
            assert!(MediaType::parse(wrong).is_err(), "{wrong}");
        }
    }
}
