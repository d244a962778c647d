//! JSON for receivers that take it: rules make XML, and this turns the XML representation of JSON
//! (XSLT 3.0, section 22.1; XPath and XQuery Functions 3.1, section 17.5.4) into its text. That
//! form says itself what is a list, a text or a number, so nothing has to be guessed.

use crate::wire::{Json, read_json};
use crate::xml::Element;

/// Namespace of the representation.
pub const NAMESPACE: &str = "http://www.w3.org/2005/xpath-functions";

/// What a hub may do wrong here.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Faults {
    /// Texts that look like numbers become numbers.
    pub guesses_numbers: bool,
    /// A list with one element becomes the element.
    pub lonely_element: bool,
}

/// The text of the JSON that a tree represents, as an intact hub writes it.
///
/// # Errors
/// When the tree is no representation of JSON.
pub fn represented(root: &Element) -> Result<String, String> {
    text_of(root, Faults::default())
}

/// The text of the JSON that a tree represents.
pub(super) fn text_of(root: &Element, faults: Faults) -> Result<String, String> {
    let mut out = String::new();
    value(root, faults)?.write(&mut out);
    Ok(out)
}

fn value(element: &Element, faults: Faults) -> Result<Json, String> {
    if element.namespace != NAMESPACE {
        let name = format!("{{{}}}{}", element.namespace, element.name);
        return Err(format!("{name} represents no JSON; rules write elements of {NAMESPACE}"));
    }
    let text = element.text();
    Ok(match element.name.as_str() {
        "map" => {
            let mut members: Vec<(String, Json)> = Vec::new();
            for child in element.elements() {
                let key = child.attribute("key").ok_or("an entry of a map without key")?;
                if members.iter().any(|(known, _)| known == key) {
                    return Err(format!("the key \"{key}\" stands twice in a map"));
                }
                members.push((key.to_owned(), value(child, faults)?));
            }
            Json::Object(members)
        }
        "array" => {
            let mut list: Vec<Json> =
                element.elements().map(|e| value(e, faults)).collect::<Result<_, _>>()?;
            match (faults.lonely_element, list.len()) {
                (true, 1) => list.remove(0),
                _ => Json::List(list),
            }
        }
        "string" if faults.guesses_numbers && looks_like_number(&text) => {
            let bare = text.trim_start_matches('0');
            Json::Number(if bare.is_empty() { "0".into() } else { bare.to_owned() })
        }
        "string" => Json::Text(text),
        "number" => match read_json(text.trim().as_bytes(), 1).map(|d| d.value) {
            Ok(number @ Json::Number(_)) => number,
            _ => return Err(format!("\"{text}\" is no number of JSON")),
        },
        "boolean" => match text.trim() {
            "true" | "1" => Json::Bool(true),
            "false" | "0" => Json::Bool(false),
            _ => return Err(format!("\"{text}\" is no truth value")),
        },
        "null" => Json::Null,
        other => return Err(format!("\"{other}\" represents no JSON")),
    })
}

/// As a converter sees it that has 32 bits for a number.
fn looks_like_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{Faults, text_of};
    use crate::xml::parse;

    fn text(inner: &str, faults: Faults) -> Result<String, String> {
        let xml = format!("<map xmlns=\"{}\">{inner}</map>", super::NAMESPACE);
        text_of(&parse(xml.as_bytes()).unwrap().root, faults)
    }

    #[test]
    fn the_representation_says_what_is_what() {
        let inner = "<string key='plz'>01067</string><array key='l'><number>1.50</number><null/></array><boolean key='b'>1</boolean><string key='ü'>a\"b</string>";
        assert_eq!(
            text(inner, Faults::default()).unwrap(),
            "{\"plz\":\"01067\",\"l\":[1.50,null],\"b\":true,\"ü\":\"a\\\"b\"}"
        );
        let wrong = Faults { guesses_numbers: true, lonely_element: true };
        let inner = "<string key='plz'>01067</string><array key='l'><string>x</string></array>";
        assert_eq!(text(inner, wrong).unwrap(), "{\"plz\":1067,\"l\":\"x\"}");
    }

    #[test]
    fn what_represents_no_json_is_refused() {
        for (inner, why) in [
            ("<string>a</string>", "without key"),
            ("<string key='a'>1</string><string key='a'>2</string>", "twice"),
            ("<number key='a'>01</number>", "no number"),
            ("<number key='a'>\"1\"</number>", "no number"),
            ("<boolean key='a'>ja</boolean>", "no truth value"),
            ("<text key='a'/>", "represents no JSON"),
            ("<a xmlns='' key='a'/>", "represents no JSON"),
        ] {
            let error = text(inner, Faults::default()).unwrap_err();
            assert!(error.contains(why), "{inner}: {error}");
        }
    }
}
