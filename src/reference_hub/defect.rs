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
    ($($(#[doc = $doc:literal])* $name:ident, $area:ident, $id:literal, $title:literal, $requirement:literal, $technique:literal $(, $bundle:literal)?;)*) => {
        /// A fault that can be switched on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Defect {
            $(#[doc = $title] $name,)*
        }

        /// All faults.
        pub const DEFECTS: &[DefectInfo] = &[$(DefectInfo {
            id: $id,
            area: Area::$area,
            title: $title,
            requirement: $requirement,
            technique: $technique,
            bundle: bundle!($($bundle)?),
            defect: Defect::$name,
        },)*];
    };
}

/// A part of a hub's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Taking messages in.
    Receiving,
    /// Telling what a message is.
    Recognition,
    /// Finding who is in charge.
    Routing,
    /// Holding a message against schema, rules and state.
    Validation,
    /// Bringing it into another format.
    Transformation,
    /// Handing it over.
    Delivery,
    /// Filing it.
    Filing,
    /// Mailing it.
    Mail,
    /// Keeping it until it can be handed over.
    Queueing,
    /// Saying that it was taken, and that it has arrived.
    Acknowledgement,
    /// The transaction log.
    Log,
    /// Times and dates.
    Times,
    /// Several messages at once.
    Concurrency,
    /// What nobody may see or do.
    Security,
    /// What survives its end.
    Restart,
}

