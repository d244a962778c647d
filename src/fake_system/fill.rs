//! Templates with places such as `{vorgang}`.

/// Puts values into their places, in one pass: a value that looks like a place stays what it is.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let found = values.iter().find(|(name, _)| rest.starts_with(name));
        let (length, text) = found.map_or((1, "{"), |(name, value)| (name.len(), *value));
        out.push_str(text);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn values_are_not_read_as_places() {
        let values = [("{a}", "{b}"), ("{b}", "2")];
        assert_eq!(super::fill("{{a}{b}{c}ü{", &values), "{{b}2{c}ü{");
    }
}
