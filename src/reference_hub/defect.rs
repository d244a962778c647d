//! Switchable faults of the reference hub, each with the requirement and technique that must catch
//! it. Tests consult this table; so does everybody who wants to see the harness find something.

use serde::Serialize;

/// The bundle in whose plan a fault must be caught; the first one where none is named.
macro_rules! bundle {
    () => {
        "gewerbe"
    };
    ($bundle:literal) => {
        $bundle
    };
}

macro_rules! defects {
    ($($(#[doc = $doc:literal])* $name:ident, $id:literal, $title:literal, $requirement:literal, $technique:literal $(, $bundle:literal)?;)*) => {
        /// A fault that can be switched on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Defect {
            $(#[doc = $title] $name,)*
        }

        /// All faults.
        pub const DEFECTS: &[DefectInfo] = &[$(DefectInfo {
            id: $id,
            title: $title,
            requirement: $requirement,
            technique: $technique,
            bundle: bundle!($($bundle)?),
            defect: Defect::$name,
        },)*];
    };
}

/// A fault with what must catch it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DefectInfo {
    /// Name on the command line.
    pub id: &'static str,
    /// What the hub does wrong.
    pub title: &'static str,
    /// The requirement under which it must be found.
    pub requirement: &'static str,
    /// The technique of a case that must find it.
    pub technique: &'static str,
    /// The bundle whose plan holds both.
    pub bundle: &'static str,
    /// The switch.
    #[serde(skip)]
    pub defect: Defect,
}

defects! {
    WrongAuthority, "wrong-authority", "stellt an die Stelle nach der zuständigen zu", "GEW-020", "decision-table-testing";
    LostAttachment, "lost-attachment", "verliert die letzte Anlage", "GEW-004", "boundary-value-analysis";
    DeliveredTwice, "delivered-twice", "stellt zweimal zu", "GEW-020", "decision-table-testing";
    FieldDropped, "field-dropped", "lässt den Geburtsnamen weg", "GEW-003", "equivalence-partitioning";
    FieldsSwapped, "fields-swapped", "vertauscht Vornamen und Familiennamen", "GEW-002", "equivalence-partitioning";
    CodeNotConverted, "code-not-converted", "schlüsselt die Rechtsform nicht um", "GEW-002", "equivalence-partitioning";
    UmlautsBroken, "umlauts-broken", "liest UTF-8 als Latin-1", "GEW-002", "equivalence-partitioning";
    AcknowledgesBeforeStoring, "acknowledges-before-storing", "quittiert, bevor gespeichert ist", "GEW-051", "error-guessing";
    SwallowsError, "swallows-error", "hält eine misslungene Zustellung für gelungen", "GEW-050", "error-guessing";
    LogGap, "log-gap", "protokolliert die Prüfung nicht", "GEW-060", "requirements-based-testing";
    NoDuplicateCheck, "no-duplicate-check", "nimmt dieselbe Nachricht noch einmal an", "GEW-032", "error-guessing";
    NoSchemaCheck, "no-schema-check", "prüft nicht gegen das Schema", "GEW-010", "equivalence-partitioning";
    NoRuleCheck, "no-rule-check", "prüft keine Regel über mehrere Felder", "GEW-018", "decision-table-testing";
    UnescapesTwice, "unescapes-twice", "löst Maskierungen zweimal auf", "GEW-006", "error-guessing";
    BreaksCombination, "breaks-combination", "verliert die E-Mail-Adresse, wenn das Telefon fehlt", "GEW-005", "pairwise-testing";
    TruncatesText, "truncates-text", "kürzt Texte auf 60 Zeichen", "GEW-012", "boundary-value-analysis";
    NoFiling, "no-filing", "legt nichts in der E-Akte ab", "GEW-022", "equivalence-partitioning";
    FilesEmptyDocuments, "files-empty-documents", "legt leere Dokumente in der E-Akte ab", "GEW-022", "equivalence-partitioning";
    NoConfirmation, "no-confirmation", "bestätigt den Eingang nicht", "GEW-030", "requirements-based-testing";
    IgnoresState, "ignores-state", "nimmt Nachrichten in jedem Stand an", "GEW-041", "state-transition-testing";
    WrongReason, "wrong-reason", "nennt immer denselben Rückweisungsgrund", "GEW-015", "equivalence-partitioning";
    DeliversRejected, "delivers-rejected", "weist zurück und stellt trotzdem zu", "GEW-020", "decision-table-testing";
    InventsValue, "invents-value", "fügt eine Angabe hinzu, die niemand gemacht hat", "GEW-002", "equivalence-partitioning";
    MailWithoutAttachments, "mail-without-attachments", "schickt Anlagen nicht mit der Mail", "GEW-004", "equivalence-partitioning";
    AcceptsLatin1, "accepts-latin1", "nimmt Nachrichten in ISO-8859-1 an", "GEW-017", "syntax-testing";
    SendsForeign, "sends-foreign", "schickt einer Stelle eine Nachricht, die niemand gesendet hat", "GEW-061", "error-guessing";
    LosesFlowMessage, "loses-flow-message", "stellt Nachforderungen nicht zu", "GEW-040", "scenario-testing";
    WrongAddress, "wrong-address", "schickt die Mail an eine andere Adresse", "GEW-021", "equivalence-partitioning";
    InventsMetadata, "invents-metadata", "fügt der Akte Metadaten hinzu, die niemand angegeben hat", "GEW-022", "equivalence-partitioning";
    WrongConfirmation, "wrong-confirmation", "bestätigt für eine andere Stelle", "GEW-030", "requirements-based-testing";
    CopiesToOtherDms, "copies-to-other-dms", "legt den Antrag auch in der E-Akte einer anderen Stelle ab", "GEW-020", "decision-table-testing";
    CallsElsewhere, "calls-elsewhere", "versucht die Zustellung zuerst an einer Adresse, die es nicht gibt", "GEW-020", "decision-table-testing";
    SharesTransaction, "shares-transaction", "gibt allen Nachrichten dieselbe Transaktion", "GEW-060", "requirements-based-testing";
    WrongFileNumber, "wrong-file-number", "bestätigt mit einem anderen Aktenzeichen", "GEW-030", "requirements-based-testing";
    ConfirmsTwice, "confirms-twice", "bestätigt den Eingang zweimal", "GEW-030", "requirements-based-testing";
    WrongQuittung, "wrong-quittung", "quittiert für einen anderen Vorgang", "GEW-001", "equivalence-partitioning";
    RejectsWith200, "rejects-with-200", "weist mit dem Status 200 zurück", "GEW-016", "syntax-testing";
    IgnoresHeader, "ignores-header", "hält die Leistung im Kopf nicht gegen die Wurzel", "GEW-033", "error-guessing";
    TrustsContent, "trusts-content", "erkennt Dubletten am Inhalt statt an der Kennung", "GEW-032", "error-guessing";
    LosesOffset, "loses-offset", "hält die doppelte Stunde der Zeitumstellung immer für die zweite", "GEW-006", "error-guessing";
    RejectsLargest, "rejects-largest", "weist den größten erlaubten Wert zurück", "GEW-013", "boundary-value-analysis";
    MtomPartMissing, "mtom-part-missing", "verweist auf einen Teil der Nachricht, den sie nicht hat", "KAN-004", "equivalence-partitioning", "kanaele";
    MtomEncodedTwice, "mtom-encoded-twice", "schickt Teile in Base64 und nennt sie binär", "KAN-004", "equivalence-partitioning", "kanaele";
    KeepsOldRoutes, "keeps-old-routes", "stellt nach einer anderen Konfiguration noch auf den alten Wegen zu", "GEW-055", "scenario-testing";
    DropsQueueOnChange, "drops-queue-on-change", "vergisst bei einer anderen Konfiguration, was wartet", "GEW-055", "scenario-testing";
    WrongSoapAction, "wrong-soap-action", "nennt die Aktion eines anderen Dienstes", "KAN-020", "decision-table-testing", "kanaele";
    JsonGuessesNumbers, "json-guesses-numbers", "macht aus Texten, die wie Zahlen aussehen, Zahlen", "KAN-002", "equivalence-partitioning", "kanaele";
    JsonLonelyElement, "json-lonely-element", "macht aus einer Liste mit einem Eintrag den Eintrag", "KAN-004", "equivalence-partitioning", "kanaele";
    WritesInPlace, "writes-in-place", "schreibt Dateien unter ihrem endgültigen Namen, mit einer Pause in der Mitte", "KAN-020", "decision-table-testing", "kanaele";
    NoMarker, "no-marker", "meldet einen Ordner nicht als fertig", "KAN-020", "decision-table-testing", "kanaele";
}

impl Defect {
    /// The fault with this name.
    pub fn by_id(id: &str) -> Option<Self> {
        DEFECTS.iter().find(|d| d.id == id).map(|d| d.defect)
    }
}
