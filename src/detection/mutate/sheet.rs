//! Mistakes in a stylesheet. Changes are made in its text, so that everything else, and every line,
//! stays as it was.

use roxmltree::{Attribute, Document, Node};

use super::expression::{literals, numbers, operands, other_text};
use super::{CUT, Collector, Edit, Operator};

const XSL: &str = "http://www.w3.org/1999/XSL/Transform";
/// Letters that get lost, and what is left of them.
const LETTERS: (&str, &str) = ("äöüÄÖÜßéèáàñçøåœæłžšč", "aouAOUseeaancoaoalzsc");

pub(super) fn mutants(collector: &mut Collector<'_>) {
    let text = collector.text;
    let Ok(document) = Document::parse(text) else { return };
    let root = document.root_element();
    namespaces(collector, &root);
    for node in root.descendants().filter(Node::is_element) {
        if is(&node, "output") {
            encoding_of_output(collector, &node);
        } else if is(&node, "template") && node.parent() == Some(root) {
            let shown = node.attribute("match").or(node.attribute("name")).unwrap_or_default();
            let what = format!("die Vorlage für {shown} fehlt");
            collector.add(Operator::MissingBranch, what, vec![Edit::new(node.range(), "")]);
        } else if node.ancestors().any(|a| is(&a, "template") || is(&a, "function")) {
            instruction(collector, &node);
        }
    }
}

fn is(node: &Node<'_, '_>, name: &str) -> bool {
    node.tag_name().namespace() == Some(XSL) && node.tag_name().name() == name
}

fn is_xsl(node: &Node<'_, '_>) -> bool {
    node.tag_name().namespace() == Some(XSL)
}

/// How a node is spoken of.
fn shown(node: &Node<'_, '_>) -> String {
    let name = node.tag_name().name();
    let which = ["name", "select", "match", "test"].into_iter().find_map(|a| node.attribute(a));
    match (is_xsl(node), which) {
        (true, Some(which)) => format!("xsl:{name} {which}"),
        (true, None) => format!("xsl:{name}"),
        (false, _) => format!("<{name}>"),
    }
}

fn instruction(collector: &mut Collector<'_>, node: &Node<'_, '_>) {
    // What a rule says on the way reaches nobody.
    if node.ancestors().any(|a| is(&a, "message")) {
        return;
    }
    let what = shown(node);
    let makes = !is_xsl(node)
        || ["attribute", "element", "value-of", "copy-of", "apply-templates", "call-template"]
            .iter()
            .any(|name| is(node, name));
    if makes {
        let what = format!("{what} fehlt");
        collector.add(Operator::Drop, what, vec![Edit::new(node.range(), "")]);
    }
    if ["if", "when", "otherwise"].iter().any(|name| is(node, name)) {
        let lonely = is(node, "when")
            && node.parent().is_some_and(|p| p.children().filter(|c| is(c, "when")).count() == 1);
        // A choose without any when is no stylesheet.
        let edit = match lonely {
            false => Edit::new(node.range(), ""),
            true => match node.attribute_node("test") {
                Some(test) => Edit::new(test.range_value(), "false()"),
                None => return,
            },
        };
        collector.add(Operator::MissingBranch, format!("{what} fehlt"), vec![edit]);
    }
    neighbours(collector, node);
    for attribute in node.attributes() {
        match attribute.name() {
            "test" if is_xsl(node) => {
                condition(collector, &attribute);
                constants(collector, &attribute);
            }
            "select" if is_xsl(node) => constants(collector, &attribute),
            _ => {}
        }
    }
    if is(node, "value-of")
        && let Some(select) = node.attribute_node("select")
    {
        value(collector, &select, source(node).as_deref());
    }
    for child in node.children().filter(Node::is_text) {
        let text = child.text().unwrap_or_default();
        if !text.trim().is_empty() {
            collector.add(
                Operator::WrongConstant,
                format!("\"{}x\" statt \"{}\"", text.trim(), text.trim()),
                vec![Edit::new(
                    child.range(),
                    format!("{}x", collector.text[child.range()].trim_end()),
                )],
            );
        }
    }
}

/// The value of an attribute as it stands in the file, with its escapes.
fn raw<'a>(collector: &Collector<'a>, attribute: &Attribute<'_, '_>) -> &'a str {
    &collector.text[attribute.range_value()]
}

/// A text for an attribute whose quotes are those of the file.
fn quoted(collector: &Collector<'_>, attribute: &Attribute<'_, '_>, text: &str) -> String {
    let quote = collector.text.as_bytes().get(attribute.range_value().start - 1);
    match quote {
        Some(b'\'') => text.replace('\'', "&apos;"),
        _ => text.replace('"', "&quot;"),
    }
}

fn condition(collector: &mut Collector<'_>, test: &Attribute<'_, '_>) {
    let expression = raw(collector, test);
    let edit = |with: String| vec![Edit::new(test.range_value(), with)];
    collector.add(
        Operator::WrongCondition,
        format!("Bedingung {expression} verneint"),
        edit(format!("not({expression})")),
    );
    let Some((word, parts)) = operands(expression) else { return };
    for (left_out, part) in parts.iter().enumerate() {
        let rest: Vec<&str> =
            parts.iter().enumerate().filter(|(i, _)| *i != left_out).map(|(_, p)| *p).collect();
        // One alternative that always holds is enough, whatever else is asked for.
        let always = |part: &&str| {
            let last = part.rsplit(['/', ':']).next().unwrap_or(part);
            collector.hints.always.contains(last)
        };
        if word == "or" && rest.iter().any(always) {
            continue;
        }
        collector.add(
            Operator::WrongCondition,
            format!("Bedingung ohne {part}"),
            edit(rest.join(&format!(" {word} "))),
        );
    }
}

