//! The rules that a message can break, and how the schema engine reports them.

use super::simple::Broken;

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident $name:literal [$($code:literal),*];)*) => {
        /// A validation rule of XML Schema 1.0.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum Rule { $($(#[$doc])* $variant,)* }

        impl Rule {
            /// All rules.
            pub const ALL: &[Rule] = &[$(Rule::$variant,)*];

            /// The name as the standard writes it, or a short one of our own.
            pub fn name(self) -> &'static str {
                match self { $(Rule::$variant => $name,)* }
            }

            /// The numbers (`xmlParserErrors`) under which libxml2 reports this very rule.
            pub fn engine_codes(self) -> &'static [i32] {
                match self { $(Rule::$variant => &[$($code),*],)* }
            }
        }
    };
}

rules! {
    /// A required element is missing (part 1, section 3.4.4, clause 2.4).
    Missing "element-missing" [1871];
    /// An element occurs more often than `maxOccurs` lets it.
    TooOften "element-too-often" [1871];
    /// An element that the content model does not know.
    UnknownElement "element-unknown" [1871, 1841, 1842];
    /// Known elements in another order.
    Order "element-order" [1871];
    /// Two branches of a choice at once.
    Choice "choice-doubled" [1871];
    /// Text where only elements may stand (clause 2.3).
    Text "text-between-elements" [1843, 1841];
    /// The text is not in the lexical space of its type (part 2, section 2.3).
    Lexical "lexical" [1824];
    /// No member type of a union takes the text (part 1, section 3.14.4).
    Union "union" [1826];
    /// An item of a list is wrong.
    ListItem "list-item" [1825];
    /// Facet `length` (part 2, section 4.3.1).
    Length "length" [1830];
    /// Facet `minLength` (4.3.2).
    MinLength "minLength" [1831];
    /// Facet `maxLength` (4.3.3).
    MaxLength "maxLength" [1832];
    /// Facet `pattern` (4.3.4).
    Pattern "pattern" [1839];
    /// Facet `enumeration` (4.3.5).
    Enumeration "enumeration" [1840];
    /// Facet `maxInclusive` (4.3.7).
    MaxInclusive "maxInclusive" [1834];
    /// Facet `maxExclusive` (4.3.8).
    MaxExclusive "maxExclusive" [1836];
    /// Facet `minExclusive` (4.3.9).
    MinExclusive "minExclusive" [1835];
    /// Facet `minInclusive` (4.3.10).
    MinInclusive "minInclusive" [1833];
    /// Facet `totalDigits` (4.3.11).
    TotalDigits "totalDigits" [1837];
    /// Facet `fractionDigits` (4.3.12).
    FractionDigits "fractionDigits" [1838];
    /// Nothing where a value is needed.
    Empty "empty" [1824, 1825, 1826, 1830, 1831, 1839, 1840];
    /// A required attribute is missing (part 1, section 3.4.4, clause 4).
    AttributeMissing "attribute-missing" [1868];
    /// An attribute that the type does not know (clause 3).
    AttributeUnknown "attribute-unknown" [1865, 1866, 1867];
    /// A fixed value of an attribute is changed (section 3.2.4).
    AttributeFixed "attribute-fixed" [1863, 1864, 1874];
    /// A fixed value of an element is changed (section 3.3.4, clause 5.2.2).
    ElementFixed "element-fixed" [1856, 1857, 1858];
    /// A key or unique value occurs twice (section 3.11.4, clause 4.2.2).
    DuplicateKey "key-duplicate" [1877];
    /// A keyref points at nothing (clause 4.3).
    DanglingKeyref "keyref-dangling" [1877];
    /// Two elements bear the same ID (section 3.3.4, clause 1.2 of cvc-id).
    DuplicateId "id-duplicate" [513];
    /// `xsi:nil` on an element that is not nillable (section 3.3.4, clause 3.1).
    NotNillable "nil-not-allowed" [1847];
    /// `xsi:nil` on an element with content (clause 3.2.1).
    NilWithContent "nil-with-content" [1848];
    /// `xsi:type` names a type that is not there (clause 4.2).
    UnknownType "xsi-type-unknown" [1851];
    /// `xsi:type` names a type not derived from the declared one (clause 4.3).
    WrongType "xsi-type-not-derived" [1852];
    /// The element is abstract (clause 2).
    AbstractElement "element-abstract" [1846, 1871];
    /// The type is abstract (section 3.4.4, clause 1 of cvc-type).
    AbstractType "type-abstract" [1876];
}

