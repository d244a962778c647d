//! Switchable faults of fakes that stand in the place of a target, each with what must be found when
//! it is switched on. They belong to a kind of component, not to an exchange; what one exchange can go
//! through stands in `script.rs`.

use serde::Serialize;

use crate::ids::ComponentKind;
use crate::organisation::FakeKind;

macro_rules! defects {
    ($($name:ident, $id:literal, $title:literal, $kind:ident, $finding:literal;)*) => {
        /// A fault that can be switched on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FakeDefect {
            $(#[doc = $title] $name,)*
        }

        /// All faults.
        pub const FAKE_DEFECTS: &[FakeDefectInfo] = &[$(FakeDefectInfo {
            id: $id,
            title: $title,
            kind: ComponentKind::$kind,
            fakes: FakeDefect::$name.fakes(),
            finding: $finding,
            over_xdomea: FakeDefect::$name.over_xdomea(),
            defect: FakeDefect::$name,
        },)*];
    };
}

/// A fault with what must be found.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct FakeDefectInfo {
    /// Name on the command line.
    pub id: &'static str,
    /// What the fake does wrong.
    pub title: &'static str,
    /// The kind of fake that can have it.
    pub kind: ComponentKind,
    /// The fakes of this kind that can have it; all of them where none is named.
    pub fakes: &'static [FakeKind],
    /// The finding that the plan of this kind must come to.
    pub finding: &'static str,
    /// Of a DMS: the finding where it is spoken to over xdomea; none where the fault cannot be seen
    /// there.
    pub over_xdomea: Option<&'static str>,
    /// The switch.
    #[serde(skip)]
    pub defect: FakeDefect,
}

defects! {
    FvForgets, "fv-forgets", "nimmt Anträge an und hält sie nicht", Fachverfahren, "held.missing";
    FvDropsField, "fv-drops-field", "verliert eine Angabe", Fachverfahren, "held.different";
    FvBreaksUmlauts, "fv-breaks-umlauts", "liest UTF-8 als Latin-1", Fachverfahren, "held.different";
    FvTakesAnything, "fv-takes-anything", "nimmt auch an, was es nicht lesen kann", Fachverfahren, "answer.not-refused";
    FvOpensAnew, "fv-opens-anew", "legt für dieselbe Zustellung einen zweiten Vorgang an", Fachverfahren, "answer.file-number";
    FvRefusesUmlauts, "fv-refuses-umlauts", "weist Anträge mit seltenen Buchstaben ab", Fachverfahren, "answer.not-taken";
    FvWrongCase, "fv-wrong-case", "antwortet zu einem anderen Vorgang", Fachverfahren, "incoming.missing";
    FvSilent, "fv-silent", "sendet weder Nachforderung noch Bescheid", Fachverfahren, "incoming.missing";
    FvSendsTwice, "fv-sends-twice", "sendet jede Antwort zweimal", Fachverfahren, "incoming.repeated";
    FvSendsInvalid, "fv-sends-invalid", "sendet Antworten, die nicht zum Schema passen", Fachverfahren, "incoming.invalid";
    FvWrongFileNumber, "fv-wrong-file-number", "nennt im Bescheid ein anderes Aktenzeichen als bei der Annahme", Fachverfahren, "incoming.file-number";
    FvLosesAttachment, "fv-loses-attachment", "hält die letzte Anlage nicht", Fachverfahren, "held.document";
    FvNoWithGoodStatus, "fv-no-with-good-status", "weist mit dem Status 200 ab", Fachverfahren, "answer.status";
    FvNoReceipt, "fv-no-receipt", "legt keine Quittung ab", Fachverfahren, "answer.none";
    PortalDropsEntry, "portal-drops-entry", "verliert eine Eingabe", Antragsassistent, "incoming.value";
    PortalSwapsEntries, "portal-swaps-entries", "vertauscht zwei Eingaben", Antragsassistent, "incoming.value";
    PortalLosesDocument, "portal-loses-document", "sendet die letzte Anlage nicht mit", Antragsassistent, "incoming.document";
    PortalSendsTwice, "portal-sends-twice", "sendet jeden Antrag zweimal", Antragsassistent, "incoming.repeated";
    PortalSilent, "portal-silent", "sendet den Antrag nicht", Antragsassistent, "incoming.missing";
    PortalInvalid, "portal-invalid", "sendet Anträge, die nicht zum Schema passen", Antragsassistent, "incoming.invalid";
    DmsForgetsContent, "dms-forgets-content", "legt Dokumente ohne Inhalt ab", Dms, "archive.content";
    DmsForgetsMediaType, "dms-forgets-media-type", "behält den Medientyp nicht", Dms, "archive.media-type";
    DmsDropsProperty, "dms-drops-property", "verliert ein Merkmal der Akte", Dms, "archive.metadata";
    DmsBreaksUmlauts, "dms-breaks-umlauts", "liest Namen als Latin-1", Dms, "archive.document-missing";
    DmsForgetsUpdate, "dms-forgets-update", "bestätigt Änderungen und vergisst sie", Dms, "archive.metadata";
    DmsKeepsDeleted, "dms-keeps-deleted", "bestätigt das Löschen und löscht nicht", Dms, "archive.document-invented";
    DmsOverwritesVersion, "dms-overwrites-version", "überschreibt die alte Fassung", Dms, "archive.version-changed";
    DmsLosesVersion, "dms-loses-version", "wirft die alte Fassung weg", Dms, "archive.version-lost";
    DmsKeepsWorkingCopy, "dms-keeps-working-copy", "lässt verworfene Arbeitskopien stehen", Dms, "archive.working-copy";
    DmsIgnoresToken, "dms-ignores-token", "sieht nicht auf die Änderungsmarke", Dms, "archive.not-refused";
    DmsTakesNameTwice, "dms-takes-name-twice", "ersetzt ein Dokument durch ein anderes gleichen Namens", Dms, "archive.not-refused";
    DmsTakesUnknownType, "dms-takes-unknown-type", "nimmt Dokumente unbekannten Typs", Dms, "archive.not-refused";
    DmsWrongException, "dms-wrong-exception", "nennt einen vergebenen Namen einen Laufzeitfehler", Dms, "archive.wrong-exception";
    DmsFindsNothing, "dms-finds-nothing", "findet nichts", Dms, "archive.search-missing";
    DmsFindsEverything, "dms-finds-everything", "sieht bei der Suche nicht auf die Bedingung", Dms, "archive.search-foreign";
    MailDrops, "mail-drops", "nimmt Mails an und wirft sie weg", Mailsystem, "mailbox.missing";
    MailStoresTwice, "mail-stores-twice", "behält jede Mail zweimal", Mailsystem, "mailbox.repeated";
    MailLosesAttachment, "mail-loses-attachment", "verliert die letzte Anlage", Mailsystem, "mailbox.attachment-missing";
    MailBreaksEightBit, "mail-breaks-eight-bit", "ersetzt, was nicht ASCII ist", Mailsystem, "mailbox.text";
    MailEatsDots, "mail-eats-dots", "nimmt Zeilen einen Punkt am Anfang zu viel", Mailsystem, "mailbox.text";
    MailTakesUnknown, "mail-takes-unknown", "nimmt Mails für Unbekannte an", Mailsystem, "mail.not-refused";
    MailWrongCode, "mail-wrong-code", "weist Unbekannte mit falschem Kode ab", Mailsystem, "mail.wrong-reply";
    MailRefusesLarge, "mail-refuses-large", "weist große Mails ab, die es angekündigt nimmt", Mailsystem, "mail.not-taken";
}

