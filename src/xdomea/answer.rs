//! Reading what a DMS answers: FVDaten.ImportBestaetigen.0630 in its container, or a status that says
//! that a message could not be worked on.

use serde_json::Value;

use super::DONE;
use crate::wire::unpack;
use crate::xml::{Element, parse};

const NAMESPACES: &str = "urn:xoev-de:xdomea:schema:";
const IMPORTED: &str = "FVDaten.ImportBestaetigen.0630";

/// Something that an ImportBestaetigen says of one record (RueckgabeparameterFVDatenType).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// IDSGO: the record's id in the DMS, in lower case.
    pub id: String,
    /// The value of the returned parameter; of a search, the record's name.
    pub value: String,
}

/// What an ImportBestaetigen says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The process that it answers.
    pub process: String,
    /// Code of AllgemeineRueckmeldung or SpezifischeFehlermeldung.
    pub code: String,
    /// The reason in words, where one is given.
    pub reason: String,
    /// What it says of records.
    pub hits: Vec<Hit>,
    /// Files in its container.
    pub files: Vec<(String, Vec<u8>)>,
}

/// A no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Code of xdomea; none where only a status says no.
    pub code: Option<String>,
    /// The reason in words.
    pub reason: String,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Done.
    Done(Import),
    /// Refused.
    Refused(Refusal),
    /// Something that is no answer of xdomea, and why.
    Unreadable(String),
}

impl Refusal {
    /// Whether it is one of these: codes of xdomea, or `4xx` for any status that blames the sender,
    /// where the message cannot be answered by a message.
    pub fn is_one_of<'a>(&self, mut wanted: impl Iterator<Item = &'a str>) -> bool {
        wanted.any(|wanted| match (wanted, &self.code) {
            ("4xx", None) => (400..500).contains(&self.status),
            (wanted, code) => code.as_deref() == Some(wanted),
        })
    }

    /// In one line, for people.
    pub fn line(&self) -> String {
        let code = self.code.as_ref().map(|c| format!("{c}, ")).unwrap_or_default();
        format!("{code}HTTP {} {}", self.status, self.reason).trim_end().to_owned()
    }
}

/// Reads an answer by status and body; `process` is the ProzessID of the request, which the answer
/// must go on with.
pub fn read(status: u16, body: &[u8], process: &str) -> Said {
    if !(200..300).contains(&status) {
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = problem["code"].as_str().map(str::to_owned);
        let reason = problem["detail"].as_str().unwrap_or_default().to_owned();
        return Said::Refused(Refusal { status, code, reason });
    }
    match imported(body) {
        Err(why) => Said::Unreadable(why),
        Ok(import) if !import.process.eq_ignore_ascii_case(process) => Said::Unreadable(format!(
            "the answer is about the process {}, not {process}",
            import.process
        )),
        Ok(import) if import.code == DONE => Said::Done(import),
        Ok(import) => {
            let Import { code, reason, .. } = import;
            Said::Refused(Refusal { status, code: Some(code), reason })
        }
    }
}

fn imported(body: &[u8]) -> Result<Import, String> {
    let mut files = unpack(body)?;
    let end = format!("_{IMPORTED}.xml");
    let at = files.iter().position(|(name, _)| name.ends_with(&end));
    let at = at.ok_or_else(|| format!("the container holds no <ProzessID>{end}"))?;
    let (name, text) = files.remove(at);
    let root = parse(&text).map_err(|e| format!("{name}: {e}"))?.root;
    if root.name != IMPORTED || !root.namespace.starts_with(NAMESPACES) {
        return Err(format!("{name} holds {} of \"{}\"", root.name, root.namespace));
    }
    // The standard demands it beyond what XML means.
    if root.prefix.as_deref() != Some("xdomea") {
        return Err(format!("{name}: the prefix is not \"xdomea\""));
    }
    let process = root.child("Kopf").and_then(|k| k.child_text("ProzessID")).unwrap_or_default();
    if !name.eq_ignore_ascii_case(&format!("{process}{end}")) {
        return Err(format!("{name} is a message of the process \"{process}\""));
    }
    let feedback = root.elements_at("ErfolgOderMisserfolg/Rueckmeldung");
    let code = feedback.iter().flat_map(|r| r.elements()).find_map(|e| e.child_text("code"));
    let code = code.ok_or_else(|| format!("{name}: there is no code in Rueckmeldung"))?;
    let words = feedback.iter().find_map(|r| r.child_text("SonstigeFehlermeldung"));
    let hint = || root.child("Kopf").and_then(|k| k.child_text("Hinweis"));
    let all = root.elements_at("ErfolgOderMisserfolg/Rueckgabeparameter");
    Ok(Import {
        process,
        code: code.trim().to_owned(),
        reason: words.or_else(hint).unwrap_or_default(),
        hits: all.into_iter().map(hit).collect(),
        files,
    })
}

