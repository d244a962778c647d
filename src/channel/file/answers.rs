//! The side that hands over, afterwards: what became of it, and how documents become files beside a
//! message.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::safe_name;
use crate::xml::{Element, Node};

/// Where it is said what became of something, as paths relative to the folder in which it was handed
/// over; `{name}` stands for the name under which it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The receipt of what was accepted.
    pub receipt: String,
    /// The file that says, in its second line, why something was refused.
    pub refusal: String,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            receipt: "../ausgang/{name}.quittung.xml".into(),
            refusal: "../abgewiesen/{name}.grund.txt".into(),
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was accepted; the receipt.
    Accepted(Vec<u8>),
    /// It was refused, and why.
    Refused(String),
}

impl Answers {
    /// The place of the receipt of something.
    pub fn receipt_of(&self, input: &Path, name: &str) -> PathBuf {
        place(input, &self.receipt, name)
    }

    /// The place of its refusal.
    pub fn refusal_of(&self, input: &Path, name: &str) -> PathBuf {
        place(input, &self.refusal, name)
    }

    /// Whether a file could be the receipt of something.
    pub fn is_receipt(&self, input: &Path, path: &Path) -> bool {
        use std::os::unix::ffi::OsStrExt as _;
        let Some((before, after)) = self.receipt.split_once("{name}") else { return false };
        // The last step of the pattern's beginning may be the beginning of a name.
        let (folder, begins) = before.rsplit_once('/').unwrap_or(("", before));
        let name = path.file_name().map(|n| n.as_bytes()).unwrap_or_default();
        path.parent() == Some(&beside(input, folder))
            && name.starts_with(begins.as_bytes())
            && name.ends_with(after.as_bytes())
    }

    /// What became of it; none where nobody said so yet.
    pub fn outcome(&self, input: &Path, name: &str) -> Option<Outcome> {
        if let Some(receipt) = small_file(&self.receipt_of(input, name)) {
            return Some(Outcome::Accepted(receipt));
        }
        // The first line is the name, the second one the reason.
        let text = small_file(&self.refusal_of(input, name))?;
        let text = String::from_utf8_lossy(&text);
        Some(Outcome::Refused(text.lines().nth(1).unwrap_or_default().to_owned()))
    }
}

/// Largest receipt or refusal that counts as one, bytes.
const LARGEST: u64 = 1024 * 1024;

/// A regular file of a bearable size. Whoever writes into the folder may leave links, pipes and endless
/// files there: none of them is an answer.
fn small_file(path: &Path) -> Option<Vec<u8>> {
    use std::io::Read as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).ok()?;
    let file = std::fs::File::options().read(true).custom_flags(flags).open(path).ok()?;
    let known = file.metadata().ok()?;
    if !known.is_file() || known.len() > LARGEST {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= LARGEST).then_some(bytes)
}

/// A path beside a folder: leading `..` are steps up, whatever links there are.
pub fn beside(input: &Path, relative: &str) -> PathBuf {
    let mut out = input.to_owned();
    for step in relative.split('/').filter(|s| !s.is_empty() && *s != ".") {
        match step {
            ".." => {
                out.pop();
            }
            step => out.push(step),
        }
    }
    out
}

fn place(input: &Path, pattern: &str, name: &str) -> PathBuf {
    beside(input, &pattern.replace("{name}", name))
}

/// Takes the base64 out of every element of this name and leaves the name of the file that it becomes;
/// gives back the files. `told` is the path, from the element around it, of the document's own name,
/// whose ending the file keeps.
///
/// # Errors
/// When something is no base64.
pub fn take_out(
    element: &mut Element,
    name: &str,
    told: &str,
) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut files = Vec::new();
    take(element, name, told, &mut files)?;
    Ok(files)
}

fn take(
    element: &mut Element,
    name: &str,
    told: &str,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), String> {
    let called = element.child_text(told).unwrap_or_default();
    for child in &mut element.children {
        let Node::Element(child) = child else { continue };
        if child.name != name {
            take(child, name, told, files)?;
            continue;
        }
        let mut text = child.text();
        text.retain(|c| !c.is_ascii_whitespace());
        let bytes = STANDARD.decode(text).map_err(|e| format!("\"{called}\" is no base64: {e}"))?;
        // Names come from outside: the file gets one of its own, with an ending that is known.
        let ending = called.rsplit_once('.').map_or("", |(_, ending)| ending);
        let file = format!("anlage-{}.{}", files.len() + 1, safe_name(ending));
        child.children = vec![Node::Text(file.clone())];
        files.push((file, bytes));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Answers, beside, take_out};
    use crate::xml::parse;

    #[test]
    fn answers_lie_where_the_pattern_says() {
        let answers = Answers::default();
        let input = Path::new("/a/eingang");
        assert_eq!(answers.receipt_of(input, "n"), Path::new("/a/ausgang/n.quittung.xml"));
        assert_eq!(answers.refusal_of(input, "n"), Path::new("/a/abgewiesen/n.grund.txt"));
        assert!(answers.is_receipt(input, Path::new("/a/ausgang/x.quittung.xml")));
        assert!(!answers.is_receipt(input, Path::new("/a/ausgang/bescheid.xml")));
        assert!(!answers.is_receipt(input, Path::new("/a/anders/x.quittung.xml")));
        assert_eq!(beside(input, "unten/x"), Path::new("/a/eingang/unten/x"));
    }

    #[test]
    fn only_small_regular_files_are_answers() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("eingang");
        let answers = Answers::default();
        for name in ["ausgang", "abgewiesen", "eingang"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let place = |name: &str| answers.receipt_of(&input, name);
        std::os::unix::fs::symlink("/etc/hostname", place("verweis")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            place("rohr"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        std::fs::File::create(place("gross")).unwrap().set_len(1 << 30).unwrap();
        std::fs::write(place("gut"), "<quittung/>").unwrap();
        for name in ["verweis", "rohr", "gross"] {
            assert_eq!(answers.outcome(&input, name), None, "{name}");
        }
        let good = super::Outcome::Accepted(b"<quittung/>".to_vec());
        assert_eq!(answers.outcome(&input, "gut"), Some(good));
    }

    #[test]
    fn documents_become_files_with_names_of_their_own() {
        let text = "<a><b><name>../x.PDF</name><inhalt>UE\nRG</inhalt></b><b><inhalt>AA==</inhalt></b></a>";
        let mut root = parse(text.as_bytes()).unwrap().root;
        let files = take_out(&mut root, "inhalt", "name").unwrap();
        assert_eq!(files[0], ("anlage-1.PDF".to_owned(), b"PDF".to_vec()));
        assert_eq!(root.values_at("b/inhalt", "")[0], files[0].0);
        assert_eq!(files[1].1, [0]);
        let mut root = parse(b"<a><inhalt>nein!</inhalt></a>").unwrap().root;
        assert!(take_out(&mut root, "inhalt", "name").unwrap_err().contains("no base64"));
    }
}