fn constants(collector: &mut Collector<'_>, attribute: &Attribute<'_, '_>) {
    let expression = raw(collector, attribute);
    let start = attribute.range_value().start;
    for (range, text) in literals(expression) {
        let inner = start + range.start + 1..start + range.end - 1;
        let other = other_text(text);
        collector.add(
            Operator::WrongConstant,
            format!("'{other}' statt '{text}' in {expression}"),
            vec![Edit::new(inner, other)],
        );
    }
    for (range, number) in numbers(expression) {
        let inner = start + range.start..start + range.end;
        collector.add(
            Operator::OffByOne,
            format!("{} statt {number} in {expression}", number + 1),
            vec![Edit::new(inner, (number + 1).to_string())],
        );
    }
}

/// The element whose value an instruction writes, where its path ends with a name.
fn source(node: &Node<'_, '_>) -> Option<String> {
    let select = node.attribute("select")?;
    let path = match select.trim() {
        "." => node
            .ancestors()
            .skip(1)
            .find(|a| is(a, "for-each") || is(a, "template"))?
            .attributes()
            .find(|a| matches!(a.name(), "select" | "match"))?
            .value(),
        path => path,
    };
    let last = path.rsplit('/').next()?.rsplit(':').next()?;
    let name =
        !last.is_empty() && last.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    name.then(|| last.to_owned())
}

fn value(collector: &mut Collector<'_>, select: &Attribute<'_, '_>, source: Option<&str>) {
    let expression = raw(collector, select);
    let hints = collector.hints;
    // A value that is made here, such as a name or a code of a table, is no text of a person.
    let plain = !source.is_some_and(|name| hints.free.contains(name));
    let short = !source.is_some_and(|name| hints.long.contains(name));
    let within = select.range_value();
    let mut with = |operator, what: &str, made: String| {
        let made = quoted(collector, select, &made);
        collector.add(
            operator,
            format!("{what}: {expression}"),
            vec![Edit::new(within.clone(), made)],
        );
    };
    let (letters, left) = LETTERS;
    with(Operator::WhiteSpace, "Leerzeichen angehängt", format!("concat({expression}, ' ')"));
    if !plain {
        let made = format!("normalize-space({expression})");
        with(Operator::WhiteSpace, "Leerzeichen zusammengefasst", made);
        let made = format!("translate({expression}, '{letters}', '{left}')");
        with(Operator::Encoding, "Umlaute verloren", made);
    }
    if !short {
        with(Operator::Truncate, "abgeschnitten", format!("substring({expression}, 1, {CUT})"));
    }
}

/// What goes wrong between an instruction and the next one of its kind.
fn neighbours(collector: &mut Collector<'_>, node: &Node<'_, '_>) {
    let Some(next) = node.next_siblings().skip(1).find(Node::is_element) else { return };
    let text = collector.text;
    if node.tag_name() == next.tag_name()
        && is_xsl(node)
        && let (Some(a), Some(b)) = (node.attribute_node("select"), next.attribute_node("select"))
    {
        let (left, right) = (raw(collector, &a), raw(collector, &b));
        collector.add(
            Operator::Swap,
            format!("{left} und {right} vertauscht"),
            vec![Edit::new(a.range_value(), right), Edit::new(b.range_value(), left)],
        );
        collector.add(
            Operator::WrongSource,
            format!("{right} statt {left}"),
            vec![Edit::new(a.range_value(), right)],
        );
    }
    if collector.ordered && makes_element(node) && makes_element(&next) {
        collector.add(
            Operator::Order,
            format!("{} nach {}", shown(node), shown(&next)),
            vec![
                Edit::new(node.range(), &text[next.range()]),
                Edit::new(next.range(), &text[node.range()]),
            ],
        );
    }
}

/// Whether an instruction writes an element where it stands, rather than an attribute or a text.
fn makes_element(node: &Node<'_, '_>) -> bool {
    if !is_xsl(node) {
        return true;
    }
    let carries = ["for-each", "if"].iter().any(|name| is(node, name));
    let mut inner = node.children().filter(Node::is_element);
    carries && inner.clone().count() > 0 && inner.all(|c| makes_element(&c))
}

fn namespaces(collector: &mut Collector<'_>, root: &Node<'_, '_>) {
    let text = collector.text;
    let head = root.range().start
        ..text[root.range().start..].find('>').map_or(root.range().end, |i| root.range().start + i);
    for namespace in root.namespaces().filter(|n| n.uri() != XSL) {
        let uri = namespace.uri();
        let quotes = [format!("\"{uri}\""), format!("'{uri}'")];
        let at = quotes.iter().find_map(|q| text[head.clone()].find(q.as_str()));
        let Some(at) = at.map(|i| head.start + i + 1) else { continue };
        collector.add(
            Operator::Namespace,
            format!("Namensraum {uri}9 statt {uri}"),
            vec![Edit::new(at..at + uri.len(), format!("{uri}9"))],
        );
    }
}

fn encoding_of_output(collector: &mut Collector<'_>, node: &Node<'_, '_>) {
    if let Some(encoding) = node.attribute_node("encoding") {
        for other in ["ISO-8859-1", "UTF-16"] {
            collector.add(
                Operator::Encoding,
                format!("Ausgabe in {other} statt {}", encoding.value()),
                vec![Edit::new(encoding.range_value(), other)],
            );
        }
    }
}