fn hit(parameter: &Element) -> Hit {
    let id = parameter.child_text("IDSGO").unwrap_or_default().trim().to_lowercase();
    let place = |path: &str| parameter.elements_at(path).first().map(|e| e.text());
    let value = place("Parameter/AllgemeinerRueckgabeparameter/Wert");
    Hit { id, value: value.or_else(|| place("Parameter/Ablageort")).unwrap_or_default() }
}

impl Import {
    /// The one file of an export: that which the answer names, if it is there.
    pub fn file(&self) -> Option<&[u8]> {
        let name = &self.hits.first()?.value;
        self.files.iter().find(|(n, _)| n == name).map(|(_, bytes)| bytes.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::{Hit, Refusal, Said, read};
    use crate::wire::pack;

    const ID: &str = "9fde4e7a-b41b-11ec-9225-005056871b7c";

    fn answer(name: &str, prefix: &str, code: &str) -> Vec<u8> {
        let text = format!(
            "<{prefix}:FVDaten.ImportBestaetigen.0630 xmlns:{prefix}='urn:xoev-de:xdomea:schema:3.1.0'>\
             <{prefix}:Kopf><{prefix}:ProzessID>{ID}</{prefix}:ProzessID></{prefix}:Kopf><{prefix}:ErfolgOderMisserfolg>\
             <{prefix}:Rueckmeldung><{prefix}:AllgemeineRueckmeldung><code>{code}</code></{prefix}:AllgemeineRueckmeldung></{prefix}:Rueckmeldung>\
             <{prefix}:Rueckmeldung><{prefix}:SonstigeFehlermeldung>weil</{prefix}:SonstigeFehlermeldung></{prefix}:Rueckmeldung>\
             <{prefix}:Rueckgabeparameter><{prefix}:IDSGO>ABC</{prefix}:IDSGO><{prefix}:Parameter><{prefix}:Ablageort>f.pdf</{prefix}:Ablageort></{prefix}:Parameter></{prefix}:Rueckgabeparameter>\
             </{prefix}:ErfolgOderMisserfolg></{prefix}:FVDaten.ImportBestaetigen.0630>"
        );
        let files = [(name.to_owned(), text.into_bytes()), ("f.pdf".to_owned(), b"PDF".to_vec())];
        pack(&files).unwrap()
    }

    #[test]
    fn an_import_is_read_with_its_files() {
        let name = format!("{ID}_FVDaten.ImportBestaetigen.0630.xml");
        let Said::Done(import) = read(200, &answer(&name, "xdomea", "0000000"), ID) else {
            panic!("not done")
        };
        assert_eq!(import.hits, [Hit { id: "abc".into(), value: "f.pdf".into() }]);
        assert_eq!(import.file(), Some(b"PDF".as_slice()));
        let refused = read(200, &answer(&name, "xdomea", "0000018"), ID);
        let code = Some("0000018".to_owned());
        assert_eq!(refused, Said::Refused(Refusal { status: 200, code, reason: "weil".into() }));
        for (name, prefix, process) in [
            (name.as_str(), "x", ID),
            (name.as_str(), "xdomea", "anders"),
            ("anders.xml", "xdomea", ID),
        ] {
            let said = read(200, &answer(name, prefix, "0000000"), process);
            assert!(matches!(said, Said::Unreadable(_)), "{said:?}");
        }
        assert!(matches!(read(200, b"<html/>", ID), Said::Unreadable(_)));
        assert!(matches!(read(204, b"", ID), Said::Unreadable(_)));
    }

    #[test]
    fn a_refusal_is_known_by_its_code_or_its_status() {
        let of = |status, body: &str| match read(status, body.as_bytes(), ID) {
            Said::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        };
        let coded = of(422, "{\"code\":\"0605001\",\"detail\":\"x\"}");
        assert!(coded.is_one_of(["0605001"].into_iter()) && !coded.is_one_of(["4xx"].into_iter()));
        assert!(of(422, "nein").is_one_of(["4xx", "0000008"].into_iter()));
        assert!(!of(500, "nein").is_one_of(["4xx", "0000008"].into_iter()));
    }
}
