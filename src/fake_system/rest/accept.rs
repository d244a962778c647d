//! Content negotiation, as far as one media type is on offer (RFC 9110 section 12.5.1).

/// Whether a client that sends this `Accept` takes this media type. The narrowest range counts.
pub(super) fn takes(accept: Option<&str>, offered: &str) -> bool {
    let Some(accept) = accept.filter(|a| !a.trim().is_empty()) else { return true };
    let kind = offered.split_once('/').map_or("", |(kind, _)| kind);
    let mut best: Option<(u8, bool)> = None;
    for range in accept.split(',') {
        let mut pieces = range.split(';').map(str::trim);
        let name = pieces.next().unwrap_or_default().to_ascii_lowercase();
        let narrowness = match name.split_once('/') {
            Some(_) if name == offered => 2,
            Some((k, "*")) if k == kind => 1,
            Some(("*", "*")) => 0,
            _ => continue,
        };
        let weight = pieces.find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")));
        let wanted = weight.is_none_or(|q| q.trim().parse::<f32>().is_ok_and(|q| q > 0.0));
        if best.is_none_or(|(n, _)| narrowness >= n) {
            best = Some((narrowness, wanted));
        }
    }
    best.is_some_and(|(_, wanted)| wanted)
}

#[cfg(test)]
mod tests {
    use super::takes;

    #[test]
    fn the_narrowest_range_counts() {
        for (accept, taken) in [
            (None, true),
            (Some(""), true),
            (Some("application/json"), true),
            (Some("text/html, Application/JSON;q=0.1"), true),
            (Some("*/*"), true),
            (Some("application/*;q=0.5"), true),
            (Some("text/html"), false),
            (Some("application/json;q=0"), false),
            (Some("application/json;q=0, */*"), false),
            (Some("*/*;q=0, application/json"), true),
            (Some("application/problem+json"), false),
        ] {
            assert_eq!(takes(accept, "application/json"), taken, "{accept:?}");
        }
    }
}
