//! From words to a query.

use serde_json::Value;

use super::words::{Word, words};
use crate::fake_system::dms::errors::{CmisError, Outcome};
use crate::fake_system::dms::types::{self, Kind, Type};
use crate::fake_system::dms::values;

/// Deepest nesting of a condition.
const DEEPEST: usize = 50;

/// A query.
#[derive(Debug)]
pub(super) struct Query {
    /// Id of the property and name in the result; all where absent.
    pub columns: Option<Vec<(String, String)>>,
    pub kind: &'static Type,
    pub condition: Option<Condition>,
    /// Id of the property, and whether downwards.
    pub order: Vec<(String, bool)>,
}

/// A condition.
#[derive(Debug)]
pub(super) enum Condition {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Compare(String, Sign, Value),
    /// The property is one of these; a property with many values where one of them is.
    In(String, Vec<Value>),
    Like(String, String),
    HasValue(String),
    InFolder(String),
    InTree(String),
    Contains(String),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Equal,
    Differs,
    Less,
    More,
    AtMost,
    AtLeast,
}

struct Parser {
    words: Vec<Word>,
    at: usize,
    kind: &'static Type,
    alias: Option<String>,
}

/// Reads a statement.
///
/// # Errors
/// `invalidArgument` with the word that does not fit.
pub(super) fn parse(statement: &str) -> Outcome<Query> {
    let words = words(statement)?;
    let mut parser = Parser { words, at: 0, kind: &types::TYPES[0], alias: None };
    parser.query()
}

impl Parser {
    fn wrong<T>(&self, wanted: &str) -> Outcome<T> {
        let there = self.words.get(self.at).map_or("the end".to_owned(), ToString::to_string);
        Err(CmisError::invalid(format!("the statement has {there} where {wanted} belongs")))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word::Name(n)) if n.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Outcome<()> {
        if self.sign(sign) { Ok(()) } else { self.wrong(sign) }
    }

    fn peek_name(&self) -> Option<&str> {
        match self.words.get(self.at) {
            Some(Word::Name(name)) => Some(name),
            _ => None,
        }
    }

    fn name(&mut self) -> Outcome<String> {
        let Some(name) = self.peek_name().map(str::to_owned) else { return self.wrong("a name") };
        self.at += 1;
        Ok(name)
    }

    fn query(&mut self) -> Outcome<Query> {
        if !self.keyword("SELECT") {
            return self.wrong("SELECT");
        }
        // The columns can only be understood after the type.
        let start = self.at;
        let Some(from) = self
            .words
            .iter()
            .position(|w| matches!(w, Word::Name(n) if n.eq_ignore_ascii_case("FROM")))
        else {
            self.at = self.words.len();
            return self.wrong("FROM");
        };
        self.at = from + 1;
        let kind = self.name()?;
        self.kind = types::find(&kind)
            .map_err(|_| CmisError::invalid(format!("there is no type {kind}")))?;
        let explicit = self.keyword("AS");
        let reserved = ["WHERE", "ORDER", "JOIN", "INNER", "LEFT"];
        let free = |n: &str| !reserved.iter().any(|r| r.eq_ignore_ascii_case(n));
        if explicit || self.peek_name().is_some_and(free) {
            self.alias = Some(self.name()?);
        }
        let after = self.at;
        self.at = start;
        let columns = self.columns()?;
        if self.at != from {
            return self.wrong("FROM");
        }
        self.at = after;
        let condition = if self.keyword("WHERE") { Some(self.any(0)?) } else { None };
        let mut order = Vec::new();
        if self.keyword("ORDER") {
            if !self.keyword("BY") {
                return self.wrong("BY");
            }
            loop {
                let id = self.property()?;
                let down = self.keyword("DESC");
                if !down {
                    self.keyword("ASC");
                }
                order.push((id, down));
                if !self.sign(",") {
                    break;
                }
            }
        }
        if self.at < self.words.len() {
            return self.wrong("the end");
        }
        Ok(Query { columns, kind: self.kind, condition, order })
    }

    fn columns(&mut self) -> Outcome<Option<Vec<(String, String)>>> {
        if self.sign("*") {
            return Ok(None);
        }
        let mut out = Vec::new();
        loop {
            let id = self.property()?;
            let name = if self.keyword("AS") { self.name()? } else { id.clone() };
            out.push((id, name));
            if !self.sign(",") {
                return Ok(Some(out));
            }
        }
    }

    /// A property of the type; the plain types may have any.
    fn property(&mut self) -> Outcome<String> {
        let written = self.name()?;
        let short = self.alias.as_ref().and_then(|alias| {
            written.strip_prefix(alias.as_str())?.strip_prefix('.').map(str::to_owned)
        });
        let id = short.unwrap_or(written);
        let free = self.kind.is_base() && !id.starts_with("cmis:");
        // A query over a plain type may ask for what only its subtypes have.
        let known = self.kind.property(&id).is_some();
        if known || free {
            return Ok(id);
        }
        self.at -= 1;
        self.wrong(&format!("a property of {}", self.kind.id))
    }

