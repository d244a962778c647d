//! Walking through folders (CMIS 1.1, section 2.2.3), with pages and orders.

use std::cmp::Ordering;

use serde_json::Value;

use super::acl::Permission;
use super::errors::{Caller, CmisError, Outcome};
use super::store::{Object, Store};

/// Largest page.
pub(super) const LARGEST_PAGE: usize = 10_000;

/// Which part of a list is wanted (section 2.2.1.1).
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub most: usize,
    pub skip: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self { most: LARGEST_PAGE, skip: 0 }
    }
}

/// A part of a list.
#[derive(Debug)]
pub(super) struct Part<T> {
    pub items: Vec<T>,
    pub more: bool,
    pub total: usize,
}

impl Page {
    /// # Errors
    /// `invalidArgument` for what is no number from 0.
    pub fn parse(most: Option<&str>, skip: Option<&str>) -> Outcome<Self> {
        let number = |name: &str, text: Option<&str>| {
            let text = text.filter(|t| !t.is_empty());
            text.map(|t| {
                t.parse::<usize>()
                    .map_err(|_| CmisError::invalid(format!("{name}: \"{t}\" is no number from 0")))
            })
            .transpose()
        };
        let most = number("maxItems", most)?.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
        Ok(Self { most, skip: number("skipCount", skip)?.unwrap_or(0) })
    }

    pub fn of<T>(self, items: Vec<T>) -> Part<T> {
        let total = items.len();
        let items: Vec<T> = items.into_iter().skip(self.skip).take(self.most).collect();
        let more = self.skip.saturating_add(items.len()) < total;
        Part { items, more, total }
    }
}

/// An object and, where asked for, what is in it.
pub(super) struct Tree<'a> {
    pub object: &'a Object,
    pub children: Vec<Tree<'a>>,
}

impl Store {
    /// What the caller may see of a folder, ordered.
    pub fn visible_children(
        &self,
        caller: &Caller,
        folder: &str,
        order: Option<&str>,
    ) -> Outcome<Vec<&Object>> {
        self.folder(caller, folder)?;
        let mut out = self.children(folder);
        out.retain(|o| o.allows(&caller.user, Permission::Read));
        if let Some(order) = order.filter(|o| !o.trim().is_empty()) {
            self.sort(&mut out, order)?;
        }
        Ok(out)
    }

    /// The tree below a folder; `depth` -1 is all of it (sections 2.2.3.2 and 2.2.3.3).
    ///
    /// # Errors
    /// `invalidArgument` for a depth that is neither -1 nor from 1.
    pub fn tree(
        &self,
        caller: &Caller,
        folder: &str,
        depth: i64,
        folders_only: bool,
    ) -> Outcome<Vec<Tree<'_>>> {
        if depth == 0 || depth < -1 {
            return Err(CmisError::invalid(format!("{depth} is no depth")));
        }
        let mut out = Vec::new();
        for object in self.visible_children(caller, folder, None)? {
            if folders_only && !object.is_folder() {
                continue;
            }
            let children = if object.is_folder() && depth != 1 {
                // Folders lie no deeper than the store allows, so this ends.
                self.tree(caller, &object.id, if depth < 0 { -1 } else { depth - 1 }, folders_only)?
            } else {
                Vec::new()
            };
            out.push(Tree { object, children });
        }
        Ok(out)
    }

    /// The folder of an object; nothing for the root (section 2.2.3.5).
    pub fn parent(&self, caller: &Caller, object: &Object) -> Outcome<Option<&Object>> {
        object.parent.as_ref().map(|id| self.readable(caller, id)).transpose()
    }

    /// Sorts by `property [ASC|DESC], …` (section 2.2.1.2.7); equal ones stay in their order.
    fn sort(&self, objects: &mut Vec<&Object>, order: &str) -> Outcome<()> {
        let mut keys = Vec::new();
        for key in order.split(',') {
            let mut words = key.split_whitespace();
            let (Some(id), direction, None) = (words.next(), words.next(), words.next()) else {
                return Err(CmisError::invalid(format!("\"{order}\" is no order")));
            };
            let down = match direction.map(str::to_ascii_uppercase).as_deref() {
                None | Some("ASC") => false,
                Some("DESC") => true,
                _ => return Err(CmisError::invalid(format!("\"{order}\" is no order"))),
            };
            keys.push((id, down));
        }
        let mut with: Vec<(Vec<Value>, &Object)> = objects
            .iter()
            .map(|object| {
                let properties = self.properties(object);
                let of = |(id, _): &(&str, bool)| properties.get(*id).cloned().unwrap_or_default();
                (keys.iter().map(of).collect(), *object)
            })
            .collect();
        with.sort_by(|(a, _), (b, _)| {
            let pairs = a.iter().zip(b).zip(&keys);
            let by = pairs.map(|((a, b), (_, down))| {
                let by = compare(a, b);
                if *down { by.reverse() } else { by }
            });
            by.fold(Ordering::Equal, Ordering::then)
        });
        *objects = with.into_iter().map(|(_, object)| object).collect();
        Ok(())
    }
}

/// The order of two values; no value comes first.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        },
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn pages_tell_whether_more_follows() {
        let of = |most: &str, skip: &str| {
            let part = Page::parse(Some(most), Some(skip)).unwrap().of(vec![1, 2, 3, 4, 5]);
            (part.items, part.more, part.total)
        };
        assert_eq!(of("2", "0"), (vec![1, 2], true, 5));
        assert_eq!(of("2", "3"), (vec![4, 5], false, 5));
        assert_eq!(of("2", "99"), (vec![], false, 5));
        assert_eq!(of("0", "0"), (vec![], true, 5));
        assert_eq!(of("", ""), (vec![1, 2, 3, 4, 5], false, 5));
        assert!(Page::parse(Some("-1"), None).is_err());
        assert!(Page::parse(None, Some("x")).is_err());
    }
}
