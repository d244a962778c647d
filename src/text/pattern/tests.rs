use std::fmt::Write as _;

use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn error(text: &str) -> PatternError {
    match Pattern::parse(text) {
        Err(error) => error,
        Ok(_) => panic!("{text} was read"),
    }
}

#[test]
fn it_is_anchored_and_knows_no_anchors() {
    assert!(pattern("a|bc").matches("bc"));
    assert!(!pattern("a|bc").matches("abc"));
    assert!(pattern("^a$").matches("^a$"));
    assert!(!pattern("^a$").matches("a"));
    assert!(pattern("^a$").suspicion().is_some());
    assert!(pattern("a").suspicion().is_none());
    assert!(pattern("").matches("") && !pattern("").matches("a"));
    assert!(pattern("a||b").matches(""));
}

#[test]
fn every_kind_of_class_has_its_characters() {
    for (xsd, yes, no) in [
        (r"\d", "7٣", "aⅣ²"),
        (r"\D", "a²", "7"),
        (r"\s", " \t\n\r", "\u{A0}a"),
        (r"\S", "\u{A0}a", " \n"),
        (r"\i", "a_:Ä", "1-. €"),
        (r"\I", "1-. ", "a_:"),
        (r"\c", "a_:Ä1-.·", " /"),
        (r"\C", " /", "a-"),
        (r"\w", "aÄ1€+^", " -.,_"),
        (r"\W", " -.,_", "aÄ1€"),
        (".", "a \t€\u{1F600}", "\n\r"),
        (r"\p{L}", "aÄß中", "1 "),
        (r"\P{L}", "1 ", "aÄ"),
        (r"\p{Lu}", "AÄ", "aß"),
        (r"\p{Nd}", "1", "a"),
        (r"\p{IsBasicLatin}", "a~ ", "ä\u{80}"),
        (r"\P{IsBasicLatin}", "ä\u{80}", "a"),
        (r"\p{IsLatin-1Supplement}", "äß\u{80}", "aā"),
        (r"\p{IsGreek}\p{IsGreekandCoptic}?", "Ωα", "Жa"),
        (r"\p{IsPrivateUse}", "\u{E000}\u{F8FF}", "a"),
        ("[a-z-[aeiou]]", "bz", "aeAB"),
        ("[^a-z-[A-C]]", "DÄ1", "aAB"),
        ("[a-z-[b-y-[m]]]", "azm", "bny"),
        (r"[\p{L}-[ßA]]", "Bä", "ßA1"),
        ("[0-9|A-F]", "0|F", "G"),
        ("[^^]", "a", "^"),
        ("[a^]", "a^", "b"),
        ("[-a]", "-a", "b"),
        ("[a-]", "-a", "b"),
        (r"[,-\.]", ",-.", "+/"),
        ("[+--]", "+,-", "."),
        (r"[\w-]", "a-", "."),
        (r"[\w\-.]", "a-.", ","),
        (r"[\[\]]", "[]", "a"),
        (r"[$.*+?{}()|]", "$.*+?{}()|", "a"),
        (r"\^", "^", "a"),
    ] {
        let read = pattern(xsd);
        for c in yes.chars() {
            assert!(read.matches(&c.to_string()), "{xsd} must match {c:?}");
        }
        for c in no.chars() {
            assert!(!read.matches(&c.to_string()), "{xsd} must not match {c:?}");
        }
    }
}