/// A fault with what must catch it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DefectInfo {
    /// Name on the command line.
    pub id: &'static str,
    /// The part of the hub's work that it is in.
    pub area: Area,
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
    WrongAuthority, Routing, "wrong-authority", "stellt an die Stelle nach der zuständigen zu", "GEW-020", "decision-table-testing";
    LostAttachment, Transformation, "lost-attachment", "verliert die letzte Anlage", "GEW-004", "boundary-value-analysis";
    DeliveredTwice, Delivery, "delivered-twice", "stellt zweimal zu", "GEW-020", "decision-table-testing";
    FieldDropped, Transformation, "field-dropped", "lässt den Geburtsnamen weg", "GEW-003", "equivalence-partitioning";
    FieldsSwapped, Transformation, "fields-swapped", "vertauscht Vornamen und Familiennamen", "GEW-002", "equivalence-partitioning";
    CodeNotConverted, Transformation, "code-not-converted", "schlüsselt die Rechtsform nicht um", "GEW-002", "equivalence-partitioning";
    UmlautsBroken, Transformation, "umlauts-broken", "liest UTF-8 als Latin-1", "GEW-002", "equivalence-partitioning";
    AcknowledgesBeforeStoring, Restart, "acknowledges-before-storing", "quittiert, bevor gespeichert ist", "GEW-051", "error-guessing";
    SwallowsError, Queueing, "swallows-error", "hält eine misslungene Zustellung für gelungen", "GEW-050", "error-guessing";
    LogGap, Log, "log-gap", "protokolliert die Prüfung nicht", "GEW-060", "requirements-based-testing";
    NoDuplicateCheck, Receiving, "no-duplicate-check", "nimmt dieselbe Nachricht noch einmal an", "GEW-032", "error-guessing";
    NoSchemaCheck, Validation, "no-schema-check", "prüft nicht gegen das Schema", "GEW-010", "equivalence-partitioning";
    NoRuleCheck, Validation, "no-rule-check", "prüft keine Regel über mehrere Felder", "GEW-018", "decision-table-testing";
    UnescapesTwice, Transformation, "unescapes-twice", "löst Maskierungen zweimal auf", "GEW-006", "error-guessing";
    BreaksCombination, Transformation, "breaks-combination", "verliert die E-Mail-Adresse, wenn das Telefon fehlt", "GEW-005", "pairwise-testing";
    TruncatesText, Transformation, "truncates-text", "kürzt Texte auf 60 Zeichen", "GEW-012", "boundary-value-analysis";
    NoFiling, Filing, "no-filing", "legt nichts in der E-Akte ab", "GEW-022", "equivalence-partitioning";
    FilesEmptyDocuments, Filing, "files-empty-documents", "legt leere Dokumente in der E-Akte ab", "GEW-022", "equivalence-partitioning";
    NoConfirmation, Acknowledgement, "no-confirmation", "bestätigt den Eingang nicht", "GEW-030", "requirements-based-testing";
    IgnoresState, Validation, "ignores-state", "nimmt Nachrichten in jedem Stand an", "GEW-041", "state-transition-testing";
    WrongReason, Validation, "wrong-reason", "nennt immer denselben Rückweisungsgrund", "GEW-015", "equivalence-partitioning";
    DeliversRejected, Routing, "delivers-rejected", "weist zurück und stellt trotzdem zu", "GEW-020", "decision-table-testing";
    InventsValue, Transformation, "invents-value", "fügt eine Angabe hinzu, die niemand gemacht hat", "GEW-002", "equivalence-partitioning";
    MailWithoutAttachments, Mail, "mail-without-attachments", "schickt Anlagen nicht mit der Mail", "GEW-004", "equivalence-partitioning";
    AcceptsLatin1, Receiving, "accepts-latin1", "nimmt Nachrichten in ISO-8859-1 an", "GEW-017", "syntax-testing";
    SendsForeign, Security, "sends-foreign", "schickt einer Stelle eine Nachricht, die niemand gesendet hat", "GEW-061", "error-guessing";
    LosesFlowMessage, Routing, "loses-flow-message", "stellt Nachforderungen nicht zu", "GEW-040", "scenario-testing";
    WrongAddress, Mail, "wrong-address", "schickt die Mail an eine andere Adresse", "GEW-021", "equivalence-partitioning";
    InventsMetadata, Filing, "invents-metadata", "fügt der Akte Metadaten hinzu, die niemand angegeben hat", "GEW-022", "equivalence-partitioning";
    WrongConfirmation, Acknowledgement, "wrong-confirmation", "bestätigt für eine andere Stelle", "GEW-030", "requirements-based-testing";
    CopiesToOtherDms, Security, "copies-to-other-dms", "legt den Antrag auch in der E-Akte einer anderen Stelle ab", "GEW-020", "decision-table-testing";
    CallsElsewhere, Delivery, "calls-elsewhere", "versucht die Zustellung zuerst an einer Adresse, die es nicht gibt", "GEW-020", "decision-table-testing";
    SharesTransaction, Log, "shares-transaction", "gibt allen Nachrichten dieselbe Transaktion", "GEW-060", "requirements-based-testing";
    WrongFileNumber, Acknowledgement, "wrong-file-number", "bestätigt mit einem anderen Aktenzeichen", "GEW-030", "requirements-based-testing";
    ConfirmsTwice, Acknowledgement, "confirms-twice", "bestätigt den Eingang zweimal", "GEW-030", "requirements-based-testing";
    WrongQuittung, Acknowledgement, "wrong-quittung", "quittiert für einen anderen Vorgang", "GEW-001", "equivalence-partitioning";
    RejectsWith200, Receiving, "rejects-with-200", "weist mit dem Status 200 zurück", "GEW-016", "syntax-testing";
    IgnoresHeader, Recognition, "ignores-header", "hält die Leistung im Kopf nicht gegen die Wurzel", "GEW-033", "error-guessing";
    TrustsContent, Receiving, "trusts-content", "erkennt Dubletten am Inhalt statt an der Kennung", "GEW-032", "error-guessing";
    LosesOffset, Times, "loses-offset", "hält die doppelte Stunde der Zeitumstellung immer für die zweite", "GEW-006", "error-guessing";
    RejectsLargest, Validation, "rejects-largest", "weist den größten erlaubten Wert zurück", "GEW-013", "boundary-value-analysis";
    MtomPartMissing, Delivery, "mtom-part-missing", "verweist auf einen Teil der Nachricht, den sie nicht hat", "KAN-004", "equivalence-partitioning", "kanaele";
    MtomEncodedTwice, Delivery, "mtom-encoded-twice", "schickt Teile in Base64 und nennt sie binär", "KAN-004", "equivalence-partitioning", "kanaele";
    KeepsOldRoutes, Routing, "keeps-old-routes", "stellt nach einer anderen Konfiguration noch auf den alten Wegen zu", "GEW-055", "scenario-testing";
    DropsQueueOnChange, Queueing, "drops-queue-on-change", "vergisst bei einer anderen Konfiguration, was wartet", "GEW-055", "scenario-testing";
    WrongSoapAction, Delivery, "wrong-soap-action", "nennt die Aktion eines anderen Dienstes", "KAN-020", "decision-table-testing", "kanaele";
    JsonGuessesNumbers, Transformation, "json-guesses-numbers", "macht aus Texten, die wie Zahlen aussehen, Zahlen", "KAN-002", "equivalence-partitioning", "kanaele";
    JsonLonelyElement, Transformation, "json-lonely-element", "macht aus einer Liste mit einem Eintrag den Eintrag", "KAN-004", "equivalence-partitioning", "kanaele";
    WritesInPlace, Delivery, "writes-in-place", "schreibt Dateien unter ihrem endgültigen Namen, mit einer Pause in der Mitte", "KAN-020", "decision-table-testing", "kanaele";
    NoMarker, Delivery, "no-marker", "meldet einen Ordner nicht als fertig", "KAN-020", "decision-table-testing", "kanaele";
    MislabelsCharset, Delivery, "mislabels-charset", "nennt Nachrichten in UTF-8 ISO-8859-1", "GEW-002", "equivalence-partitioning";
    FilesTwice, Filing, "files-twice", "legt Anlagen ein zweites Mal unter anderem Namen ab", "GEW-022", "equivalence-partitioning";
    SwapsMetadata, Filing, "swaps-metadata", "vertauscht die Metadaten zweier Angaben", "GEW-022", "equivalence-partitioning";
    WrongFolder, Filing, "wrong-folder", "legt in einem anderen Ordner ab", "GEW-022", "equivalence-partitioning";
    MailsTwice, Mail, "mails-twice", "schickt die Mail zweimal", "GEW-021", "equivalence-partitioning";
    RenamesEnclosures, Mail, "renames-enclosures", "gibt Anlagen der Mail andere Namen", "GEW-004", "boundary-value-analysis";
    GivesUp, Queueing, "gives-up", "versucht eine misslungene Zustellung nicht noch einmal", "GEW-050", "error-guessing";
    ForgetsQueue, Restart, "forgets-queue", "vergisst beim Neustart, was noch zuzustellen ist", "GEW-051", "error-guessing";
    RepeatsAfterRestart, Restart, "repeats-after-restart", "stellt nach einem Neustart noch einmal zu, was zugestellt war", "GEW-051", "error-guessing";
    LogClockWrong, Times, "log-clock-wrong", "schreibt Zeiten des Protokolls eine Stunde zu spät", "GEW-060", "requirements-based-testing";
    LogsBeforehand, Log, "logs-beforehand", "protokolliert die Zustellung vor der Umformung", "GEW-060", "requirements-based-testing";
    DeliversLate, Times, "delivers-late", "stellt erst nach der erlaubten Durchlaufzeit zu", "GEW-031", "requirements-based-testing";
    MixesConcurrent, Concurrency, "mixes-concurrent", "verwechselt Nachrichten, die gleichzeitig umgeformt werden", "GEW-002", "equivalence-partitioning";
    SharesNumber, Concurrency, "shares-number", "gibt gleichzeitigen Vorgängen dasselbe Aktenzeichen", "GEW-030", "equivalence-partitioning";
    AcceptsDoctype, Security, "accepts-doctype", "nimmt Nachrichten mit Dokumenttypdeklaration an", "GEW-016", "syntax-testing";
    IgnoresNamespace, Recognition, "ignores-namespace", "erkennt Nachrichten am Namen der Wurzel allein", "GEW-016", "syntax-testing";
    RefusesPrefix, Recognition, "refuses-prefix", "erkennt Nachrichten mit Präfix nicht", "GEW-006", "error-guessing";
    RefusesByteOrderMark, Receiving, "refuses-byte-order-mark", "nimmt keine Nachricht mit Byte Order Mark an", "GEW-006", "error-guessing";
    LosesLeadingZeros, Transformation, "loses-leading-zeros", "macht aus Ziffern Zahlen und verliert führende Nullen", "GEW-002", "equivalence-partitioning";
    ShiftsDates, Times, "shifts-dates", "rechnet Tage in UTC um und kommt auf den Tag davor", "GEW-002", "equivalence-partitioning";
    ConfirmsEarly, Acknowledgement, "confirms-early", "bestätigt vor der Zustellung, ohne Aktenzeichen", "GEW-030", "requirements-based-testing";
    FirstAuthority, Routing, "first-authority", "stellt an die erste Stelle zu, die die Leistung anbietet", "GEW-020", "decision-table-testing";
}

impl Defect {
    /// The fault with this name.
    pub fn by_id(id: &str) -> Option<Self> {
        DEFECTS.iter().find(|d| d.id == id).map(|d| d.defect)
    }
}
