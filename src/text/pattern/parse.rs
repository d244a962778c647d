//! From text to nodes, following the productions of XML Schema Part 2, appendix F.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::{Node, PatternError, classes};

/// The deepest nesting of groups and of subtracted classes.
const DEEPEST: usize = 100;

/// The longest expression, in bytes.
const LONGEST_SOURCE: usize = 200_000;

/// Reads a whole expression.
pub(super) fn parse(source: &str) -> Result<Node, PatternError> {
    if source.len() > LONGEST_SOURCE {
        return Err(PatternError {
            offset: LONGEST_SOURCE,
            message: format!("the pattern is longer than {LONGEST_SOURCE} bytes"),
            help: "name ranges of characters, not each of them".into(),
        });
    }
    let mut parser = Parser { source, at: 0, xml: classes::xml() };
    let node = parser.branches(0)?;
    match parser.peek() {
        None => Ok(node),
        // Branches end at the end or at a closing bracket only.
        Some(_) => {
            Err(parser.error("this ) closes no group", "write \\) for the character itself"))
        }
    }
}

struct Parser<'a> {
    source: &'a str,
    /// In bytes.
    at: usize,
    xml: ClassUnicode,
}

/// One part of a class in brackets.
enum Item {
    One(char),
    Many(ClassUnicode),
}

