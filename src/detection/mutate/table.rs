//! Mistakes in a table that a rule reads: an entry that an older or a newer version of the list does
//! not have, and codes in the wrong place.

use super::{Collector, Edit, Operator};

pub(super) fn mutants(collector: &mut Collector<'_>) {
    let text = collector.text;
    let Ok(document) = roxmltree::Document::parse(text) else { return };
    let leaves: Vec<_> = document
        .descendants()
        .filter(|n| n.is_element() && n.parent().is_some_and(|p| p.is_element()))
        .filter(|n| !n.children().any(|c| c.is_element()))
        .collect();
    for node in &leaves {
        let shown = &text[node.range()];
        collector.add(
            Operator::ListVersion,
            format!("der Eintrag {shown} fehlt"),
            vec![Edit::new(node.range(), "")],
        );
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            collector.add(
                Operator::WrongConstant,
                format!("{name} ist \"{value}x\" statt \"{value}\""),
                vec![Edit::new(attribute.range_value(), format!("{value}x"))],
            );
        }
    }
    for pair in leaves.windows(2).filter(|p| p[0].parent() == p[1].parent()) {
        let last =
            |node: &roxmltree::Node<'_, '_>| node.attributes().next_back().map(|a| a.range_value());
        if let (Some(a), Some(b)) = (last(&pair[0]), last(&pair[1])) {
            let what = format!("\"{}\" und \"{}\" vertauscht", &text[a.clone()], &text[b.clone()]);
            let edits = vec![Edit::new(a.clone(), &text[b.clone()]), Edit::new(b, &text[a])];
            collector.add(Operator::Swap, what, edits);
        }
    }
}
