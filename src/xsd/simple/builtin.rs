//! The built-in simple types (XML Schema 1.0 part 2, section 3).

use super::facets::WhiteSpace;

macro_rules! builtins {
    ($($variant:ident $name:literal $base:ident;)*) => {
        /// A built-in simple type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(in crate::xsd) enum Builtin { $($variant,)* }

        impl Builtin {
            /// All of them.
            pub(in crate::xsd) const ALL: &[Builtin] = &[$(Builtin::$variant,)*];

            /// The local name in the namespace of XML Schema.
            pub(in crate::xsd) fn name(self) -> &'static str {
                match self { $(Builtin::$variant => $name,)* }
            }

            /// The type it is derived from; itself for `anySimpleType`.
            pub(in crate::xsd) fn base(self) -> Builtin {
                match self { $(Builtin::$variant => Builtin::$base,)* }
            }
        }
    };
}

builtins! {
    AnySimple "anySimpleType" AnySimple;
    String "string" AnySimple;
    Boolean "boolean" AnySimple;
    Decimal "decimal" AnySimple;
    Float "float" AnySimple;
    Double "double" AnySimple;
    Duration "duration" AnySimple;
    DateTime "dateTime" AnySimple;
    Time "time" AnySimple;
    Date "date" AnySimple;
    GYearMonth "gYearMonth" AnySimple;
    GYear "gYear" AnySimple;
    GMonthDay "gMonthDay" AnySimple;
    GDay "gDay" AnySimple;
    GMonth "gMonth" AnySimple;
    HexBinary "hexBinary" AnySimple;
    Base64Binary "base64Binary" AnySimple;
    AnyUri "anyURI" AnySimple;
    QName "QName" AnySimple;
    Notation "NOTATION" AnySimple;
    NormalizedString "normalizedString" String;
    Token "token" NormalizedString;
    Language "language" Token;
    NmToken "NMTOKEN" Token;
    NameType "Name" Token;
    NcName "NCName" NameType;
    Id "ID" NcName;
    IdRef "IDREF" NcName;
    Entity "ENTITY" NcName;
    Integer "integer" Decimal;
    NonPositive "nonPositiveInteger" Integer;
    Negative "negativeInteger" NonPositive;
    Long "long" Integer;
    Int "int" Long;
    Short "short" Int;
    Byte "byte" Short;
    NonNegative "nonNegativeInteger" Integer;
    UnsignedLong "unsignedLong" NonNegative;
    UnsignedInt "unsignedInt" UnsignedLong;
    UnsignedShort "unsignedShort" UnsignedInt;
    UnsignedByte "unsignedByte" UnsignedShort;
    Positive "positiveInteger" NonNegative;
}

impl Builtin {
    /// The primitive type at the root (part 2, section 3.2).
    pub(in crate::xsd) fn primitive(self) -> Self {
        let mut at = self;
        while at.base() != Builtin::AnySimple && at.base() != at {
            at = at.base();
        }
        at
    }

    /// True when this is `other` or derived from it.
    pub(in crate::xsd) fn is_a(self, other: Self) -> bool {
        let mut at = self;
        loop {
            if at == other {
                return true;
            }
            if at.base() == at {
                return false;
            }
            at = at.base();
        }
    }

    /// What happens to white space (part 2, section 4.3.6).
    pub(in crate::xsd) fn white_space(self) -> WhiteSpace {
        match self {
            Builtin::String | Builtin::AnySimple => WhiteSpace::Preserve,
            Builtin::NormalizedString => WhiteSpace::Replace,
            _ => WhiteSpace::Collapse,
        }
    }

    /// Bounds of the whole-number types, both inclusive.
    pub(in crate::xsd) fn bounds(self) -> (Option<i128>, Option<i128>) {
        match self {
            Builtin::NonPositive => (None, Some(0)),
            Builtin::Negative => (None, Some(-1)),
            Builtin::NonNegative => (Some(0), None),
            Builtin::Positive => (Some(1), None),
            Builtin::Long => (Some(i64::MIN.into()), Some(i64::MAX.into())),
            Builtin::Int => (Some(i32::MIN.into()), Some(i32::MAX.into())),
            Builtin::Short => (Some(i16::MIN.into()), Some(i16::MAX.into())),
            Builtin::Byte => (Some(i8::MIN.into()), Some(i8::MAX.into())),
            Builtin::UnsignedLong => (Some(0), Some(u64::MAX.into())),
            Builtin::UnsignedInt => (Some(0), Some(u32::MAX.into())),
            Builtin::UnsignedShort => (Some(0), Some(u16::MAX.into())),
            Builtin::UnsignedByte => (Some(0), Some(u8::MAX.into())),
            _ => (None, None),
        }
    }
}