impl Rule {
    /// Reports that may go along with those of the rule: libxml2 adds to a broken facet that the
    /// value is not one of the type, and says only this of members of a union or list.
    pub fn companion_codes(self) -> &'static [i32] {
        match self {
            Rule::Length
            | Rule::MinLength
            | Rule::MaxLength
            | Rule::Pattern
            | Rule::Enumeration
            | Rule::MaxInclusive
            | Rule::MaxExclusive
            | Rule::MinExclusive
            | Rule::MinInclusive
            | Rule::TotalDigits
            | Rule::FractionDigits => &[1824, 1825, 1826],
            Rule::ListItem | Rule::Union => &[1824, 1825, 1826],
            _ => &[],
        }
    }

    pub(super) fn of(broken: Broken) -> Self {
        match broken {
            Broken::Lexical => Rule::Lexical,
            Broken::Union => Rule::Union,
            Broken::Item => Rule::ListItem,
            Broken::Length => Rule::Length,
            Broken::MinLength => Rule::MinLength,
            Broken::MaxLength => Rule::MaxLength,
            Broken::Pattern => Rule::Pattern,
            Broken::Enumeration => Rule::Enumeration,
            Broken::MinInclusive => Rule::MinInclusive,
            Broken::MaxInclusive => Rule::MaxInclusive,
            Broken::MinExclusive => Rule::MinExclusive,
            Broken::MaxExclusive => Rule::MaxExclusive,
            Broken::TotalDigits => Rule::TotalDigits,
            Broken::FractionDigits => Rule::FractionDigits,
        }
    }

    /// What is wrong, in German, for the title of a case.
    pub fn german(self) -> &'static str {
        match self {
            Rule::Missing => "Pflichtelement fehlt",
            Rule::TooOften => "Element steht zu oft",
            Rule::UnknownElement => "Unbekanntes Element",
            Rule::Order => "Elemente in falscher Reihenfolge",
            Rule::Choice => "Zwei Zweige einer Auswahl zugleich",
            Rule::Text => "Text zwischen Elementen",
            Rule::Lexical => "Schreibweise passt nicht zum Datentyp",
            Rule::Union => "Wert passt zu keinem der erlaubten Datentypen",
            Rule::ListItem => "Ein Eintrag der Liste ist falsch",
            Rule::Length => "Falsche Länge",
            Rule::MinLength => "Wert zu kurz",
            Rule::MaxLength => "Wert zu lang",
            Rule::Pattern => "Wert folgt nicht dem Muster",
            Rule::Enumeration => "Wert steht nicht in der Aufzählung",
            Rule::MaxInclusive => "Wert über der Obergrenze",
            Rule::MaxExclusive => "Wert nicht unter der Obergrenze",
            Rule::MinExclusive => "Wert nicht über der Untergrenze",
            Rule::MinInclusive => "Wert unter der Untergrenze",
            Rule::TotalDigits => "Zu viele Ziffern",
            Rule::FractionDigits => "Zu viele Nachkommastellen",
            Rule::Empty => "Wert leer",
            Rule::AttributeMissing => "Pflichtattribut fehlt",
            Rule::AttributeUnknown => "Unbekanntes Attribut",
            Rule::AttributeFixed => "Fester Wert eines Attributs geändert",
            Rule::ElementFixed => "Fester Wert eines Elements geändert",
            Rule::DuplicateKey => "Schlüssel doppelt vergeben",
            Rule::DanglingKeyref => "Verweis auf einen fehlenden Schlüssel",
            Rule::DuplicateId => "ID doppelt vergeben",
            Rule::NotNillable => "xsi:nil, wo es nicht erlaubt ist",
            Rule::NilWithContent => "xsi:nil mit Inhalt",
            Rule::UnknownType => "xsi:type nennt einen unbekannten Typ",
            Rule::WrongType => "xsi:type nennt einen fremden Typ",
            Rule::AbstractElement => "Abstraktes Element verwendet",
            Rule::AbstractType => "Abstrakter Typ verwendet",
        }
    }
}