#[test]
fn characters_that_xml_cannot_carry_match_nothing() {
    for c in ['\0', '\u{1B}', '\u{FFFE}', '\u{FFFF}'] {
        assert!(!pattern(r"[\s\S]").matches(&c.to_string()), "{c:?}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_the_way_out() {
    for (xsd, offset, message, help) in [
        ("ab(c", 2, "not closed", "add )"),
        ("ab)c", 2, "closes no group", r"\)"),
        ("ä[b", 2, "not closed", "add ]"),
        ("a[]", 2, "empty class", r"\]"),
        ("a]", 1, "stands alone", r"\]"),
        ("a}", 1, "stands alone", r"\}"),
        ("*a", 0, "follows nothing", r"\*"),
        ("a**", 2, "follows a quantifier", "lazy"),
        ("a+?", 2, "follows a quantifier", "leave it out"),
        ("a{2", 1, "not closed", "{n,m}"),
        ("a{,2}", 1, "no quantifier", "{n,m}"),
        ("a{x}", 1, "no quantifier", "{n,m}"),
        ("a{3,2}", 1, "before it begins", "{n,m}"),
        ("a{99999999999}", 1, "too great", "{n,m}"),
        ("(?:a)", 0, "no (?…) groups", "plain group"),
        (r"a\b", 1, "no escape", "whole value"),
        (r"a\1", 1, "references", "without"),
        (r"a\x41", 1, "no escape", "&#x20AC;"),
        (r"a\$", 1, "no escape", "write $ without"),
        (r"a\", 1, "backslash", r"\\"),
        (r"\pL", 0, "name in braces", r"\p{L}"),
        (r"\p{Latin}", 0, "no category", "IsBasicLatin"),
        (r"\p{IsBasiclatin}", 0, "no category", r"\p{IsBasicLatin}"),
        (r"\p{BasicLatin}", 0, "no category", r"\p{IsBasicLatin}"),
        (r"\p{lu}", 0, "no category", r"\p{Lu}"),
        ("[z-a]", 1, "before it begins", "swap"),
        (r"[a-\d]", 1, "ends in a class", r"\-"),
        ("[a-c-e]", 4, "middle of a class", r"\-"),
        (r"[\w-.]", 3, "middle of a class", r"\-"),
        ("[a[b]", 2, "[ inside a class", r"\["),
        ("[a-z-[b]c]", 8, "follows the subtracted", "at the end"),
    ] {
        let found = error(xsd);
        let text = format!("{} {}", found.message, found.help);
        assert_eq!(found.offset, offset, "{xsd}: {found}");
        assert!(text.contains(message) && text.contains(help), "{xsd}: {found}");
    }
    assert!(error(&"(".repeat(5000)).message.contains("nested"));
    assert!(error(&"a".repeat(200_001)).message.contains("longer"));
}

/// Small expressions of every shape.
fn small(depth: usize) -> Vec<String> {
    let mut all: Vec<String> = ["a", "b", "[ab]", ""].map(str::to_owned).to_vec();
    if depth == 0 {
        return all;
    }
    let inner = small(depth - 1);
    for one in &inner {
        for q in ["?", "*", "+", "{2}", "{0}", "{1,}", "{2,3}", "{0,2}"] {
            all.push(format!("({one}){q}"));
        }
    }
    for one in inner.iter().step_by(3) {
        for two in inner.iter().step_by(2) {
            all.push(format!("({one})({two})"));
            all.push(format!("{one}|{two}"));
        }
    }
    all
}

fn words(alphabet: &[char], longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last.iter().flat_map(|w| alphabet.iter().map(move |c| format!("{w}{c}"))).collect();
        all.extend(last.clone());
    }
    all
}

#[test]
fn another_engine_agrees_on_small_expressions_with_lengths_and_examples() {
    let values = words(&['a', 'b'], 6);
    let mut compared = 0;
    for xsd in small(2).iter().step_by(7) {
        let ours = pattern(xsd);
        let other = regex::Regex::new(&format!("^(?:{xsd})$")).unwrap();
        let mut lengths = std::collections::BTreeSet::new();
        for value in &values {
            let matches = other.is_match(value);
            assert_eq!(ours.matches(value), matches, "{xsd} on {value:?}");
            if matches {
                lengths.insert(value.len());
            }
            compared += 1;
        }
        assert!(ours.lengths(6).iter().eq(lengths.iter().copied()), "{xsd}");
        assert_eq!(ours.lengths(6).max(), lengths.last().copied(), "{xsd}");
        for length in 0..=6 {
            let all = ours.examples(length, 40);
            assert_eq!(!all.is_empty(), lengths.contains(&length), "{xsd}");
            for text in &all {
                assert!(text.len() == length && other.is_match(text), "{xsd}: {text:?}");
            }
        }
    }
    assert!(compared > 10_000, "{compared}");
}

#[test]
fn lengths_have_gaps_where_the_expression_has_them() {
    let lengths = pattern("([0-9]{5}|[A-Z]{2}-[0-9]{3,5}(/[a-z])?)?").lengths(100);
    assert!(lengths.iter().eq([0, 5, 6, 7, 8, 9, 10]));
    assert!((lengths.min(), lengths.max()) == (Some(0), Some(10)));
    assert!(lengths.contains(8) && !lengths.contains(1) && !lengths.contains(101));
    assert!(pattern("(abc){2,}").lengths(13).iter().eq([6, 9, 12]));
    assert!(pattern("a{3}").lengths(2).is_empty());
    assert!(pattern("[a-[a]]*").lengths(5).iter().eq([0]));
    assert!(pattern("[a-[a]]").lengths(5).is_empty());
    assert_eq!(pattern(".{1,2000}").lengths(5000).max(), Some(2000));
    assert_eq!(pattern(".*").lengths(usize::MAX).max(), Some(LONGEST));
    let both = pattern("(ab)*").lengths(30).intersection(&pattern("(abc)*").lengths(12));
    assert!(both.iter().eq([0, 6, 12]));
}

#[test]
fn examples_read_well() {
    for (xsd, length, wanted) in [
        ("[A-ZÄÖÜ]{2}-[0-9]{3,5}(/[a-z])?", 8, "AB-456/p"),
        ("[0-9]{5}", 5, "12345"),
        (".{1,200}", 12, "PrüfungStraß"),
        (r"\p{L}+", 7, "Prüfung"),
        ("[a-zA-Z]{1,20}", 16, "PrufungStraseGro"),
        ("[a-z]+", 7, "prufung"),
        (".*", 31, "Prüfung Straße Größe Übergabe Ä"),
        ("[A-Z0-9]{4}", 4, "A1B2"),
        (r"\d{2}\.\d{2}\.\d{4}", 10, "12.45.7890"),
        (r"[#\s]", 1, "#"),
        (r"\s", 1, " "),
        (r"\p{IsCyrillic}{3}", 3, "ЂЃЄ"),
        (r"[^\p{IsBasicLatin}]{3}", 3, "ÄÖÜ"),
    ] {
        let text = pattern(xsd).example(length, 0).unwrap_or_default();
        assert_eq!(text.chars().count(), length, "{xsd}: {text}");
        assert!(pattern(xsd).matches(&text), "{xsd}: {text}");
        if !xsd.contains("Cyrillic") {
            assert_eq!(text, wanted, "{xsd}");
        }
    }
}

#[test]
fn different_numbers_give_different_texts_while_there_are_any() {
    for (xsd, length, several) in [
        ("[0-9]{2}", 2, 100),
        (".{5,9}", 7, 256),
        ("[A-Z]{3}-[0-9]{3}", 7, 256),
        ("(rot|blau|grün)", 4, 2),
        ("[AB]{3}", 3, 8),
        ("(Herr|Frau) [A-Z][a-z]+", 12, 256),
    ] {
        let read = pattern(xsd);
        let all: std::collections::BTreeSet<String> =
            read.examples(length, 256).into_iter().collect();
        assert!(all.len() >= several, "{xsd}: {} of {several}", all.len());
        assert!(all.iter().all(|t| read.matches(t) && t.chars().count() == length), "{xsd}");
        assert!(all.iter().all(|t| t.trim() == t), "{xsd}");
        let first: Vec<String> = (0..20).filter_map(|nth| read.example(length, nth)).collect();
        assert!(first.len() == 20 && first.iter().all(|text| all.contains(text)), "{xsd}");
        assert!(first.iter().collect::<std::collections::BTreeSet<_>>().len() == several.min(20));
    }
    assert_eq!(pattern("abc").example(3, 77).as_deref(), Some("abc"));
    assert_eq!(pattern("abc").example(4, 0), None);
    assert_eq!(pattern("a*").example(usize::MAX, 0), None);
}

#[test]
fn near_misses_are_near_and_clean() {
    for (xsd, min, max, near, wanted) in [
        ("[0-9]{5}", 5, 5, "01067", Some("0106X")),
        ("[A-Z]{2}-[0-9]{3,5}", 0, 9, "AB-123", Some("AB-12X")),
        ("[0-9]+", 1, 8, "12", Some("1X")),
        ("[^%]*", 0, 10, "Amt", Some("Am%")),
        (".{3}", 1, 5, "Amt", Some("Amtt")),
        (".{3}", 3, 3, "Amt", None),
        (".{1,200}", 0, 200, "Amt", Some("")),
        (".*", 0, 10, "Amt", None),
        ("A?", 0, 5, "", Some("X")),
        ("A?", 1, 5, "", Some("X")),
        ("[A-Z]*", 0, 0, "", None),
        ("a", 2, 1, "a", None),
        (r"\w{2,}", 2, 4, "ab", Some("a-")),
    ] {
        let found = pattern(xsd).counterexample(min, max, near);
        assert_eq!(found.as_deref(), wanted, "{xsd} near {near}");
    }
    // A space is never put where normalisation would take it away.
    assert_eq!(pattern("[^ ]{1,3}").counterexample(1, 2, "ab"), None);
    assert_eq!(pattern("[^ ]{1,3}").counterexample(1, 3, "abc").as_deref(), Some("a c"));
}

#[test]
fn large_counts_and_nested_repetition_end_soon() {
    let long = "a".repeat(3000);
    assert!(pattern(r"\p{L}{1,4000}").matches(&long));
    assert!(!pattern(r"\p{L}{1,2000}").matches(&long));
    assert!(!pattern("(a*)*b").matches(&long));
    assert!(!pattern("((a+)+)+b").matches(&long));
    assert!(!pattern("(a|aa|aaa)*b").matches(&long));
    assert!(pattern("((a{1,2000}){1,2000}){1,2000}").matches(&long));
    assert!(!pattern("((a{0,4294967295}b?){4294967295})c").matches(&long));
    assert!(!pattern("((((a?){50}){50}){50}){50}b").matches(&long));
    assert_eq!(pattern("(a{1000}){1000}").lengths(2000).max(), None);
    let nested = pattern("((ab|c){1,2000}-){1,2000}");
    let text = nested.example(3000, 1).unwrap_or_default();
    assert!(nested.matches(&text));
    let mut deep = String::from("a");
    for _ in 0..90 {
        deep = format!("({deep}*b?)");
    }
    assert!(pattern(&deep).matches("aab") && pattern(&deep).example(9, 0).is_some());
    let mut wide = String::new();
    for n in 0..3000 {
        let _ = write!(wide, "|amt{n:04}");
    }
    assert!(pattern(&wide).matches("amt2999") && !pattern(&wide).matches("amt3000"));
}

#[test]
fn several_patterns_hold_at_once() {
    for (all, length, nth) in [
        (vec!["[0-9A-F]{8}", ".{3}[A-F]+"], 8, 5),
        (vec![r".*ü.*", r"[\p{L} ]{5,30}"], 20, 3),
        (vec!["(ab)*", "(aba|b)*"], 8, 0),
        (vec![r"\p{IsBasicLatin}*", r"[^!-/]*", ".*[A-Z][0-9]"], 6, 9),
    ] {
        let all: Vec<Pattern> = all.iter().map(|p| pattern(p)).collect();
        let all: Vec<&Pattern> = all.iter().collect();
        for nth in 0..=nth {
            let text = both(&all, length, nth).unwrap_or_else(|| panic!("{all:?} {nth}"));
            assert!(all.iter().all(|p| p.matches(&text)), "{text}");
            assert_eq!(text.chars().count(), length);
        }
    }
    assert_eq!(both(&[&pattern("[0-9]+"), &pattern("[a-z]+")], 3, 0), None);
    assert_eq!(both(&[&pattern("a{3}"), &pattern("a{4}")], 3, 0), None);
    assert_eq!(both(&[&pattern("[a-f]+"), &pattern(".*e")], 3, 0).map(|t| t.len()), Some(3));
    assert_eq!(both(&[], 0, 0).as_deref(), Some(""));
}