    fn any(&mut self, depth: usize) -> Outcome<Condition> {
        let mut all = vec![self.all(depth)?];
        while self.keyword("OR") {
            all.push(self.all(depth)?);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Condition::Or(all) })
    }

    fn all(&mut self, depth: usize) -> Outcome<Condition> {
        let mut all = vec![self.one(depth)?];
        while self.keyword("AND") {
            all.push(self.one(depth)?);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Condition::And(all) })
    }

    fn one(&mut self, depth: usize) -> Outcome<Condition> {
        if depth > DEEPEST {
            return Err(CmisError::invalid("the statement is nested too deep"));
        }
        if self.keyword("NOT") {
            return Ok(Condition::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.sign("(") {
            let inside = self.any(depth + 1)?;
            self.expect(")")?;
            return Ok(inside);
        }
        if self.keyword("IN_FOLDER") {
            return self.argument().map(Condition::InFolder);
        }
        if self.keyword("IN_TREE") {
            return self.argument().map(Condition::InTree);
        }
        if self.keyword("CONTAINS") {
            return self.argument().map(Condition::Contains);
        }
        if self.keyword("ANY") {
            let id = self.property()?;
            let not = self.keyword("NOT");
            if !self.keyword("IN") {
                return self.wrong("IN");
            }
            let within = Condition::In(id.clone(), self.list(&id)?);
            return Ok(if not { Condition::Not(Box::new(within)) } else { within });
        }
        if !matches!(self.words.get(self.at), Some(Word::Name(n)) if !is_literal(n)) {
            // `literal = ANY property` (section 2.1.14.2.1).
            let at = self.at;
            self.at += 1;
            if !self.sign("=") || !self.keyword("ANY") {
                return self.wrong("a condition");
            }
            let id = self.property()?;
            let after = std::mem::replace(&mut self.at, at);
            let value = self.value(&id)?;
            self.at = after;
            return Ok(Condition::In(id, vec![value]));
        }
        let id = self.property()?;
        self.comparison(id)
    }

    fn comparison(&mut self, id: String) -> Outcome<Condition> {
        const SIGNS: [(&str, Sign); 6] = [
            ("=", Sign::Equal),
            ("<>", Sign::Differs),
            ("<", Sign::Less),
            (">", Sign::More),
            ("<=", Sign::AtMost),
            (">=", Sign::AtLeast),
        ];
        for (written, sign) in SIGNS {
            if self.sign(written) {
                let value = self.value(&id)?;
                return Ok(Condition::Compare(id, sign, value));
            }
        }
        if self.keyword("IS") {
            let not = self.keyword("NOT");
            if !self.keyword("NULL") {
                return self.wrong("NULL");
            }
            let has = Condition::HasValue(id);
            return Ok(if not { has } else { Condition::Not(Box::new(has)) });
        }
        let not = self.keyword("NOT");
        let condition = if self.keyword("LIKE") {
            match self.words.get(self.at).cloned() {
                Some(Word::Text(pattern)) => {
                    self.at += 1;
                    Condition::Like(id, pattern)
                }
                _ => return self.wrong("a literal"),
            }
        } else if self.keyword("IN") {
            let list = self.list(&id)?;
            Condition::In(id, list)
        } else {
            return self.wrong("a comparison");
        };
        Ok(if not { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn list(&mut self, id: &str) -> Outcome<Vec<Value>> {
        self.expect("(")?;
        let mut out = Vec::new();
        loop {
            out.push(self.value(id)?);
            if !self.sign(",") {
                self.expect(")")?;
                return Ok(out);
            }
        }
    }

    /// `('…')` or `(alias, '…')`.
    fn argument(&mut self) -> Outcome<String> {
        self.expect("(")?;
        if self.peek_name().is_some() {
            let name = self.name()?;
            if Some(&name) != self.alias.as_ref() {
                self.at -= 1;
                return self.wrong("the type's other name");
            }
            self.expect(",")?;
        }
        let Some(Word::Text(text)) = self.words.get(self.at).cloned() else {
            return self.wrong("a literal");
        };
        self.at += 1;
        self.expect(")")?;
        Ok(text)
    }

    /// A literal of the property's type.
    fn value(&mut self, id: &str) -> Outcome<Value> {
        let timestamp = self.keyword("TIMESTAMP");
        let kind = self.kind.property(id).map_or(Kind::Text, |p| p.kind);
        let Some(word) = self.words.get(self.at).cloned() else { return self.wrong("a literal") };
        let value = match (&word, kind) {
            (Word::Text(text), Kind::Text | Kind::Id) if !timestamp => {
                Some(Value::from(text.clone()))
            }
            (Word::Text(text), Kind::DateTime) => values::parse(Kind::DateTime, text),
            (Word::Number(text), Kind::Integer) => {
                values::parse(Kind::Integer, text).or_else(|| values::parse(Kind::Decimal, text))
            }
            (Word::Number(text), Kind::Decimal) => values::parse(Kind::Decimal, text),
            (Word::Name(text), Kind::Boolean) => {
                values::parse(Kind::Boolean, &text.to_ascii_lowercase())
            }
            _ => None,
        };
        match value {
            Some(value) => {
                self.at += 1;
                Ok(value)
            }
            None => self.wrong(&format!("a literal of type {} for {id}", kind.id())),
        }
    }
}

fn is_literal(name: &str) -> bool {
    ["TRUE", "FALSE", "TIMESTAMP"].iter().any(|l| l.eq_ignore_ascii_case(name))
}
