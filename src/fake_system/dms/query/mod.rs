//! The query language (CMIS 1.1, section 2.1.14), as much of it as clients of an E-Akte use:
//! `SELECT … FROM one type WHERE … ORDER BY …`, without joins and without `SCORE()`.

mod evaluate;
mod parse;
mod words;

use serde_json::Value;

use super::acl::Permission;
use super::errors::{Caller, Outcome};
use super::navigation::{Page, Part, compare};
use super::store::{Object, Store};
use crate::fake_system::FakeDefect;

/// A row: name in the result, id of the property, value.
pub(super) struct Row<'a> {
    pub object: &'a Object,
    pub columns: Vec<(String, String, Value)>,
}

impl Store {
    /// Answers a statement (section 2.2.6.1): the latest versions, or all with `all_versions`, that
    /// the caller may read.
    ///
    /// # Errors
    /// `invalidArgument` where the statement is none, with the place.
    pub fn query(
        &self,
        caller: &Caller,
        statement: &str,
        all_versions: bool,
        page: Page,
    ) -> Outcome<Part<Row<'_>>> {
        let query = parse::parse(statement)?;
        let mut found = Vec::new();
        for object in self.objects.values() {
            let version = object.version.as_ref();
            let shown = version.is_none_or(|v| {
                let last = self.series.get(&v.series).and_then(|s| s.versions.last());
                !v.working_copy && (all_versions || last == Some(&object.id))
            });
            if !shown || !object.kind.is_a(query.kind.id) {
                continue;
            }
            if !object.allows(&caller.user, Permission::Read) {
                continue;
            }
            let properties = self.properties(object);
            let all = self.faults.has(FakeDefect::DmsFindsEverything);
            let none = self.faults.has(FakeDefect::DmsFindsNothing);
            let fits = query.condition.as_ref().filter(|_| !all).is_none_or(|c| {
                evaluate::holds(c, &evaluate::Row { store: self, object, properties: &properties })
                    == Some(true)
            });
            if fits && !none {
                found.push((object, properties));
            }
        }
        found.sort_by_key(|(object, _)| object.number);
        found.sort_by(|(_, a), (_, b)| {
            let keys = query.order.iter().map(|(id, down)| {
                let null = &Value::Null;
                let by = compare(a.get(id).unwrap_or(null), b.get(id).unwrap_or(null));
                if *down { by.reverse() } else { by }
            });
            keys.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        let part = page.of(found);
        let items = part.items.into_iter().map(|(object, properties)| {
            let columns = match &query.columns {
                None => properties.into_iter().map(|(id, value)| (id.clone(), id, value)).collect(),
                Some(columns) => columns
                    .iter()
                    .map(|(id, name)| {
                        let value = properties.get(id).cloned().unwrap_or_default();
                        (name.clone(), id.clone(), value)
                    })
                    .collect(),
            };
            Row { object, columns }
        });
        Ok(Part { items: items.collect(), more: part.more, total: part.total })
    }
}
