//! Which entry may follow which, who makes it, and what it must name.
//!
//! The roles are those of the guide for the integration of Fachverfahren; the table is ours, since no
//! source gives one. It is data, so that it can be read and changed in one place.

use jiff::civil::Date;

use super::entry::{Entry, Product, Role, State};

struct Rule {
    state: State,
    /// Who may say so.
    roles: &'static [Role],
    /// It needs an admission that stands.
    needs_admission: bool,
}

const RULES: [Rule; 13] = [
    rule(State::FachlicheFreigabe, &[Role::Komm24, Role::Sakd, Role::Verfahrensbetreuer], false),
    rule(State::TestRunning, &[Role::Sakd, Role::Hersteller], false),
    rule(State::Tolerated, &[Role::Sakd], false),
    rule(State::Admitted, &[Role::Sakd], false),
    rule(State::AdmittedWithConditions, &[Role::Sakd], false),
    rule(State::NotAdmitted, &[Role::Sakd], false),
    rule(State::FreigabeInbetriebnahme, &[Role::Sakd, Role::Komm24], true),
    rule(State::Pilot, &[Role::Betreiber, Role::Verfahrensbetreuer], true),
    rule(State::Funktionstest, &[Role::Betreiber, Role::Verfahrensbetreuer], true),
    rule(State::Produktionsfreigabe, &[Role::Komm24, Role::Verfahrensbetreuer], true),
    rule(State::Superseded, &[Role::Sakd, Role::Hersteller], false),
    rule(State::Withdrawn, &[Role::Sakd], false),
    rule(State::Ended, &[Role::Sakd, Role::Hersteller, Role::Betreiber], false),
];

const fn rule(state: State, roles: &'static [Role], needs_admission: bool) -> Rule {
    Rule { state, roles, needs_admission }
}

pub(super) const fn admits(state: State) -> bool {
    matches!(state, State::Admitted | State::AdmittedWithConditions | State::Tolerated)
}

pub(super) const fn is_over(state: State) -> bool {
    matches!(state, State::Superseded | State::Withdrawn | State::Ended)
}

/// For whom something is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where<'a> {
    /// For everybody: what counts for one authority alone does not count.
    Everywhere,
    /// For one Kommune or zuständige Stelle.
    At(&'a str),
    /// For whomever: whether it counts anywhere.
    Anywhere,
}

impl Where<'_> {
    /// Whether an entry speaks of it.
    pub fn is_meant_by(self, entry: &Entry) -> bool {
        match (self, &entry.authority) {
            (_, None) | (Self::Anywhere, _) => true,
            (Self::Everywhere, Some(_)) => false,
            (Self::At(one), Some(only)) => one == only,
        }
    }
}

/// Entries that still stand: what was said before a withdrawal, another verdict or an end speaks of
/// another state of things.
pub fn since_last_turn<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    product: &Product,
) -> Vec<&'a Entry> {
    let mut kept: Vec<&Entry> = Vec::new();
    for entry in entries.filter(|e| e.product.speaks_of(product)) {
        if entry.product.is_bundle() {
            kept.push(entry);
            continue;
        }
        if is_over(entry.state) || entry.state == State::NotAdmitted {
            // What was said of the Leistungsbündel has not changed.
            kept.retain(|k| k.state == State::FachlicheFreigabe);
        }
        kept.push(entry);
    }
    kept
}

/// The entry by which a product may be used on a day: the last one that decides on admission, if it
/// admits and nothing has ended it since.
pub fn standing<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    product: &Product,
    day: Option<Date>,
    place: Where<'_>,
) -> Option<&'a Entry> {
    let mut found = None;
    for entry in entries.filter(|e| e.product == *product && place.is_meant_by(e)) {
        match entry.state {
            s if admits(s) => found = Some(entry),
            State::NotAdmitted => found = None,
            s if is_over(s) => found = None,
            _ => {}
        }
    }
    found.filter(|e| match (e.until, day) {
        (Some(until), Some(day)) => until >= day,
        _ => true,
    })
}

/// Whether an entry may follow these.
///
/// # Errors
/// Says why not, and what would do.
pub(super) fn may_follow(before: &[&Entry], new: &Entry) -> Result<(), String> {
    let rule = RULES.iter().find(|r| r.state == new.state);
    let rule = rule.ok_or_else(|| format!("there is no rule for {}", new.state.name()))?;
    if !rule.roles.contains(&new.role) {
        let roles: Vec<_> = rule.roles.iter().map(|r| r.name()).collect();
        return Err(format!(
            "{} is not for the role {} to say, but for {}",
            new.state.name(),
            new.role.name(),
            roles.join(", ")
        ));
    }
    let of_bundles = [State::FachlicheFreigabe, State::Withdrawn];
    if new.product.is_bundle() && !of_bundles.contains(&new.state) {
        return Err(format!("{} must name a product", new.state.name()));
    }
    let place = new.authority.as_deref().map_or(Where::Everywhere, Where::At);
    let own = || before.iter().copied().filter(|e| e.product == new.product);
    let over = own().map(|e| e.state).rfind(|s| is_over(*s) || *s == State::TestRunning);
    match over {
        Some(State::Withdrawn)
            if !new.product.is_bundle()
                && !matches!(new.state, State::TestRunning | State::Ended) =>
        {
            return Err("it was withdrawn; only another test or the end can follow".into());
        }
        Some(State::Ended) => {
            return Err("it has ended; a new version begins a life of its own".into());
        }
        Some(State::Superseded) if !matches!(new.state, State::Withdrawn | State::Ended) => {
            return Err("it is superseded; it can only be withdrawn or end".into());
        }
        _ => {}
    }
    if is_over(new.state) && own().next().is_none() {
        return Err("there is nothing about it in the register that could be over".into());
    }
    if rule.needs_admission && standing(before.iter().copied(), &new.product, None, place).is_none()
    {
        return Err(format!(
            "{} needs an admission (or toleration) that stands; there is none for {}",
            new.state.name(),
            new.product
        ));
    }
    if let Some(old) = own().rfind(|e| e.state == State::Withdrawn)
        && admits(new.state)
        && new.certificate.is_some()
        && own().any(|e| e.number < old.number && e.certificate == new.certificate)
    {
        return Err(
            "this certificate is from before the withdrawal; it was not tested again".into()
        );
    }
    let missing = |what: &str| Err(format!("{} must name {what}", new.state.name()));
    match new.state {
        State::Admitted | State::AdmittedWithConditions if new.certificate.is_none() => {
            missing("the certificate it rests on (--certificate)")
        }
        State::Admitted if !new.conditions.is_empty() => {
            Err("there are conditions; the state is admitted-with-conditions".into())
        }
        State::AdmittedWithConditions if new.conditions.is_empty() => {
            missing("its conditions (--condition)")
        }
        State::Tolerated if new.until.is_none() || new.note.is_none() => {
            missing("a last day and a reason (--until, --note)")
        }
        State::Superseded if new.successor.is_none() => missing("its successor (--successor)"),
        State::Withdrawn | State::NotAdmitted if new.note.is_none() => missing("why (--note)"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_one_rule_and_somebody_who_may_say_it() {
        for state in State::ALL {
            let rules: Vec<_> = RULES.iter().filter(|r| r.state == state).collect();
            assert_eq!(rules.len(), 1, "{}", state.name());
            assert!(!rules[0].roles.is_empty());
        }
    }
}
