//! Keys of places and services. They are texts: a leading zero belongs to them.

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Postleitzahl, 5 digits, 01001 to 99998.
    Plz,
    /// Amtlicher Gemeindeschlüssel, 8 digits: Land, Regierungsbezirk, Kreis, Gemeinde.
    Ags,
    /// Amtlicher Regionalschlüssel, 12 digits: the AGS with the Verband before the Gemeinde.
    Ars,
    /// Key of a service in the Leistungskatalog (LeiKa), 14 digits, the first two 99.
    Leika,
}

/// A text that is no key, and why, in German.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// The text.
    pub text: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Land Sachsen, no Regierungsbezirk of that number, no Kreis of that number.
const TEST_KREIS: &str = "14999";

impl Key {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Plz, Self::Ags, Self::Ars, Self::Leika];

    /// The number of digits.
    pub fn length(self) -> usize {
        match self {
            Self::Plz => 5,
            Self::Ags => 8,
            Self::Ars => 12,
            Self::Leika => 14,
        }
    }

    /// Whether a text has the form and the range of such a key; whether the key was ever given to
    /// a place or service is not looked at.
    pub fn is(self, text: &str) -> bool {
        if text.len() != self.length() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        match self {
            Self::Plz => ("01001"..="99998").contains(&text),
            Self::Ags | Self::Ars => ("01"..="16").contains(&&text[..2]),
            Self::Leika => text.starts_with("99"),
        }
    }

    /// Right ones: the ends of the range, leading and trailing zeros.
    pub fn right(self) -> &'static [&'static str] {
        match self {
            Self::Plz => &["01001", "01067", "10115", "99998"],
            Self::Ags => &["01051044", "08111000", "14612000", "14999001", "16077056"],
            Self::Ars => &["010510044044", "081110000000", "146120000000", "149990001001"],
            Self::Leika => &["99050012104000", "99000000000000", "99999999999999"],
        }
    }

    /// Wrong ones, just beyond the edges.
    pub fn wrong(self) -> &'static [Wrong] {
        const fn wrong(text: &'static str, why: &'static str) -> Wrong {
            Wrong { text, why }
        }
        const PLZ: [Wrong; 8] = [
            wrong("1067", "führende Null fehlt"),
            wrong("0106", "eine Ziffer zu wenig"),
            wrong("010670", "eine Ziffer zu viel"),
            wrong("01000", "unter dem kleinsten Wert 01001"),
            wrong("99999", "über dem größten Wert 99998"),
            wrong("D-01067", "Länderkennzeichen davor"),
            wrong("O1067", "Buchstabe O statt Null"),
            wrong("０１０６７", "Ziffern in voller Breite"),
        ];
        const AGS: [Wrong; 6] = [
            wrong("8111000", "führende Null fehlt"),
            wrong("00111000", "Land 00"),
            wrong("17111000", "Land 17"),
            wrong("1461200", "eine Ziffer zu wenig"),
            wrong("146120000000", "ein ARS statt eines AGS"),
            wrong("14 612 000", "gegliedert geschrieben"),
        ];
        const ARS: [Wrong; 6] = [
            wrong("10510044044", "führende Null fehlt"),
            wrong("000510044044", "Land 00"),
            wrong("170510044044", "Land 17"),
            wrong("01051004404", "eine Ziffer zu wenig"),
            wrong("01051044", "ein AGS statt eines ARS"),
            wrong("01 0 51 0044 044", "gegliedert geschrieben"),
        ];
        const LEIKA: [Wrong; 4] = [
            wrong("9905001210400", "eine Ziffer zu wenig"),
            wrong("990500121040000", "eine Ziffer zu viel"),
            wrong("98050012104000", "beginnt nicht mit 99"),
            wrong("urn:de:fim:leika:leistung:99050012104000", "URN statt des Schlüssels"),
        ];
        match self {
            Self::Plz => &PLZ,
            Self::Ags => &AGS,
            Self::Ars => &ARS,
            Self::Leika => &LEIKA,
        }
    }
}

/// The AGS inside an ARS: without the four digits of the Verband. `None` if it is no ARS.
pub fn ars_to_ags(ars: &str) -> Option<String> {
    Key::Ars.is(ars).then(|| format!("{}{}", &ars[..5], &ars[9..]))
}

/// An AGS of a Kreis of Saxony that does not exist; `nth` is the Gemeinde, 0 to 999, from where
/// they come again.
pub fn test_ags(nth: usize) -> String {
    format!("{TEST_KREIS}{:03}", nth % 1000)
}

/// The ARS of [`test_ags`], as a Gemeinde that belongs to no Verband: its own number stands there
/// after a zero.
pub fn test_ars(nth: usize) -> String {
    format!("{TEST_KREIS}0{0:03}{0:03}", nth % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_and_wrong_ones_are_told_apart() {
        for key in Key::ALL {
            assert!(!key.right().is_empty() && !key.wrong().is_empty());
            for text in key.right() {
                assert!(key.is(text), "{key:?} {text}");
            }
            for wrong in key.wrong() {
                assert!(!key.is(wrong.text), "{key:?} {}: {}", wrong.text, wrong.why);
            }
            assert!(!key.is(""));
        }
    }

    #[test]
    fn an_ars_contains_its_ags() {
        assert_eq!(ars_to_ags("010510044044").as_deref(), Some("01051044"));
        assert_eq!(ars_to_ags("146120000000").as_deref(), Some("14612000"));
        assert_eq!(ars_to_ags("01051044"), None);
        for nth in [0, 1, 999, 1000] {
            assert!(Key::Ags.is(&test_ags(nth)) && Key::Ars.is(&test_ars(nth)));
            assert_eq!(ars_to_ags(&test_ars(nth)), Some(test_ags(nth)));
        }
        assert_eq!(test_ags(1), "14999001");
        assert_eq!(test_ars(1), "149990001001");
    }
}