impl FakeDefectInfo {
    /// Whether a fake can have it.
    pub fn fits(&self, fake: FakeKind) -> bool {
        self.fakes.is_empty() || self.fakes.contains(&fake)
    }
}

impl FakeDefect {
    /// The fakes that can have it, where the protocol decides.
    const fn fakes(self) -> &'static [FakeKind] {
        use FakeKind::{FachverfahrenAblage, FachverfahrenJson, FachverfahrenSoap};
        match self {
            // Others hold a message with everything in it.
            Self::FvLosesAttachment => &[FachverfahrenSoap, FachverfahrenJson, FachverfahrenAblage],
            Self::FvNoWithGoodStatus => &[FachverfahrenSoap, FachverfahrenJson],
            Self::FvNoReceipt => &[FachverfahrenAblage],
            _ => &[],
        }
    }

    /// What is found of it over xdomea, which neither changes nor deletes, and has no media types, no
    /// types, no working copies and no names that can be taken.
    const fn over_xdomea(self) -> Option<&'static str> {
        Some(match self {
            Self::DmsForgetsContent => "archive.content",
            Self::DmsDropsProperty => "archive.metadata",
            Self::DmsBreaksUmlauts => "archive.document-missing",
            Self::DmsOverwritesVersion => "archive.version-changed",
            Self::DmsLosesVersion => "archive.version-lost",
            Self::DmsFindsNothing => "archive.search-missing",
            Self::DmsFindsEverything => "archive.search-foreign",
            _ => return None,
        })
    }

    /// The fault with this name.
    pub fn by_id(id: &str) -> Option<Self> {
        FAKE_DEFECTS.iter().find(|d| d.id == id).map(|d| d.defect)
    }
}
