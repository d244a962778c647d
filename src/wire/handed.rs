//! What was handed over in a transfer folder, as it is recorded: the bytes of a single file, or every
//! file of a folder after a line with its name and size.

/// How the recorded answer of a transfer folder begins when it refused; what it accepted is answered
/// by its receipt, which is XML.
pub const REFUSED: &str = "abgewiesen: ";

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// The bytes under which a folder is recorded.
pub fn folder_bytes<'f>(files: impl Iterator<Item = (&'f str, &'f [u8])>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        out.extend_from_slice(format!("== {name} {}\n", content.len()).as_bytes());
        out.extend_from_slice(content);
        out.push(b'\n');
    }
    out
}

/// The files of a folder; none where the bytes are those of a single file.
pub fn folder_files(raw: &[u8]) -> Option<Vec<HandedFile>> {
    let mut out = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == b'\n')?;
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        let (name, size) = line.strip_prefix("== ")?.rsplit_once(' ')?;
        let size: usize = size.parse().ok()?;
        let content = rest.get(end + 1..)?.get(..size)?;
        rest = rest[end + 1 + size..].strip_prefix(b"\n")?;
        out.push(HandedFile { name: name.to_owned(), content: content.to_vec() });
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::{folder_bytes, folder_files};

    #[test]
    fn a_folder_is_read_as_it_was_recorded() {
        let files = [("a b.xml", &b"<a/>"[..]), ("c 7", b"== x 1\n\n"), ("leer", b"")];
        let raw = folder_bytes(files.into_iter());
        let read = folder_files(&raw).unwrap();
        let read: Vec<_> = read.iter().map(|f| (f.name.as_str(), &f.content[..])).collect();
        assert_eq!(read, files);
        for end in 1..raw.len() {
            let cut = folder_files(&raw[..end]);
            assert!(cut.is_none_or(|list| list.len() < 3), "cut at {end}");
        }
        assert_eq!(folder_files(b"<container/>"), None);
        assert_eq!(folder_files(b""), None);
    }
}