impl Parser<'_> {
    fn error(&self, message: &str, help: &str) -> PatternError {
        self.error_at(self.at, message, help)
    }

    fn error_at(&self, offset: usize, message: &str, help: &str) -> PatternError {
        PatternError { offset, message: message.to_owned(), help: help.to_owned() }
    }

    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn deeper(&self, depth: usize) -> Result<usize, PatternError> {
        if depth >= DEEPEST {
            return Err(self.error(
                &format!("brackets are nested deeper than {DEEPEST}"),
                "write a flatter pattern",
            ));
        }
        Ok(depth + 1)
    }

    /// `regExp ::= branch ( '|' branch )*`
    fn branches(&mut self, depth: usize) -> Result<Node, PatternError> {
        let mut all = vec![self.branch(depth)?];
        while self.eat("|") {
            all.push(self.branch(depth)?);
        }
        Ok(alternate(all))
    }

    /// `branch ::= piece*`
    fn branch(&mut self, depth: usize) -> Result<Node, PatternError> {
        let mut parts = Vec::new();
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let atom = self.atom(depth)?;
            parts.push(self.quantified(atom)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::Concat(parts) })
    }

    /// `atom ::= Char | charClass | ( '(' regExp ')' )`
    fn atom(&mut self, depth: usize) -> Result<Node, PatternError> {
        let start = self.at;
        let class = match self.next() {
            Some('(') => {
                let depth = self.deeper(depth)?;
                if self.rest().starts_with('?') {
                    return Err(self.error_at(
                        start,
                        "XML Schema knows no (?…) groups",
                        "write a plain group ( … ); look-around has no counterpart",
                    ));
                }
                let node = self.branches(depth)?;
                if !self.eat(")") {
                    return Err(self.error_at(
                        start,
                        "this group is not closed",
                        "add ) or write \\( for the character itself",
                    ));
                }
                return Ok(node);
            }
            Some('[') => self.class(depth)?,
            Some('.') => classes::dot(),
            Some('\\') => match self.escape(start)? {
                Item::One(c) => classes::of(&[(c, c)]),
                Item::Many(class) => class,
            },
            Some(c @ ('?' | '*' | '+')) => {
                return Err(self.error_at(
                    start,
                    &format!("{c} follows nothing that it could repeat"),
                    &format!("write \\{c} for the character itself"),
                ));
            }
            Some(c @ ('{' | '}' | ']')) => {
                return Err(self.error_at(
                    start,
                    &format!("{c} stands alone"),
                    &format!("write \\{c} for the character itself"),
                ));
            }
            Some(c) => classes::of(&[(c, c)]),
            None => ClassUnicode::empty(),
        };
        Ok(Node::Class(self.carried(class)))
    }

    /// Only the characters that XML can carry.
    fn carried(&self, mut class: ClassUnicode) -> ClassUnicode {
        class.intersect(&self.xml);
        class
    }

    /// `quantifier ::= [?*+] | ( '{' quantity '}' )`
    fn quantified(&mut self, node: Node) -> Result<Node, PatternError> {
        let start = self.at;
        let (min, max) = match self.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => self.quantity()?,
            _ => return Ok(node),
        };
        if self.source[start..].starts_with(['?', '*', '+']) {
            self.at += 1;
        }
        if let Some('?' | '*' | '+' | '{') = self.peek() {
            return Err(self.error(
                "a quantifier follows a quantifier",
                "XML Schema knows no lazy or possessive ones; leave it out, or put the part before \
                 it in ( … )",
            ));
        }
        Ok(match (min, max) {
            (1, Some(1)) => node,
            (_, Some(0)) => Node::Concat(Vec::new()),
            _ => Node::Repeat { node: Box::new(node), min, max },
        })
    }

    /// `{n}`, `{n,}` or `{n,m}`.
    fn quantity(&mut self) -> Result<(u32, Option<u32>), PatternError> {
        let start = self.at;
        let wrong = |parser: &Self, what: &str| {
            parser.error_at(
                start,
                what,
                "write {n}, {n,} or {n,m}, or \\{ for the character itself",
            )
        };
        let Some(length) = self.rest().find('}') else {
            return Err(wrong(self, "this quantifier is not closed"));
        };
        let inside = self.rest()[1..length].to_owned();
        self.at += length + 1;
        let number = |text: &str| -> Result<u32, PatternError> {
            if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
                return Err(wrong(self, &format!("{{{inside}}} is no quantifier")));
            }
            text.parse().map_err(|_| wrong(self, &format!("the number {text} is too great")))
        };
        let (min, max) = match inside.split_once(',') {
            None => (number(&inside)?, Some(number(&inside)?)),
            Some((min, "")) => (number(min)?, None),
            Some((min, max)) => (number(min)?, Some(number(max)?)),
        };
        if max.is_some_and(|max| max < min) {
            return Err(wrong(self, &format!("{{{inside}}} ends before it begins")));
        }
        Ok((min, max))
    }

    /// What follows a backslash at `start`.
    fn escape(&mut self, start: usize) -> Result<Item, PatternError> {
        let Some(c) = self.next() else {
            return Err(self.error_at(start, "the pattern ends in a backslash", "write \\\\"));
        };
        match c {
            'n' => Ok(Item::One('\n')),
            'r' => Ok(Item::One('\r')),
            't' => Ok(Item::One('\t')),
            '\\' | '|' | '.' | '?' | '*' | '+' | '(' | ')' | '{' | '}' | '-' | '[' | ']' | '^' => {
                Ok(Item::One(c))
            }
            'p' | 'P' => self.property(start, c == 'P').map(Item::Many),
            _ => match classes::escape(c) {
                Some(class) => Ok(Item::Many(class)),
                None => Err(self.unknown_escape(start, c)),
            },
        }
    }

    fn unknown_escape(&self, start: usize, c: char) -> PatternError {
        let help = match c {
            'b' | 'B' | 'A' | 'Z' | 'z' => {
                "a pattern always covers the whole value; leave it out".to_owned()
            }
            'x' | 'u' => {
                "write the character itself, or in XML a reference such as &#x20AC;".to_owned()
            }
            c if c.is_ascii_digit() => {
                "XML Schema knows no references to groups; for the character write it without \\"
                    .to_owned()
            }
            c if c.is_ascii_alphabetic() => {
                "escapes with letters are \\n \\r \\t \\s \\i \\c \\d \\w \\p{…} and their capitals"
                    .to_owned()
            }
            c => format!("write {c} without a backslash, it is an ordinary character"),
        };
        self.error_at(start, &format!("\\{c} is no escape of XML Schema"), &help)
    }

    /// `\p{…}`, after the `p`.
    fn property(&mut self, start: usize, complement: bool) -> Result<ClassUnicode, PatternError> {
        let closed = self.rest().starts_with('{').then(|| self.rest().find('}')).flatten();
        let Some(length) = closed else {
            return Err(self.error_at(
                start,
                "\\p needs a name in braces",
                "write a category such as \\p{L} or a block such as \\p{IsBasicLatin}",
            ));
        };
        let name = self.rest()[1..length].to_owned();
        self.at += length + 1;
        let Some(class) = classes::property(&name) else {
            let help = match classes::nearest(&name) {
                Some(near) => format!("write \\p{{{near}}}"),
                None => "name a category such as L, Lu, Nd or a block such as IsBasicLatin".into(),
            };
            return Err(self.error_at(
                start,
                &format!("{name} is no category or block of Unicode"),
                &help,
            ));
        };
        Ok(if complement { classes::not(class) } else { class })
    }

    /// A class in brackets, after the opening one.
    fn class(&mut self, depth: usize) -> Result<ClassUnicode, PatternError> {
        let open = self.at - 1;
        let depth = self.deeper(depth)?;
        let negated = self.eat("^");
        let mut class = ClassUnicode::empty();
        let first = self.at;
        loop {
            let start = self.at;
            if start > first && self.eat("]") {
                return Ok(if negated { classes::not(class) } else { class });
            }
            if start > first && self.eat("-[") {
                let without = self.class(depth)?;
                if !self.eat("]") {
                    return Err(self.error(
                        "something follows the subtracted class",
                        "a subtraction -[ … ] stands at the end of its class",
                    ));
                }
                if negated {
                    class = classes::not(class);
                }
                class.difference(&without);
                return Ok(class);
            }
            match self.item(open, first)? {
                Item::Many(many) => class.union(&many),
                Item::One(from) => {
                    let to = self.range_end(start, from)?;
                    class.push(ClassUnicodeRange::new(from, to));
                }
            }
        }
    }

    /// A single character or an escape inside brackets.
    fn item(&mut self, open: usize, first: usize) -> Result<Item, PatternError> {
        let start = self.at;
        match self.next() {
            None => Err(self.error_at(
                open,
                "this class is not closed",
                "add ] or write \\[ for the character itself",
            )),
            Some('\\') => self.escape(start),
            Some('[') => Err(self.error_at(
                start,
                "[ inside a class",
                "write \\[ for the character itself, or -[ … ] at the end to subtract a class",
            )),
            Some(']') if start == first => {
                Err(self.error_at(start, "an empty class", "write \\] for the character itself"))
            }
            // `[a-c-e]` and `[\w-.]` are no class in the standard, and engines read them differently.
            Some('-') if start != first && !self.rest().starts_with(']') => Err(self.error_at(
                start,
                "- in the middle of a class",
                "write \\- for the character itself, or put it first or last",
            )),
            Some(c) => Ok(Item::One(c)),
        }
    }

    /// The end of a range that began with `from`; `from` itself if there is no range.
    fn range_end(&mut self, start: usize, from: char) -> Result<char, PatternError> {
        let literal_dash = self.source[start..].starts_with('-');
        let ends_here = ["-]", "-["].iter().any(|end| self.rest().starts_with(end));
        if literal_dash || ends_here || !self.eat("-") {
            return Ok(from);
        }
        let end = self.at;
        let to = match self.next() {
            Some('\\') => match self.escape(end)? {
                Item::One(c) => c,
                Item::Many(_) => {
                    return Err(self.error_at(
                        start,
                        "a range that ends in a class",
                        "write \\- for the character itself",
                    ));
                }
            },
            Some(c) => c,
            None => return Err(self.error("this class is not closed", "add ]")),
        };
        if to < from {
            return Err(self.error_at(
                start,
                &format!("the range {from}-{to} ends before it begins"),
                "swap its ends, or write \\- for the character itself",
            ));
        }
        Ok(to)
    }
}

/// Branches as a node; those of one character become one class.
fn alternate(branches: Vec<Node>) -> Node {
    let mut class: Option<ClassUnicode> = None;
    let mut others = Vec::new();
    for branch in branches {
        match branch {
            Node::Class(more) => class.get_or_insert_with(ClassUnicode::empty).union(&more),
            Node::Alternate(inner) => {
                for node in inner {
                    match node {
                        Node::Class(more) => {
                            class.get_or_insert_with(ClassUnicode::empty).union(&more);
                        }
                        node => others.push(node),
                    }
                }
            }
            node => others.push(node),
        }
    }
    let mut all: Vec<Node> = class.map(Node::Class).into_iter().chain(others).collect();
    if all.len() == 1 { all.remove(0) } else { Node::Alternate(all) }
}
